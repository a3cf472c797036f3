"""Which axis moves the fracture load: in goes the table of a random design, out come tornadoes and ``indices.csv``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from femrisk.caveats import RATED
from femrisk.meshes.labelled import Floats
from femrisk.output.atomic import replacing
from femrisk.output.charts import GREY, new_figure, title
from femrisk.sweep.figures import label, positions, results, save, slug
from femrisk.sweep.indices import Index, Swing, first_order, swings, variance_shares
from femrisk.sweep.sweepfile import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: cases below which a tornado would be noise
FEWEST_FOR_SWINGS = 10
#: low and high end of an axis
BLUE, RED = "#0072B2", "#D55E00"


def tornadoes(own: Any, sweep: Sweep, folder: Path) -> list[Path]:
    """One picture per load, a row per arm: swings on the left, Sobol's indices on the right; and all numbers as CSV."""
    lines: list[list[Any]] = []
    files: list[Path] = []
    found = results(own)
    if found is None:
        return files
    for load in found["load"].unique():
        told = {}
        for arm in found["arm"].unique():
            rows = found[(found["load"] == load) & (found["arm"] == arm)]
            told[arm] = swing, index, count = measure(rows, sweep)
            lines += _lines(sweep, str(arm), str(load), swing, index, count)
        told = {arm: one for arm, one in told.items() if one[0]}
        if told:
            files.append(_picture(told, sweep, str(load), folder))
    with replacing(folder / "indices.csv") as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ("arm", "load", "axis", "cases", "kN_lowest_fifth", "lowest_from", "lowest_to")
            + ("kN_highest_fifth", "highest_from", "highest_to")
            + ("first_order", "first_half_width", "total", "total_half_width")
        )
        writer.writerows(lines)
    return [*files, folder / "indices.csv"]


def measure(rows: Any, sweep: Sweep) -> tuple[tuple[Swing, ...], tuple[Index, ...], int]:
    """Swings and indices of one arm under one load, kN, and from how many cases with a fracture load."""
    rated = rows["status"].isin(RATED) & rows["kN"].notna()
    good = rows[rated]
    if len(good) < FEWEST_FOR_SWINGS:
        return (), (), len(good)
    x = np.column_stack([positions(good[one.column], one) for one in sweep.columns])
    y = good["kN"].to_numpy(float)
    if sweep.design.kind != "saltelli":
        return swings(x, y), first_order(x, y), len(good)
    count, point = len(sweep.columns), good["point"].to_numpy(int)
    every: Floats = np.full(sweep.size(), np.nan)
    every[point] = y
    # the first and the last point of each group are drawn by themselves, those between repeat their values
    drawn = np.isin(point % (count + 2), (0, count + 1))
    return swings(x[drawn], y[drawn]) if drawn.any() else (), variance_shares(every, count)[0], len(good)


def _lines(
    sweep: Sweep, arm: str, load: str, swing: tuple[Swing, ...], index: tuple[Index, ...], count: int
) -> list[list[Any]]:
    lines = []
    for place, column in enumerate(sweep.columns if swing else ()):
        one = swing[place]
        line = [arm, load, column.column, count, one.low, *one.low_interval, one.high, *one.high_interval]
        share = index[place] if index else None
        lines.append([*line, *((share.first, share.first_half, share.total, share.total_half) if share else [""] * 4)])
    return lines


def _picture(
    told: dict[str, tuple[tuple[Swing, ...], tuple[Index, ...], int]], sweep: Sweep, load: str, folder: Path
) -> Path:
    columns = sweep.columns
    figure = new_figure(10.5, 1.0 + (0.9 + 0.36 * len(columns)) * len(told))
    panels = figure.subplots(len(told), 2, squeeze=False, width_ratios=(3, 2), sharex="col")
    for (left, right), (arm, (swing, index, count)) in zip(panels, told.items(), strict=True):
        order = sorted(range(len(columns)), key=lambda i: swing[i].width)
        _tornado(left, [swing[i] for i in order])
        left.set_yticks(range(len(order)), [label(columns[i]) for i in order])
        left.set_title(f"{title(arm)}, {title(load)}: {count} cases", loc="left", fontsize=10)
        if index:
            _indices(right, [index[i] for i in order])
        else:
            right.text(0.5, 0.5, "too few cases", transform=right.transAxes, ha="center", color=GREY)
        right.set_yticks([])
    panels[-1][0].set_xlabel("median fracture load (kN), axis in its lowest (blue), highest fifth (red)")
    total = any(one.total is not None for _, index, _ in told.values() for one in index)
    panels[-1][1].set_xlabel("share of variance" + (": alone (dark), with others (light)" if total else ", alone"))
    return save(figure, folder, f"tornado_{slug(load)}.png")


def _tornado(axes: Axes, swing: list[Swing]) -> None:
    for place, one in enumerate(swing):
        axes.plot([one.low, one.high], [place] * 2, "-", color="#bbbbbb", linewidth=7, solid_capstyle="butt")
        for end, (start, stop), colour in ((one.low, one.low_interval, BLUE), (one.high, one.high_interval, RED)):
            axes.plot([start, stop], [place] * 2, "-", color=colour, linewidth=1.2)
            axes.plot(end, place, "o", color=colour, markersize=6)
    axes.set_ylim(-0.6, len(swing) - 0.4)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _indices(axes: Axes, index: list[Index]) -> None:
    for place, one in enumerate(index):
        if one.total is not None:
            axes.barh(place, one.total, 0.6, facecolor="#cccccc")
            axes.errorbar(one.total, place + 0.12, xerr=one.total_half, color=GREY, capsize=2, linewidth=1)
        axes.barh(place, one.first, 0.3, facecolor="#444444")
        axes.errorbar(one.first, place - 0.12, xerr=one.first_half, color="black", capsize=2, linewidth=1)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
