"""What is said of collapse and regained height, and what of it stands in table and comparison."""

from __future__ import annotations

import pytest

from femrisk.compare import compare
from femrisk.comparison import BODY_KEYS, Comparison
from femrisk.heightcaveats import of_height
from femrisk.output.table import text
from femrisk.patient import Patient

KINDS = {"low": "bkp", "high": "bkp"}


def results(share: float = 0.3) -> list[dict[str, object]]:
    fallen = {"kind": "wedge", "height_loss_share": share}
    bare: dict[str, object] = {"load": "flexion", "status": "limit_reached", "fracture_load_N": 2000.0}
    bare |= dict.fromkeys(BODY_KEYS, 0.1)
    gained = ((0.0, 0.0), (4.449, 0.7))
    return [
        bare | {"arm": arm, "collapse": fallen, "height_regained_mm": mm, "height_regained_share": of_lost}
        for arm, (mm, of_lost) in zip(KINDS, gained, strict=True)
    ]


def compared() -> Comparison:
    patient = Patient(sex="female", age_years=68, height_cm=165, mass_kg=70)
    return compare("spine", "0", patient, results(), {}, KINDS, {})


def test_loss_and_gain_are_said_in_mm_and_as_shares() -> None:
    said = " ".join(of_height(results(), KINDS))
    assert "has lost 30 % of its height in front (wedge)" in said
    assert "(high: 4.4 mm, 70 % of what it had lost)" in said
    assert "low gives no height back" in said


def test_of_an_upright_body_only_the_balloons_are_spoken_of() -> None:
    (said,) = of_height([{"arm": "bkp", "load": "flexion", "height_regained_mm": None}], {"bkp": "bkp"})
    assert said == "The balloons of a kyphoplasty leave the bone around them as dense and the body as high as it was."
    assert of_height([{"arm": "pvp", "load": "flexion"}], {"pvp": "pvp"}) == []


def test_the_comparison_has_the_height_an_arm_gives_back() -> None:
    low, high = compared().rows
    assert (low.height_regained_mm, low.height_regained_share) == (0.0, 0.0)
    assert (high.height_regained_mm, high.height_regained_share) == pytest.approx((4.449, 0.7))
    assert "height_regained_mm,height_regained_share" in compared().to_csv().splitlines()[0]


def test_the_table_of_bodies_has_a_column_for_it_where_a_body_has_collapsed() -> None:
    printed = text(compared()).split("The vertebral body at")[1].splitlines()
    assert printed[1].endswith("regained")
    assert printed[3].endswith(" -")
    assert printed[4].endswith("4.4 (70%)")
