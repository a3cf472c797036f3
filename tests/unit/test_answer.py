"""The answer: every status in its own words, bounds as bounds, and no ratio where contacts failed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from foldered import write_results

from femrisk.errors import InputError
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.atomic import read_json, write_json
from femrisk.output.folder import ResultFolder
from femrisk.report.advice import advices, among_themselves
from femrisk.report.answer import LoadAnswer, answers
from femrisk.report.asked import asked
from femrisk.report.curves import ticks
from femrisk.report.headline import headline
from femrisk.report.reading import Reading, read


@pytest.fixture(scope="module")
def reading(
    tmp_path_factory: pytest.TempPathFactory, small_mesh: LabelledMesh, small_quadratic: tuple[np.ndarray, np.ndarray]
) -> Reading:
    return read(write_results(tmp_path_factory.mktemp("results"), small_mesh, small_quadratic))


@pytest.fixture
def stance(reading: Reading) -> LoadAnswer:
    return answers(reading)[0]


@pytest.fixture
def fall(reading: Reading) -> LoadAnswer:
    return answers(reading)[1]


def plain(words: object) -> str:
    return re.sub("<[^>]*>", "", str(words))


@pytest.mark.parametrize(
    ("arm", "words", "status"),
    [
        ("intact", "9.4 kN", "peak passed"),
        ("untreated", "1.5 kN", "plateau"),
        ("pop", "7.8 to 8.0 kN", "between two bounds"),
        ("pop_nail", "at least 10.2 kN", "still rising"),
    ],
)
def test_a_load_is_said_as_its_status_allows(stance: LoadAnswer, arm: str, words: str, status: str) -> None:
    strength = stance.of(arm)
    assert strength is not None
    assert (plain(strength.spoken()), strength.status_words) == (words, status)


def test_a_stuck_march_has_neither_load_nor_bar_nor_ratio(fall: LoadAnswer) -> None:
    stuck = fall.of("untreated")
    assert stuck is not None
    assert (plain(stuck.spoken()), stuck.bar) == ("no fracture load", None)
    assert [one.quantity for one in (stuck.of_intact, stuck.of_untreated, stuck.risk)] == [None] * 3


def test_an_open_load_gives_bounds_of_ratio_and_risk(stance: LoadAnswer) -> None:
    nail = stance.of("pop_nail")
    assert nail is not None
    assert nail.of_intact.quantity is not None
    assert nail.risk.quantity is not None
    assert (nail.of_intact.bound, nail.risk.bound) == ("\u2265", "\u2264")
    assert nail.of_intact.quantity.value == pytest.approx(10236.4 / 9385.12)
    # going downstairs, 2.6 times the weight of 70 kg
    assert nail.risk.quantity.value == pytest.approx(2.6 * 70 * 9.80665 / 10236.4)


def test_a_ratio_to_a_bone_that_failed_under_a_contact_is_withheld(fall: LoadAnswer) -> None:
    assert [one.of_intact.words for one in fall.strengths if one.arm != "untreated"] == ["withheld"] * 3


def test_bars_of_all_loads_are_on_one_scale(stance: LoadAnswer, fall: LoadAnswer) -> None:
    pairs = [
        (one.bar.low, one.load.value) for answer in (stance, fall) for one in answer.strengths if one.bar and one.load
    ]
    assert max(low for low, _ in pairs) == pytest.approx(100)
    assert np.ptp([low / load for low, load in pairs]) < 1e-12


def test_the_headline_names_the_loss_and_every_treatment(reading: Reading, stance: LoadAnswer) -> None:
    assert plain(headline(reading, stance)) == (
        "In stance the untreated bone carries 1.5 kN, 16 % of the intact one\u2019s 9.4 kN; "
        "treated: POP 7.8 to 8.0 kN, POP + nail at least 10.2 kN."
    )


def test_of_many_treatments_the_headline_names_what_may_be_the_strongest(
    reading: Reading, stance: LoadAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("femrisk.report.headline.ALL_TOLD", 1)
    assert plain(headline(reading, stance)).endswith("the strongest of its treatments: POP + nail at least 10.2 kN.")


def test_scores_and_mechanics_are_set_against_each_other_load_by_load(reading: Reading) -> None:
    told = {one.name: one for one in advices(reading, answers(reading))}
    # stance asks for 1.8 kN of the untreated bone's 1.5; the fall has no fracture load to compare with
    assert (told["Mirels"].says, told["Mirels"].disagrees) == ("high", False)
    assert "they agree" in told["Mirels"].beside
    assert (told["axial cortical involvement"].says, told["axial cortical involvement"].disagrees) == ("low", True)
    assert "sideways" not in told["Mirels"].beside.lower()


def test_scores_that_differ_are_told_by_what_they_say(reading: Reading) -> None:
    told = advices(reading, answers(reading))
    assert among_themselves(told) == "Mirels and BOS: high risk; axial cortical involvement: low risk"
    assert among_themselves(told[:1]) == ""


def test_the_question_names_person_lesion_and_loads(reading: Reading) -> None:
    assert plain(asked(reading).sentence) == (
        "Left proximal femur of a woman of 68 years (165 cm, 70 kg), with one lesion: lytic ellipsoid in the femoral "
        "neck, inferomedial. Pushed to fracture in stance and sideways fall."
    )
    lesion = dict(asked(reading).groups)["Lesions"][0]
    assert "semi axes 14 \u00d7 11 \u00d7 11 mm" in plain(lesion.measures)


def test_how_a_scan_was_read_is_told_step_by_step(reading: Reading) -> None:
    assert "How its scan was read" not in dict(asked(reading).groups)
    scan = {"steps": ["image: 2 x 2 x 2 voxels", "water < 0"], "warnings": ["dense"]}
    told = dict(asked(replace(reading, scan=scan)).groups)["How its scan was read"]
    assert [(one.name, str(one.measures)) for one in told] == [
        ("step 1", "image: 2 x 2 x 2 voxels"),
        ("step 2", "water &lt; 0"),
        ("doubt 1", "dense"),
    ]


@pytest.mark.parametrize(
    ("top", "expected"),
    [(10.0, (0, 2, 4, 6, 8, 10)), (3.2, (0, 1, 2, 3, 4)), (0.07, (0, 0.02, 0.04, 0.06, 0.08)), (0.0, (0, 1))],
)
def test_ticks_are_round_and_reach_the_top(top: float, expected: tuple[float, ...]) -> None:
    assert ticks(top) == pytest.approx(expected)


def test_what_was_finished_after_the_comparison_is_left_out_and_said(reading: Reading, tmp_path: Path) -> None:
    comparison = read_json(reading.folder.path / "comparison.json")
    comparison["rows"] = [row for row in comparison["rows"] if row["arm"] != "intact"]
    write_json(tmp_path / "comparison.json", comparison)
    for name in ("case.yaml", "provenance.json"):
        (tmp_path / name).write_bytes((reading.folder.path / name).read_bytes())
    (tmp_path / "arms").symlink_to(reading.folder.path / "arms")
    stale = read(ResultFolder(tmp_path))
    assert stale.left_out == (("intact", "stance"), ("intact", "sideways_fall"))
    assert "intact" not in stale.arms
    # the ratio that the comparison tells stays; a bound of it needs the intact bone
    nail = answers(stale)[0].of("pop_nail")
    assert nail is not None
    assert nail.of_intact.quantity is None


@pytest.mark.parametrize("name", ["case.yaml", "provenance.json", "comparison.json"])
def test_a_folder_without_a_finished_run_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    for other in {"case.yaml", "provenance.json", "comparison.json"} - {name}:
        (tmp_path / other).write_text("{}")
    with pytest.raises(InputError, match=rf"has no {name} \(allowed: a folder that femrisk run has finished\)"):
        read(ResultFolder(tmp_path))


def test_a_file_that_is_broken_is_refused(tmp_path: Path) -> None:
    for name in ("case.yaml", "provenance.json", "comparison.json"):
        (tmp_path / name).write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        read(ResultFolder(tmp_path))


def test_a_vertebra_is_judged_by_its_force_at_a_strain(reading: Reading, tmp_path: Path) -> None:
    comparison = read_json(reading.folder.path / "comparison.json")
    for row in comparison["rows"]:
        row |= {"load_at_strain_N": 2000.0, "load_at_strain_ratio_to_intact": 0.84}
    write_json(tmp_path / "comparison.json", comparison)
    for name in ("case.yaml", "provenance.json"):
        (tmp_path / name).write_bytes((reading.folder.path / name).read_bytes())
    (tmp_path / "arms").symlink_to(reading.folder.path / "arms")
    stance = answers(read(ResultFolder(tmp_path)))[0]
    assert stance.by_strain
    nail = stance.of("pop_nail")
    assert nail is not None
    assert nail.of_intact.quantity is not None
    assert (plain(nail.strength()), nail.of_intact.quantity.value) == ("2.0 kN", 0.84)
    assert (nail.bar is not None and nail.bar.open_end) is False
