"""Clinical scores: every combination, every threshold from both sides, unknowns as ranges, the worst lesion named."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import pytest

from femrisk.meshes.involvement import LesionMeasure
from femrisk.meshes.sites import FEMUR_SITES
from femrisk.patient import Patient
from femrisk.scores import (
    BONES,
    LESION_SCORES,
    MIRELS_PERCENT,
    SCORES,
    SITE_POINTS,
    Score,
    assess,
    mirels_band,
    mirels_size_points,
    score,
    worst,
)

Pain = Literal["none", "mild", "moderate", "functional"]

SITES = ("upper_limb", "lower_limb", "peritrochanteric")
NATURES = ("blastic", "mixed", "lytic")
PAINS: tuple[Pain, ...] = ("mild", "moderate", "functional")
#: one share from each third of the diameter
SHARES = (0.2, 0.5, 0.8)

#: the table of the paper, written out a second time: level number -> points are 1, 2, 3 in every factor
COMBINATIONS = list(product(range(3), repeat=4))


#: an ordinary lesion: nothing about it is above a limit
PLAIN = LesionMeasure(
    volume_ml=6.0,
    cross_section_share=0.3,
    diameter_share=0.5,
    axial_cortical_mm=10.0,
    circumferential_cortical_share=0.2,
    cortex_loss_share=0.2,
    breach=False,
    region="neck",
)


@dataclass(frozen=True)
class Lesion:
    name: str
    site: str
    nature: str = "lytic"


def patient(pain: Pain | None = "mild", lesser_trochanter_fracture: bool | None = None) -> Patient:
    return Patient(
        sex="female",
        age_years=68,
        height_cm=165,
        mass_kg=70,
        pain=pain,
        lesser_trochanter_fracture=lesser_trochanter_fracture,
    )


def mirels(site: int, nature: int, size: int, pain: int) -> Score:
    return score(
        "mirels", patient(PAINS[pain]), SITES[site], NATURES[nature], replace(PLAIN, diameter_share=SHARES[size])
    )


def number(one: Score) -> float:
    assert isinstance(one.value, float)
    return one.value


@pytest.mark.parametrize("levels", COMBINATIONS, ids=lambda levels: "".join(str(level + 1) for level in levels))
def test_mirels_is_the_sum_of_its_four_levels_in_all_81_combinations(levels: tuple[int, int, int, int]) -> None:
    result = mirels(*levels)
    assert result.value == sum(levels) + 4
    points = [result.items[factor] for factor in ("site", "nature", "size", "pain")]
    assert points == [level + 1 for level in levels]


@pytest.mark.parametrize("factor", range(4), ids=["site", "nature", "size", "pain"])
def test_one_level_more_in_any_factor_is_one_point_more(factor: int) -> None:
    for levels in COMBINATIONS:
        if levels[factor] < 2:
            more = tuple(level + (i == factor) for i, level in enumerate(levels))
            assert number(mirels(*more)) - number(mirels(*levels)) == 1


def test_the_81_combinations_span_4_to_12() -> None:
    assert {number(mirels(*levels)) for levels in COMBINATIONS} == set(range(4, 13))


@pytest.mark.parametrize(
    ("share", "points"),
    [(0.0, 1), (0.333, 1), (1 / 3, 2), (0.5, 2), (2 / 3, 2), (0.667, 3), (1.0, 3)],
)
def test_size_changes_at_one_and_two_thirds_of_the_diameter(share: float, points: int) -> None:
    assert mirels_size_points(share) == points


@pytest.mark.parametrize(
    ("site", "points"),
    [
        ("head", 2),
        ("neck", 3),
        ("femoral_neck", 3),
        ("intertrochanteric", 3),
        ("greater_trochanter", 3),
        ("subtrochanteric", 3),
        ("shaft", 2),
    ],
)
def test_every_site_of_a_case_file_has_its_points(site: str, points: int) -> None:
    assert score("mirels", patient(), site, "lytic", PLAIN).items["site"] == points


def test_no_site_is_without_points() -> None:
    points = {site: score("mirels", patient(), site, "lytic", PLAIN).items["site"] for site in FEMUR_SITES}
    assert set(points.values()) == {2, 3}


def test_the_reading_of_the_neck_as_peritrochanteric_is_said() -> None:
    assert "one point less" in score("mirels", patient(), "neck", "lytic", PLAIN).advice
    assert "one point less" not in score("mirels", patient(), "shaft", "lytic", PLAIN).advice


def test_pain_free_counts_as_mild() -> None:
    without, mild = (score("mirels", patient(pain), "shaft", "mixed", PLAIN) for pain in ("none", "mild"))
    assert without.value == mild.value


@pytest.mark.parametrize("site", SITES)
def test_unknown_pain_spans_the_score_with_least_and_most_pain(site: str) -> None:
    low, unknown, high = (score("mirels", patient(pain), site, "mixed", PLAIN) for pain in ("mild", None, "functional"))
    assert unknown.value == (number(low), number(high))
    assert unknown.items["pain"] == (1, 3)
    assert "pain is unknown" in unknown.band


@pytest.mark.parametrize(
    ("levels", "action"),
    # 7 points = 3 + 2 + 1 + 1 and so on: the band changes at 8 and at 9
    [((2, 1, 0, 0), "Observation"), ((2, 2, 0, 0), "Clinical judgement"), ((2, 2, 1, 0), "Prophylactic fixation")],
)
def test_advice_changes_at_8_and_at_9_points(levels: tuple[int, int, int, int], action: str) -> None:
    assert mirels(*levels).advice.startswith(action)


def test_every_advice_states_both_cut_offs() -> None:
    for levels in COMBINATIONS:
        advice = mirels(*levels).advice
        assert ">= 9" in advice
        assert "> 9" in advice.replace(">= 9", "")


def test_the_published_probability_never_falls_with_points() -> None:
    percents = [MIRELS_PERCENT[points] for points in range(4, 13)]
    assert percents == sorted(percents)
    assert all(f"({percent} % of" in mirels_band(points) for points, percent in MIRELS_PERCENT.items())


@pytest.mark.parametrize(
    ("name", "field", "below", "above"),
    [
        ("axial_cortical_involvement", "axial_cortical_mm", 30.0, 30.1),
        ("circumferential_cortical_involvement", "circumferential_cortical_share", 0.5, 0.501),
    ],
)
def test_cortical_involvement_is_high_only_above_its_limit(name: str, field: str, below: float, above: float) -> None:
    low, high = (score(name, patient(), "shaft", "lytic", replace(PLAIN, **{field: v})) for v in (below, above))
    assert (low.value, high.value) == (below, above)
    assert low.band.startswith("not above")
    assert high.band.startswith("above")


@pytest.mark.parametrize(
    ("length", "fracture", "value", "says"),
    [
        (10.0, False, 0.0, "not contraindicated"),
        (10.0, True, 1.0, "is contraindicated"),
        (10.0, None, (0.0, 1.0), "if the unknown"),
        (30.0, False, 0.0, "not contraindicated"),
        (31.0, False, 1.0, "is contraindicated"),
        (31.0, None, (1.0, 2.0), "is contraindicated"),
        (31.0, True, 2.0, "is contraindicated"),
    ],
)
def test_deschamps_refuses_cement_alone_for_either_reason(
    length: float, fracture: bool | None, value: object, says: str
) -> None:
    result = score("deschamps", patient("mild", fracture), "neck", "lytic", replace(PLAIN, axial_cortical_mm=length))
    assert result.value == value
    assert says in result.band


def test_harrington_counts_what_is_known_and_leaves_the_rest_open() -> None:
    # a ball of 8.18 mL has a diameter of 25 mm: pi / 6 * 25^3 = 8181 mm3
    small, large = (
        score("harrington", patient("mild", False), "shaft", "lytic", replace(PLAIN, volume_ml=volume))
        for volume in (8.1, 8.3)
    )
    assert small.value == (0.0, 1.0)
    assert large.value == 1.0
    everything = replace(PLAIN, volume_ml=9, cortex_loss_share=0.6)
    assert score("harrington", patient("functional", True), "shaft", "lytic", everything).value == (3.0, 4.0)


def test_of_several_lesions_the_worst_is_reported_and_named() -> None:
    lesions = [(Lesion("a", "shaft"), PLAIN), (Lesion("b", "neck"), PLAIN), (Lesion("c", "head"), PLAIN)]
    result = worst("mirels", patient(), lesions)
    assert result.items["lesion"] == "b"
    # lytic 3, half the diameter 2, mild pain 1, and the site
    assert result.items["values"] == {"a": 8.0, "b": 9.0, "c": 8.0}
    assert result.value == 9.0


def test_the_worst_lesion_does_not_hang_on_the_order_of_lesions() -> None:
    lesions = [(Lesion("a", "shaft"), PLAIN), (Lesion("b", "neck"), PLAIN)]
    for name in LESION_SCORES:
        assert worst(name, patient(None), lesions).value == worst(name, patient(None), lesions[::-1]).value


def test_no_lesion_has_no_score() -> None:
    assert {one.value for one in assess(SCORES, patient(), []).values()} == {None}


def test_scores_go_to_json_as_they_are() -> None:
    for name, one in assess(LESION_SCORES, patient(None), [(Lesion("a", "neck"), PLAIN)]).items():
        plain = one.as_dict()
        assert {"value", "items", "band", "advice", "source"} <= set(plain)
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        assert plain["name"] == name
        assert one.source


def test_an_unknown_score_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match="mirels"):
        score("mirel", patient(), "neck", "lytic", PLAIN)


def test_all_three_sites_of_the_paper_are_there() -> None:
    assert tuple(SITE_POINTS) == SITES


def test_every_score_names_the_bones_it_is_meant_for() -> None:
    assert set(BONES) == set(SCORES)
    assert all(kinds for kinds in BONES.values())
    assert [name for name in SCORES if BONES[name] == ("proximal_femur", "vertebra")] == ["rigidity"]


def test_what_was_not_measured_is_said_and_not_scored() -> None:
    found = assess(("rigidity", "sins"), patient(), [(Lesion("a", "neck"), PLAIN)])
    assert {one.value for one in found.values()} == {None}
    assert {one.band for one in found.values()} == {"not measured in this bone"}
