"""Taneichi's limits and Kostuik's columns from both sides, with what is unknown left open; strength by sex."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import pytest

from femrisk.meshes.involvement import LesionMeasure
from femrisk.meshes.vertebra.spine import COLUMNS, LEVELS, ColumnMeasure, SideMeasure, VertebraMeasure
from femrisk.patient import Patient
from femrisk.scores import VERTEBRA_RULES, assess
from femrisk.scores.spine import kostuik, kostuik_class, taneichi
from femrisk.scores.strength import vertebral_strength

PATIENT = Patient(sex="female", age_years=68, height_cm=165, mass_kg=70)

#: structures of one side: kept, destroyed, and neither
FREE, GONE, HURT = SideMeasure(0.0, 0.0, 0.0), SideMeasure(0.6, 0.0, 0.6), SideMeasure(0.3, 0.0, 0.3)

NO, MAYBE, YES = "no impending collapse", "borderline", "impending collapse"


def measured(level: str, share: float, side: SideMeasure | None = FREE) -> VertebraMeasure:
    return VertebraMeasure(level, ("lytic",), 0.0, share, 0.0, FREE, side)


@pytest.mark.parametrize(
    ("level", "side", "low", "high"),
    [
        ("T1", FREE, 0.50, 0.60),
        ("T9", FREE, 0.50, 0.60),
        ("T9", GONE, 0.25, 0.30),
        # T10 belongs to both regions: the lumbar limits are the stricter ones
        ("T10", FREE, 0.35, 0.40),
        ("T10", GONE, 0.20, 0.25),
        ("T11", FREE, 0.35, 0.40),
        ("L5", FREE, 0.35, 0.40),
        ("L5", GONE, 0.20, 0.25),
        ("L1", SideMeasure(0.0, 0.6), 0.20, 0.25),
    ],
)
def test_collapse_impends_above_the_limit_of_the_region(level: str, side: SideMeasure, low: float, high: float) -> None:
    for share, words in ((low - 0.01, NO), (low, MAYBE), (high, MAYBE), (high + 0.01, YES)):
        found = taneichi(PATIENT, measured(level, share, side))
        assert found.items["verdict"] == words
        assert found.value == share
        assert "recalled" in found.band
        assert "recalled" in found.source


@pytest.mark.parametrize(
    ("level", "share", "side", "verdict"),
    [
        ("L1", 0.10, HURT, NO),
        ("L1", 0.22, HURT, (NO, MAYBE)),
        ("L1", 0.30, HURT, (NO, YES)),
        ("L1", 0.38, None, (MAYBE, YES)),
        ("L1", 0.50, None, YES),
        ("T7", 0.28, HURT, (NO, MAYBE)),
        ("T7", 0.55, SideMeasure(0.9, 0.9, None), (MAYBE, YES)),
    ],
)
def test_a_structure_neither_kept_nor_destroyed_leaves_the_verdict_open(
    level: str, share: float, side: SideMeasure | None, verdict: object
) -> None:
    found = taneichi(PATIENT, measured(level, share, side))
    assert found.items["verdict"] == verdict
    assert ("not known whether" in found.band) == isinstance(verdict, tuple)


def test_a_lesion_of_the_pedicle_is_no_matter_of_the_thoracic_rule() -> None:
    assert taneichi(PATIENT, measured("T7", 0.4, SideMeasure(0.9, 0.9, 0.0))).items["verdict"] == NO


def test_the_verdict_by_volume_stands_beside_that_by_section() -> None:
    found = taneichi(PATIENT, replace(measured("L1", 0.5), body_volume_share=0.2))
    assert (found.items["verdict"], found.items["verdict_by_volume"]) == (YES, NO)


def test_other_levels_have_no_criterion() -> None:
    without = [level for level in LEVELS if taneichi(PATIENT, measured(level, 0.9)).value is None]
    assert without == [level for level in LEVELS if level[0] in "CS"]


def test_a_collapsed_body_is_said() -> None:
    assert "already" in taneichi(PATIENT, replace(measured("L1", 0.5), height_loss_share=0.2)).band


def with_columns(*columns: ColumnMeasure | None) -> VertebraMeasure:
    known = {name: column for name, column in zip(COLUMNS, columns, strict=True) if column is not None}
    return VertebraMeasure("L1", ("lytic",), 0.3, 0.3, 0.0, columns=known)


WHOLE, LOST, BREACHED = ColumnMeasure(0.5, 0.5), ColumnMeasure(0.51), ColumnMeasure(0.1, 0.51)


def test_the_columns_destroyed_are_counted_in_all_combinations() -> None:
    # every one of the six is kept, taken, breached or not measured: 4^6
    for columns in product((WHOLE, LOST, BREACHED, None), repeat=6):
        low = columns.count(LOST) + columns.count(BREACHED)
        high = low + columns.count(None)
        found = kostuik(PATIENT, with_columns(*columns))
        assert found.value == (low if low == high else (low, high))
        assert found.band.startswith(kostuik_class(low))


def test_classes_change_at_three_and_at_five_columns() -> None:
    words = [kostuik_class(count) for count in range(7)]
    assert words == ["stable"] * 3 + ["unstable"] * 2 + ["markedly unstable"] * 2


@pytest.mark.parametrize(
    ("angulation", "words"), [(None, "is unknown"), (20.0, "stable (recalled)"), (20.1, "adds instability")]
)
def test_angulation_over_20_degrees_adds_instability(angulation: float | None, words: str) -> None:
    patient = PATIENT.model_copy(update={"spinal_angulation_deg": angulation})
    assert words in kostuik(patient, with_columns(*[WHOLE] * 6)).band


def test_a_vertebra_whose_columns_are_not_measured_may_have_any_number() -> None:
    assert kostuik(PATIENT, measured("L1", 0.5)).value == (0.0, 6.0)


def test_a_column_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="middle"):
        VertebraMeasure("L1", ("lytic",), 0.3, 0.3, 0.0, columns={"middle": WHOLE})


@pytest.mark.parametrize(
    ("sex", "load_N", "words"),
    [
        ("female", 4500.0, "up to 4500 N: fragile"),
        ("female", 4501.0, "up to 6500 N: low"),
        ("female", 6500.0, "up to 6500 N: low"),
        ("female", 6501.0, "not low"),
        ("male", 6500.0, "up to 6500 N: fragile"),
        ("male", 6501.0, "up to 8500 N: low"),
        ("male", 8500.0, "up to 8500 N: low"),
        ("male", 8501.0, "not low"),
    ],
)
def test_strength_is_fragile_or_low_by_sex(sex: str, load_N: float, words: str) -> None:
    found = vertebral_strength(sex, load_N, at_least=False, arm="untreated", load="press", values={})
    assert found.value == load_N
    assert found.band.endswith(words)
    assert "recalled" in found.source


@pytest.mark.parametrize(
    ("load_N", "words"),
    [(4000.0, "lower bound"), (5000.0, "lower bound, though not fragile"), (7000.0, "at least; above 6500 N: not low")],
)
def test_a_lower_bound_is_called_neither_fragile_nor_low(load_N: float, words: str) -> None:
    found = vertebral_strength("female", load_N, at_least=True, arm="untreated", load="press", values={})
    assert found.band.endswith(words)


class Placed:
    name, site, nature = "a", "body", "lytic"


def test_scores_of_a_vertebra_are_found_by_name_and_go_to_json() -> None:
    taken = LesionMeasure(6.0, 0.3, 0.5, 10.0, 0.2, 0.2, False, "body")
    found = assess(tuple(VERTEBRA_RULES), PATIENT, [(Placed(), taken)], vertebra=lambda: measured("T10", 0.22, HURT))
    assert set(found) == {"sins", "taneichi", "kostuik"}
    for name, one in found.items():
        plain = one.as_dict()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        assert plain["name"] == name
        assert one.value is not None
