"""The starter case: it passes, it explains every option, and every option in it can be taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from femrisk.case import Case, read_case
from femrisk.starter import STARTERS, VERTEBRA, starter

LINES = starter().splitlines()
EVERY = "\n".join(starter(example) for example in STARTERS.values())


def options() -> list[int]:
    """Numbers of the lines ``# key: value``, but for kinds not chosen, where everything stands behind ``#``."""
    found, hidden = [], False
    for number, line in enumerate(LINES):
        hidden = "Another kind." in line or (hidden and line.lstrip().startswith("#"))
        if not hidden and re.fullmatch(r" *# [a-z_A-Z0-9]+: (null|true|false|-?[0-9.]+|[a-z0-9_]+|\[.*\])", line):
            found.append(number)
    return found


def written(folder: Path, lines: list[str]) -> Path:
    path = folder / "femur.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_starter_is_a_case(tmp_path: Path) -> None:
    case = read_case(written(tmp_path, LINES))
    assert case.name == "my_femur"
    assert len(case.arms) == 5


def test_every_option_of_every_part_stands_in_a_starter() -> None:
    schema = Case.model_json_schema()
    models = {"Case": schema, **schema["$defs"]}
    text = EVERY
    missing = [
        f"{model}.{key}"
        for model in models
        for key in models[model].get("properties", {})
        if not re.search(rf"(?m)^[ #-]*{key}:", text)
    ]
    assert missing == []


def test_every_kind_stands_in_a_starter() -> None:
    text = EVERY
    kinds = [field["const"] for model in Case.model_json_schema()["$defs"].values()
             if "const" in (field := model.get("properties", {}).get("kind", {}))]  # fmt: skip
    assert len(kinds) >= 12
    assert [kind for kind in kinds if f"kind: {kind}" not in text] == []


@pytest.mark.parametrize("number", options(), ids=lambda number: LINES[number].strip(" #"))
def test_an_option_can_be_taken_by_removing_its_hash(number: int, tmp_path: Path) -> None:
    lines = [*LINES[:number], LINES[number].replace("# ", "", 1), *LINES[number + 1 :]]
    assert read_case(written(tmp_path, lines)).name == "my_femur"


def test_options_are_found() -> None:
    assert len(options()) > 40


def test_the_lines_fit_a_screen() -> None:
    assert max(map(len, LINES)) <= 120


def test_a_starter_lists_what_belongs_to_its_bone_only(tmp_path: Path) -> None:
    femur, vertebra = "\n".join(LINES), starter(VERTEBRA)
    for kind in ("vertebra", "pvp", "bkp", "pedicle_screws", "axial_compression"):
        assert f"kind: {kind}" not in femur
        assert f"kind: {kind}" in vertebra
    for kind in ("proximal_femur", "pop", "nail", "stance"):
        assert not re.search(rf"kind: {kind}\b", vertebra)
        assert re.search(rf"kind: {kind}\b", femur)
    assert len(read_case(written(tmp_path, vertebra.splitlines())).arms) == 5
