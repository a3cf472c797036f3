"""Wrong input: exit code 2, one line for each mistake, no traceback, and nothing written.

Each entry changes one place of a good case; the expected lines are matched by parts, in order.
"""

from __future__ import annotations

import errno
import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from femrisk.__main__ import main
from femrisk.casefile import LARGEST_FILE_BYTES
from femrisk.meshes import ProximalFemur

GOOD = """\
name: good
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70, pain: functional}
bone: {kind: proximal_femur, side: left, head_diameter_mm: 46, neck_shaft_angle_deg: 127}
lesions:
  - {kind: ellipsoid, site: femoral_neck, quadrant: inferomedial, semi_axes_mm: [14, 11, 11], nature: lytic}
arms:
  - {kind: intact}
  - {kind: pop, fill_fraction: 0.9}
  - {kind: screws, screws: {count: 3, diameter_mm: 7.3}}
loads:
  - {kind: stance}
analysis: {model: keyak_plasticity, mesh_size_mm: 3.0}
scores: [mirels]
"""
LESION = "{kind: ellipsoid, site: femoral_neck, quadrant: inferomedial, semi_axes_mm: [14, 11, 11], nature: lytic}"
BONE = "{kind: proximal_femur, side: left, head_diameter_mm: 46, neck_shaft_angle_deg: 127}"
SCREWS = "{kind: screws, screws: {count: 3, diameter_mm: 7.3}}"

Refused = Callable[..., list[str]]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Refused:
    """Runs ``femrisk`` in an empty folder, checks what holds for every wrong input, returns the error lines."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def run(*words: str, files: dict[str, str | bytes] | None = None) -> list[str]:
        for name, text in (files or {}).items():
            Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
        before = sorted(work.rglob("*"))
        code = main(words)
        printed = capsys.readouterr()
        assert code == 2
        assert printed.out == ""
        assert "Traceback" not in printed.err
        assert sorted(work.rglob("*")) == before
        lines = printed.err.splitlines()
        assert all(line.startswith("femrisk: error: ") for line in lines)
        return [line.removeprefix("femrisk: error: ") for line in lines]

    return run


def edited(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


#: name -> (what stands in GOOD, what stands there now, parts of each expected line)
KEYS: dict[str, tuple[str, str, list[list[str]]]] = {
    "unknown_key": ("scores: [mirels]", "skores: [mirels]", [["case.yaml:13: skores", "did you mean scores?"]]),
    "unknown_key_without_a_neighbour": ("scores: [mirels]", "zzz: 1", [["zzz: unknown key (allowed: name, patient"]]),
    "key_without_unit": (
        "head_diameter_mm",
        "head_diameter",
        [["bone.head_diameter", "mean head_diameter_mm, in mm?"]],
    ),
    "key_with_another_unit": ("height_cm: 165", "height_m: 1.65", [["patient.height_m: ", "mean height_cm, in cm?"]]),
    "key_of_another_kind": (
        "{kind: stance}",
        "{kind: stance, adduction_deg: 5}",
        [["loads[0].adduction_deg: unknown"]],
    ),
    "merge_key_of_yaml_1_1": ("{kind: stance}", "{<<: {kind: stance}}", [["loads[0]", "needs a kind"]]),
    "duplicate_key": ("name: good", "name: good\nname: bad", [["case.yaml:2: name: duplicate key (first on line 1)"]]),
    "duplicate_inner_key": ("side: left", "side: left, side: right", [["bone.side: duplicate key"]]),
    "key_that_is_a_number": ("name: good", "name: good\n12: x", [["keys are words (got: 12)"]]),
    "missing_key": (", mass_kg: 70", "", [["case.yaml:2: patient.mass_kg: this key is needed", "30 to 250 kg"]]),
    "missing_kind": (
        "{kind: stance}",
        "{angle_deg: 20}",
        [["loads[0]: needs a kind (allowed: stance, sideways_fall, axial_compression, flexion)"]],
    ),
    "missing_size": (", semi_axes_mm: [14, 11, 11]", "", [["lesions[0].semi_axes_mm: this key is needed"]]),
}
VALUES: dict[str, tuple[str, str, list[list[str]]]] = {
    "metres": ("head_diameter_mm: 46", "head_diameter_mm: 0.046", [["bone.head_diameter_mm", "looks like metres: 46"]]),
    "metres_in_a_list": ("[14, 11, 11]", "[14, 11000, 11]", [["lesions[0].semi_axes_mm[1]", "micrometres: 11 mm?"]]),
    "height_in_metres": ("height_cm: 165", "height_cm: 1.65", [["patient.height_cm", "looks like metres: 165 cm?"]]),
    "grams": ("mass_kg: 70", "mass_kg: 70000", [["patient.mass_kg", "looks like grams: 70 kg?"]]),
    "months": ("age_years: 68", "age_years: 816", [["patient.age_years", "looks like months: 68 years?"]]),
    "radians": ("_deg: 127", "_deg: 2.2166", [["bone.neck_shaft_angle_deg", "looks like radians: 127 degrees?"]]),
    "per_cent": ("fraction: 0.9", "fraction: 90", [["arms[1].fill_fraction", "looks like per cent: 0.9?"]]),
    "kilograms_per_cubic_metre": (
        "side: left",
        "side: left, trochanter_ash_g_per_cm3: 130",
        [["bone.trochanter_ash_g_per_cm3", "looks like kg/m3 or mg/cm3: 0.13 g/cm3?"]],
    ),
    "cubic_millimetres": ("fill_fraction: 0.9", "volume_ml: 5900", [["arms[1].volume_ml", "looks like mm3: 5.9 mL?"]]),
    "mesh_in_metres": ("mesh_size_mm: 3.0", "mesh_size_mm: 0.003", [["analysis.mesh_size_mm", "metres: 3 mm?"]]),
    "negative_diameter": ("diameter_mm: 46", "diameter_mm: -46", [["out of range (allowed: 34 to 62 mm, got: -46)"]]),
    "fill_over_one": (
        "fraction: 0.9",
        "fraction: 1.5",
        [["arms[1].fill_fraction: out of range (allowed", "got: 1.5)"]],
    ),
    "zero_semi_axis": ("[14, 11, 11]", "[14, 0, 11]", [["lesions[0].semi_axes_mm[1]: out of range", "more than 0"]]),
    "not_a_number": ("age_years: 68", "age_years: .nan", [["patient.age_years: must be a finite number"]]),
    "infinite": ("mass_kg: 70", "mass_kg: .inf", [["patient.mass_kg: must be a finite number"]]),
    "overflow": ("mass_kg: 70", "mass_kg: 1e999", [["patient.mass_kg: must be a finite number"]]),
    "text_for_a_number": ("mass_kg: 70", "mass_kg: heavy", [["patient.mass_kg: must be a number", "got: heavy)"]]),
    "quoted_number": ("mass_kg: 70", "mass_kg: '70'", [["patient.mass_kg: must be a number"]]),
    "truth_for_a_number": ("mass_kg: 70", "mass_kg: true", [["patient.mass_kg: must be a number", "got: true)"]]),
    "list_for_a_number": ("mass_kg: 70", "mass_kg: [70]", [["patient.mass_kg: must be a number", "a list of 1)"]]),
    "number_with_unit": ("mass_kg: 70", "mass_kg: 70 kg", [["patient.mass_kg: must be a number", "got: 70 kg)"]]),
    "decimal_comma": ("_size_mm: 3.0", "_size_mm: '3,0'", [["analysis.mesh_size_mm: must be a number", "got: 3,0)"]]),
    "nothing_for_a_number": ("mass_kg: 70", "mass_kg: ", [["patient.mass_kg: must be a number", "got: nothing)"]]),
    "half_a_screw": ("count: 3", "count: 2.5", [["arms[2].screws.count: must be a whole number", "got: 2.5)"]]),
    "four_screws": ("count: 3", "count: 4", [["arms[2].screws.count: out of range (allowed: 1 to 3, got: 4)"]]),
    "two_semi_axes": ("[14, 11, 11]", "[14, 11]", [["lesions[0].semi_axes_mm"]]),
    "mapping_for_text": ("name: good", "name: {a: b}", [["case.yaml:1: name: must be text"]]),
    "name_that_is_a_path": ("name: good", "name: ../../etc", [["case.yaml:1: name: not a name"]]),
    "name_that_is_empty": ("name: good", "name: ''", [["case.yaml:1: name: not a name"]]),
    "text_for_a_mapping": (BONE, "femur", [["case.yaml:3: bone: must be keys with values"]]),
    "wrong_side": (
        "side: left",
        "side: lefft",
        [["bone.side: unknown value; did you mean left? (allowed: left, right"]],
    ),
    "wrong_sex": ("sex: female", "sex: f", [["patient.sex: unknown value", "(allowed: female, male, got: f)"]]),
    "wrong_kind_of_arm": ("{kind: pop,", "{kind: popp,", [["arms[1]: unknown kind; did you mean pop?", "got: popp)"]]),
    "wrong_kind_of_load": ("{kind: stance}", "{kind: stanse}", [["loads[0]: unknown kind; did you mean stance?"]]),
    "wrong_kind_of_bone": ("kind: proximal_femur", "kind: tibia", [["bone: unknown kind", "proximal_femur, surface"]]),
    "wrong_model": ("keyak_plasticity", "keyak", [["analysis.model: unknown value; did you mean keyak_plasticity?"]]),
    "wrong_model_of_several": (
        "model: keyak_plasticity",
        "models: [damage, keyak]",
        [["analysis.models[1]: unknown value; did you mean keyak_plasticity?"]],
    ),
    "model_twice": ("model: keyak_plasticity", "models: [linear, linear]", [["models[1]: named twice (got: linear)"]]),
    "model_that_is_not_the_first": (
        "model: keyak_plasticity",
        "model: linear, models: [damage, linear]",
        [["analysis.model: models begins with another (allowed: damage, or models alone, got: linear)"]],
    ),
    "no_models": (
        "model: keyak_plasticity",
        "models: []",
        [["analysis.models: too few (allowed: at least 1, got: 0)"]],
    ),
    "one_model_for_a_list": ("model: keyak_plasticity", "models: damage", [["analysis.models: must be a list"]]),
    "wrong_interfaces": (
        "mesh_size_mm: 3.0",
        "interfaces: week",
        [["analysis.interfaces: unknown value; did you mean weak? (allowed: bonded, weak, got: week)"]],
    ),
    "weak_interfaces_in_the_linear_model": (
        "model: keyak_plasticity,",
        "model: linear, interfaces: weak,",
        [["analysis.interfaces: weak interfaces need analysis.model keyak_plasticity (got: linear)"]],
    ),
    "weak_interfaces_in_the_damage_model": (
        "model: keyak_plasticity,",
        "interfaces: weak, model: damage,",
        [["analysis.interfaces: weak interfaces need analysis.model keyak_plasticity (got: damage)"]],
    ),
    "weak_interfaces_under_one_of_several_models": (
        "model: keyak_plasticity,",
        "models: [keyak_plasticity, damage], interfaces: weak,",
        [["analysis.interfaces: weak interfaces need analysis.model keyak_plasticity (got: damage)"]],
    ),
    "interface_strength_in_pascal": (
        "mesh_size_mm: 3.0",
        "interface_strength_MPa: 1e6",
        [["analysis.interface_strength_MPa: out of range", "(allowed: 0.1 to 10 MPa, got: 1000000.0)"]],
    ),
    "interface_opening_without_its_unit": (
        "mesh_size_mm: 3.0",
        "interface_opening: 0.2",
        [["analysis.interface_opening: unknown key; did you mean interface_opening_mm, in mm?"]],
    ),
    "wrong_score": ("[mirels]", "[mirrels]", [["scores[0]: unknown score; did you mean mirels?", "got: mirrels)"]]),
    "score_of_another_bone": (
        "[mirels]",
        "[mirels, sins]",
        [["scores[1]: is no score of a proximal femur", "got: sins)"]],
    ),
    "score_twice": ("[mirels]", "[mirels, mirels]", [["scores[1]: named twice (got: mirels)"]]),
    "wrong_quadrant": ("inferomedial", "inferomedal", [["quadrant: unknown value; did you mean inferomedial?"]]),
    "no_arms": (
        GOOD[GOOD.index("arms:") : GOOD.index("loads:")],
        "arms: []\n",
        [["arms: too few (allowed: at least 1"]],
    ),
    "no_loads": ("loads:\n  - {kind: stance}", "loads: []", [["loads: too few (allowed: at least 1, got: 0)"]]),
    "loads_left_out": ("loads:\n  - {kind: stance}\n", "", [["loads: this key is needed (allowed: stance"]]),
    "loads_not_a_list": ("loads:\n  - {kind: stance}", "loads: {kind: stance}", [["loads: must be a list"]]),
    "arm_not_a_mapping": ("{kind: intact}", "intact", [["arms[0]: must be keys with values"]]),
    "names_repeated": (
        "{kind: stance}",
        "{kind: stance, name: a}\n  - {kind: stance, name: a}",
        [["case.yaml:12: loads[1].name: name given twice (first at [0], got: a)"]],
    ),
    "name_of_an_arm_that_is_a_path": ("{kind: intact}", "{kind: intact, name: ../x}", [["arms[0].name: ", "../x"]]),
    "name_of_a_part_of_the_model": (
        "{kind: ellipsoid,",
        "{kind: ellipsoid, name: nail,",
        [["lesions[0].name", "nail)"]],
    ),
    "site_and_centre": (
        "site: femoral_neck,",
        "site: femoral_neck, center_mm: [0, 0, 0],",
        [["lesions[0]: ", "not both"]],
    ),
    "neither_site_nor_centre": (
        "site: femoral_neck, quadrant: inferomedial, ",
        "",
        [["lesions[0]: needs either site or"]],
    ),
    "several_at_once": (
        "sex: female, age_years: 68",
        "sex: women, age_years: 6800, shoe_size: 40",
        [["patient.sex"], ["patient.age_years"], ["patient.shoe_size"]],
    ),
}


@pytest.mark.parametrize("name", [*KEYS, *VALUES])
def test_a_wrong_key_or_value_is_named_with_its_line(name: str, refused: Refused) -> None:
    old, new, expected = (KEYS | VALUES)[name]
    lines = refused("run", "case.yaml", "-o", "out", files={"case.yaml": edited(old, new)})
    assert len(lines) == len(expected), lines
    for line, parts in zip(lines, expected, strict=True):
        assert line.startswith("case.yaml:")
        assert [part for part in parts if part not in line] == [], line


TEXTS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "case.yaml: the file is empty"),
    "only_comments": ("# later\n", "case.yaml: the file is empty"),
    "a_list": ("- name: x\n", "case.yaml: not a case"),
    "a_sentence": ("This is my case.", "case.yaml: not a case"),
    "json_lines": ('{"name": "a"}\n{"name": "b"}', "case.yaml:2: not valid YAML"),
    "unclosed": ("name: [x\n", "not valid YAML"),
    "tabs": ("patient:\n\tsex: female\n", "case.yaml:2: not valid YAML"),
    "binary": (bytes(range(256)), "case.yaml: this is a binary file"),
    "latin_1": ("name: fémur".encode("latin-1"), "case.yaml:1: this is not UTF-8 text"),
    "huge": (b"#" * (LARGEST_FILE_BYTES + 1), "case.yaml: too large for a case file"),
    "bomb": (
        "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "too many values",
    ),
    "depth": ("name: " + "[" * 10_000, "nested too deeply"),
    "python_tag": ("name: !!python/object/apply:os.system ['true']", "name: tags are refused"),
    "python_name_tag": ("name: !!python/name:os.system", "name: tags are refused"),
    "second_document": (GOOD + "---\n" + GOOD, "a second document begins here"),
    "unknown_alias": ("name: *nobody", "alias *nobody has no finished anchor"),
}


@pytest.mark.parametrize("name", list(TEXTS))
def test_what_is_no_case_file_is_refused(name: str, refused: Refused) -> None:
    text, expected = TEXTS[name]
    (line,) = refused("run", "case.yaml", "-o", "out", files={"case.yaml": text})
    assert expected in line


def test_a_file_that_is_not_there_is_said_and_a_neighbour_suggested(refused: Refused) -> None:
    (line,) = refused("run", "cas.yaml", files={"case.yaml": GOOD})
    assert line == "cas.yaml: no such file; did you mean case.yaml?"


def test_a_folder_is_no_case_file(refused: Refused) -> None:
    assert refused("check", ".") == [".: this is a directory (allowed: a case file)"]


def test_a_file_that_may_not_be_read_is_said(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("case.yaml").write_text(GOOD)

    def refuse(path: Path, *words: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert refused("check", "case.yaml") == ["case.yaml: cannot be read: Permission denied"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ["femrisk: ", "VERB"]),
        (("chek", "case.yaml"), ["femrisk VERB: unknown; did you mean check?", "got: chek"]),
        (("check",), ["femrisk check: ", "CASE.yaml"]),
        (("run", "case.yaml", "--jobz", "2"), ["femrisk: unrecognized arguments: --jobz"]),
        (("run", "case.yaml", "-j", "0"), ["femrisk run: argument -j", "must be a whole number (allowed: 1 to 1024"]),
        (("run", "case.yaml", "-j", "two"), ["must be a whole number", "got: two"]),
        (("run", "case.yaml", "--ranks", "-1"), ["femrisk run: argument --ranks"]),
        (("init", "fermur"), ["femrisk init bone: unknown; did you mean femur?"]),
        (("init", "femur", "case.yaml"), ["case.yaml: exists already"]),
        (("init", "femur", "nowhere/case.yaml"), ["nowhere/case.yaml: not a file name in an existing folder"]),
        (("mesh", "case.yaml"), ["femrisk mesh: ", "-o"]),
    ],
)
def test_a_wrong_command_line_is_one_line(words: tuple[str, ...], expected: list[str], refused: Refused) -> None:
    (line,) = refused(*words, files={"case.yaml": GOOD})
    assert [part for part in expected if part not in line] == [], line


@pytest.fixture(scope="module")
def one_femur() -> Callable[[ProximalFemur], object]:
    """The anatomy of each femur, made once: most cases here share theirs."""
    return functools.cache(ProximalFemur.anatomy)


@pytest.fixture
def fast(one_femur: Callable[[ProximalFemur], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProximalFemur, "anatomy", lambda self: one_femur(self))


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("--arm", "popp"),
            [["--arm: the case has no such name; did you mean pop?", "intact, pop, screws, got: popp"]],
        ),
        (("--load", "fall"), [["--load: the case has no such name", "(allowed: stance, got: fall)"]]),
        (("--arm", "a", "b", "--load", "c"), [["--arm", "got: a"], ["--arm", "got: b"], ["--load", "got: c"]]),
        (("-o", "case.yaml"), [["-o case.yaml: case.yaml is a file"]]),
        (("-o", "case.yaml/out"), [["-o case.yaml/out: case.yaml is a file"]]),
    ],
)
def test_a_wrong_option_of_a_good_case_is_found_before_anything_starts(
    words: tuple[str, ...], expected: list[list[str]], refused: Refused
) -> None:
    lines = refused("run", "case.yaml", *words, files={"case.yaml": GOOD})
    assert len(lines) == len(expected)
    for line, parts in zip(lines, expected, strict=True):
        assert [part for part in parts if part not in line] == [], line


@pytest.mark.usefixtures("fast")
def test_weak_interfaces_on_several_ranks_are_refused_before_anything_starts(refused: Refused) -> None:
    weak = edited("mesh_size_mm: 3.0", "mesh_size_mm: 3.0, interfaces: weak")
    (line,) = refused("run", "case.yaml", "--ranks", "2", files={"case.yaml": weak})
    assert line == "--ranks: weak interfaces are computed on one rank only (allowed: 1, got: 2)"


#: name -> (what stands in GOOD, what stands there now, parts of each expected line)
PLACES: dict[str, tuple[str, str, list[list[str]]]] = {
    "lesion_outside": (
        LESION,
        "{kind: sphere, center_mm: [200, 0, 0], radius_mm: 10}",
        [["case.yaml:5: lesions[0].center_mm", "outside the bone", " mm"]],
    ),
    "lesion_larger_than_the_bone": (
        LESION,
        "{kind: sphere, site: femoral_neck, radius_mm: 60}",
        [["case.yaml:5: lesions[0].radius_mm", "larger than the bone", " mm"]],
    ),
    "two_lesions_outside": (
        LESION,
        "{kind: sphere, center_mm: [200, 0, 0], radius_mm: 9}\n  - {kind: sphere, center_mm: [0, 0, 99], radius_mm: 9}",
        [["case.yaml:5: lesions[0]", "outside"], ["case.yaml:6: lesions[1]", "outside"]],
    ),
    "screw_through_the_joint": (
        SCREWS,
        "{kind: screws, screws: {count: 3, tip_to_surface_mm: -8}}",
        [["case.yaml:9: arms[2].screws", "joint", " mm"]],
    ),
    "lag_screw_through_the_joint": (
        SCREWS,
        "{kind: nail, nail: {distal_diameter_mm: 8, tip_apex_distance_mm: -10}}",
        [["case.yaml:9: arms[2].nail.tip_apex_distance_mm", "joint", " mm"]],
    ),
    "nail_wider_than_the_canal": (
        SCREWS,
        "{kind: nail, nail: {distal_diameter_mm: 16}}",
        [["case.yaml:9: arms[2].nail", "wider than the canal", " mm"]],
    ),
    "nail_longer_than_the_bone": (
        SCREWS,
        "{kind: nail, nail: {distal_diameter_mm: 8, length_mm: 300}}",
        [["case.yaml:9: arms[2].nail.length_mm", "mm too long"]],
    ),
    "screws_that_find_no_room": (
        "head_diameter_mm: 46",
        "head_diameter_mm: 46, neck_width_si_mm: 22, neck_width_ap_mm: 18",
        [["case.yaml:9: arms[2].screws", "do not fit the neck"]],
    ),
    "cement_without_a_lesion": (
        "lesions:\n  - " + LESION,
        "lesions: []",
        [["case.yaml:7: arms[1].fills", "no lytic lesion to fill"]],
    ),
    "cement_for_an_unknown_lesion": (
        "fill_fraction: 0.9}",
        "fill_fraction: 0.9, fills: [nobody]}",
        [["case.yaml:8: arms[1].fills: not a lesion of this case (allowed: ellipsoid, got: nobody)"]],
    ),
    "more_cement_than_fits": (
        "fill_fraction: 0.9}",
        "volume_ml: 80}",
        [["case.yaml:8: arms[1].volume_ml", "mL of cement do not fit"]],
    ),
    "two_devices_that_do_not_fit": (
        SCREWS,
        "{kind: screws, screws: {tip_to_surface_mm: -8}}\n  - {kind: nail, nail: {distal_diameter_mm: 16}}",
        [["case.yaml:9: arms[2]", "joint"], ["case.yaml:10: arms[3].nail", "wider than the canal"]],
    ),
    "measures_that_disagree": (
        "head_diameter_mm: 46",
        "head_diameter_mm: 46, offset_mm: 40, neck_length_mm: 70",
        [["case.yaml:3: bone.neck_length_mm", "disagrees"]],
    ),
    "shaft_that_is_all_cortex": (
        "head_diameter_mm: 46",
        "head_diameter_mm: 46, shaft_diameter_ml_mm: 20, shaft_diameter_ap_mm: 20, shaft_cortex_mm: 10",
        [["case.yaml:3: bone.shaft_cortex_mm", "leaves no canal"]],
    ),
}


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("name", list(PLACES))
def test_what_does_not_fit_the_bone_is_said_with_the_place(name: str, refused: Refused) -> None:
    old, new, expected = PLACES[name]
    lines = refused("run", "case.yaml", "-o", "out", files={"case.yaml": edited(old, new)})
    assert len(lines) == len(expected), lines
    for line, parts in zip(lines, expected, strict=True):
        assert [part for part in parts if part not in line] == [], line


def box(size: tuple[float, float, float], missing: int = 0) -> str:
    """A closed box as OBJ, its last ``missing`` triangles left out."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * size
    quads = [(1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4)]
    faces = [face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))]
    text = [f"v {x} {y} {z}" for x, y, z in corners]
    return "\n".join([*text, *(f"f {a} {b} {c}" for a, b, c in faces[: len(faces) - missing])]) + "\n"


SURFACES: dict[str, tuple[str, str | bytes | None, list[str]]] = {
    "missing_file": ("mm", None, ["bone.file", "femur.obj"]),
    "empty_file": ("mm", "", ["bone.file"]),
    "not_a_surface": ("mm", "hello", ["bone.file"]),
    "surface_in_metres": ("mm", box((0.08, 0.08, 0.4)), ["bone.file", "m"]),
    "surface_in_millimetres": ("m", box((80, 80, 400)), ["bone.file", "mm"]),
    "open_surface": ("mm", box((80, 80, 400), missing=4), ["bone.file"]),
    "no_femur": ("mm", box((80, 80, 400)), ["bone"]),
}


@pytest.mark.parametrize("name", list(SURFACES))
def test_a_surface_that_is_no_femur_is_refused(name: str, refused: Refused) -> None:
    units, text, expected = SURFACES[name]
    bone = f"{{kind: surface, file: femur.obj, units: {units}, side: left}}"
    files: dict[str, str | bytes] = {"case.yaml": edited(BONE, bone), **({} if text is None else {"femur.obj": text})}
    (line,) = refused("run", "case.yaml", "-o", "out", files=files)
    assert line.startswith("case.yaml:3: bone")
    assert [part for part in expected if part not in line] == [], line


def test_a_surface_of_an_unknown_format_is_refused(refused: Refused) -> None:
    bone = "{kind: surface, file: femur.docx, units: mm, side: left}"
    (line,) = refused("check", "case.yaml", files={"case.yaml": edited(BONE, bone), "femur.docx": "x"})
    assert line.startswith("case.yaml:3: bone.file")


def test_a_process_of_its_own_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(edited("side: left", "side: lefft"))
    done = subprocess.run(
        [sys.executable, "-m", "femrisk", "run", str(path), "-o", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"femrisk: error: {path}:3: bone.side: unknown value; did you mean left?")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_there_are_enough_wrong_inputs_here() -> None:
    assert len(KEYS) + len(VALUES) + len(TEXTS) + len(PLACES) + len(SURFACES) >= 45
