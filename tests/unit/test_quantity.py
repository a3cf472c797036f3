"""Quantities: what a reader sees is the number of the file, rounded, with the way back to it."""

from __future__ import annotations

import pytest

from femrisk.report.quantity import Quantity, Sheet, kilonewtons, markup


@pytest.mark.parametrize(
    ("value", "text"),
    [(2533.1, "2.5"), (10236.4, "10.2"), (9385.0, "9.4"), (873.0, "0.87"), (994.9, "0.99"), (995.0, "1.0")],
)
def test_a_force_is_shown_in_kn_with_two_digits_that_count(value: float, text: str) -> None:
    assert kilonewtons(Quantity(value, "")).text == text


def test_a_minus_is_typographic_and_stands_before_no_zero() -> None:
    assert Quantity(-1.26, "", digits=1).text == "\u22121.3"
    assert Quantity(-0.004, "", digits=2).text == "0.00"


def test_a_quantity_writes_every_digit_and_its_source_beside_what_it_shows() -> None:
    sheet = Sheet("comparison.json", {"rows": [{"a/b": 0.1 + 0.2}]})
    assert sheet.number("rows", 0, "a/b").__html__() == (
        '<data value="0.30000000000000004" data-source="comparison.json#/rows/0/a~1b">0.30</data>'
    )


def test_what_is_no_number_is_none() -> None:
    sheet = Sheet("a.json", {"yes": True, "word": "1", "none": None, "list": [1.5], "endless": float("inf")})
    for path in (("yes",), ("word",), ("none",), ("endless",), ("missing",), ("list", 1), ("word", 0)):
        assert sheet.number(*path) is None, path
    assert sheet.number("list", -1).value == 1.5


def test_a_quotient_names_both_of_its_sources() -> None:
    ratio = Quantity(3.0, "a.json#/x").over(Quantity(4.0, "b.json#/y"))
    assert (ratio.value, ratio.source) == (0.75, "a.json#/x / b.json#/y")


def test_words_are_escaped_and_quantities_are_not() -> None:
    assert (
        markup("{} {}", "<b>", Quantity(1.0, "s", digits=0)) == '&lt;b&gt; <data value="1.0" data-source="s">1</data>'
    )
