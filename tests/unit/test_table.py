"""The printed table: status in words, and no number that is not one."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from femrisk.compare import compare
from femrisk.comparison import BODY_KEYS, Comparison
from femrisk.output.bodytable import TITLE
from femrisk.output.table import body_table, table, text
from femrisk.patient import Patient
from femrisk.scores import Score

PATIENT = Patient(sex="female", age_years=68, height_cm=165, mass_kg=70)


def comparison() -> Comparison:
    results: list[dict[str, object]] = [
        {"arm": "intact", "load": "stance", "status": "collapsed", "fracture_load_N": 9000.0, "failure_region": "neck"},
        {
            "arm": "untreated",
            "load": "stance",
            "status": "bracketed",
            "fracture_load_N": 5000.0,
            "fracture_load_bracket_N": [4950.0, 5050.0],
        },
        {
            "arm": "pop",
            "load": "stance",
            "status": "limit_reached",
            "fracture_load_N": 9900.0,
            "cement_volume_ml": 5.44,
            "linear_fracture_load_N": 7770.0,
        },
        {"arm": "pop_nail", "load": "stance", "status": "stuck", "fracture_load_N": 1234.0},
        {
            "arm": "nail",
            "load": "stance",
            "status": "plateau",
            "fracture_load_N": 9500.0,
            "contact_share_of_plastic_work": 0.5,
        },
        # bounds of two digits alike are one number
        {
            "arm": "pop_screws",
            "load": "stance",
            "status": "bracketed",
            "fracture_load_N": 8100.0,
            "fracture_load_bracket_N": [8097.0, 8103.0],
        },
    ]
    mirels = Score("mirels", (8.0, 10.0), {"unit": "points"}, "band of it", "Do this. And more.", "source")
    share = Score(
        "circumferential", 0.305, {"unit": "share", "lesion": "b", "values": {"a": 0.1, "b": 0.305}}, "low", "", ""
    )
    return compare("femur", "0", PATIENT, results, {"mirels": mirels, "circumferential": share}, {}, {})


def line(arm: str) -> list[str]:
    found = next(line for line in text(comparison()).splitlines() if line.startswith(f"{arm} "))
    return found.split()


@pytest.mark.parametrize(
    ("arm", "cells"),
    # risk: 2.6 x 686.4655 N = 1784.8 N over the load
    [
        ("intact", ["collapsed", "9.00", "1.00", "1.80", "0.20", "-", "neck", "-"]),
        ("untreated", ["bracketed", "4.95-5.05", "0.56", "1.00", "0.36", "-", "-", "-"]),
        ("pop", ["still", "rising", "at", "least", "9.90", ">=1.10", ">=1.98", "<=0.18", "7.77", "-", "5.4"]),
        ("pop_nail", ["no", "result", "-", "-", "-", "-", "-", "-", "-"]),
        ("pop_screws", ["bracketed", "8.10", "0.90", "1.62", "0.22", "-", "-", "-"]),
        ("nail", ["plateau", "9.50", "withheld", "withheld", "0.19", "-", "-", "-"]),
    ],
)
def test_each_status_is_told_in_words(arm: str, cells: list[str]) -> None:
    assert line(arm) == [arm, "stance", *cells]


def test_scores_ranking_and_caveats_stand_below_the_table() -> None:
    blocks = text(comparison()).split("\n\n")
    assert blocks[1].startswith("mirels: 8 to 10 points; band of it. Do this.")
    assert "intact > pop_screws > untreated" in blocks[2]
    assert blocks[3].splitlines() == [f"- {sentence}" for sentence in comparison().caveats]


def test_a_share_is_printed_in_percent_and_the_worst_lesion_named() -> None:
    assert "circumferential: 30.5 % (worst of the lesions: b); low." in text(comparison())


def test_columns_of_the_plain_table_line_up() -> None:
    lines = text(comparison()).split("\n\n")[0].splitlines()
    rule = lines[1]
    gaps = [i for i, letter in enumerate(rule) if letter == " "]
    assert len(lines) == 8
    assert all(line.ljust(len(rule))[i] == " " for line in lines for i in gaps)


def test_the_coloured_table_holds_the_same_cells() -> None:
    out = io.StringIO()
    Console(file=out, width=160).print(table(comparison()))
    shown = out.getvalue()
    assert all(word in shown for word in ["femur", "at least 9.90", "4.95-5.05", "withheld", "mirels: 8 to 10 points"])
    assert "1.23" not in shown


def pressed() -> Comparison:
    """A vertebra whose measures count up by 0.01 mm in the order of their keys, by 0.03 mm with a lesion."""
    bodies = [dict(zip(BODY_KEYS, (scale * k for k in range(1, 11)), strict=True)) for scale in (0.01, 0.03)]
    bodies[1]["canal_narrowing_at_strength_mm"] = None
    results: list[dict[str, object]] = [
        {"arm": arm, "load": "flexion", "status": "limit_reached", "fracture_load_N": 2000.0, **body}
        for arm, body in zip(("intact", "untreated"), bodies, strict=True)
    ]
    return compare("spine", "0", PATIENT, results, {}, {}, {})


def test_a_vertebral_body_has_a_small_table_of_its_own() -> None:
    block = next(block for block in text(pressed()).split("\n\n") if block.startswith(TITLE))
    lines = [line.split() for line in block.splitlines()[3:]]
    # height loss, bulge, canal are the first, fourth and fifth of the five at body weight and at strength
    assert lines[0] == ["intact", "flexion", "0.010", "1.00", "0.040", "1.00", "0.050", "0.06", "0.09", "0.10"]
    assert lines[1] == ["untreated", "flexion", "0.030", "3.00", "0.120", "3.00", "0.150", "0.18", "0.27", "-"]
    shown = body_table(pressed())
    assert shown is not None
    assert shown.row_count == 2


def test_a_femur_has_none() -> None:
    assert body_table(comparison()) is None
    assert TITLE not in text(comparison())
