"""Longest-edge bisection: what is asked for becomes small, the mesh stays conforming, and the rest stays as it was."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial import Delaunay

from femrisk.meshes.cells.bisecting import TOO_LONG, bisected
from femrisk.meshes.cells.complex import EDGES, Complex
from femrisk.meshes.cells.kernels import qualities
from femrisk.meshes.labelled import Floats

WANTED, RADIUS = 0.5, 2.0


@pytest.fixture(scope="module")
def box() -> Complex:
    """A cube of 10 mm in about 1000 cells, turned to positive volume."""
    dice = np.random.default_rng(3)
    corners = np.array(list(itertools.product((0.0, 10.0), repeat=3)))
    points = np.concatenate([corners, dice.uniform(0.5, 9.5, (150, 3))])
    tets = Delaunay(points).simplices.astype(np.int64)
    sides = points[tets[:, 1:]] - points[tets[:, :1]]
    turned = np.linalg.det(sides) < 0
    tets[turned] = tets[turned][:, [1, 0, 2, 3]]
    return Complex(points, tets, np.zeros(len(tets), dtype=np.uint32), np.zeros(len(points), dtype=np.uint32))


def wanted(points: Floats) -> Floats:
    return np.where(np.linalg.norm(points - 5.0, axis=1) < RADIUS, WANTED, np.inf)


@pytest.fixture(scope="module")
def fine(box: Complex) -> Complex:
    return bisected(box, wanted)


def volumes(mesh: Complex) -> Floats:
    corner = mesh.points[mesh.tets]
    return np.asarray(np.linalg.det(corner[:, 1:] - corner[:, :1]) / 6)


def test_edges_are_short_where_it_is_asked(fine: Complex) -> None:
    ends = fine.points[fine.tets[:, EDGES].reshape(-1, 2)]
    lengths, middles = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1), ends.mean(axis=1)
    cells = np.repeat(np.arange(len(fine.tets)), 6)
    longest = np.zeros(len(fine.tets))
    np.maximum.at(longest, cells, lengths)
    its_own = lengths == longest[cells]
    assert (lengths <= TOO_LONG * wanted(middles))[its_own].all()


def test_the_mesh_stays_conforming_and_whole(box: Complex, fine: Complex) -> None:
    assert volumes(fine).min() > 0
    assert volumes(fine).sum() == pytest.approx(volumes(box).sum(), rel=1e-12)
    faces = np.sort(np.concatenate([np.delete(fine.tets, i, axis=1) for i in range(4)]), axis=1)
    single, counts = np.unique(faces, axis=0, return_counts=True)
    assert counts.max() == 2
    # a face with one cell lies on a side of the cube
    outer = fine.points[single[counts == 1]]
    assert (np.ptp(outer, axis=1) == 0).any(axis=1).all()


def test_cells_do_not_degenerate(box: Complex, fine: Complex) -> None:
    # each family of cells keeps its angles to within a bound, whatever the depth
    assert qualities(fine.points, fine.tets).min() > 0.2 * qualities(box.points, box.tets).min()


def test_cells_away_from_it_are_untouched(box: Complex, fine: Complex) -> None:
    assert len(fine.tets) > 3 * len(box.tets)
    assert np.array_equal(fine.points[: len(box.points)], box.points)
    old = {tuple(tet) for tet in box.tets.tolist()}
    kept = sum(tuple(tet) in old for tet in fine.tets.tolist())
    assert kept > 0.2 * len(box.tets)


def test_nothing_asked_is_nothing_done(box: Complex) -> None:
    same = bisected(box, lambda points: np.full(len(points), np.inf))
    assert np.array_equal(same.tets, box.tets)
