"""Scores against mechanics: a small table of femurs worked by hand, what sweep files may ask, and what is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from femrisk.errors import CaseError
from femrisk.sweep.agreement import Agreement
from femrisk.sweep.caveats import caveats
from femrisk.sweep.cohort import Femurs, agreement_lines, cement_lines, drawn, model_lines, truth_lines
from femrisk.sweep.points import Questions
from femrisk.sweep.ranks import rank_correlation, rank_lines
from femrisk.sweep.sweepfile import read_sweep

ASKED = Agreement.model_validate(
    {
        "truths": [{"name": "walking", "body_weights": 2.5}],
        "rules": [
            {"name": "Mirels", "score": "mirels", "at_least": 9, "drawn": [1, 1, 1]},
            {"name": "axial", "score": "axial", "above": 30},
            {"name": "BOS", "score": "bos", "below": 7.5},
        ],
        "cement_rules": [{"name": "axial", "score": "axial", "above": 30}],
        "by": ["site", "size"],
    }
)
#: point, site, size, untreated and cement in body weights, Mirels' ends, axial involvement, mm
FEMURS = (
    (0, "neck", 5, 2.0, 5.0, 8, 10, 40),
    (1, "neck", 6, 2.5, 2.4, 7, 9, 20),
    (2, "shaft", 7, 4.0, 4.5, 6, 8, 35),
    (3, "shaft", 8, 9.0, 9.0, 5, 7, 10),
    (4, "shaft", 9, 1.0, 2.6, 9, 11, 50),
    (5, "neck", 9, 3.0, 2.2, 9, 11, 10),
)
WEIGHT_N = 700.0


def table(femurs: tuple[tuple[Any, ...], ...] = FEMURS, **changes: Any) -> Any:
    """Rows as ``read_table`` makes them; ``changes`` go to the untreated arm of femur 2."""
    rows = []
    for point, site, size, bare, cement, low, high, axial in femurs:
        for arm, weights in (("intact", 10.0), ("untreated", bare), ("pop", cement)):
            row = {
                "point": point, "site": site, "size": float(size), "state": "done", "reason": None, "arm": arm,
                "load": "stance", "status": "collapsed", "fracture_load_N": weights * WEIGHT_N,
                "fracture_load_BW": weights, "fracture_load_low_N": None, "fracture_load_high_N": None,
                "linear_fracture_load_N": weights * WEIGHT_N / (1 if arm == "intact" else 2),
                "mirels_low": low, "mirels_high": high,
                "axial_low": axial, "axial_high": axial, "bos_low": bare, "bos_high": bare,
            }  # fmt: skip
            rows.append(row | (changes if (point, arm) == (2, "untreated") else {}))
    return pandas.DataFrame(rows)


def lines_of(own: Any) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = agreement_lines(Femurs.of(own, ASKED), ASKED, 0)
    return {(line["among"], line["rule"], line["reading"]): line for line in found}


def test_a_femur_breaks_when_the_load_is_as_high_as_what_it_carries() -> None:
    bare = next(line for line in truth_lines(Femurs.of(table(), ASKED), ASKED) if line["arm"] == "untreated")
    # 2.0, 2.5 and 1.0 body weights are not above 2.5
    assert (bare["femurs"], bare["break"], bare["share"]) == (6, 3, 0.5)


def test_a_rule_is_counted_against_the_mechanics() -> None:
    line = lines_of(table())["all", "axial", ""]
    # above 30 mm: femurs 0, 2, 4, of which 0 and 4 break; 1 breaks and is missed; 3 and 5 hold and are not called
    assert [line[key] for key in ("tp", "fp", "fn", "tn")] == [2, 1, 1, 2]
    assert (line["sensitivity"], line["specificity"]) == (2 / 3, 2 / 3)
    # 40, 20, 50 of those that break against 35, 10, 10: all pairs but 20 against 35
    assert line["AUC"] == pytest.approx(8 / 9)


def test_a_score_that_falls_with_risk_has_its_area_the_right_way_round() -> None:
    assert lines_of(table())["all", "BOS", ""]["AUC"] == 1.0


def test_an_unknown_item_is_read_in_four_ways() -> None:
    lines = lines_of(table())
    called = {reading: lines["all", "Mirels", reading] for reading in ("lowest", "highest", "telling", "drawn")}
    counts = {name: [line[key] for key in ("tp", "fp", "fn", "tn")] for name, line in called.items()}
    # femurs 0, 1, 4 break; lowest ends from 9: 4 and 5; highest: 0, 1, 4, 5; at best: highest of 0, 1, 4, else lowest
    assert counts["lowest"] == [1, 1, 2, 2]
    assert counts["highest"] == [3, 1, 0, 2]
    assert counts["telling"] == [3, 1, 0, 2]
    assert counts["lowest"][0] <= counts["drawn"][0] <= counts["highest"][0]


def test_a_bound_says_that_a_femur_holds_but_never_that_it_breaks() -> None:
    holds = lines_of(table(status="limit_reached"))["all", "axial", ""]
    low = lines_of(table(status="limit_reached", fracture_load_BW=1.0))["all", "axial", ""]
    assert (holds["femurs"], low["femurs"]) == (6, 5)


def test_a_march_that_got_stuck_says_nothing() -> None:
    line = lines_of(table(status="stuck", fracture_load_N=None, fracture_load_BW=None))["all", "axial", ""]
    assert (line["femurs"], line["break"]) == (5, 3)


def test_a_table_without_results_compares_nothing() -> None:
    own = pandas.DataFrame([{"point": 0, "state": "refused", "reason": "x"}])
    assert len(Femurs.of(own, ASKED).points) == 0


def test_cement_is_asked_about_femurs_that_break_without_it() -> None:
    line = lines_of(table())["cement, of those that break untreated", "axial", ""]
    # of 0, 1 and 4 only 1 breaks with cement too, with 20 mm of cortex
    assert [line[key] for key in ("tp", "fp", "fn", "tn")] == [0, 2, 1, 0]


def test_femurs_too_weak_without_a_lesion_are_also_left_out() -> None:
    own = table()
    own.loc[(own["point"] == 4) & (own["arm"] == "intact"), "fracture_load_BW"] = 2.0
    line = lines_of(own)["intact bears it", "axial", ""]
    assert (line["femurs"], line["break"]) == (5, 2)
    assert not any(among == "intact bears it" for among, *_ in lines_of(table()))


def test_the_benefit_of_cement_is_told_by_value_and_by_thirds() -> None:
    lines = {(line["by"], line["group"]): line for line in cement_lines(Femurs.of(table(), ASKED), ASKED)}
    keys = ("femurs", "not_needed", "enough", "not_enough", "break_only_with_cement", "not_enough_and_weak_intact")
    assert [lines["", "all"][key] for key in keys] == [6, 3, 2, 1, 1, 0]
    assert [lines["site", "neck"][key] for key in keys] == [3, 1, 1, 1, 1, 0]
    assert lines["site", "shaft"]["enough_share"] == 1.0
    # thirds of 5, 6, 7, 8, 9, 9
    assert [line["femurs"] for (by, _), line in lines.items() if by == "size"] == [2, 2, 2]


def test_who_is_weak_without_a_lesion_is_counted_among_those_that_cement_does_not_help() -> None:
    own = table()
    own.loc[(own["point"] == 1) & (own["arm"] == "intact"), "fracture_load_BW"] = 2.4
    line = next(line for line in cement_lines(Femurs.of(own, ASKED), ASKED) if line["group"] == "all")
    assert (line["not_enough"], line["not_enough_and_weak_intact"]) == (1, 1)


def test_the_linear_criterion_is_set_beside_another_model_and_not_beside_itself() -> None:
    found = next(line for line in model_lines(Femurs.of(table(), ASKED), ASKED) if line["arm"] == "untreated")
    assert found["ratio_median"] == pytest.approx(2.0)
    # half of 4.0 and of 3.0 body weights lie below 2.5
    agreed = ("both_break", "linear_alone_breaks", "nonlinear_alone_breaks", "both_hold")
    assert [found[key] for key in agreed] == [3, 2, 0, 1]
    own = table()
    own["linear_fracture_load_N"] = own["fracture_load_N"]
    assert model_lines(Femurs.of(own, ASKED), ASKED) == []


def test_what_a_femur_draws_is_its_own() -> None:
    low, high, points = np.full(900, 7.0), np.full(900, 9.0), np.arange(900)
    whole = drawn(low, high, (1, 1, 2), points, 3)
    assert np.array_equal(drawn(low[5:], high[5:], (1, 1, 2), points[5:], 3), whole[5:])
    shares = [float((whole == value).mean()) for value in (7, 8, 9)]
    # standard error of a quarter of 900: 0.014
    assert shares == pytest.approx([0.25, 0.25, 0.5], abs=0.05)


BASE = """\
name: base
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur}
lesions: [{kind: sphere, site: femoral_neck, quadrant: inferomedial, radius_mm: 10}]
arms: [{kind: intact}, {kind: untreated}, {kind: pop, fill_fraction: 0.9}]
loads: [{kind: stance}]
"""
SWEEP = """\
name: it
case: base.yaml
design: {kind: sobol, samples: 64, seed: 1}
axes:
  - {kind: choice, path: patient.sex, name: sex, values: [female, male]}
  - kind: depending
    path: patient.mass_kg
    name: mass
    on: sex
    each: {female: {kind: uniform, low: 50, high: 60}, male: {kind: uniform, low: 80, high: 90}}
  - {kind: uniform, path: bone.head_diameter_mm, relative: true, name: head, low: 0.95, high: 1.05}
agreement:
  truths: [{name: walking, body_weights: 2.4}]
  rules: [{name: Mirels, score: mirels, at_least: 9}]
  by: [sex]
"""


def read(folder: Path, text: str) -> Any:
    (folder / "base.yaml").write_text(BASE)
    (folder / "sweep.yaml").write_text(text)
    return read_sweep(folder / "sweep.yaml")


def test_an_axis_may_depend_on_a_choice_before_it(tmp_path: Path) -> None:
    sweep, *_ = read(tmp_path, SWEEP)
    rows = list(sweep.design.rows(sweep.axes))
    assert {sex for sex, *_ in rows} == {"female", "male"}
    assert all((mass < 70) == (sex == "female") for sex, mass, _ in rows)


def test_a_factor_on_a_default_multiplies_that_of_the_drawn_bone(tmp_path: Path) -> None:
    sweep, base, case = read(tmp_path, SWEEP)
    made = Questions.of(sweep, base, case)
    heads = [made.case_at((sex, 70, 1.02)).bone.head_diameter_mm for sex in ("female", "male")]
    # 43 and 48.5 mm by preset
    assert heads == pytest.approx([43.86, 49.47])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("on: sex", "on: age"), "axes[1].on: no choice of this name before it (allowed: sex, got: age)"),
        (
            ("male: {kind: uniform, low: 80", "man: {kind: uniform, low: 80"),
            "axes[1].each: one distribution for each value",
        ),
        (("low: 80, high: 90", "low: 90, high: 80"), "axes[1].each.male.high: must lie above low"),
        (("score: mirels", "score: mirel"), "agreement.rules[0].score: there is none (allowed: mirels, axial"),
        (("at_least: 9", "at_least: 9, below: 3"), "agreement.rules[0]: a rule has one cut-off"),
        (("by: [sex]", "by: [site]"), "agreement.by[0]: there is none (allowed: sex, mass, head, got: site)"),
        (
            ("  truths:", "  cement: glue\n  truths:"),
            "agreement.cement: there is none (allowed: intact, untreated, pop",
        ),
    ],
)
def test_what_a_cohort_cannot_ask_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    assert change[0] in SWEEP
    with pytest.raises(CaseError) as wrong:
        read(tmp_path, SWEEP.replace(*change))
    assert any(f": {told}" in line for line in wrong.value.lines()), wrong.value.lines()


def test_what_a_reader_must_know_is_told_where_the_rows_call_for_it(tmp_path: Path) -> None:
    sweep, *_ = read(tmp_path, SWEEP.replace("score: mirels, at_least: 9", "score: bos, below: 7.5"))
    own = table()
    own["linear_fracture_load_N"] = own["fracture_load_N"]
    lost = pandas.DataFrame([{"point": 9, "state": "refused", "reason": "no room"}])
    told = " ".join(line["caveat"] for line in caveats(pandas.concat([own, lost]), sweep))
    assert "1 of 7 points have no result" in told
    assert "linear strain criterion" in told
    assert "arithmetic, not evidence" in told
    assert "unknown item" not in told


def test_the_weakest_that_are_left_out_are_told(tmp_path: Path) -> None:
    sweep, *_ = read(tmp_path, SWEEP)
    bent = table(status="limit_reached", fracture_load_BW=2.0)
    assert any("(walking 1)" in line["caveat"] for line in caveats(bent, sweep))
    assert not any("left out as not known" in line["caveat"] for line in caveats(table(), sweep))


def test_a_score_that_sees_the_lesion_alone_goes_with_what_is_left_and_not_with_strength() -> None:
    chance = np.random.default_rng(4)
    whole, left = chance.uniform(5, 15, 40), chance.uniform(0.2, 1, 40)
    femurs = tuple((i, "neck", 5, whole[i] * left[i], whole[i], 6, 8, 60 * (1 - left[i])) for i in range(40))
    own = table(femurs)
    for i in range(40):
        own.loc[(own["point"] == i) & (own["arm"] == "intact"), "fracture_load_BW"] = whole[i]
    axial, bos = (
        next(line for line in rank_lines(Femurs.of(own, ASKED), ASKED) if line["of"] == name)
        for name in ("axial", "BOS")
    )
    assert (axial["left"], bos["strength"]) == (pytest.approx(-1), pytest.approx(-1))
    assert -0.95 < axial["strength"] < -0.3
    # femurs of one score of Mirels, or of none, say nothing
    assert rank_lines(Femurs.of(own, ASKED), ASKED)[0]["left"] is None


def test_a_rank_correlation_has_the_interval_of_bonett_and_wright() -> None:
    one = np.arange(20.0)
    other = one.copy()
    other[[0, 19]] = other[[19, 0]]
    found = rank_correlation(one, other)
    assert found is not None
    # two ranks apart by 19: rho = 1 - 6 x 2 x 361 / (20 x 399) = 0.45714; atanh 0.49369; half width
    # 1.95996 x sqrt((1 + 0.45714^2 / 2) / 17) = 0.49958
    assert (found.value, found.low, found.high) == pytest.approx((0.45714, -0.00589, 0.75875), abs=2e-5)
