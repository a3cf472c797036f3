"""A ``Reading`` in, the rows of the report's lesser tables out: sites, load shares, models, bodies, meshes, solves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from femrisk.comparison import BODY
from femrisk.report.answer import STATUS_WORDS
from femrisk.report.quantity import Quantity, kilonewtons, markup, per_cent
from femrisk.report.reading import Reading, headed

#: what carries load, in the order of the bars
CARRIERS = ("bone", "shell", "tumour", "cement", "metal")


@dataclass(frozen=True)
class Line:
    """One line of a table: what it is about, and its cells by the name of their column."""

    arm: str
    load: str
    cells: Mapping[str, Any]


def sites(reading: Reading) -> tuple[Line, ...]:
    """Where each pair fails."""
    lines = []
    for (arm, load), result in reading.results.items():
        row = reading.row(arm, load)
        place = [reading.comparison.number("rows", row or 0, "failure_centroid_mm", i, digits=0) for i in range(3)]
        if row is None or None in place:
            continue
        cells = {
            "region": str(reading.comparison.at("rows", row, "failure_region") or "").replace("_", " "),
            "material": str(result.at("failure_material") or "").replace("_", " "),
            "place": Markup(", ").join(markup("{}", one) for one in place),
            "contact": (share := result.number("contact_share_of_plastic_work")) and per_cent(share),
            "pot": bool(result.at("failure_beside_pot")),
            "implant": reading.comparison.number("rows", row, "implant_peak_von_mises_MPa", digits=0),
            "linear": (one := reading.comparison.number("rows", row, "linear_fracture_load_N")) and kilonewtons(one, 2),
        }
        lines.append(Line(headed(arm), headed(load), cells))
    return tuple(lines)


def details(reading: Reading) -> tuple[Line, ...]:
    """Every number of the comparison that the answer leaves out or rounds."""
    lines = []
    for i, row in _rows(reading):
        number = reading.comparison.number
        bracket = [number("rows", i, "fracture_load_bracket_N", end, digits=0) for end in (0, 1)]
        cells = {
            "load_N": number("rows", i, "fracture_load_N", digits=0),
            "bracket": markup("{} to {}", *bracket) if None not in bracket else None,
            "BW": number("rows", i, "fracture_load_BW"),
            "strain_N": number("rows", i, "load_at_strain_N", digits=0),
            "stiffness": (one := number("rows", i, "stiffness_N_per_mm")) and one.shown(0.001, 2),
            "energy": number("rows", i, "energy_to_peak_J"),
            "linear": (one := number("rows", i, "linear_fracture_load_N")) and kilonewtons(one, 2),
            "cement": number("rows", i, "cement_volume_ml", digits=1),
            "implant": number("rows", i, "implant_peak_von_mises_MPa", digits=0),
            "status": STATUS_WORDS.get(row["status"], row["status"]),
        }
        lines.append(Line(headed(row["arm"]), headed(row["load"]), cells))
    return tuple(lines)


def load_shares(reading: Reading) -> tuple[Line, ...]:
    """What each carrier takes of the force through the section of the lesion, with the bar that draws it."""
    lines = []
    for (arm, load), result in reading.results.items():
        shares = {name: result.number("load_share", name) for name in CARRIERS}
        known = {name: share for name, share in shares.items() if share}
        if not known:
            continue
        whole = sum(max(share.value, 0.0) for share in known.values()) or 1.0
        bar = [(name, 100 * max(share.value, 0.0) / whole) for name, share in known.items()]
        cells = {**{name: share and per_cent(share) for name, share in shares.items()}, "bar": bar}
        lines.append(Line(headed(arm), headed(load), cells))
    return tuple(lines)


def carriers(lines: tuple[Line, ...]) -> tuple[str, ...]:
    """The carriers that any line has."""
    return tuple(name for name in CARRIERS if any(line.cells[name] for line in lines))


def models(reading: Reading) -> tuple[tuple[str, ...], tuple[Line, ...]]:
    """Names of the models, and loads of every pair under each of them; empty where the case has one model."""
    found = reading.comparison.at("models") or ()
    names = tuple(dict.fromkeys(name for one in found for name in one["by_model"]))
    lines = []
    for i, one in enumerate(found):
        cells: dict[str, Any] = {
            name: (
                _model_load(reading, i, name),
                STATUS_WORDS.get((one["by_model"][name] or {}).get("status", ""), "not computed"),
                reading.comparison.number("models", i, "by_model", name, "ratio_to_intact"),
            )
            for name in names
        }
        cells["spread"] = reading.comparison.number("models", i, "largest_over_smallest")
        lines.append(Line(headed(one["arm"]), headed(one["load"]), cells))
    return names, tuple(lines)


def bodies(reading: Reading) -> tuple[Line, ...]:
    """How vertebral bodies are deformed at one body weight and at their strength."""
    lines = []
    for i, row in _rows(reading):
        cells = {
            f"{what}_{when}": reading.comparison.number("rows", i, f"{what}_at_{when}_mm", digits=digits)
            for when, digits in (("body_weight", 3), ("strength", 2))
            for what in BODY
        }
        if any(cells.values()):
            lines.append(Line(headed(row["arm"]), headed(row["load"]), cells))
    return tuple(lines)


def meshes(reading: Reading) -> tuple[Line, ...]:
    """The measures of every family's mesh."""
    lines = []
    for family, sheet in reading.meshes.items():
        pairs = zip(sheet.at("volumes") or (), sheet.at("expected_volumes") or (), strict=False)
        missed = [abs(got / want - 1) for got, want in pairs if want > 20]
        cells = {
            "cells": sheet.number("cells", digits=0),
            "vertices": sheet.number("vertices", digits=0),
            "worst": sheet.number("worst_mean_ratio", digits=3),
            "inverted": sheet.number("inverted", digits=0),
            "below": sheet.number("below", -1, digits=0),
            "missed": f"{100 * max(missed):.1f}" if missed else None,
        }
        lines.append(Line(family.replace("_", " "), "", cells))
    return tuple(lines)


def solves(reading: Reading) -> tuple[Line, ...]:
    """How every pair was computed."""
    lines = []
    for (arm, load), result in reading.results.items():
        error = result.number("energy_balance_error")
        cells = {
            "dofs": result.number("dofs", digits=0),
            "increments": result.number("increments", digits=0),
            "newton": result.number("newton_iterations", digits=0),
            "cutbacks": result.number("cutbacks", digits=0),
            "energy": error and per_cent(error, 2),
            "seconds": result.number("seconds", digits=0),
        }
        lines.append(Line(headed(arm), headed(load), cells))
    return tuple(lines)


def bands(reading: Reading) -> tuple[Line, ...]:
    """The linear load over each volume that strain is averaged over."""
    lines = []
    for (arm, load), result in reading.results.items():
        band = result.at("linear_fracture_load_band_N") or {}
        cells = {
            volume: kilonewtons(one, 2)
            for volume in band
            if (one := result.number("linear_fracture_load_band_N", volume))
        }
        if cells:
            lines.append(Line(headed(arm), headed(load), cells))
    return tuple(lines)


def _rows(reading: Reading) -> Iterator[tuple[int, Any]]:
    """Index and content of each row of the comparison, in the order of the results."""
    for pair in reading.results:
        if (i := reading.row(*pair)) is not None:
            yield i, reading.comparison.at("rows", i)


def _model_load(reading: Reading, index: int, model: str) -> Markup:
    path = ("models", index, "by_model", model)
    load = reading.comparison.number(*path, "fracture_load_N")
    if load is None:
        return Markup("\u2013")
    low, high = (reading.comparison.number(*path, "fracture_load_bracket_N", end) for end in (0, 1))
    status = reading.comparison.at(*path, "status")
    if status == "bracketed" and low and high:
        shown: list[Quantity] = [kilonewtons(low), kilonewtons(high)]
        if shown[0].text != shown[1].text:
            return markup("{} to {}", *shown)
    return markup("at least {}", kilonewtons(load)) if status == "limit_reached" else markup("{}", kilonewtons(load))
