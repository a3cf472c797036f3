"""The text of a case file: what it means, and what is refused."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from femrisk.casefile import LARGEST_FILE_BYTES, read_document
from femrisk.document import parse_path, spell, suggest
from femrisk.errors import CaseError


def plain(folder: Path, text: str | bytes) -> object:
    path = folder / "case.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(path).plain()


def refusal(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(CaseError) as caught:
        plain(folder, text)
    return [line.removeprefix(str(folder / "case.yaml")) for line in caught.value.lines()]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("0x1f", 31),
        ("0o17", 15),
        ("017", 17),  # octal in YAML 1.1
        ("true", True),
        ("yes", "yes"),  # a truth value in YAML 1.1
        ("no", "no"),
        ("null", None),
        ("~", None),
        ("", None),
        ("2020-01-01", "2020-01-01"),  # a date in YAML 1.1
        ("1:30", "1:30"),  # a base-60 number in YAML 1.1
        ("1_000", "1_000"),
        ("'12'", "12"),
        ('"12"', "12"),
        (".inf", math.inf),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(tmp_path: Path, text: str, value: object) -> None:
    found = plain(tmp_path, f"key: {text}")
    assert found == {"key": value}
    assert isinstance(found, dict)
    assert type(found["key"]) is type(value)


def test_not_a_number_is_read_as_such(tmp_path: Path) -> None:
    found = plain(tmp_path, "key: .nan")
    assert isinstance(found, dict)
    assert math.isnan(found["key"])


def test_an_alias_stands_for_its_anchor(tmp_path: Path) -> None:
    assert plain(tmp_path, "a: &x {b: 1}\nc: *x") == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert plain(tmp_path, b"\xef\xbb\xbfname: x") == {"name": "x"}


def test_every_key_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("a: 1\n\nb:\n  - {c: 1,\n     d: 2}\n  - e:\n      f: 3\n")
    document = read_document(path)
    lines = [document.line(path) for path in [("a",), ("b",), ("b", 0, "d"), ("b", 1, "e", "f"), ("b", 1, "missing")]]
    assert lines == [1, 3, 5, 7, 6]
    assert document.where(("b", 0, "d")) == f"{path}:5: b[0].d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", [":3: a: duplicate key (first on line 1)"]),
        ("a: {b: 1, b: 2}\na: 1", [":1: a.b: duplicate key (first on line 1)", ":2: a: duplicate key"]),
        ("a: !!python/object/apply:os.system [ls]", [":1: a: tags are refused in case files (got: !!python/object"]),
        ("a: !!str 12", [":1: a: tags are refused in case files (got: !!str)"]),
        ("1: x", [":1: keys are words (got: 1)"]),
        ("? [a]\n: x", [":1: keys are words"]),
        ("a: &x [*x]", ["alias *x has no finished anchor before it"]),
        ("a: *x", ["alias *x has no finished anchor before it"]),
        ("a: 1\n---\nb: 2", [":2: a second document begins here"]),
        ("a: [1\nb: 2", [":2: not valid YAML: while parsing a flow sequence"]),
        ("\ta: 1", [":1: not valid YAML"]),
        ("a: b: c", [":1: not valid YAML: mapping values are not allowed here"]),
        ("a: \x07", [": not valid YAML"]),
        ('a: "\\ud800"', [":1: a: half a surrogate pair"]),
        ('"a\\nb": 1\n"a\\nb": 2', [":2: 'a\\nb': duplicate key (first on line 1)"]),
        ("", [": the file is empty"]),
        ("# nothing\n", [": the file is empty"]),
        ("--- \n...\n", [": the file is empty"]),
        ("- a", [": not a case", "got: a list"]),
        ("hello", [": not a case", "got: plain text"]),
        (b"a: \xff", [":1: this is not UTF-8 text"]),
        (b"\x89PNG\r\n\0\0", [": this is a binary file"]),
    ],
)
def test_what_breaks_a_rule_is_refused(tmp_path: Path, text: str | bytes, expected: list[str]) -> None:
    lines = "\n".join(refusal(tmp_path, text))
    assert [part for part in expected if part not in lines] == []


def test_all_mistakes_of_the_text_come_at_once(tmp_path: Path) -> None:
    assert len(refusal(tmp_path, "a: 1\na: 2\nb: !!int 3\n4: 5\n")) == 3


def test_a_bomb_does_not_go_off(tmp_path: Path) -> None:
    # nine levels of ten aliases would be 10**9 values
    levels = ["a0: &a0 [1]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    start = time.perf_counter()
    assert "too many values" in refusal(tmp_path, "\n".join(levels))[0]
    assert time.perf_counter() - start < 1


def test_depth_does_not_exhaust_the_stack(tmp_path: Path) -> None:
    assert "nested too deeply" in refusal(tmp_path, "a: " + "[" * 50_000)[0]
    assert "nested too deeply" in refusal(tmp_path, "a: " + "{b: " * 50_000)[0]


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    assert "too large" in refusal(tmp_path, "a" * (LARGEST_FILE_BYTES + 1))[0]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "femur.yaml").write_text("a: 1")
    with pytest.raises(CaseError, match=r"femr\.yaml: no such file; did you mean .*femur\.yaml\?"):
        read_document(tmp_path / "femr.yaml")
    with pytest.raises(CaseError, match="this is a directory"):
        read_document(tmp_path)
    with pytest.raises(CaseError, match="not a regular file"):
        read_document(Path("/dev/zero"))


def check_values_or_mistakes(path: Path) -> None:
    try:
        found: list[str] = [str(type(read_document(path).plain()))]
    except CaseError as error:
        found = error.lines()
    assert found
    assert all("\n" not in line for line in found)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_values_or_mistakes(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    check_values_or_mistakes(path)


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!#|>'\"%@,? \n0.", max_size=60))
def test_any_punctuation_gives_values_or_mistakes(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text)
    check_values_or_mistakes(path)


def test_a_path_is_spelled_as_in_a_program() -> None:
    path = ("arms", 3, "nail", "length_mm")
    assert spell(path) == "arms[3].nail.length_mm"
    assert parse_path(spell(path)) == path


def test_a_near_word_is_suggested_and_a_far_one_is_not() -> None:
    assert suggest("Stanse", ("stance", "sideways_fall")) == "stance"
    assert suggest("zzz", ("stance", "sideways_fall")) is None
