"""Chips that hang on a bone by an edge are dropped; larger parts that touch along an edge are parted there."""

from __future__ import annotations

import numpy as np

from femrisk.meshes.cells.complex import Complex
from femrisk.meshes.cells.pinching import pinched, unpinched

# two tetrahedra on either side of x = 0 that share the edge from (0, 0, 0) to (0, 0, 1) alone
POINTS = np.array([[0.0, 0, 0], [0, 0, 1], [-1, -0.3, 0.5], [-1, 0.3, 0.5], [1, -0.3, 0.5], [1, 0.3, 0.5]], dtype=float)
TETS = np.array([[0, 1, 2, 3], [0, 1, 5, 4]])


def pair(on_surface: list[int]) -> Complex:
    masks = np.zeros(len(POINTS), dtype=np.uint32)
    masks[on_surface] = 1
    return Complex(POINTS, TETS, np.ones(2, dtype=np.uint32), masks)


def test_an_edge_with_four_faces_of_the_surface_is_found() -> None:
    assert pinched(TETS).tolist() == [[0, 1]]
    assert pinched(TETS[:1]).tolist() == []


def test_a_cell_with_all_corners_on_the_surface_is_a_chip_and_goes() -> None:
    kept = unpinched(pair([0, 1, 4, 5]))
    assert len(kept.tets) == 1
    assert (kept.points[kept.tets[0]][:, 0] <= 0).all()


def test_parts_that_reach_inside_are_kept_and_parted_along_the_edge() -> None:
    mesh = unpinched(pair([0, 1, 4]))
    assert len(mesh.tets) == 4
    assert pinched(mesh.tets).tolist() == []
    corner = mesh.points[mesh.tets]
    volumes = np.linalg.det(corner[:, 1:] - corner[:, :1]) / 6
    before = np.linalg.det(POINTS[TETS][:, 1:] - POINTS[TETS][:, :1]) / 6
    assert (np.sign(volumes) == np.sign(before).repeat(2)[[0, 2, 1, 3]]).all()
    assert np.isclose(volumes.sum(), before.sum())
    # each part has its own middle of the edge, on the surface as its ends are
    assert mesh.masks[6:].tolist() == [1, 1]
    left, right = (set(mesh.tets[mesh.points[mesh.tets][:, :, 0].sum(axis=1) * side > 0].ravel()) for side in (-1, 1))
    assert left & right == {0, 1}
