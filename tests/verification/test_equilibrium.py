"""Bars between rigid grips whose stress is known: the whole chain from mesh to force against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from femrisk.contacts import Boundary, Motion
from femrisk.element import TABLE, internal_forces
from femrisk.equilibrium import Equilibrium
from femrisk.history import History, State
from femrisk.march import Found, Rules
from femrisk.materials.curve import YieldCurve, constant
from femrisk.meshes.labelled import LabelledMesh
from femrisk.verification import bars
from femrisk.verification.bars import GUIDED, HELD, SIDE, YOUNG, End, gripped
from femrisk.verification.prescribed import marched

#: MPa, mm: a bar of 6 x 6 x 18
STRENGTH, LENGTH = 10.0, 18.0
AREA = SIDE**2
#: modulus of the elastic ends of the plastic bar, MPa
SOFT = 4.0
PIVOT: tuple[Motion, ...] = ("free", "held", "driven", "held", "free", "held")
SLIDING: tuple[Motion, ...] = ("free", "held", "driven", "held", "held", "held")


def bar(cells: int = 4, jitter: float = 0.15, seed: int = 1) -> LabelledMesh:
    """6 x 6 x 18 mm; vertices inside moved at random by a share of an edge, those on x = 0 and z = 0 within them."""
    made = bars.bar((cells,) * 3, LENGTH, jitter, seed)
    assert (made.volumes() > 0).all()
    return made


def machine(top: tuple[Motion, ...] = GUIDED, bottom: tuple[Motion, ...] = HELD, pull: bool = False) -> Boundary:
    """The upper end driven down (or up), the lower end held; both turn about the bar's axis."""
    return bars.machine(bars.UP if pull else bars.DOWN, bars.ALONG_X, top, bottom, LENGTH)


def uniform(mesh: LabelledMesh, strength: float = np.inf, poisson: float = 0.0) -> YieldCurve:
    return constant((len(mesh.tets), 4), YOUNG, poisson, strength)


def force_on(equilibrium: Equilibrium, state: State, upper: bool) -> tuple[np.ndarray, np.ndarray]:
    """Force and moment (about the middle of that end) which a grip exerts on the bar, from the stresses."""
    domain = equilibrium.domain
    nodes = internal_forces(
        domain.cells, domain.gradients, domain.volumes, state.stress, len(equilibrium.displacement(state)), TABLE
    )
    held = np.flatnonzero(End(1 if upper else -1, LENGTH).core(domain.nodes))
    lever = domain.nodes[held] - [0.0, 0.0, LENGTH / 2 if upper else -LENGTH / 2]
    return nodes[held].sum(axis=0), np.cross(lever, nodes[held]).sum(axis=0)


@pytest.mark.parametrize("pull", [False, True])
def test_a_distorted_mesh_carries_a_uniform_stress_exactly(pull: bool) -> None:
    mesh = bar(jitter=0.2)
    equilibrium = gripped(mesh, uniform(mesh), machine(pull=pull))
    state = equilibrium.linear(1e-12)
    # sigma = E / L at 1 mm of travel, everywhere; force E A / L = 1000 * 36 / 18
    assert state.force == pytest.approx(YOUNG * AREA / LENGTH, rel=1e-7)
    exact = np.zeros(6)
    exact[2] = (1 if pull else -1) * YOUNG / LENGTH
    assert np.abs(state.stress - exact).max() < 1e-7 * YOUNG / LENGTH
    # and the displacement of every node, middle nodes included, is linear
    height = (equilibrium.domain.nodes[:, 2] + LENGTH / 2) / LENGTH
    sign = 1 if pull else -1
    assert equilibrium.displacement(state)[: len(height), 2] == pytest.approx(sign * height, abs=1e-8)


def test_two_materials_in_series() -> None:
    mesh = bar()
    upper = mesh.centroids()[:, 2] > 0
    curve = uniform(mesh)
    curve = replace(curve, young=np.where(upper[:, None], 5.0, 1.0) * curve.young)
    state = gripped(mesh, curve, machine()).linear(1e-12)
    # compliances add: 9 mm of 1000 MPa and 9 mm of 5000 MPa over 36 mm2
    assert state.force == pytest.approx(AREA / (9 / 1000 + 9 / 5000), rel=1e-7)
    assert state.stress[..., 2] == pytest.approx(-state.force / AREA, rel=1e-6)


@pytest.mark.parametrize(("top", "share"), [(SLIDING, 3.0), (PIVOT, 2.0)])
def test_a_bar_of_two_halves_side_by_side_turns_the_grip_that_may_turn(top: tuple[Motion, ...], share: float) -> None:
    """Plane sections stay plane: u_z = (e + k x) z and u_x = - k z^2 / 2 are in reach of quadratic cells.

    With E for x > 0 and 5 E for x < 0 and the side b, the sections have the stiffness 3 E A, the first moment
    (1 - 5) / 2 E A b / 4 = -E A b / 2 and the second 3 E A b^2 / 12. Guided against turning the force is 3 E A / L per
    mm; on a pivot in its middle the moment vanishes and it is (3 - (1 / 2)^2 / (3 / 12)) E A / L.
    """
    mesh = bar()
    right = mesh.centroids()[:, 0] > 0
    curve = replace(uniform(mesh), young=np.where(right[:, None], 1.0, 5.0) * np.full((len(mesh.tets), 4), YOUNG))
    equilibrium = gripped(mesh, curve, machine(top))
    state = equilibrium.linear(1e-12)
    assert state.force == pytest.approx(share * YOUNG * AREA / LENGTH, rel=1e-7)
    force, moment = force_on(equilibrium, state, upper=True)
    assert force == pytest.approx([0, 0, -state.force], abs=1e-6 * state.force)
    if top == PIVOT:
        assert np.abs(moment).max() < 1e-6 * state.force * SIDE
    else:
        # the resultant stands (b / 2) / 3 off the middle
        assert abs(moment[1]) == pytest.approx(state.force * SIDE / 6, rel=1e-6)


def test_what_the_machine_puts_in_comes_out_at_the_held_end() -> None:
    mesh = bar()
    random = np.random.default_rng(2)
    curve = replace(uniform(mesh, poisson=0.3), young=random.uniform(500, 2000, (len(mesh.tets), 4)))
    free = ("free", "free", "driven", "free", "free", "free")
    equilibrium = gripped(mesh, curve, machine(free))
    state = equilibrium.linear(1e-12)
    (above, turn), (below, _) = (force_on(equilibrium, state, upper) for upper in (True, False))
    assert above + below == pytest.approx(np.zeros(3), abs=1e-6 * state.force)
    assert above == pytest.approx([0, 0, -state.force], abs=1e-6 * state.force)
    assert np.abs(turn).max() < 1e-6 * state.force * SIDE
    # work of the force over 1 mm is the energy stored
    assert equilibrium.energies(state)[0] == pytest.approx(0.5e-3 * state.force, rel=1e-6)


def test_a_rigid_motion_stores_no_energy() -> None:
    mesh = bar()
    boundary = machine(("free",) * 6, ("free",) * 6)
    equilibrium = gripped(mesh, uniform(mesh, poisson=0.3), boundary)
    unknowns, nodes = equilibrium.unknowns, equilibrium.domain.nodes
    shift, turn = np.array([0.3, -0.2, 0.5]), np.array([0.02, 0.05, -0.03])
    motion = unknowns.rigid_motion(unknowns.fine, nodes, shift, turn)
    assert unknowns.fine.expand(motion)[: len(nodes)] == pytest.approx(shift + np.cross(turn, nodes), abs=1e-12)
    response = equilibrium.respond(equilibrium.rest(), motion)
    assert np.abs(response.stress).max() < 1e-10 * YOUNG
    assert np.abs(response.forces).max() < 1e-9 * YOUNG


def test_forces_are_the_transpose_of_displacements() -> None:
    mesh = bar()
    equilibrium = gripped(mesh, uniform(mesh), machine(PIVOT))
    level, random = equilibrium.unknowns.fine, np.random.default_rng(6)
    unknowns, forces = random.random(level.free.shape), random.random(level.free.shape)
    unknowns[np.setdiff1d(np.flatnonzero(level.slot >= 0), level.grips)] = 0.0
    assert (level.expand(unknowns) * forces).sum() == pytest.approx((unknowns * level.reduce(forces)).sum(), rel=1e-12)


def buffered(mesh: LabelledMesh) -> YieldCurve:
    """An ideally plastic bar whose ends, a quarter each, are soft and elastic: rigid grips do not hold its sides."""
    ends = np.abs(mesh.centroids()[:, 2]) > LENGTH / 4
    plastic = uniform(mesh, STRENGTH, 0.3)
    return plastic.where(ends[:, None], constant(plastic.young.shape, SOFT, 0.0))


@pytest.fixture(scope="module")
def yielded() -> tuple[Equilibrium, History, list[Found]]:
    mesh = bar(jitter=0.0)
    equilibrium = gripped(mesh, buffered(mesh), machine())
    # at yield the soft ends are 10 / 4 * 9 mm shorter and the bar 10 / 1000 * 9 mm: 22.59 mm; then 1 mm of plastic flow
    elastic = equilibrium.linear()
    history, found = marched(equilibrium, Rules(22.5, 0.1, 23.6, elastic.force, plateau_tangent=0.0), elastic)
    return equilibrium, history, found


def test_an_ideally_plastic_bar_holds_its_yield_stress_times_its_area(
    yielded: tuple[Equilibrium, History, list[Found]],
) -> None:
    _, history, _ = yielded
    flowing = history.forces()[history.displacements() > 22.6]
    print(f"plateau {flowing.min():.3f} to {flowing.max():.3f} N")
    assert len(flowing) > 8
    assert flowing == pytest.approx(STRENGTH * AREA, rel=5e-3)


def test_the_yielding_bar_is_in_equilibrium_at_every_increment(
    yielded: tuple[Equilibrium, History, list[Found]],
) -> None:
    equilibrium, _, found = yielded
    for one in found:
        (above, _), (below, _) = (force_on(equilibrium, one.state, upper) for upper in (True, False))
        # Newton stops at 1e-4 of the force
        assert above + below == pytest.approx(np.zeros(3), abs=1e-3 * one.state.force)
        assert -above[2] == pytest.approx(one.state.force, rel=1e-3)


def test_work_put_in_is_stored_or_dissipated(yielded: tuple[Equilibrium, History, list[Found]]) -> None:
    _, history, _ = yielded
    last = history.increments[-1]
    print(f"work {last.external_work:.4f} J, stored {last.elastic_energy:.4f} J, dissipated {last.plastic_work:.4f} J")
    # the force over the travel that no spring holds: two ends of 4 MPa and the bar of 1000 MPa, half the length each
    lasting = last.displacement - last.force / AREA * (9 / 4 + 9 / 1000)
    assert last.plastic_work == pytest.approx(1e-3 * last.force * lasting, rel=0.01)
    assert last.external_work - last.elastic_energy == pytest.approx(last.plastic_work, rel=0.02)


def test_a_failed_try_changes_nothing(yielded: tuple[Equilibrium, History, list[Found]]) -> None:
    equilibrium, _, found = yielded
    state = found[0].state
    kept = [values.copy() for values in (state.unknowns, state.plastic_strain, state.accumulated, state.stress)]
    equilibrium.attempt(state, state.unknowns * 50, state.travel * 50)
    after = (state.unknowns, state.plastic_strain, state.accumulated, state.stress)
    assert all((one == other).all() for one, other in zip(kept, after, strict=True))
