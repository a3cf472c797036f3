"""What the gauge reads of displacements that are written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from column import SIDE, TOP, WALL, body_alone, column
from column import anatomy as of_the_column
from mpi4py import MPI

from femrisk.contacts import Pressed
from femrisk.domain import distribute
from femrisk.errors import SolverError
from femrisk.gauge import gauge
from femrisk.history import Deformation
from femrisk.meshes.cells.voxels import Voxels
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.stack import stacked

#: of the force, mm in front of the middle
LINE = 4.0


def read(motion: Callable[[Floats], Floats], mesh: LabelledMesh | None = None) -> Deformation:
    mesh = mesh or column()
    domain = (stacked if mesh.of_voxels else distribute)(mesh, MPI.COMM_SELF)
    return gauge(mesh, domain, Pressed(of_the_column(), LINE)).read(motion(domain.nodes))


def test_a_rigid_motion_is_no_deformation() -> None:
    found = read(lambda points: np.array([1.0, 2.0, 3.0]) + np.cross([0.01, -0.02, 0.03], points))
    for value in (found.shortening_mm, found.height_loss_mm, found.posterior_wall_bulge_mm, found.canal_narrowing_mm):
        assert value == pytest.approx(0.0, abs=1e-9)


def test_voxels_are_read_as_tetrahedra_are() -> None:
    body = np.ones((5, 4, 6), dtype=bool)
    step = np.array([2 * SIDE, 2 * WALL, 2 * TOP]) / body.shape
    block = Voxels(body, np.full(body.shape, 0.2), np.column_stack([np.diag(step), step / 2 - [SIDE, WALL, TOP]]))
    mesh = block.mesh(of_the_column().region)
    rigid = read(lambda points: np.array([1.0, 2.0, 3.0]) + np.cross([0.01, -0.02, 0.03], points), mesh)
    assert (rigid.shortening_mm, rigid.posterior_wall_bulge_mm) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert read(lambda points: points * np.array([0.0, 0.0, -0.01]), mesh).shortening_mm == pytest.approx(0.02 * TOP)


def test_a_column_pressed_straight_loses_the_same_height_everywhere() -> None:
    found = read(lambda points: points * np.array([0.0, 0.0, -0.01]))
    for value in (found.shortening_mm, found.height_loss_mm, found.anterior_height_loss_mm):
        assert value == pytest.approx(0.02 * TOP)
    assert found.posterior_wall_bulge_mm == pytest.approx(0.0, abs=1e-9)


def test_a_column_bent_forwards_loses_height_in_front() -> None:
    # the upper half turns forwards by 0.001 per mm: u_z = -0.001 y z, so 12 mm lose 0.012 y
    found = read(lambda points: np.column_stack([0 * points[:, :2], -0.001 * points[:, 1] * points[:, 2]]))
    assert found.height_loss_mm == pytest.approx(0.0, abs=1e-9)
    assert found.shortening_mm == pytest.approx(0.012 * LINE)
    assert found.anterior_height_loss_mm == pytest.approx(0.012 * WALL)
    assert found.posterior_height_loss_mm == pytest.approx(-0.012 * WALL)


def test_a_wall_that_comes_out_between_its_rims_bulges_and_narrows_the_canal() -> None:
    def motion(points: Floats) -> Floats:
        # backwards by 0.1 mm at mid-height, by nothing at the rims; the lamina stays
        out = np.where(points[:, 1] > -WALL - 1, 0.1 * (1 - (points[:, 2] / TOP) ** 2), 0.0)
        return np.column_stack([0 * out, -out, 0 * out])

    found = read(motion)
    # averaged within 3 mm of the middle: less than 0.1, and no less than the least there, 0.1 (1 - (3 / 6)^2)
    assert 0.075 < found.posterior_wall_bulge_mm < 0.1
    assert found.canal_narrowing_mm is not None
    # a plane over the faces within 3 mm of mid-height
    assert 0.075 < found.canal_narrowing_mm < 0.1
    forwards = read(lambda points: -motion(points))
    assert forwards.canal_narrowing_mm == pytest.approx(-found.canal_narrowing_mm)


def test_without_a_lamina_there_is_no_canal_to_measure() -> None:
    assert read(lambda points: 0 * points, body_alone()).canal_narrowing_mm is None


def test_a_mesh_without_endplates_is_refused() -> None:
    mesh = column()
    low = replace(mesh, points=mesh.points * np.array([1.0, 1.0, 0.5]))
    with pytest.raises(SolverError, match="no face of the body's superior"):
        read(lambda points: points, low)


def test_deformations_are_mixed_measure_by_measure() -> None:
    one, other = Deformation(height_loss_mm=1.0), Deformation(height_loss_mm=3.0, canal_narrowing_mm=None)
    assert one.towards(other, 0.25).height_loss_mm == pytest.approx(1.5)
    assert one.towards(other, 0.25).canal_narrowing_mm is None
