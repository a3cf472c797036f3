"""Interface elements: areas, jumps, forces and stiffness on small blocks, and bodies that touch, slide and gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from femrisk.cohesive import COARSE, FINE, WEIGHTS, Joints, assemble_joints, join
from femrisk.domain import Domain
from femrisk.equilibrium import Equilibrium, searched
from femrisk.materials.curve import constant
from femrisk.materials.interface import SHEAR_OVER_TENSION, STIFFNESS, Interface
from femrisk.meshes.cells.splitting import inner_faces, split
from femrisk.verification.blocks import NEAR, block
from femrisk.verification.prescribed import alone, prescribe

YOUNG, SIDE = 1000.0, 2.0
ENERGY = 0.1


def halves(strength: float, count: int = 2) -> tuple[Domain, Joints, np.ndarray]:
    """A cube of two halves, one above the other; which of its nodes are the upper half's."""
    mesh = block((count,) * 3, np.full(3, -SIDE / 2), np.full(3, SIDE / 2))
    upper = mesh.centroids()[:, 2] > 0
    faces = inner_faces(mesh)
    along = upper[faces.cells[:, 0]] != upper[faces.cells[:, 1]]
    domain, seam = alone(split(mesh, faces, along)), faces.take(along)
    number = len(seam.cells)
    joints = join(domain, seam, Interface(np.full(number, strength), np.full(number, ENERGY)))
    ours = np.zeros(len(domain.nodes), dtype=bool)
    ours[domain.cells[upper[domain.original]]] = True
    return domain, joints, ours


def equilibrium(strength: float, way: np.ndarray) -> Equilibrium:
    """The upper face of the cube moved ``way`` (3,), the lower one held; no Poisson's effect."""
    domain, joints, _ = halves(strength)
    moved, held = (np.abs(domain.nodes[:, 2] - place) < NEAR for place in (SIDE / 2, -SIDE / 2))
    free = np.repeat(~(moved | held)[:, None], 3, axis=1)
    unknowns = prescribe(domain, free, moved[:, None] * way)
    return Equilibrium(domain, unknowns, constant((len(domain.cells), 4), YOUNG, 0.0), joints=joints)


def test_shape_functions_add_up_to_a_jump_of_two_rigid_sides() -> None:
    for shapes in (FINE, COARSE):
        half = shapes.shape[1] // 2
        assert shapes[:, half:].sum(axis=1) == pytest.approx(1.0)
        assert shapes[:, :half].sum(axis=1) == pytest.approx(-1.0)
    assert WEIGHTS.sum() == pytest.approx(1.0)


def test_a_joint_knows_its_area_and_points_from_its_first_side_to_its_second() -> None:
    domain, joints, upper = halves(1.0)
    assert joints.areas.sum() == pytest.approx(SIDE**2, rel=1e-12)
    assert np.abs(joints.normals[:, 2]) == pytest.approx(1.0)
    lift = upper[:, None] * np.array([0.0, 0.0, 0.01])
    across = np.einsum("fi,fqi->fq", joints.normals, joints.jumps(lift))
    assert across == pytest.approx(0.01, rel=1e-12)
    # nodes of both sides lie in one place
    assert domain.nodes[joints.nodes[:, :6]] == pytest.approx(domain.nodes[joints.nodes[:, 6:]], abs=1e-12)
    assert domain.vertices[joints.vertices[:, :3]] == pytest.approx(domain.vertices[joints.vertices[:, 3:]], abs=1e-12)


def test_forces_are_the_slope_of_the_energy_and_stiffness_is_theirs() -> None:
    domain, joints, _ = halves(1.0)
    random = np.random.default_rng(3)
    nodes = len(domain.nodes)
    displacement, way = 1e-4 * random.normal(size=(2, nodes, 3))
    opened = np.zeros((len(joints.areas), 6))

    def forces(at: np.ndarray) -> np.ndarray:
        return joints.forces(joints.pull(at, opened).traction, nodes)

    def energy(at: np.ndarray) -> float:
        return 1e3 * sum(joints.energies(at, joints.pull(at, opened).opened))

    step = 1e-4
    slope = (energy(displacement + step * way) - energy(displacement - step * way)) / (2 * step)
    assert slope == pytest.approx((forces(displacement) * way).sum(), rel=1e-6)
    change = (forces(displacement + step * way) - forces(displacement - step * way)) / (2 * step)
    width = 12
    places = np.arange(len(joints.areas) * width**2, dtype=np.int32).reshape(-1, width, width)
    values = np.zeros((places.size, 3, 3))
    kind = np.zeros(len(joints.areas), dtype=np.int8)
    assemble_joints(joints.areas, WEIGHTS, FINE, joints.pull(displacement, opened).tangent, values, places, kind)
    blocks = values.reshape(-1, width, width, 3, 3)
    product = np.zeros((nodes, 3))
    np.add.at(product, joints.nodes, np.einsum("fabij,fbj->fai", blocks, way[joints.nodes]))
    assert product == pytest.approx(change, abs=1e-4 * np.abs(change).max())


def test_an_interface_in_series_with_two_blocks() -> None:
    # compliances add: 2 mm of 1000 MPa, and the interface, over 4 mm2; along it is 2.5^2 as stiff, G = E / 2
    up = equilibrium(np.inf, np.array([0.0, 0.0, 1.0])).linear().force
    assert up == pytest.approx(SIDE**2 / (SIDE / YOUNG + 1 / STIFFNESS), rel=1e-6)


def test_bodies_that_nothing_holds_together_bear_pressure_but_no_tension_and_no_shear() -> None:
    pressed = equilibrium(0.0, np.array([0.0, 0.0, -1.0])).linear().force
    assert pressed == pytest.approx(SIDE**2 / (SIDE / YOUNG + 1 / STIFFNESS), rel=1e-6)
    for way in (np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])):
        # the share of the stiffness that is kept, over the area
        kept = 1e-7 * STIFFNESS * SHEAR_OVER_TENSION**2 * SIDE**2
        assert 0 <= equilibrium(0.0, way).linear().force <= 1.01 * kept


def test_a_failed_interface_does_not_heal_but_still_bears_pressure() -> None:
    problem = equilibrium(1.0, np.array([0.0, 0.0, 1.0]))
    # parted at 2 G / f = 0.2 mm
    apart = problem.attempt(problem.rest(), problem.rest().unknowns, 0.3).state
    assert apart is not None
    assert problem.joints is not None
    assert problem.joints.failing(apart.opened) == 1.0
    back = problem.attempt(apart, apart.unknowns, 0.1).state
    assert back is not None
    assert abs(back.force) < 1e-3 * SIDE**2
    pressed = problem.attempt(back, back.unknowns, -0.001).state
    assert pressed is not None
    # the force is along the travel: pressed back by 1 um
    assert pressed.force == pytest.approx(-0.001 * SIDE**2 / (SIDE / YOUNG + 1 / STIFFNESS), rel=1e-5)


@pytest.mark.parametrize("size", [1e-4, 1e-2, 1.0])
def test_the_response_a_search_ends_with_is_that_of_its_unknowns(size: float) -> None:
    problem = equilibrium(1.0, np.array([0.0, 0.0, 1.0]))
    rest, random = problem.rest(), np.random.default_rng(4)
    free = problem.unknowns.fine.free
    unknowns = np.where(free, 1e-4 * random.normal(size=free.shape), 1e-4 * problem.unknowns.driven)
    response = problem.respond(rest, unknowns)
    # downhill, but far too long or too short
    correction = -size / YOUNG * response.forces * free
    reached, there = searched(problem, rest, unknowns, correction, response)
    assert there.forces == pytest.approx(problem.respond(rest, reached).forces, rel=1e-12, abs=1e-12)
    if size > 0.1:
        before, after = (abs(problem.balance.work(correction, one.forces)) for one in (response, there))
        assert after < before


def test_the_share_past_its_strength_counts_only_what_can_fail() -> None:
    _, joints, _ = halves(1.0)
    opened = np.zeros((len(joints.areas), 6))
    opened[: len(joints.areas) // 2] = 2.0
    assert joints.failing(opened) == pytest.approx(0.5)
    assert replace(joints, law=Interface(0 * joints.areas, joints.areas)).failing(opened) is None
