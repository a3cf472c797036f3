"""The law of a skin alone: beside the law of the cells led to no stress across, its tangent, its energy."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.materials import plastic
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.planestress import Stretch, elastic_energy, update
from femrisk.meshes.labelled import Floats

SHAPE = (1, 3)
YOUNG, POISSON, STRENGTH = 1000.0, 0.3, 10.0
CURVES = {
    "elastic": constant(SHAPE, YOUNG, POISSON),
    "ideal": constant(SHAPE, YOUNG, POISSON, STRENGTH),
    "softening": YieldCurve(
        *(np.full(SHAPE, value) for value in (YOUNG, POISSON, STRENGTH, 0.005, -0.2 * YOUNG, 0.3 * STRENGTH))
    ),
}
SIZES = [0.003, 0.015, 0.03, 0.2]


def fresh() -> tuple[Floats, Floats]:
    return np.zeros((*SHAPE, 3)), np.zeros(SHAPE)


def in_space(curve: YieldCurve, plane: Floats, history: tuple[Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    """Stress (1, 3, 3) and history of the law of the cells, at the strain across that leaves no stress across."""
    whole = np.zeros((1, 3, 6))
    whole[..., [0, 1, 3]] = plane * [1, 1, 0.5]
    low, high = np.full(SHAPE, -3.0), np.full(SHAPE, 3.0)
    for _ in range(80):
        whole[..., 2] = 0.5 * (low + high)
        stress, strained, accumulated, _, _ = plastic.update(curve, whole, *history)
        low, high = np.where(stress[..., 2] < 0, whole[..., 2], low), np.where(stress[..., 2] < 0, high, whole[..., 2])
    assert np.abs(stress[..., 2]).max() < 1e-9 * YOUNG
    return stress[..., [0, 1, 3]], strained, accumulated


@pytest.mark.parametrize("name", CURVES)
def test_it_is_the_law_of_the_cells_without_stress_across(name: str) -> None:
    curve, random = CURVES[name], np.random.default_rng(1)
    mine, theirs = fresh(), (np.zeros((1, 3, 6)), np.zeros(SHAPE))
    strain = np.zeros((1, 3, 3))
    # a wandering path, through every part of the curve and back
    for _ in range(30):
        strain = strain + 0.01 * random.normal(size=strain.shape)
        there = update(curve, strain, *mine)
        stress, *theirs = in_space(curve, strain, theirs)
        assert there.stress == pytest.approx(stress, abs=1e-7 * STRENGTH)
        assert there.accumulated == pytest.approx(theirs[1], abs=1e-9)
        assert there.plastic_strain == pytest.approx(theirs[0][..., [0, 1, 3]] * [1, 1, 2], abs=1e-9)
        mine = there.plastic_strain, there.accumulated
    assert (there.accumulated > 0.1).all() == (name != "elastic")


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("size", SIZES)
def test_the_tangent_is_symmetric_and_the_derivative_of_the_stress(name: str, size: float) -> None:
    curve, random = CURVES[name], np.random.default_rng(2)
    strain, step = size * random.normal(size=(1, 3, 3)), random.normal(size=(1, 3, 3))
    tangent = update(curve, strain, *fresh()).tangent
    assert tangent == pytest.approx(tangent.swapaxes(-1, -2), rel=1e-12)
    ahead, behind = (update(curve, strain + sign * 1e-8 * step, *fresh()).stress for sign in (1, -1))
    change = np.einsum("fgcd,fgd->fgc", tangent, step)
    assert np.abs((ahead - behind) / 2e-8 - change).max() < 1e-6 * YOUNG


@pytest.mark.parametrize(
    ("way", "stress"),
    [
        ((1, -0.5, 0), (1, 0, 0)),
        ((1, 1, 0), (1, 1, 0)),
        ((1, 0, 0), (2 / 3**0.5, 1 / 3**0.5, 0)),
        ((0, 0, 1), (0, 0, 1 / 3**0.5)),
    ],
    ids=["uniaxial", "equibiaxial", "plane strain", "shear"],
)
def test_stresses_end_where_von_mises_lets_them(way: tuple[float, ...], stress: tuple[float, ...]) -> None:
    far = update(CURVES["ideal"], np.broadcast_to(0.5 * np.array(way), (1, 3, 3)), *fresh())
    # the elastic part of the strain bends the way by its share, 1 / 50
    assert far.stress[0, 0] == pytest.approx(STRENGTH * np.array(stress), abs=0.02 * STRENGTH)


def test_a_strain_far_beyond_yield_and_a_huge_strength_are_solved() -> None:
    strain = np.array([[[5.0, -3.0, 4.0], [1e-3, 1e-3, 0.0], [50.0, 50.0, 50.0]]])
    for curve in CURVES.values():
        there = update(curve, strain, *fresh())
        x, y, shear = np.moveaxis(there.stress, -1, 0)
        q = np.sqrt(x**2 + y**2 - x * y + 3 * shear**2)
        limit = np.where(there.accumulated > 0, np.vectorize(lambda p, c=curve: at(c, p))(there.accumulated), q)
        assert q == pytest.approx(limit, rel=1e-10)


def at(curve: YieldCurve, accumulated: float) -> float:
    one = (curve.strength, curve.plateau, curve.softening, curve.residual)
    return float(plastic.yield_stress(accumulated, *(float(values[0, 0]) for values in one))[0])


@pytest.mark.parametrize("name", ["ideal", "softening"])
def test_work_is_stored_or_dissipated(name: str) -> None:
    curve = CURVES[name]
    history, stress, work = fresh(), np.zeros((1, 3, 3)), np.zeros(SHAPE)
    way, steps = np.array([0.06, -0.02, 0.05]), 4000
    there: Stretch | None = None
    for step in range(1, steps + 1):
        there = update(curve, np.broadcast_to(way * step / steps, (1, 3, 3)), *history)
        work += 0.5 * ((stress + there.stress) * way / steps).sum(axis=-1)
        history, stress = (there.plastic_strain, there.accumulated), there.stress
    assert there is not None
    stored = elastic_energy(curve, np.broadcast_to(way, (1, 3, 3)) - there.plastic_strain)
    assert stored + plastic.dissipation(curve, there.accumulated) == pytest.approx(work, rel=1e-4)
