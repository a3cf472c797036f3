"""SINS: the table written out a second time, every combination of it, and ranges where something is unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from typing import Literal

import pytest

from femrisk.meshes.vertebra.spine import LEVELS, SideMeasure, VertebraMeasure
from femrisk.patient import Patient
from femrisk.scores import assess
from femrisk.scores.sins import REPLACED_SHARE, collapse_points, location, side_involved, sins, sins_class

Pain = Literal["none", "occasional", "mechanical"]
Alignment = Literal["normal", "deformity", "subluxation"]

FREE, TAKEN = SideMeasure(0.0, 0.0, 0.0), SideMeasure(0.5, 0.0, 0.0)

#: the table: what each item may be, and its points
LOCATIONS = {"T7": 1, "L3": 2, "L1": 3, "S3": 0}
PAINS: dict[Pain, int] = {"none": 0, "occasional": 1, "mechanical": 3}
NATURES = {"blastic": 0, "mixed": 1, "lytic": 2}
ALIGNMENTS: dict[Alignment, int] = {"normal": 0, "deformity": 2, "subluxation": 4}
#: (height lost, body involved)
COLLAPSES = {(0.0, 0.3): 0, (0.0, 0.6): 1, (0.3, 0.3): 2, (0.6, 0.3): 3}
SIDES = {(FREE, FREE): 0, (TAKEN, FREE): 1, (FREE, TAKEN): 1, (TAKEN, TAKEN): 3}


def patient(pain: Pain | None = "mechanical", alignment: Alignment | None = "normal") -> Patient:
    return Patient(sex="female", age_years=68, height_cm=165, mass_kg=70, spinal_pain=pain, spinal_alignment=alignment)


def measured(
    level: str = "L1",
    nature: str = "lytic",
    collapse: tuple[float | None, float] = (0.0, 0.3),
    sides: tuple[SideMeasure | None, SideMeasure | None] = (FREE, FREE),
) -> VertebraMeasure:
    return VertebraMeasure(level, (nature,), collapse[1], 0.5, collapse[0], *sides)


def test_sins_is_the_sum_of_its_six_items_in_every_combination() -> None:
    totals = set()
    for level, pain, nature, alignment, collapse, sides in product(
        LOCATIONS, PAINS, NATURES, ALIGNMENTS, COLLAPSES, SIDES
    ):
        points = [
            LOCATIONS[level],
            PAINS[pain],
            NATURES[nature],
            ALIGNMENTS[alignment],
            COLLAPSES[collapse],
            SIDES[sides],
        ]
        found = sins(patient(pain, alignment), measured(level, nature, collapse, sides))
        assert found.value == sum(points)
        items = ("location", "pain", "nature", "alignment", "collapse", "posterolateral")
        assert [found.items[item] for item in items] == points
        assert sins_class(sum(points)) == found.band
        totals.add(sum(points))
    assert totals == set(range(19))


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (0, "stable (0-6)"),
        (6, "stable (0-6)"),
        (7, "potentially unstable (7-12)"),
        (12, "potentially unstable (7-12)"),
        (13, "unstable (13-18)"),
        (18, "unstable (13-18)"),
    ],
)
def test_the_classes_change_at_7_and_at_13(points: int, words: str) -> None:
    assert sins_class(points) == words


def test_every_level_has_the_class_of_the_table() -> None:
    # occiput-C2, C7-T2, T11-L1, L5-S1 | C3-C6, L2-L4 | T3-T10 | S2-S5
    expected = {
        "junctional": "C1 C2 C7 T1 T2 T11 T12 L1 L5 S1",
        "mobile": "C3 C4 C5 C6 L2 L3 L4",
        "semirigid": "T3 T4 T5 T6 T7 T8 T9 T10",
        "rigid": "S2 S3 S4 S5",
    }
    found = {name: [level for level in LEVELS if location(level) == name] for name in expected}
    assert {name: " ".join(levels) for name, levels in found.items()} == expected


@pytest.mark.parametrize(
    ("lost", "involved", "points"),
    [
        (0.0, 0.5, (0, 0)),
        (0.0, 0.501, (1, 1)),
        (0.001, 0.9, (2, 2)),
        (0.5, 0.9, (2, 2)),
        (0.501, 0.0, (3, 3)),
        (None, 0.5, (0, 3)),
        (None, 0.501, (1, 3)),
    ],
)
def test_collapse_changes_at_half_of_the_height_and_of_the_body(
    lost: float | None, involved: float, points: tuple[int, int]
) -> None:
    assert collapse_points(lost, involved) == points


@pytest.mark.parametrize(
    ("side", "ribs", "answer"),
    [
        (SideMeasure(REPLACED_SHARE, REPLACED_SHARE, REPLACED_SHARE), True, False),
        (SideMeasure(0.11, 0.0, 0.0), True, True),
        (SideMeasure(0.0, 0.11, None), False, True),
        (SideMeasure(0.0, 0.0, 0.11), True, True),
        # a lumbar vertebra has no rib
        (SideMeasure(0.0, 0.0, None), False, False),
        (SideMeasure(0.0, 0.0, 0.11), False, False),
        (SideMeasure(0.0, 0.0, None), True, None),
        (SideMeasure(None, 0.2, None), True, True),
        (SideMeasure(None, 0.0, 0.0), True, None),
        (None, False, None),
    ],
)
def test_a_side_is_involved_where_a_tenth_of_one_of_its_structures_is_taken(
    side: SideMeasure | None, ribs: bool, answer: bool | None
) -> None:
    assert side_involved(side, ribs) is answer


def test_what_the_patient_has_not_said_widens_the_score_to_all_it_may_be() -> None:
    for level, nature, collapse in product(LOCATIONS, NATURES, COLLAPSES):
        measure = measured(level, nature, collapse)
        every = [float(str(sins(patient(*said), measure).value)) for said in product(PAINS, ALIGNMENTS)]
        assert sins(patient(None, None), measure).value == (min(every), max(every))
        only_pain = [float(str(sins(patient(pain, "deformity"), measure).value)) for pain in PAINS]
        assert sins(patient(None, "deformity"), measure).value == (min(only_pain), max(only_pain))


def test_what_is_unknown_is_named_with_the_key_that_would_tell() -> None:
    found = sins(patient(None, None), measured(sides=(FREE, None), collapse=(None, 0.2)))
    # junctional 3, lytic 2; at most 3 + 4 + 3 + 1 more
    assert found.value == (5.0, 16.0)
    assert found.items["pain"] == (0, 3)
    assert found.items["posterolateral"] == (0, 1)
    assert found.band == (
        "as pain (spinal_pain), alignment (spinal_alignment), collapse, posterolateral are unknown, "
        "stable (0-6) up to unstable (13-18)"
    )
    assert found.advice.startswith("Surgical consultation if")


@pytest.mark.parametrize(
    ("sides", "points"),
    [((None, None), (0, 3)), ((TAKEN, None), (1, 3)), ((None, FREE), (0, 1)), ((TAKEN, TAKEN), 3)],
)
def test_unmeasured_sides_are_left_open(sides: tuple[SideMeasure | None, SideMeasure | None], points: object) -> None:
    assert sins(patient(), measured(sides=sides)).items["posterolateral"] == points


def test_of_several_lesions_the_worst_nature_counts() -> None:
    both = replace(measured(), natures=("blastic", "lytic"))
    assert sins(patient(), both).items["nature"] == 2
    assert sins(patient(), both).items["worst_nature"] == "lytic"


@pytest.mark.parametrize(
    ("pain", "alignment", "action"),
    # junctional 3 + lytic 2, and pain and alignment: 5, 6, 7
    [("none", "normal", "No surgical"), ("occasional", "normal", "No surgical"), ("none", "deformity", "Surgical")],
)
def test_consultation_is_advised_from_7_points_on(pain: Pain, alignment: Alignment, action: str) -> None:
    assert sins(patient(pain, alignment), measured()).advice.startswith(action)


def test_a_vertebra_without_a_lesion_has_no_score() -> None:
    with pytest.raises(ValueError, match="no lesion"):
        sins(patient(), replace(measured(), natures=()))
    assert assess(("sins",), patient(), [])["sins"].value is None


def test_mirels_pain_is_no_pain_of_the_spine() -> None:
    leg = Patient(sex="male", age_years=60, height_cm=175, mass_kg=80, pain="functional", spinal_alignment="normal")
    assert sins(leg, measured()).items["pain"] == (0, 3)


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="T13"):
        measured("T13")


def test_the_score_goes_to_json_as_it_is() -> None:
    plain = sins(patient(None), measured()).as_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
