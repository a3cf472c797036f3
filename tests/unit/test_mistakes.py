"""Pydantic's errors in a user's words, on a small stand-in for a case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from femrisk.casefile import read_document
from femrisk.mistakes import SeveralMistakes, translate
from femrisk.part import Part
from femrisk.place import locate

Length = Annotated[float, Field(gt=0, le=100)]


class Tool(Part):
    length_mm: Annotated[float, Field(ge=20, le=300)] = 80.0
    count: Annotated[int, Field(ge=1, le=3)] = 3


class Plain(Part):
    kind: Literal["plain"]


class Tools(Part):
    """Its kind is also one of its keys, as in ``{kind: screws, screws: {...}}``."""

    kind: Literal["tools"]
    tools: Tool = Tool()
    fill_fraction: Annotated[float, Field(ge=0, le=1)] = 0.9
    axes_mm: tuple[Length, Length, Length] = (1.0, 2.0, 3.0)
    flag: bool = False


class Sample(Part):
    name: str
    side: Literal["left", "right"] = "left"
    head_diameter_mm: Annotated[float, Field(ge=30, le=65)] = 46.0
    things: Annotated[tuple[Annotated[Plain | Tools, Field(discriminator="kind")], ...], Field(min_length=1)]
    tool: Tool | None = None

    @field_validator("things")
    @classmethod
    def _no_more_than_two(cls, things: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(things) > 2:
            raise SeveralMistakes(*(((index, "kind"), "one too many") for index in range(2, len(things))))
        return things


def lines(folder: Path, text: str, model: type[BaseModel] = Sample) -> list[str]:
    path = folder / "case.yaml"
    path.write_text(text)
    document = read_document(path)
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(document.json(), strict=True)
    return [str(one).removeprefix(f"{path}:") for one in translate(caught.value, document, model)]


GOOD = "name: x\nthings:\n  - {kind: plain}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD + "sid: left", "4: sid: unknown key; did you mean side?"),
        (GOOD + "head_diameter: 46", "4: head_diameter: unknown key; did you mean head_diameter_mm, in mm?"),
        (GOOD + "head_diameter_cm: 4.6", "4: head_diameter_cm: unknown key; did you mean head_diameter_mm, in mm?"),
        (GOOD + "zzz: 1", "4: zzz: unknown key (allowed: name, side, head_diameter_mm, things, tool)"),
        (GOOD + "side: lefft", "4: side: unknown value; did you mean left? (allowed: left, right, got: lefft)"),
        (GOOD + "side: 3", "4: side: unknown value (allowed: left, right, got: 3)"),
        (
            GOOD + "head_diameter_mm: 0.046",
            "4: head_diameter_mm: out of range; looks like metres: 46 mm? (allowed: 30 to 65 mm, got: 0.046)",
        ),
        (GOOD + "head_diameter_mm: -1", "4: head_diameter_mm: out of range (allowed: 30 to 65 mm, got: -1)"),
        (GOOD + "head_diameter_mm: '46'", "4: head_diameter_mm: must be a number (allowed: 30 to 65 mm, got: 46)"),
        (GOOD + "head_diameter_mm: true", "4: head_diameter_mm: must be a number (allowed: 30 to 65 mm, got: true)"),
        (GOOD + "head_diameter_mm: .nan", "4: head_diameter_mm: must be a finite number (allowed: 30 to 65 mm"),
        (GOOD + "head_diameter_mm: 1e999", "4: head_diameter_mm: must be a finite number (allowed: 30 to 65 mm"),
        (GOOD + "head_diameter_mm: [46]", "4: head_diameter_mm: must be a number (allowed: 30 to 65 mm, got: a list"),
        (GOOD + "head_diameter_mm:", "4: head_diameter_mm: must be a number (allowed: 30 to 65 mm, got: nothing)"),
        (GOOD + "tool: 3", "4: tool: must be keys with values (allowed: length_mm, count, got: 3)"),
        (GOOD + "tool: {count: 2.5}", "4: tool.count: must be a whole number (allowed: 1 to 3, got: 2.5)"),
        (GOOD + "tool: {lenght_mm: 90}", "4: tool.lenght_mm: unknown key; did you mean length_mm?"),
        ("things: [{kind: plain}]", "1: name: this key is needed"),
        ("name: x", "1: things: this key is needed (allowed: plain, tools)"),
        ("name: x\nthings: []", "2: things: too few (allowed: at least 1, got: 0)"),
        ("name: x\nthings: 3", "2: things: must be a list"),
        ("name: x\nthings: [{}]", "2: things[0]: needs a kind (allowed: plain, tools)"),
        (
            "name: x\nthings: [{kind: tolls}]",
            "2: things[0]: unknown kind; did you mean tools? (allowed: plain, tools, got: tolls)",
        ),
        ("name: x\nthings: [plain]", "2: things[0]: must be keys with values"),
        (
            "name: x\nthings:\n  - kind: tools\n    fill_fraction: 90",
            "4: things[0].fill_fraction: out of range; looks like per cent: 0.9? (allowed: 0 to 1, got: 90)",
        ),
        (
            "name: x\nthings:\n  - kind: tools\n    axes_mm: [14, 0.0, 11]",
            "4: things[0].axes_mm[1]: out of range (allowed: more than 0 and at most 100 mm, got: 0.0)",
        ),
        ("name: x\nthings:\n  - kind: tools\n    flag: yes", "4: things[0].flag: must be true or false (got: yes)"),
        (
            "name: x\nthings:\n  - kind: tools\n    tools:\n      count: 7",
            "5: things[0].tools.count: out of range (allowed: 1 to 3, got: 7)",
        ),
    ],
)
def test_a_mistake_reads_as_a_user_would_say_it(tmp_path: Path, text: str, expected: str) -> None:
    (line,) = lines(tmp_path, text)
    assert line.startswith(expected)


def test_all_mistakes_come_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = "side: up\nhead_diameter_mm: 1\nthings: [{kind: plain, more: 1}]\ntool: {count: 9}\nlast: 1"
    found = lines(tmp_path, text)
    assert [line.split(":")[1].strip() for line in found] == [
        "name",  # missing: the line of the mapping it is missing from
        "side",
        "head_diameter_mm",
        "things[0].more",
        "tool.count",
        "last",
    ]


def test_a_misspelt_key_is_not_also_missing(tmp_path: Path) -> None:
    assert lines(tmp_path, "nane: x\nthings: [{kind: plain}]") == ["1: nane: unknown key; did you mean name?"]


def test_a_validator_can_name_several_places(tmp_path: Path) -> None:
    text = "name: x\nthings:\n" + "  - {kind: plain}\n" * 4
    assert lines(tmp_path, text) == ["5: things[2].kind: one too many", "6: things[3].kind: one too many"]


def test_a_location_passes_through_a_union_whose_kind_is_also_a_key() -> None:
    data = {"name": "x", "things": [{"kind": "tools", "tools": {"count": 7}}]}
    place = locate(("things", 0, "tools", "tools", "count"), data, Sample)
    assert place.path == ("things", 0, "tools", "count")
    assert place.model is Tool
