"""Small tables of a sweep in, the rows of its report out; every number is a ``Quantity`` that says where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from femrisk.output.charts import title
from femrisk.report.quantity import Quantity, Sheet
from femrisk.report.reading import headed

Row = dict[str, Any]
#: what each reading of a score with an unknown item is called
READINGS = {
    "lowest": "what is unknown at its lowest",
    "highest": "at its highest",
    "drawn": "drawn at random",
    "telling": "at best: knows who breaks",
}


@dataclass(frozen=True)
class Spread:
    """A number with its interval."""

    value: Quantity
    low: Quantity
    high: Quantity


def _spread(sheet: Sheet, line: int, keys: tuple[str, str, str], factor: float, digits: int) -> Spread | None:
    value, low, high = (sheet.number(line, key, factor=factor, digits=digits) for key in keys)
    return None if value is None or low is None or high is None else Spread(value, low, high)


def _estimate(sheet: Sheet, line: int, key: str, factor: float = 100.0, digits: int = 0) -> Spread | None:
    return _spread(sheet, line, (key, f"{key}_low", f"{key}_high"), factor, digits)


def _counts(sheet: Sheet, line: int, *keys: str) -> Row:
    return {key: sheet.number(line, key, digits=0) for key in keys}


def _states(sheet: Sheet, i: int) -> Row:
    return {"state": sheet.at(i, "state"), "reason": sheet.at(i, "reason"), **_counts(sheet, i, "points")}


def _loads(sheet: Sheet, i: int) -> Row:
    return {
        "arm": headed(sheet.at(i, "arm")),
        "load": title(sheet.at(i, "load")),
        **_counts(sheet, i, "cases", "with_a_load", "at_least"),
        **{key: sheet.number(i, key) for key in ("kN_5", "kN_median", "kN_95")},
        "ratio": sheet.number(i, "ratio_to_intact_median"),
    }


def _truths(sheet: Sheet, i: int) -> Row:
    return {
        "truth": headed(sheet.at(i, "truth")),
        "body_weights": sheet.number(i, "body_weights"),
        "arm": title(sheet.at(i, "arm")),
        **_counts(sheet, i, "femurs", "break", "not_known"),
        "share": _estimate(sheet, i, "share"),
        "low_end": sheet.number(i, "break_by_low_end", digits=0),
        "high_end": sheet.number(i, "break_by_high_end", digits=0),
    }


def _ranks(sheet: Sheet, i: int) -> Row:
    return {
        "of": sheet.at(i, "of"),
        "femurs": sheet.number(i, "strength_femurs", digits=0),
        **{key: _estimate(sheet, i, key, 1.0, 2) for key in ("strength", "left")},
    }


def _cement(sheet: Sheet, i: int) -> Row:
    return {
        "by": title(str(sheet.at(i, "by") or "")),
        "group": title(str(sheet.at(i, "group"))),
        **_counts(sheet, i, "femurs", "not_needed", "enough", "not_enough"),
        "weak_intact": sheet.number(i, "not_enough_and_weak_intact", digits=0),
        "only_with_cement": sheet.number(i, "break_only_with_cement", digits=0),
        "enough_share": _estimate(sheet, i, "enough_share"),
    }


def _models(sheet: Sheet, i: int) -> Row:
    agreed = ("both_break", "linear_alone_breaks", "nonlinear_alone_breaks", "both_hold")
    return {
        "arm": headed(sheet.at(i, "arm")),
        "truth": title(sheet.at(i, "truth")),
        **_counts(sheet, i, "femurs", *agreed),
        **{key: sheet.number(i, key) for key in ("ratio_lowest", "ratio_median", "ratio_highest", "rank_correlation")},
    }


def _indices(sheet: Sheet, i: int) -> Row:
    keys = ("first_order", "first_half_width", "total", "total_half_width")
    return {
        "arm": headed(sheet.at(i, "arm")),
        "load": title(sheet.at(i, "load")),
        "axis": sheet.at(i, "axis"),
        **_counts(sheet, i, "cases"),
        "lowest": _spread(sheet, i, ("kN_lowest_fifth", "lowest_from", "lowest_to"), 1.0, 2),
        "highest": _spread(sheet, i, ("kN_highest_fifth", "highest_from", "highest_to"), 1.0, 2),
        **{key: sheet.number(i, key) for key in keys},
    }


def _effort(sheet: Sheet, i: int) -> Row:
    return {
        "of": sheet.at(i, "of"),
        **_counts(sheet, i, "cases"),
        "median_s": sheet.number(i, "median_s", digits=0),
        "sum_s": sheet.number(i, "sum_s", factor=1 / 3600, digits=2),
    }


TABLES: Mapping[str, Callable[[Sheet, int], Row]] = {
    "states": _states,
    "loads": _loads,
    "truths": _truths,
    "ranks": _ranks,
    "cement": _cement,
    "models": _models,
    "indices": _indices,
    "effort": _effort,
}


def agreement(sheet: Sheet) -> list[Row]:
    """The agreement in tables of one truth and one group of femurs each, with their captions."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for i, line in enumerate(sheet.content):
        row: Row = {
            "rule": line["rule"],
            "reading": READINGS.get(line["reading"] or "", ""),
            **_counts(sheet, i, "femurs", "break", "tp", "fp"),
            **{key: _estimate(sheet, i, key) for key in ("sensitivity", "specificity", "PPV", "NPV")},
            **{key: _estimate(sheet, i, key, 1.0, 2) for key in ("kappa", "AUC")},
        }
        groups.setdefault((line["truth"], line["among"]), []).append(row)
    return [{"caption": _caption(*key), "lines": lines} for key, lines in groups.items()]


def captioned(sheet: Sheet, rows: list[Row]) -> list[Row]:
    """Rows of cement, a table for each truth."""
    groups: dict[str, list[Row]] = {}
    for line, row in zip(sheet.content, rows, strict=True):
        groups.setdefault(str(line["truth"]), []).append(row)
    return [{"caption": headed(truth), "lines": lines} for truth, lines in groups.items()]


def _caption(truth: str, among: str) -> str:
    words = {
        "all": "which scores tell who breaks",
        "intact bears it": "the same, of femurs that would bear it without their lesion",
    }
    return f"{headed(truth)}: {words.get(among, f'which scores tell who breaks with {among}')}"
