"""A ring with a wall, round outside and hollow inside: its moment shows where it is too thick."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from unit.test_mesher import ball_anatomy

from femrisk.meshes import mesher
from femrisk.meshes.cells.complex import Complex
from femrisk.meshes.cells.evening import evened
from femrisk.meshes.cells.improving import TARGET
from femrisk.meshes.cells.kernels import qualities
from femrisk.meshes.cells.sheets import Sheet
from femrisk.meshes.labelled import Floats, LabelledMesh

RING, OUTER, INNER, SIZE = 13.0, 6.0, 4.5, 3.0


@dataclass(frozen=True)
class Ring:
    """A torus round the z axis."""

    tube: float

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm."""
        return np.asarray(np.hypot(np.hypot(points[:, 0], points[:, 1]) - RING, points[:, 2]) - self.tube)

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        reach = np.array([RING + self.tube, RING + self.tube, self.tube])
        return np.array([-reach, reach])


def ring() -> LabelledMesh:
    return mesher.mesh(replace(ball_anatomy(), outer=Ring(OUTER), inner=Ring(INNER)), (), SIZE)


@pytest.fixture(scope="module")
def even() -> LabelledMesh:
    return ring()


@pytest.fixture(scope="module")
def raised_as_a_whole() -> LabelledMesh:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mesher, "evened", lambda cells, sheets, volumes: cells)
        return ring()


def wall(mesh: LabelledMesh) -> tuple[float, float]:
    """Volume of the wall, and its first moment about the ring's middle, as shares of what they should be.

    By Pappus, (x = distance from the axis - R): 2 pi^2 R (a^2 - b^2) / 2 and the integral of 2 pi (R + x) x.
    """
    cells = ~mesh.inside("endosteum")
    weights = mesh.volumes()[cells, None] / 4
    points = mesh.gauss_points()[cells]
    beyond = np.hypot(points[..., 0], points[..., 1]) - RING
    volume = 2 * np.pi**2 * RING * (OUTER**2 - INNER**2)
    moment = np.pi**2 / 2 * (OUTER**4 - INNER**4)
    return float(np.broadcast_to(weights, beyond.shape).sum()) / volume, float((weights * beyond).sum()) / moment


def test_a_wall_is_as_thick_where_it_is_hollow_as_where_it_is_round(even: LabelledMesh) -> None:
    assert wall(even) == pytest.approx((1.0, 1.0), abs=0.01)


def test_one_level_for_a_sheet_leaves_a_wall_thin_outside_and_thick_inside(raised_as_a_whole: LabelledMesh) -> None:
    volume, moment = wall(raised_as_a_whole)
    assert volume == pytest.approx(1.0, abs=0.01)
    assert moment < 0.93


def test_only_vertices_move_and_no_cell_becomes_bad(even: LabelledMesh, raised_as_a_whole: LabelledMesh) -> None:
    assert np.array_equal(even.tets, raised_as_a_whole.tets)
    assert np.linalg.norm(even.points - raised_as_a_whole.points, axis=1).max() < 0.2 * SIZE
    worst = (qualities(mesh.points, mesh.tets).min() for mesh in (even, raised_as_a_whole))
    assert next(worst) >= min(TARGET, next(worst))


def test_a_cell_that_was_bad_before_keeps_its_corners_and_nobody_elses() -> None:
    seen: list[tuple[Complex, tuple[Sheet, ...], tuple[float, ...]]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mesher, "evened", lambda *given: seen.append(given) or given[0])
        ring()
    cells, sheets, volumes = seen[0]
    inner = np.setdiff1d(cells.tets, np.flatnonzero(cells.masks))[0]
    cell = cells.tets[(cells.tets == inner).any(axis=1)][0]
    others = cell[cell != inner]
    points = cells.points.copy()
    # nearly flat: almost in the face opposite
    points[inner] = 0.02 * points[inner] + 0.98 * points[others].mean(axis=0)
    spoilt = replace(cells, points=points)
    bad = spoilt.tets[qualities(points, spoilt.tets) < TARGET]
    assert len(bad)
    found = evened(spoilt, sheets, volumes)
    assert np.array_equal(found.points[bad], points[bad])
    assert np.any(found.points != points, axis=1).sum() > 0.8 * np.count_nonzero(cells.masks)
