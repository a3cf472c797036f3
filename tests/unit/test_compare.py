"""Side by side: which ratios exist, which are withheld and why, what is ranked, what is said, and the two files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict

import pytest

from femrisk.caveats import RATED, Result
from femrisk.compare import compare
from femrisk.comparison import BODY_KEYS, HEIGHT_KEYS, Comparison, Row
from femrisk.patient import Patient
from femrisk.scores import Score

#: 70 kg weigh 686.4655 N
PATIENT = Patient(sex="female", age_years=68, height_cm=165, mass_kg=70)

#: the row of the contract, key by key
KEYS = [
    "arm",
    "load",
    "status",
    "fracture_load_N",
    "fracture_load_bracket_N",
    "fracture_load_BW",
    "ratio_to_intact",
    "ratio_to_untreated",
    "load_at_strain_N",
    "load_at_strain_ratio_to_intact",
    "stiffness_N_per_mm",
    "energy_to_peak_J",
    "factor_of_risk",
    "linear_fracture_load_N",
    "failure_region",
    "failure_centroid_mm",
    "cement_volume_ml",
    "implant_peak_von_mises_MPa",
    *HEIGHT_KEYS,
    *BODY_KEYS,
]


def result(arm: str, load_N: float | None, load: str = "stance", status: str = "collapsed", **more: object) -> Result:
    return {
        "arm": arm,
        "load": load,
        "status": status,
        "fracture_load_N": load_N,
        "fracture_load_bracket_N": None,
        "stiffness_N_per_mm": 5000.0,
        "energy_to_peak_J": 4.0,
        "linear_fracture_load_N": 4000.0,
        "linear_fracture_load_band_N": {"10": 3500.0, "100": 4000.0, "250": 4300.0},
        "failure_region": "neck",
        "failure_centroid_mm": [20.0, 1.0, 15.0],
        "cement_volume_ml": None,
        "implant_peak_von_mises_MPa": None,
        "contact_share_of_plastic_work": 0.05,
        **more,
    }


def compared(
    *results: Result,
    kinds: Mapping[str, str] | None = None,
    loads: Mapping[str, str] | None = None,
    noise: float = 0.005,
) -> Comparison:
    return compare("case", "0", PATIENT, results, {}, kinds or {}, loads or {}, noise)


def rows(comparison: Comparison) -> dict[str, Row]:
    return {row.arm: row for row in comparison.rows}


def said(comparison: Comparison, words: str) -> list[str]:
    return [sentence for sentence in comparison.caveats if words in sentence]


def test_ratios_are_to_the_intact_and_untreated_arm_of_the_same_load() -> None:
    comparison = compared(
        result("intact", 10000.0),
        result("untreated", 5000.0),
        result("pop", 8000.0),
        result("intact", 4000.0, "sideways_fall"),
        result("pop", 3000.0, "sideways_fall"),
    )
    ratios = {(row.arm, row.load): (row.ratio_to_intact, row.ratio_to_untreated) for row in comparison.rows}
    assert ratios == {
        ("intact", "stance"): (1.0, 2.0),
        ("untreated", "stance"): (0.5, 1.0),
        ("pop", "stance"): (0.8, 1.6),
        ("intact", "sideways_fall"): (1.0, None),
        ("pop", "sideways_fall"): (0.75, None),
    }


def test_arms_are_known_by_their_kind_not_their_name() -> None:
    named = compared(result("healthy", 10000.0), result("ill", 5000.0), kinds={"healthy": "intact", "ill": "untreated"})
    assert rows(named)["ill"].ratio_to_intact == 0.5


@pytest.mark.parametrize("status", RATED)
@pytest.mark.parametrize("of_intact", RATED)
def test_three_statuses_give_a_ratio(status: str, of_intact: str) -> None:
    comparison = compared(result("intact", 8000.0, status=of_intact), result("untreated", 4000.0, status=status))
    assert rows(comparison)["untreated"].ratio_to_intact == 0.5


@pytest.mark.parametrize("status", ["limit_reached", "stuck"])
def test_no_ratio_of_or_to_a_load_that_is_no_fracture_load(status: str) -> None:
    of = rows(compared(result("intact", 8000.0), result("untreated", 4000.0, status=status)))
    to = rows(compared(result("intact", 8000.0, status=status), result("untreated", 4000.0)))
    assert of["untreated"].ratio_to_intact is None
    assert of["untreated"].factor_of_risk is None
    assert of["untreated"].ratio_to_untreated is None
    assert to["untreated"].ratio_to_intact is None
    assert to["untreated"].ratio_to_untreated == 1.0


def test_a_lower_bound_is_kept_and_a_stuck_load_never_shown() -> None:
    lower = rows(compared(result("pop", 9000.0, status="limit_reached")))["pop"]
    stuck = rows(compared(result("pop", 9000.0, status="stuck", fracture_load_bracket_N=[8000.0, 9000.0])))["pop"]
    assert lower.fracture_load_N == 9000.0
    shown = (stuck.fracture_load_N, stuck.fracture_load_BW, stuck.fracture_load_bracket_N, stuck.energy_to_peak_J)
    assert shown == (None, None, None, None)
    assert (stuck.failure_region, stuck.failure_centroid_mm) == (None, None)


@pytest.mark.parametrize(("share", "withheld"), [(0.30, False), (0.31, True)])
def test_ratios_are_withheld_above_30_percent_of_plastic_work_under_a_contact(share: float, withheld: bool) -> None:
    crushed = {"contact_share_of_plastic_work": share}
    own = compared(result("intact", 8000.0), result("untreated", 4000.0, **crushed))
    of_reference = compared(result("intact", 8000.0, **crushed), result("untreated", 4000.0))
    for comparison in (own, of_reference):
        assert (rows(comparison)["untreated"].ratio_to_intact is None) == withheld
        assert bool(said(comparison, "Ratios withheld")) == withheld
    assert rows(own)["untreated"].fracture_load_N == 4000.0


def test_multiples_and_risk_follow_from_the_patient() -> None:
    row = rows(compared(result("untreated", 6864.655)))["untreated"]
    assert row.fracture_load_BW == pytest.approx(10)
    # stance is compared with 2.6 body weights
    assert row.factor_of_risk == pytest.approx(0.26)
    other = compared(result("untreated", 6864.655, "twist"))
    assert rows(other)["untreated"].factor_of_risk is None


def test_ranking_groups_what_differs_by_less_than_the_mesh_noise() -> None:
    arms = [result("a", 5000.0), result("b", 9000.0), result("c", 8970.0), result("d", 8000.0)]
    assert compared(*arms).ranking == {"stance": (("b", "c"), ("d",), ("a",))}
    assert compared(*arms, noise=0.0).ranking == {"stance": (("b",), ("c",), ("d",), ("a",))}


def test_ranking_groups_overlapping_brackets() -> None:
    one = result("a", 5000.0, status="bracketed", fracture_load_bracket_N=[4900.0, 5100.0])
    other = result("b", 5150.0, status="bracketed", fracture_load_bracket_N=[5050.0, 5250.0])
    assert compared(one, other).ranking == {"stance": (("b", "a"),)}


def test_ranking_leaves_out_bounds_stuck_runs_and_crushed_contacts() -> None:
    comparison = compared(
        result("a", 5000.0),
        result("b", 9000.0, status="limit_reached"),
        result("c", None, status="stuck"),
        result("d", 9000.0, contact_share_of_plastic_work=0.9),
    )
    assert comparison.ranking == {"stance": (("a",),)}


def test_order_of_arms_changes_no_row_and_no_ranking() -> None:
    arms = [result("intact", 9000.0), result("untreated", 5000.0), result("pop", 8000.0)]
    forward, backward = compared(*arms), compared(*arms[::-1])
    assert rows(forward) == rows(backward)
    assert forward.ranking == backward.ranking


def test_caveats_come_only_where_the_results_call_for_them() -> None:
    plain = compared(result("intact", 9000.0), result("untreated", 5000.0))
    treated = compared(
        result("intact", 9000.0, "sideways_fall", "plateau"),
        result("pop_nail", 9500.0, "sideways_fall", "limit_reached"),
        result("pop", None, "sideways_fall", "stuck"),
        result("pop_screws", 9100.0, "sideways_fall", "bracketed"),
    )
    words = [
        "upper bound",
        "greater trochanter",
        "mesh noise",
        "at least",
        "stopped rising",
        "no fracture load",
        "bounds",
    ]
    assert [word for word in words if said(plain, word)] == []
    assert [word for word in words if not said(treated, word)] == []
    assert "pop_nail / sideways_fall" in said(treated, "at least")[0]


def test_weak_interfaces_are_said_to_underrate_a_treated_bone() -> None:
    weak = compared(result("intact", 9000.0, interfaces="weak"), result("pop", 8000.0, interfaces="weak"))
    assert said(weak, "without friction")
    assert not said(weak, "upper bound")
    assert not said(compared(result("intact", 9000.0, interfaces="weak")), "without friction")


def test_what_the_shell_carries_is_said_where_there_is_one() -> None:
    shares = ({"elastic": 0.31, "at_peak": 0.33}, {"elastic": 0.34, "at_peak": 0.36}, None)
    inside = compared(*(result(arm, 5000.0, shell_load_share=share) for arm, share in zip("abc", shares, strict=True)))
    (sentence,) = said(inside, "shell")
    assert "up to 36 %" in sentence
    assert "without losing volume" in sentence
    (crushed,) = said(compared(result("a", 5000.0, shell_load_share=shares[0], model="crushable_foam")), "shell")
    assert "volume" not in crushed
    assert not said(compared(result("a", 5000.0, shell_load_share=None)), "shell")
    assert not said(compared(result("a", 5000.0, shell_load_share=shares[0], model="linear")), "shell")


def test_a_break_beside_the_pot_is_named_where_there_is_a_load() -> None:
    results = [
        result("intact", 9000.0, failure_beside_pot=True),
        result("pop", 8000.0, failure_beside_pot=False),
        result("nail", None, status="stuck", failure_beside_pot=True),
    ]
    (sentence,) = said(compared(*results), "beside the pot")
    assert sentence.endswith(": intact / stance.")


def test_the_spread_of_the_linear_criterion_is_measured_on_the_results() -> None:
    comparison = compared(result("intact", 8000.0), result("untreated", 5000.0))
    # 4000 / 8000 and 4000 / 5000; (4300 - 3500) / 4000 = 20 %
    assert said(comparison, "0.50 to 0.80 times")
    assert said(comparison, "up to 20 %")


def test_the_linear_model_is_not_compared_with_itself() -> None:
    assert said(compared(result("intact", 4000.0)), "times the load of the nonlinear model")
    assert not said(compared(result("intact", 4000.0, model="linear")), "times the load of the nonlinear model")


@pytest.mark.parametrize(("untreated", "named"), [(9040.0, False), (9050.0, True)])
def test_untreated_above_intact_beyond_the_noise_is_named(untreated: float, named: bool) -> None:
    comparison = compared(result("intact", 9000.0), result("untreated", untreated))
    assert bool(said(comparison, "stronger than the intact")) == named


def test_pairs_that_are_not_there_are_listed() -> None:
    kinds = {"intact": "intact", "pop": "pop"}
    comparison = compared(result("intact", 9000.0), kinds=kinds, loads={"stance": "stance"})
    assert said(comparison, "Not computed: pop / stance.")


@pytest.mark.parametrize(
    ("load_N", "status", "band"),
    # 7.5 x 686.4655 N = 5148.5 N
    [
        (5100.0, "collapsed", "high risk"),
        (5200.0, "collapsed", "not below"),
        (5100.0, "limit_reached", "not known"),
        (5200.0, "limit_reached", "not below"),
    ],
)
def test_bone_strength_is_told_for_the_untreated_bone_in_stance(load_N: float, status: str, band: str) -> None:
    bos = compared(result("intact", 9000.0), result("untreated", load_N, status=status)).scores["bos"]
    assert bos.value == pytest.approx(load_N / 686.4655)
    assert band in bos.band
    assert "recalled" in bos.source


@pytest.mark.parametrize("arms", [[result("untreated", 5000.0, "sideways_fall")], [result("intact", 5000.0)]])
def test_no_bone_strength_without_an_untreated_bone_in_stance(arms: list[Result]) -> None:
    assert "bos" not in compared(*arms).scores


@pytest.mark.parametrize(
    ("load_N", "status", "band"),
    [
        (4000.0, "collapsed", "up to 4500 N: fragile"),
        (6000.0, "plateau", "above 4500 N, up to 6500 N: low"),
        (4000.0, "limit_reached", "at least; not known: the load is a lower bound"),
    ],
)
def test_the_strength_of_a_vertebra_is_told_for_the_untreated_one_in_compression(
    load_N: float, status: str, band: str
) -> None:
    pair = (result("intact", 7000.0, "press"), result("untreated", load_N, "press", status))
    scores = compared(*pair, loads={"press": "axial_compression"}).scores
    assert scores["vertebral_strength"].value == load_N
    assert scores["vertebral_strength"].band == band
    assert scores["vertebral_strength"].items["values"] == {"intact": 7000.0, "untreated": load_N}
    assert "bos" not in scores
    assert "vertebral_strength" not in compared(*pair, loads={"press": "stance"}).scores


def test_json_has_the_keys_of_the_contract_and_null_for_what_is_not_there() -> None:
    score = Score("mirels", 9.0, {"site": 3}, "band", "advice", "source")
    comparison = compare(
        "case",
        "1.2",
        PATIENT,
        [result("untreated", 5000.0, linear_fracture_load_N=float("nan"))],
        {"mirels": score},
        {},
        {},
        notes=["A sentence of the bone."],
    )
    content = json.loads(comparison.to_json())
    assert (content["case"], content["version"]) == ("case", "1.2")
    assert [list(row) for row in content["rows"]] == [KEYS]
    assert content["rows"][0]["linear_fracture_load_N"] is None
    assert content["rows"][0]["cement_volume_ml"] is None
    assert content["rows"][0]["failure_centroid_mm"] == [20.0, 1.0, 15.0]
    assert {"value", "items", "band", "advice", "source"} <= set(content["scores"]["mirels"])
    assert content["caveats"][-1] == "A sentence of the bone."


def test_csv_says_what_json_says() -> None:
    comparison = compared(
        result("intact", 9000.0),
        result("untreated", 5000.0, status="bracketed", fracture_load_bracket_N=[4950.0, 5050.0]),
    )
    lines = list(csv.DictReader(io.StringIO(comparison.to_csv())))
    assert list(lines[0]) == KEYS
    assert float(lines[1]["ratio_to_intact"]) == rows(comparison)["untreated"].ratio_to_intact
    assert lines[1]["fracture_load_bracket_N"] == "4950.0;5050.0"
    assert lines[0]["cement_volume_ml"] == ""
    assert len(lines) == len(comparison.rows)


def test_a_result_of_bare_keys_gives_a_row_of_nulls() -> None:
    bare = compared({"arm": "pop", "load": "twist", "status": "stuck"}).rows[0]
    assert {key for key, value in asdict(bare).items() if value is not None} == {"arm", "load", "status"}


def test_the_damage_model_says_what_is_assumed_and_what_its_steps_leave_open() -> None:
    cracked = {"model": "damage", "step_error_share": 0.021, "unbalanced_work_share": 0.004, "clipped_share": 0.3}
    comparison = compared(result("intact", 4000.0, **cracked))
    assert said(comparison, "the plateau after them and the fracture energy are assumed")
    assert "2.1 % (the load is the limit of both), and up to 0.4 % of the work" in said(comparison, "half the step")[0]
    assert "30 %" in said(comparison, "too large for its fracture energy")[0]
    assert not said(comparison, "between two bounds")
    apart = result("intact", 4000.0, status="bracketed", **{**cracked, "step_error_share": 0.05})
    assert said(compared(apart), "between two bounds: intact / stance")
    assert not said(compared(apart), "Equilibrium was lost close to the peak;")
    assert not said(compared(result("intact", 4000.0)), "Damage model")


def test_a_leak_of_cement_is_told_once_for_the_arms_that_share_it() -> None:
    leak = "within 1.5 mm of the posterior wall at (0, -15, 2) mm"
    kinds = {"pvp": "pvp", "both": "pvp_screws"}
    comparison = compared(
        result("pvp", 3000.0, cement_leak=leak), result("both", 3100.0, cement_leak=leak), kinds=kinds
    )
    assert said(comparison, "may leak") == [f"Cement may leak (pvp, both): {leak}."]
    assert said(comparison, "as a column would") == []
    assert len(said(comparison, "neither heads nor rods")) == 1
    assert said(compared(result("pvp", 3000.0, cement_leak=None), kinds=kinds), "may leak") == []


def test_cement_from_endplate_to_endplate_is_an_upper_bound() -> None:
    leak = "; ".join(f"within 1.0 mm of the {end} endplate at (0, 0, 9) mm" for end in ("inferior", "superior"))
    comparison = compared(result("pvp", 8000.0, cement_leak=leak, potted_endplates=True), kinds={"pvp": "pvp"})
    assert len(said(comparison, "as a column would")) == 1


def test_cement_that_bridges_between_discs_is_no_column_on_resin() -> None:
    leak = "; ".join(f"within 1.0 mm of the {end} endplate at (0, 0, 9) mm" for end in ("inferior", "superior"))
    comparison = compared(result("pvp", 3000.0, cement_leak=leak, potted_endplates=False), kinds={"pvp": "pvp"})
    assert said(comparison, "as a column would") == []
