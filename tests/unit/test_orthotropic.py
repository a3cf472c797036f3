"""Bone that is stiffer along its axis than across, loaded: its law beside von Mises', Newton, solvers and work."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.equilibrium import Equilibrium
from femrisk.materials import orthotropic, plastic
from femrisk.materials.curve import YieldCurve
from femrisk.materials.fabric import RATIOS, Fabric
from femrisk.meshes.labelled import Floats
from femrisk.multigrid import Multigrid
from femrisk.verification import fabrics
from femrisk.verification.blocks import block
from femrisk.verification.laws import equivalent, every_curve, sizes
from femrisk.verification.prescribed import alone, prescribe, symmetric

FRESH = (np.zeros((1, 4, 6)), np.zeros((1, 4)))


def strained(curve: YieldCurve, state: str) -> Floats:
    """A strain that ends in the middle of a state of the curve."""
    strain = np.random.default_rng(2).normal(size=(1, 4, 6))
    return np.asarray(strain * sizes(curve)[state] / equivalent(strain)[..., None])


@pytest.mark.parametrize("number", range(len(every_curve())))
def test_the_law_of_bone_without_a_fabric_is_von_mises(number: int) -> None:
    curve, ones = every_curve()[number], Fabric(np.ones((1, 4, 3)))
    for state in sizes(curve):
        strain = strained(curve, state)
        found, known = orthotropic.update(ones, curve, strain, *FRESH), plastic.update(curve, strain, *FRESH)
        for mine, theirs in zip(found[:3], known[:3], strict=True):
            assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-9 * np.abs(theirs).max())
        # D on 1 and on the flow: the bulk modulus is split in two here, and what is left of the shear the same
        assert found[3][..., 0] + found[3][..., 3] == pytest.approx(known[3][..., 0])
        assert found[3][..., 1:3] == pytest.approx(known[3][..., 1:])
        assert found[4] == pytest.approx(known[4])


@pytest.mark.parametrize("kind", RATIOS)
def test_flow_keeps_the_volume_and_dissipates_the_area_under_the_curve(kind: str) -> None:
    fabric, bone = Fabric(np.broadcast_to(RATIOS[kind], (1, 4, 3))), fabrics.curve(1)
    curve = fabric.law(bone)
    stress, flowed, accumulated, _, _ = orthotropic.update(fabric, curve, strained(bone, "plateau"), *FRESH)
    assert (accumulated > 0).all()
    assert flowed[..., :3].sum(axis=-1) == pytest.approx(0, abs=1e-12)
    work = (stress * flowed * [1, 1, 1, 2, 2, 2]).sum(axis=-1)
    assert work == pytest.approx(plastic.dissipation(curve, accumulated))


def test_bone_of_a_third_of_the_modulus_across_bears_seven_tenths_there() -> None:
    # with r = 0.3472 and nu = 0.3 r^(1/2), S E_z is 1, -0.3 | 2.880, -0.509, -0.3; its rows sum to 0.4, 2.071, 2.071;
    # a bar's energy of t is S_ii - row^2 / 4.542: 0.9648 along z, 1.936 across
    ratios = np.array(RATIOS["transversely_isotropic"])
    fabric = Fabric(np.broadcast_to(ratios, (1, 4, 3)))
    curve = fabric.law(fabrics.curve(1))
    along = np.array([0.0, -0.3, -0.3])
    for axis, factor in ((2, 1.0), (0, (0.9648 / 1.936) ** 0.5)):
        limit = factor * fabrics.STRENGTH
        # elastic strain of a bar along the axis, just below its strength and just above
        spread = {2: along[[1, 2, 0]], 0: np.array([0.0, -0.509, -0.3])}[axis]
        strain = np.zeros(6)
        strain[:3] = limit / fabrics.YOUNG * (spread + np.eye(3)[axis] / ratios[axis])
        for share, yields in ((0.998, False), (1.002, True)):
            given = np.broadcast_to(share * strain, (1, 4, 6))
            assert (orthotropic.update(fabric, curve, given, *FRESH)[2] > 0).all() == yields


def cube(fabric: Fabric | None, linear: type[Multigrid] | None = None) -> Equilibrium:
    """6 mm of ideally plastic bone pressed along x with its base glued, so that nothing is uniform."""
    domain = alone(block((2, 2, 2), np.zeros(3), np.full(3, 6.0), jitter=0.2))
    top = domain.nodes[:, 0] > 6 - 1e-9
    free, values = symmetric(domain), np.zeros_like(domain.nodes)
    free[domain.nodes[:, 0] < 1e-9] = False
    free[top], values[top, 0] = False, -1.0
    cells = len(domain.cells)
    return Equilibrium(
        domain, prescribe(domain, free, values), fabrics.curve(cells), linear, fabric=fabric and fabrics.fabric(cells)
    )


def test_newton_turns_quadratic_where_bone_with_a_fabric_flows() -> None:
    # a wrong tangent would still end, slower: four digits and more per turn near the end
    problem = cube(fabrics.fabric(1))
    elastic = problem.linear()
    state = problem.attempt(problem.rest(), elastic.unknowns * 0.3, 0.3, 1e-8)
    assert state.state is not None
    assert (state.state.accumulated > 0).mean() > 0.5
    assert state.newton_iterations <= 6


def test_both_linear_solvers_find_the_same_state() -> None:
    found = [
        one.attempt(one.rest(), one.linear().unknowns * 0.3, 0.3, 1e-9).state
        for one in (cube(fabrics.fabric(1)), cube(fabrics.fabric(1), Multigrid))
    ]
    assert found[0] is not None
    assert found[1] is not None
    assert found[1].force == pytest.approx(found[0].force, rel=1e-8)
    assert found[1].stress == pytest.approx(found[0].stress, abs=1e-6)


def test_work_is_stored_or_dissipated_in_bone_that_flows_unevenly() -> None:
    # the machine's work by trapezia errs by the square of the step
    problem = cube(fabrics.fabric(1))
    coarse, fine = (unaccounted(problem, steps) for steps in (10, 20))
    assert fine < 1e-3
    assert fine == pytest.approx(coarse / 4, rel=0.25)


def unaccounted(problem: Equilibrium, steps: int) -> float:
    """Share of the work at 0.4 mm that is neither stored nor dissipated."""
    state, work, last = problem.rest(), 0.0, 0.4
    guess = problem.linear().unknowns * last / steps
    for travel in np.linspace(0, last, steps + 1)[1:]:
        new = problem.attempt(state, guess, float(travel)).state
        assert new is not None
        work += 0.5e-3 * (new.force + state.force) * (new.travel - state.travel)
        guess, state = new.unknowns + (new.unknowns - state.unknowns), new
    stored, plastic = problem.energies(state)
    assert plastic > stored
    return abs(stored + plastic - work) / work
