"""The radial return alone: stress paths, tangents, energy, and what it leaves untouched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from femrisk.materials import keyak
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.plastic import dissipation, elastic_energy, update
from femrisk.meshes.labelled import Floats

WEIGHTS = np.array([1.0, 1, 1, 2, 2, 2])
ONE = np.array([1.0, 1, 1, 0, 0, 0])
CURVES = {
    "trabecular": keyak.yield_curve(np.full((1, 4), 0.3), np.zeros((1, 4), bool), np.full((1, 4), 3.0)),
    "cortical": keyak.yield_curve(np.full((1, 4), 1.0), np.ones((1, 4), bool), np.full((1, 4), 3.0)),
    "metal": constant((1, 4), 110000.0, 0.34, 830.0),
    "elastic": constant((1, 4), 10.0, 0.4),
}


def fresh() -> tuple[Floats, Floats]:
    return np.zeros((1, 4, 6)), np.zeros((1, 4))


def von_mises(stress: Floats) -> Floats:
    deviator = stress - stress[..., :3].mean(axis=-1, keepdims=True) * ONE
    return np.sqrt(1.5 * (deviator**2 * WEIGHTS).sum(axis=-1))


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("size", [1e-4, 0.02, 0.15, 0.6], ids=["elastic", "plateau", "softening", "residual"])
def test_tangent_is_the_derivative_of_the_stress(name: str, size: float) -> None:
    random = np.random.default_rng(3)
    curve, (plastic, total) = CURVES[name], fresh()
    strain, step = size * random.normal(size=(1, 4, 6)), random.normal(size=(1, 4, 6))
    _, _, _, moduli, normal = update(curve, strain, plastic, total)
    ahead = update(curve, strain + 1e-8 * step, plastic, total)[0]
    behind = update(curve, strain - 1e-8 * step, plastic, total)[0]
    trace = (step @ ONE)[..., None]
    flow = (normal * step * WEIGHTS).sum(axis=-1)[..., None]
    tangent = (
        moduli[..., :1] * trace * ONE + moduli[..., 1:2] * (step - trace * ONE / 3) - moduli[..., 2:] * normal * flow
    )
    assert np.abs((ahead - behind) / 2e-8 - tangent).max() < 1e-6 * np.abs(tangent).max()


@pytest.mark.parametrize("name", ["trabecular", "cortical"])
def test_uniaxial_stress_follows_the_published_curve(name: str) -> None:
    # under uniaxial stress the total strain is sigma / E + plastic strain; drive the plastic strain along the curve
    curve = CURVES[name]
    young, poisson = curve.young[0, 0], curve.poisson[0, 0]
    length = (curve.residual - curve.strength)[0, 0] / curve.softening[0, 0]
    for p in (0.5 * curve.plateau[0, 0], curve.plateau[0, 0] + 0.5 * length, curve.plateau[0, 0] + 2 * length):
        expected = max(
            min(curve.strength[0, 0], curve.strength[0, 0] + curve.softening[0, 0] * (p - curve.plateau[0, 0])),
            curve.residual[0, 0],
        )
        axial, lateral = expected / young + p, -poisson * expected / young - p / 2
        strain = np.broadcast_to(np.array([axial, lateral, lateral, 0, 0, 0]), (1, 4, 6))
        stress, _, accumulated, _, _ = update(curve, strain, *fresh())
        assert stress[0, 0] == pytest.approx(np.array([expected, 0, 0, 0, 0, 0]), abs=1e-9 * young)
        assert accumulated[0, 0] == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("name", CURVES)
def test_stress_stays_on_the_yield_surface_and_dissipates(name: str) -> None:
    random = np.random.default_rng(5)
    curve, (plastic, total) = CURVES[name], fresh()
    for _ in range(20):
        strain = 0.05 * random.normal(size=(1, 4, 6))
        stress, plastic, after, _, _ = update(curve, strain, plastic, total)
        limit = np.clip(
            curve.strength + curve.softening * np.maximum(after - np.minimum(curve.plateau, 1e9), 0),
            curve.residual,
            None,
        )
        limit = np.minimum(limit, curve.strength)
        assert (von_mises(stress) <= limit * (1 + 1e-9)).all()
        assert (after >= total).all()
        total = after


def test_the_history_handed_in_is_left_as_it_was() -> None:
    plastic, total = fresh()
    update(CURVES["metal"], np.full((1, 4, 6), 0.05), plastic, total)
    assert not plastic.any()
    assert not total.any()


def test_unloading_is_elastic() -> None:
    curve = CURVES["metal"]
    strain = np.broadcast_to(np.array([0.02, -0.008, -0.008, 0, 0, 0]), (1, 4, 6))
    stress, plastic, total, _, _ = update(curve, strain, *fresh())
    back, _, after, _, _ = update(curve, strain * 0.99, plastic, total)
    assert (after == total).all()
    shear = 110000 / (2 * 1.34)
    change = (stress - back)[0, 0, 0] - (stress - back)[0, 0, 1]
    assert change == pytest.approx(2 * shear * 0.01 * 0.028, rel=1e-9)


def test_many_points_at_once_are_many_points_alone() -> None:
    random = np.random.default_rng(7)
    density = random.uniform(0.05, 1.2, (6, 4))
    curve = keyak.yield_curve(density, density > 0.6, np.full((6, 4), 3.0))
    strain = 0.03 * random.normal(size=(6, 4, 6))
    together = update(curve, strain, np.zeros((6, 4, 6)), np.zeros((6, 4)))[0]
    for cell in range(6):
        one = curve.take(np.array([cell]))
        assert (update(one, strain[[cell]], *fresh())[0] == together[cell]).all()


@pytest.mark.parametrize("name", ["trabecular", "cortical", "metal"])
def test_dissipation_is_the_area_under_the_yield_curve(name: str) -> None:
    curve = CURVES[name]
    top = 0.3
    p = np.linspace(0, top, 200001)
    y = np.clip(curve.strength[0, 0] + curve.softening[0, 0] * np.clip(p - min(curve.plateau[0, 0], 9), 0, None),
                curve.residual[0, 0], curve.strength[0, 0])  # fmt: skip
    area = float(((y[1:] + y[:-1]) / 2 * np.diff(p)).sum())
    assert dissipation(curve, np.full((1, 4), top))[0, 0] == pytest.approx(area, rel=1e-6)


def test_elastic_energy_of_uniaxial_stress() -> None:
    curve: YieldCurve = replace(CURVES["elastic"])
    stress = np.broadcast_to(np.array([2.0, 0, 0, 0, 0, 0]), (1, 4, 6))
    assert elastic_energy(curve, stress)[0, 0] == pytest.approx(2.0**2 / (2 * 10.0))
