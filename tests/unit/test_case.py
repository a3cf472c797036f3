"""A case: its defaults and names, its way to YAML and back, its schema."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from femrisk.analysis import Analysis
from femrisk.arms import POP, Intact, Untreated
from femrisk.case import Case, names, question_of, read_case, text_of, under_model, write_case
from femrisk.casefile import read_document
from femrisk.errors import CaseError
from femrisk.loads import SidewaysFall, Stance
from femrisk.meshes import ProximalFemur, SurfaceBone
from femrisk.meshes.lesions import SphereLesion
from femrisk.patient import Patient

EXAMPLE = Path(__file__).parents[2] / "cases" / "femur_neck_lytic.yaml"


def test_a_name_is_given_else_the_kind_with_a_number_when_repeated() -> None:
    arms = (
        Intact(kind="intact"),
        POP(kind="pop"),
        POP(kind="pop", name="less", fill_fraction=0.5),
        POP(kind="pop", fill_fraction=0.7),
    )
    assert names(arms) == ("intact", "pop", "less", "pop_2")


def test_a_name_that_is_taken_is_not_given_again() -> None:
    loads = (Stance(kind="stance", name="stance_2"), Stance(kind="stance"), Stance(kind="stance"))
    assert names(loads) == ("stance_2", "stance", "stance_3")


@settings(deadline=None)
@given(st.permutations([None, None, None, "a", "stance", "stance_2"]))
def test_names_are_unique_and_stay_when_named_again(wanted: list[str | None]) -> None:
    loads = tuple(Stance(kind="stance", name=name) for name in wanted)
    found = names(loads)
    assert len(set(found)) == len(loads)
    assert names(tuple(Stance(kind="stance", name=name) for name in found)) == found


def test_the_example_is_read_as_it_is_written() -> None:
    case = read_case(EXAMPLE)
    assert case.name == "femur_neck_lytic"
    assert case.patient == Patient(sex="female", age_years=68, height_cm=165, mass_kg=70, pain="functional")
    assert [arm.kind for arm in case.arms] == ["intact", "untreated", "pop", "pop_screws", "pop_nail"]
    assert case.arms[3].screws.diameter_mm == 7.3  # type: ignore[union-attr]
    assert [load.kind for load in case.loads] == ["stance", "sideways_fall"]
    assert case.scores == ("mirels", "axial_cortical_involvement")


def test_body_weight_is_mass_times_standard_gravity() -> None:
    # 70 kg * 9.80665 m/s2
    assert Patient(sex="male", age_years=70, height_cm=175, mass_kg=70).body_weight_N == pytest.approx(686.4655)


def test_a_written_case_leaves_nothing_to_defaults_and_reads_back_the_same(tmp_path: Path) -> None:
    case = read_case(EXAMPLE)
    path = tmp_path / "case.yaml"
    write_case(case, path)
    again = read_case(path)
    assert again == case.resolved()
    assert again.resolved() == again
    assert [arm.name for arm in again.arms] == ["intact", "untreated", "pop", "pop_screws", "pop_nail"]
    assert isinstance(again.bone, ProximalFemur)
    assert again.bone.neck_width_si_mm is not None
    # every field of every part stands in the file
    text = path.read_text()
    assert [key for key in keys(Case.model_json_schema(), again.model_dump()) if f"{key}:" not in text] == []
    assert list(tmp_path.iterdir()) == [path]


def keys(schema: dict[str, Any], value: Any) -> set[str]:
    """Every key of a dumped case."""
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in keys(schema, inner)}
    return {key for inner in value for key in keys(schema, inner)} if isinstance(value, list | tuple) else set()


@settings(deadline=None)
@given(
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    age=st.floats(18, 110),
    mass=st.floats(30, 250),
    sex=st.sampled_from(["female", "male"]),
    side=st.sampled_from(["left", "right"]),
    radius=st.floats(1, 100),
    center=st.tuples(*[st.floats(-600, 600)] * 3),
    adduction=st.floats(0, 40),
    size=st.floats(1, 10),
)
def test_any_case_survives_the_way_to_yaml_and_back(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    age: float,
    mass: float,
    sex: Any,
    side: Any,
    radius: float,
    center: tuple[float, float, float],
    adduction: float,
    size: float,
) -> None:
    case = Case.model_validate(
        {
            "name": name,
            "patient": Patient(sex=sex, age_years=age, height_cm=170, mass_kg=mass),
            "bone": ProximalFemur(kind="proximal_femur", side=side),
            "lesions": (SphereLesion(kind="sphere", center_mm=center, radius_mm=radius),),
            "arms": (Intact(kind="intact"), Untreated(kind="untreated"), Untreated(kind="untreated")),
            "loads": (SidewaysFall(kind="sideways_fall", adduction_deg=adduction),),
            "analysis": {"mesh_size_mm": size},
            "scores": (),
        }
    )
    path = tmp_path_factory.getbasetemp() / "any_case.yaml"
    write_case(case, path)
    assert read_case(path) == case.resolved()


def with_analysis(**analysis: Any) -> Case:
    return read_case(EXAMPLE).model_copy(update={"analysis": Analysis(**analysis)})


def test_the_first_of_several_models_is_the_model() -> None:
    several = with_analysis(models=("damage", "linear")).resolved().analysis
    assert (several.model, several.every_model()) == ("damage", ("damage", "linear"))
    assert with_analysis(model="linear").resolved().analysis.every_model() == ("linear",)
    assert with_analysis(model="damage", models=("damage", "linear")).analysis.every_model() == ("damage", "linear")


def test_results_depend_on_the_first_model_and_not_on_those_behind_it() -> None:
    alone, first, second = (
        with_analysis(),
        with_analysis(models=("keyak_plasticity", "damage")),
        with_analysis(models=("damage", "keyak_plasticity")),
    )
    assert question_of(alone) == question_of(first) != question_of(second)
    assert question_of(second) == question_of(under_model(first, "damage"))
    assert text_of(alone) != text_of(first)


@pytest.mark.parametrize("name", ["yes", "null", "12", "1e3", "0x1f", "2020-01-01", "on"])
def test_a_name_that_looks_like_something_else_stays_a_name(tmp_path: Path, name: str) -> None:
    case = read_case(EXAMPLE).model_copy(update={"name": name})
    write_case(case, tmp_path / "case.yaml")
    assert read_case(tmp_path / "case.yaml").name == name


def test_a_surface_is_looked_up_beside_the_case_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = EXAMPLE.read_text()
    start = text.index("bone:")
    text = (
        text[:start]
        + "bone: {kind: surface, file: bones/f.stl, units: mm, side: left}"
        + text[text.index("\n", start) :]
    )
    (tmp_path / "case.yaml").write_text(text)
    monkeypatch.chdir("/")
    bone = read_case(tmp_path / "case.yaml").bone
    assert isinstance(bone, SurfaceBone)
    assert bone.file == tmp_path / "bones" / "f.stl"


def test_a_case_cannot_be_changed() -> None:
    case = read_case(EXAMPLE)
    with pytest.raises(ValidationError):
        case.name = "other"


def test_names_are_checked_in_programs_too() -> None:
    case = read_case(EXAMPLE)
    twice = {**case.model_dump(), "loads": [{"kind": "stance", "name": "a"}, {"kind": "stance", "name": "a"}]}
    with pytest.raises(ValidationError, match="name given twice"):
        Case.model_validate(twice)


def test_an_unwritable_place_leaves_no_half_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_case(read_case(EXAMPLE), tmp_path / "missing" / "case.yaml")
    assert list(tmp_path.iterdir()) == []


def parts(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    models = {"Case": schema, **schema["$defs"]}
    return [(model, key, field) for model in models for key, field in models[model].get("properties", {}).items()]


def test_the_schema_explains_every_key() -> None:
    found = parts(Case.model_json_schema())
    assert len(found) > 60
    silent = [f"{model}.{key}" for model, key, field in found if not field.get("description") and key != "kind"]
    assert silent == []


def test_every_number_with_a_unit_has_a_range() -> None:
    text = {f"{model}.{key}": json.dumps(field) for model, key, field in parts(Case.model_json_schema())}
    endings = ("_mm", "_deg", "_ml", "_kg", "_cm", "_years", "_g_per_cm3")
    free = [
        key for key, field in text.items() if key.endswith(endings) and "inimum" not in field and "$ref" not in field
    ]
    # landmarks given by hand lie in the file's own coordinates
    assert [key for key in free if "SurfaceLandmarks." not in key] == []


def test_a_wrong_case_says_all_its_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(EXAMPLE.read_text().replace("age_years: 68", "age_years: 6").replace("stance}", "stand}"))
    with pytest.raises(CaseError) as caught:
        read_case(path)
    wheres = [mistake.where.removeprefix(str(path)) for mistake in caught.value.mistakes]
    assert wheres == [":7: patient.age_years", ":18: loads[0]"]


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.sampled_from(["kind", "name", "site", "zzz"]), st.text(max_size=4), max_size=3),
    st.sampled_from([{"kind": "screws"}, {"kind": "surface"}, {"kind": "sphere"}, [[[]]], "NaN", "mirels"]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value below the top."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in pairs for found in ((*path, key), *places(inner, (*path, key)))]


PLAIN = read_document(EXAMPLE).plain()


@settings(deadline=None)
@given(
    places=st.lists(st.sampled_from(places(PLAIN)), min_size=1, max_size=3), junk=st.lists(JUNK, min_size=3, max_size=3)
)
def test_any_junk_in_any_place_gives_a_case_or_mistakes_with_their_keys(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[Any, ...]], junk: list[Any]
) -> None:
    data: Any = copy.deepcopy(PLAIN)
    for (*above, last), value in zip(places, junk, strict=False):
        inner = data
        try:
            for key in above:
                inner = inner[key]
            inner[last] = copy.deepcopy(value)  # what is drawn from a list is one object, and is changed below
        except (TypeError, KeyError, IndexError):
            continue  # earlier junk has taken this place away
    path = tmp_path_factory.getbasetemp() / "junk.yaml"
    path.write_text(json.dumps(data))
    try:
        read_case(path)
        wheres = [str(path)]
    except CaseError as error:
        wheres = [mistake.where for mistake in error.mistakes]
    assert wheres
    assert [where for where in wheres if not where.startswith(str(path))] == []


def test_a_path_may_be_text(tmp_path: Path) -> None:
    case = read_case(str(EXAMPLE))
    assert case == read_case(EXAMPLE)
    write_case(case, str(tmp_path / "case.yaml"))
    assert read_case(str(tmp_path / "case.yaml")) == case.resolved()
    with pytest.raises(CaseError, match="no such file"):
        read_case(str(tmp_path / "none.yaml"))


def test_what_only_scores_of_the_spine_read_asks_no_new_question() -> None:
    case = read_case(EXAMPLE)
    told = case.model_copy(update={"patient": case.patient.model_copy(update={"spinal_pain": "mechanical"})})
    assert question_of(told) == question_of(case)
    assert "spinal" not in question_of(case)
    assert text_of(told) != text_of(case)


@pytest.mark.parametrize(("score", "fits"), [("rigidity", True), ("mirels", True), ("sins", False), ("kostuik", False)])
def test_a_score_belongs_to_its_bone(score: str, fits: bool) -> None:
    content = {**read_case(EXAMPLE).model_dump(), "scores": (score,)}
    if fits:
        assert Case.model_validate(content).scores == (score,)
    else:
        with pytest.raises(ValidationError, match="is no score of a proximal femur"):
            Case.model_validate(content)
