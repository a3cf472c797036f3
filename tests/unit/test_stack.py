"""Columns of voxels between rigid grips, whose forces are known, through the same solver and march as tetrahedra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from femrisk.equilibrium import Equilibrium
from femrisk.errors import MeshError
from femrisk.grips import grip
from femrisk.march import Rules
from femrisk.materials.curve import YieldCurve, constant
from femrisk.meshes.cells.voxels import Voxels
from femrisk.meshes.labelled import LabelledMesh
from femrisk.stack import stacked
from femrisk.verification.bars import ALONG_X, ALONG_Y, DOWN, GUIDED, HANGING, SIDE, YOUNG, machine
from femrisk.verification.prescribed import marched, prescribe

#: mm; 6 x 6 x 18, in voxels whose coarse cells are not all full
LENGTH, COUNTS = 18.0, (3, 5, 7)
AREA, STRENGTH = SIDE**2, 10.0


def column(counts: tuple[int, int, int] = COUNTS, low: float = 1.0) -> LabelledMesh:
    """The bar about the origin; ``low`` -1 has the first axis run the other way."""
    edges = np.array([SIDE * low, SIDE, LENGTH])
    step = np.diag(edges / counts)
    block = Voxels(np.ones(counts, dtype=bool), np.zeros(counts), np.column_stack([step, (step.sum(0) - edges) / 2]))
    return block.mesh(lambda points: np.zeros(len(points), dtype=np.uint8))


def pressed(mesh: LabelledMesh, curve: YieldCurve, top: tuple = GUIDED, across: bool = False) -> Equilibrium:
    domain = stacked(mesh, MPI.COMM_SELF, flows=not across)
    boundary = machine(*((ALONG_X, ALONG_Y) if across else (DOWN, ALONG_X)), top, length=LENGTH)
    return Equilibrium(domain, grip(domain, boundary), curve)


def uniform(mesh: LabelledMesh, poisson: float = 0.0, strength: float = np.inf) -> YieldCurve:
    return constant((len(mesh.cells), 8), YOUNG, poisson, strength)


def test_a_column_is_as_stiff_as_its_area_over_its_length() -> None:
    mesh = column()
    state = pressed(mesh, uniform(mesh)).linear(1e-12)
    assert state.force == pytest.approx(YOUNG * AREA / LENGTH, rel=1e-9)
    assert state.stress[..., 2] == pytest.approx(np.full((len(mesh.cells), 8), -YOUNG / LENGTH), rel=1e-7)


def test_compliances_of_two_materials_add() -> None:
    mesh = column((3, 5, 8))
    upper = mesh.centroids()[:, 2] > 0
    curve = replace(uniform(mesh), young=np.where(upper[:, None], 5.0, 1.0) * uniform(mesh).young)
    state = pressed(mesh, curve).linear(1e-12)
    assert state.force == pytest.approx(AREA / (9 / 1000 + 9 / 5000), rel=1e-9)


@pytest.mark.parametrize("flows", [False, True])
def test_a_linear_motion_of_the_surface_is_that_of_all_nodes(flows: bool) -> None:
    mesh = column((4, 4, 5))
    domain = stacked(mesh, MPI.COMM_SELF, flows)
    gradient = np.array([[1.0, 2.0, 0.5], [-0.5, 1.0, 0.3], [0.2, 0.1, -2.0]]) * 1e-2
    inside = (np.abs(domain.nodes) < np.array([SIDE, SIDE, LENGTH]) / 2 - 1e-9).all(axis=1)
    free = np.repeat(inside[:, None], 3, axis=1)
    exact = domain.nodes @ gradient.T
    problem = Equilibrium(domain, prescribe(domain, free, exact), uniform(mesh, 0.3))
    assert inside.sum() == 3 * 3 * 4
    assert problem.displacement(problem.linear(1e-12)) == pytest.approx(exact, abs=1e-10)


def test_a_plastic_column_bears_its_strength_times_its_area() -> None:
    mesh = column((2, 2, 3))
    domain = stacked(mesh, MPI.COMM_SELF)
    # free to spread: held in the plane of three sides, driven at the top
    low = np.abs(domain.nodes - domain.nodes.min(axis=0)) < 1e-9
    top = np.abs(domain.nodes[:, 2] - LENGTH / 2) < 1e-9
    free, values = ~low, np.zeros_like(domain.nodes)
    free[top, 2], values[top, 2] = False, -1.0
    problem = Equilibrium(domain, prescribe(domain, free, values), uniform(mesh, 0.3, STRENGTH))
    elastic, first = problem.linear(), STRENGTH / YOUNG * LENGTH
    history, found = marched(problem, Rules(0.6 * first, 0.6 * first, 4 * first, elastic.force), elastic)
    assert history.status == "plateau"
    assert history.forces()[-1] == pytest.approx(STRENGTH * AREA, rel=1e-5)
    # travel beyond first yield is plastic strain, and its work the force's
    last = found[-1].increment
    assert last.plastic_work == pytest.approx(1e-3 * STRENGTH * AREA * (last.displacement - first), rel=1e-4)


def test_a_mirrored_column_is_pushed_aside_by_the_same_force() -> None:
    left, right = column((3, 4, 9)), column((3, 4, 9), low=-1.0)
    curve = uniform(left, 0.3)
    # stiffer on one side, so that mirroring changes something
    forces = []
    for mesh in (left, right):
        heavy = (mesh.centroids()[:, 0] * (1 if mesh is left else -1)) > 1
        uneven = replace(curve, young=np.where(heavy[:, None], 4.0, 1.0) * curve.young)
        forces.append(pressed(mesh, uneven).linear(1e-11).force)
    assert forces[0] == pytest.approx(forces[1], rel=1e-9)


def test_a_cantilever_is_too_stiff_by_the_shear_that_voxels_cannot_help() -> None:
    # P / delta = 1 / (L^3 / 3 E I + L / (5/6 G A)). A voxel bent by k cannot curve: over its length h it is sheared by
    # k x, which stores G k^2 h^2 / 12 beside the E k^2 depth^2 / 12 of bending: G / E (h / depth)^2 more
    mesh = column((12, 2, 24))
    force = pressed(mesh, uniform(mesh), HANGING, across=True).linear().force
    bending, shear = LENGTH**3 / (3 * YOUNG * SIDE**4 / 12), LENGTH / (5 / 6 * (YOUNG / 2) * AREA)
    locked = bending / (1 + 0.5 * (LENGTH / 24 / SIDE) ** 2)
    # 0.2 %: warping at the grips, see ``bars.cantilever``; a beam's force without the locking is 0.75 % lower
    assert force == pytest.approx(1 / (locked + shear), rel=2.5e-3)


def test_every_node_lies_in_the_middle_of_its_parents() -> None:
    domain = stacked(column(), MPI.COMM_SELF)
    assert domain.vertices[domain.parents].mean(axis=1) == pytest.approx(domain.nodes)
    coarse, fine = domain.seats.T
    assert (domain.parents[fine] == coarse[:, None]).any(axis=1).all()
    assert len(np.unique(coarse)) == len(domain.vertices)


def test_a_grip_smaller_than_a_coarse_cell_still_takes_hold() -> None:
    # four nodes of voxels at the top, in coarse cells of twice the width of the column
    mesh = column((1, 1, 4))
    assert pressed(mesh, uniform(mesh)).linear(1e-12).force == pytest.approx(YOUNG * AREA / LENGTH, rel=1e-9)


def test_the_solver_needs_as_few_iterations_on_finer_voxels() -> None:
    iterations = []
    for counts in ((4, 4, 12), (12, 12, 36)):
        mesh = column(counts)
        problem = pressed(mesh, uniform(mesh, 0.3), HANGING, across=True)
        response = problem.respond(problem.rest(), problem.unknowns.driven)
        problem.tangent.fill(response)
        problem.tangent.refresh()
        iterations.append(problem.tangent.solve(response.forces, 1e-6).iterations)
    assert max(iterations) <= 12


def test_cells_that_are_no_voxels_of_one_lattice_are_refused() -> None:
    mesh = column()
    points = mesh.points.copy()
    points[0] += 0.1
    with pytest.raises(MeshError, match="same parallelepiped"):
        stacked(replace(mesh, points=points), MPI.COMM_SELF)
