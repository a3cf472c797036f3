"""Bone that loses volume as it is crushed: its law beside von Mises' and by hand, its paint, Newton and work."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_fabric import vertebra
from test_orthotropic import unaccounted

from femrisk.case import Case
from femrisk.equilibrium import Equilibrium
from femrisk.materials import crushable, plastic
from femrisk.materials.crushable import PLASTIC_POISSON, Foam, squared_alpha
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.field import paint
from femrisk.meshes.labelled import Floats
from femrisk.multigrid import Multigrid
from femrisk.plan import families, solve_task
from femrisk.scene import build
from femrisk.verification.blocks import block
from femrisk.verification.laws import TWICE, equivalent, every_curve, sizes, tangent
from femrisk.verification.prescribed import alone, prescribe, symmetric

FRESH = (np.zeros((1, 4, 6)), np.zeros((1, 4)))
YOUNG, POISSON, STRENGTH = 1000.0, 0.3, 10.0
RATIOS = (-0.2, 0.0, PLASTIC_POISSON, 0.4)


def soft(ratio: float, cells: int = 1) -> Foam:
    """Bone that flows with a plastic Poisson's ratio."""
    return Foam(np.full((cells, 4), squared_alpha(ratio)))


def ideal(cells: int = 1) -> YieldCurve:
    return constant((cells, 4), YOUNG, POISSON, STRENGTH)


def strained(strain: Floats | list[float], ratio: float, curve: YieldCurve | None = None) -> tuple[Floats, ...]:
    """Stress, plastic strain and accumulated plastic strain of one point after one step, however long."""
    given = np.broadcast_to(np.asarray(strain, dtype=float), (1, 4, 6))
    return tuple(values[0, 0] for values in crushable.update(soft(ratio), curve or ideal(), given, *FRESH)[:3])


@pytest.mark.parametrize("number", range(len(every_curve())))
def test_where_pressure_does_not_count_the_law_is_von_mises_to_the_bit(number: int) -> None:
    curve, strain = every_curve()[number], np.random.default_rng(2).normal(size=(1, 4, 6))
    for size in sizes(curve).values():
        given = strain * size / equivalent(strain)[..., None]
        found, known = crushable.update(soft(0.5), curve, given, *FRESH), plastic.update(curve, given, *FRESH)
        for mine, theirs in zip(found, known, strict=True):
            assert (mine == theirs).all()


def test_the_law_tends_to_von_mises_as_the_plastic_ratio_tends_to_a_half() -> None:
    strain = np.random.default_rng(4).normal(size=(1, 4, 6)) * 0.03
    found, known = crushable.update(soft(0.5 - 1e-9), ideal(), strain, *FRESH), plastic.update(ideal(), strain, *FRESH)
    for mine, theirs in zip(found[:4], known[:4], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-6 * np.abs(theirs).max())


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("ratio", RATIOS)
def test_a_bar_bears_its_strength_and_spreads_by_the_plastic_ratio(ratio: float, sign: int) -> None:
    # an elastic strain of 1 % and, along the flow, ten times as much of a plastic one
    axial, lateral = sign * (0.01 + 0.1), -sign * (0.003 + 0.1 * ratio)
    stress, flowed, accumulated = strained([axial, lateral, lateral, 0, 0, 0], ratio)
    assert stress == pytest.approx([sign * STRENGTH, 0, 0, 0, 0, 0], abs=1e-9)
    assert flowed == pytest.approx([0.1 * sign, -0.1 * sign * ratio, -0.1 * sign * ratio, 0, 0, 0], abs=1e-12)
    assert accumulated == pytest.approx(0.1)


@pytest.mark.parametrize("ratio", RATIOS)
def test_bone_pressed_from_all_sides_is_crushed(ratio: float) -> None:
    # 3 (1 - 2n) p^2 = Y^2
    limit = STRENGTH / (3 * (1 - 2 * ratio)) ** 0.5
    stress, flowed, accumulated = strained([-0.05, -0.05, -0.05, 0, 0, 0], ratio)
    assert stress == pytest.approx([-limit, -limit, -limit, 0, 0, 0])
    bulk = YOUNG / (3 * (1 - 2 * POISSON))
    assert flowed[:3].sum() == pytest.approx(-0.15 + limit / bulk)
    assert accumulated * STRENGTH == pytest.approx(limit * (0.15 - limit / bulk))


@pytest.mark.parametrize("ratio", RATIOS)
def test_held_at_its_sides_bone_bears_a_limit_and_presses_there_by_its_plastic_ratio(ratio: float) -> None:
    # no flow across: t = s n / (1 - n), as in elastic bone of that ratio; its energy is that of a bar at Y
    state = FRESH
    for axial in np.linspace(0, -5, 200):
        given = np.broadcast_to([0.0, 0, axial, 0, 0, 0], (1, 4, 6))
        stress, flowed, accumulated, _, _ = crushable.update(soft(ratio), ideal(), given, *state)
        state = (flowed, accumulated)
    limit = STRENGTH * ((1 - ratio) / ((1 + ratio) * (1 - 2 * ratio))) ** 0.5
    side = limit * ratio / (1 - ratio)
    assert stress[0, 0] == pytest.approx([-side, -side, -limit, 0, 0, 0], abs=1e-3)


@pytest.mark.parametrize("size", [0.02, 1.0, 1e4])
def test_one_step_of_any_length_ends_on_the_yield_surface_and_pays_for_its_flow(size: float) -> None:
    strain = size * np.random.default_rng(7).normal(size=(40, 6))
    for ratio in RATIOS:
        for one in strain:
            stress, flowed, accumulated = strained(one, ratio)
            mean, a2 = stress[:3].mean(), squared_alpha(ratio)
            q2 = 1.5 * (stress**2 * TWICE).sum() - 4.5 * mean**2
            assert (q2 + a2 * mean**2) / (1 + a2 / 9) == pytest.approx(STRENGTH**2, rel=1e-9)
            assert (stress * flowed * TWICE).sum() == pytest.approx(STRENGTH * accumulated)


def test_bone_that_softens_dissipates_the_area_under_its_curve_in_small_steps() -> None:
    softening = replace(
        ideal(), plateau=np.full((1, 4), 0.01), softening=np.full((1, 4), -50.0), residual=np.full((1, 4), 4.0)
    )
    end, state, work, before = np.random.default_rng(9).normal(size=(1, 4, 6)) * 0.1, FRESH, 0.0, np.zeros((1, 4, 6))
    for share in np.linspace(0, 1, 2001)[1:]:
        stress, flowed, accumulated, _, _ = crushable.update(soft(0.1), softening, share * end, *state)
        work = work + (0.5 * (stress + before) * (flowed - state[0]) * TWICE).sum(axis=-1)
        state, before = (flowed, accumulated), stress
    assert (state[1] > 0.15).all()
    assert work == pytest.approx(plastic.dissipation(softening, state[1]), rel=1e-4)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("softening", [0.0, -50.0])
def test_the_tangent_is_the_derivative_of_the_stress(ratio: float, softening: float) -> None:
    random = np.random.default_rng(3)
    curve = replace(ideal(), plateau=np.full((1, 4), 0.0), softening=np.full((1, 4), softening))
    curve = replace(curve, residual=np.full((1, 4), 1e-3 if softening else STRENGTH))
    for size in (0.004, 0.02, 0.1):
        strain, step = size * random.normal(size=(1, 4, 6)), 1e-4 * size * random.normal(size=(1, 4, 6))
        _, _, _, moduli, normal = crushable.update(soft(ratio), curve, strain, *FRESH)
        ahead, behind = (crushable.update(soft(ratio), curve, strain + one, *FRESH)[0] for one in (step, -step))
        derivative = tangent(moduli, normal, step)
        assert (ahead - behind) / 2 == pytest.approx(derivative, abs=1e-6 * np.abs(derivative).max())


def test_the_body_can_be_crushed_by_gauss_point_and_the_arch_lytic_tumour_and_a_disc_cannot() -> None:
    mesh = vertebra()
    lesion, body = mesh.inside("lesion"), mesh.density < 0.5
    alpha2 = squared_alpha(PLASTIC_POISSON)
    for nature, lost in (("lytic", lesion), ("mixed", np.zeros_like(lesion))):
        foam = paint(mesh, (("lesion", f"tumour_{nature}"),), "kopperdahl_2002", crushable=True).foam
        assert foam is not None
        assert (foam.alpha2 == np.where(body & ~lost[:, None], alpha2, 0.0)).all()
        assert (foam.padded(3).alpha2[-3:] == 0).all()
    assert paint(mesh, (), "kopperdahl_2002").foam is None


def test_a_task_carries_the_model_of_its_case() -> None:
    case = {
        "name": "spine",
        "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
        "bone": {"kind": "vertebra", "level": "L1"},
        "lesions": [],
        "arms": [{"kind": "intact"}],
        "loads": [{"kind": "axial_compression"}],
        "analysis": {"model": "crushable_foam"},
    }
    scene = build(Case.model_validate(case))
    assert solve_task(scene, families(scene)[0], "axial_compression", ("intact",)).model == "crushable_foam"


def cube(linear: type[Multigrid] | None = None) -> Equilibrium:
    """6 mm of bone pressed along x, its base glued and one side held, its strength rising fourfold across."""
    domain = alone(block((2, 2, 2), np.zeros(3), np.full(3, 6.0), jitter=0.2))
    top, far = domain.nodes[:, 0] > 6 - 1e-9, domain.nodes[:, 1] > 6 - 1e-9
    free, values = symmetric(domain), np.zeros_like(domain.nodes)
    free[domain.nodes[:, 0] < 1e-9] = False
    free[top], values[top, 0] = False, -1.0
    free[far, 1] = False
    cells = len(domain.cells)
    strength = np.repeat(STRENGTH * (1 + domain.vertices[domain.corners].mean(axis=1)[:, 2:] / 2), 4, axis=1)
    curve = replace(ideal(cells), strength=strength, residual=strength)
    return Equilibrium(domain, prescribe(domain, free, values), curve, linear, foam=soft(PLASTIC_POISSON, cells))


def test_newton_turns_quadratic_where_bone_is_crushed() -> None:
    # a wrong tangent would still end, slower
    problem = cube()
    state = problem.attempt(problem.rest(), problem.linear().unknowns * 0.12, 0.12, 1e-8)
    assert state.state is not None
    assert (state.state.plastic_strain[..., :3].sum(axis=-1) < 0).mean() > 0.25
    assert state.newton_iterations <= 6


def test_both_linear_solvers_find_the_same_crushed_state() -> None:
    found = [
        one.attempt(one.rest(), one.linear().unknowns * 0.12, 0.12, 1e-9).state for one in (cube(), cube(Multigrid))
    ]
    assert found[0] is not None
    assert found[1] is not None
    assert found[1].force == pytest.approx(found[0].force, rel=1e-8)
    assert found[1].stress == pytest.approx(found[0].stress, abs=1e-6)


def test_work_is_stored_or_dissipated_in_bone_that_is_crushed() -> None:
    # the machine's work by trapezia errs by the square of the step
    problem = cube()
    coarse, fine = (unaccounted(problem, steps) for steps in (10, 20))
    assert fine < 1e-3
    assert fine == pytest.approx(coarse / 4, rel=0.25)
