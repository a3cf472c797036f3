"""What a patient asks of a femur: each formula against a number worked out by hand."""

from __future__ import annotations

from typing import Literal

import pytest

from femrisk.demand import (
    BOS_THRESHOLD_BW,
    DAILY_BW,
    HIP_FORCES,
    attenuated_fall_N,
    body_weights,
    demand,
    factor_of_risk,
    fall_impact_N,
)
from femrisk.patient import Patient


def patient(sex: Literal["female", "male"] = "female", height_cm: float = 165, mass_kg: float = 65) -> Patient:
    return Patient(sex=sex, age_years=70, height_cm=height_cm, mass_kg=mass_kg)


def test_fall_of_a_woman_of_165_cm_and_65_kg() -> None:
    # 2 x 9.80665 m/s2 x 0.51 x 1.65 m x 71 000 N/m x 0.35 x 65 kg = 2.6659e7 N2, root 5163 N
    assert fall_impact_N(patient()) == pytest.approx(5163, abs=1)


def test_a_man_falls_harder_by_the_root_of_the_stiffness_ratio() -> None:
    assert fall_impact_N(patient("male")) / fall_impact_N(patient()) == pytest.approx((90 / 71) ** 0.5)


def test_fall_force_grows_with_the_root_of_height_and_of_mass() -> None:
    assert fall_impact_N(patient(height_cm=200)) / fall_impact_N(patient(height_cm=150)) == pytest.approx(
        (4 / 3) ** 0.5
    )
    assert fall_impact_N(patient(mass_kg=120)) / fall_impact_N(patient(mass_kg=60)) == pytest.approx(2**0.5)


def test_each_millimetre_of_soft_tissue_takes_71_N_down_to_nothing() -> None:
    assert fall_impact_N(patient()) - attenuated_fall_N(patient(), 20) == pytest.approx(1420)
    assert attenuated_fall_N(patient(), 100) == 0


def test_multiples_of_body_weight() -> None:
    # 65 kg x 9.80665 m/s2 = 637.4 N
    assert body_weights(637.43225, patient()) == pytest.approx(1)


def test_stance_is_compared_with_stairs_and_a_fall_with_its_impact() -> None:
    stance, fall, soft = (
        demand("stance", patient()),
        demand("sideways_fall", patient()),
        demand("sideways_fall", patient().model_copy(update={"hip_soft_tissue_mm": 30.0})),
    )
    assert stance is not None
    assert fall is not None
    assert soft is not None
    assert stance.force_N == pytest.approx(2.6 * 637.43225)
    assert fall.force_N == fall_impact_N(patient())
    assert soft.force_N == attenuated_fall_N(patient(), 30)
    assert "30 mm" in soft.meaning


def test_a_load_without_a_demand_has_none() -> None:
    assert demand("torsion", patient()) is None


def test_risk_is_one_where_demand_meets_strength() -> None:
    assert factor_of_risk(4000, 4000) == 1
    assert factor_of_risk(5000, 4000) > 1 > factor_of_risk(3000, 4000)


@pytest.mark.parametrize("strength", [0.0, -1.0, float("nan")])
def test_no_risk_without_a_strength(strength: float) -> None:
    with pytest.raises(ValueError, match="above 0 N"):
        factor_of_risk(4000, strength)


def test_bands_are_bands_and_the_threshold_lies_within_stumbling() -> None:
    bands = {force.activity: force for force in HIP_FORCES}
    assert all(force.low_BW <= force.high_BW for force in HIP_FORCES)
    assert bands["stumbling"].low_BW < BOS_THRESHOLD_BW < bands["stumbling"].high_BW
    assert bands["stairs"].high_BW == DAILY_BW
