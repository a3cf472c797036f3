"""Models side by side: what the files hold, what is said of their spread, and what a longer list computes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from femrisk.analysis import Analysis
from femrisk.bymodel import side_by_side
from femrisk.case import Case
from femrisk.caveats import Result
from femrisk.compare import compare
from femrisk.comparison import Comparison
from femrisk.crew import Job
from femrisk.errors import InputError
from femrisk.output.folder import ResultFolder
from femrisk.output.table import models_table, text
from femrisk.patient import Patient
from femrisk.plan import SolveTask
from femrisk.run import run
from femrisk.scene import Scene, build

PATIENT = Patient(sex="female", age_years=68, height_cm=165, mass_kg=70)
ARMS = {"intact": "intact", "untreated": "untreated", "pop": "pop"}


def result(arm: str, load_N: float, status: str = "collapsed", model: str = "keyak_plasticity") -> Result:
    return {"arm": arm, "load": "stance", "status": status, "model": model, "fracture_load_N": load_N}


def under(model: str, **loads: float) -> Comparison:
    results = [result(arm, load, model=model) for arm, load in loads.items()]
    return compare("case", "0", PATIENT, results, {}, {arm: ARMS[arm] for arm in loads}, {"stance": "stance"})


def both() -> Comparison:
    """Ratios to intact 0.5 and 0.75, loads 1.5 and 2.5 times apart; the first model has no result of pop."""
    first, second = (
        under("keyak_plasticity", intact=6000.0, untreated=3000.0),
        under("damage", intact=10000.0, untreated=7500.0, pop=8000.0),
    )
    return side_by_side({"keyak_plasticity": first, "damage": second})


def test_one_model_alone_is_left_as_it_is() -> None:
    alone = under("linear", intact=6000.0)
    assert side_by_side({"linear": alone}) is alone
    assert "models" not in json.loads(alone.to_json())
    assert "largest_over_smallest" not in alone.to_csv()


def test_json_holds_the_rows_of_the_first_model_and_each_pair_under_every_model() -> None:
    content = json.loads(both().to_json())
    assert content["model"] == "keyak_plasticity"
    assert [(row["arm"], row["fracture_load_N"]) for row in content["rows"]] == [("intact", 6000), ("untreated", 3000)]
    untreated, pop = content["models"][1:]
    assert untreated["largest_over_smallest"] == 2.5
    assert {model: row["ratio_to_intact"] for model, row in untreated["by_model"].items()} == {
        "keyak_plasticity": 0.5,
        "damage": 0.75,
    }
    assert (pop["arm"], pop["largest_over_smallest"], pop["by_model"]["keyak_plasticity"]) == ("pop", None, None)
    assert pop["by_model"]["damage"]["status"] == "collapsed"


def test_csv_holds_columns_for_each_model_and_leaves_empty_what_was_not_computed() -> None:
    _, untreated, pop = csv.DictReader(io.StringIO(both().to_csv()))
    assert untreated["fracture_load_N"] == untreated["under_keyak_plasticity_fracture_load_N"] == "3000.0"
    assert untreated["under_damage_fracture_load_N"] == "7500.0"
    assert untreated["under_damage_ratio_to_intact"] == "0.75"
    assert untreated["largest_over_smallest"] == "2.5"
    assert (pop["arm"], pop["load"], pop["status"], pop["under_keyak_plasticity_status"]) == ("pop", "stance", "", "")
    assert (pop["under_damage_status"], pop["under_damage_fracture_load_N"]) == ("collapsed", "8000.0")


def test_no_column_of_a_model_is_taken_for_one_of_the_contract() -> None:
    beside = side_by_side(
        {"keyak_plasticity": under("keyak_plasticity", intact=6000.0), "linear": under("linear", intact=1.0)}
    )
    columns = beside.to_csv().splitlines()[0].split(",")
    assert len(columns) == len(set(columns))
    assert {"linear_fracture_load_N", "under_linear_fracture_load_N"} <= set(columns)


def test_the_caveats_name_the_spread_of_loads_and_of_ratios() -> None:
    said = both().caveats
    assert "up to 2.50 times the smallest (untreated / stance: keyak_plasticity 3.00 kN, damage 7.50 kN)" in said[1]
    assert "from 0.50 to 0.75 for untreated / stance" in said[2]
    assert [one for one in said if one.startswith("With damage: Damage model:")]


def test_a_lower_bound_takes_no_part_in_the_spread() -> None:
    first = under("keyak_plasticity", intact=6000.0)
    rising = [result("intact", 9000.0, "limit_reached", "damage")]
    second = compare("case", "0", PATIENT, rising, {}, {"intact": "intact"}, {"stance": "stance"})
    beside = side_by_side({"keyak_plasticity": first, "damage": second})
    assert beside.spread("intact", "stance") is None
    assert not [one for one in beside.caveats if "models of bone differ" in one]


def test_arms_that_change_places_between_models_are_named() -> None:
    first = under("keyak_plasticity", intact=9000.0, untreated=3000.0, pop=8000.0)
    second = under("damage", intact=7000.0, untreated=2000.0, pop=8000.0)
    said = side_by_side({"keyak_plasticity": first, "damage": second}).caveats
    assert "The models disagree on which arm is the stronger: intact and pop in stance." in said


def test_the_table_has_load_status_and_ratio_of_each_model_in_one_line() -> None:
    lines = text(both()).splitlines()
    line = [one.split() for one in lines if one.startswith("untreated ")][1]
    assert line == ["untreated", "stance", "3.00", "collapsed", "0.50", "7.50", "collapsed", "0.75", "2.50"]
    (pop,) = (one for one in lines if one.startswith("pop "))
    assert pop.split() == ["pop", "stance", "-", "not", "computed", "-", "8.00", "collapsed", "0.80", "-"]
    assert models_table(both()).row_count == 3


@pytest.fixture(scope="module")
def scene() -> Scene:
    """An intact femur in stance."""
    case = {
        "name": "models",
        "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
        "bone": {"kind": "proximal_femur"},
        "arms": [{"kind": "intact"}],
        "loads": [{"kind": "stance"}],
        "scores": [],
    }
    return build(Case.model_validate(case))


def under_models(scene: Scene, *models: str) -> Scene:
    """The same scene under these models; under the default one where none is named."""
    analysis = Analysis.model_validate({"models": models} if models else {})
    return replace(scene, case=scene.case.model_copy(update={"analysis": analysis}).resolved())


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Models that a run solves under, in order; workers are replaced by ones that finish at once."""
    models: list[str] = []

    def work(folder: ResultFolder, jobs: Sequence[Job], at_once: int, hear: Callable[..., None]) -> dict[str, str]:
        for task in (job.task for job in jobs):
            if isinstance(task, SolveTask):
                models.append(task.model)
                place = folder.beside(task.model) if task.beside else folder
                for arm in task.arms:
                    load = 1000.0 * len(task.model)
                    place.write_pair(arm.arm, task.load, {**result(arm.arm, load, model=task.model)}, {})
        return {}

    monkeypatch.setattr("femrisk.run.work", work)
    monkeypatch.setattr("femrisk.run.draw", lambda folder: {})
    return models


def test_a_model_behind_the_first_computes_itself_alone(tmp_path: Path, solved: list[str], scene: Scene) -> None:
    run(under_models(scene), tmp_path)
    comparison = run(under_models(scene, "keyak_plasticity", "linear"), tmp_path)
    assert solved == ["keyak_plasticity", "linear"]
    assert comparison.rated("intact", "stance") == {"keyak_plasticity": 16000.0, "linear": 6000.0}
    assert [row.fracture_load_N for row in comparison.rows] == [16000.0]
    for models in (("keyak_plasticity", "damage", "linear"), (), ("keyak_plasticity", "linear")):
        run(under_models(scene, *models), tmp_path)
    assert solved == ["keyak_plasticity", "linear", "damage"]


def test_another_model_first_is_refused_and_told(tmp_path: Path, solved: list[str], scene: Scene) -> None:
    run(under_models(scene), tmp_path)
    with pytest.raises(InputError, match="holds results of this case with the model keyak_plasticity first"):
        run(under_models(scene, "linear", "keyak_plasticity"), tmp_path)


def test_force_redoes_every_model_that_is_asked_for(tmp_path: Path, solved: list[str], scene: Scene) -> None:
    run(under_models(scene, "linear", "damage"), tmp_path)
    run(under_models(scene, "linear", "damage"), tmp_path, force=True)
    assert sorted(solved) == ["damage", "damage", "linear", "linear"]


def test_a_scene_that_is_built_is_not_built_again(
    tmp_path: Path, solved: list[str], scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("femrisk.run.build", lambda case: pytest.fail("built again"))
    assert [row.arm for row in run(scene, str(tmp_path / "results")).rows] == ["intact"]
    assert solved == ["keyak_plasticity"]
