"""Pictures of a sweep: in goes its part of the table, out come PNGs: strength over each axis, maps, bands, Mirels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from femrisk.caveats import RATED
from femrisk.output.atomic import replacing
from femrisk.output.charts import COLOURS, GREY, new_figure, title
from femrisk.sweep.axes import Column
from femrisk.sweep.sweepfile import Sweep
from femrisk.sweep.table import flat

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: slices of a random axis over which the median is drawn
SLICES = 8
#: Mirels' score from which fixation is advised, and the one left to judgement (``docs/scores.md``)
FIXATION, JUDGEMENT = 9, 8


def draw(own: Any, sweep: Sweep, folder: Path) -> tuple[Path, ...]:
    """Draw what there is to see; nothing where no case has a result.

    Args:
        own: the rows of this sweep, of ``read_table``.
        sweep: whose axes they lie on.
        folder: where pictures go; of those drawn before, the ones that are not drawn again stay.
    """
    found = results(own)
    if found is None:
        return ()
    varied = [column for column in sweep.columns if found[column.column].nunique() > 1]
    files = [over_axis(found, column, sweep.design.random, folder) for column in varied]
    if len(varied) == 2 and not sweep.design.random:
        files += [heat_map(found, varied[0], varied[1], load, folder) for load in found["load"].unique()]
    files.append(bands(found, folder))
    if {"mirels_high", "factor_of_risk"} <= set(found) and (found["arm"] == "untreated").any():
        files += mirels(found, folder)
    return tuple(files)


def results(own: Any) -> Any:
    """The rows that have a result, with the load in kN; None where there are none."""
    if "arm" not in own or own["fracture_load_N"].dropna().empty:
        return None
    return own.dropna(subset=["arm"]).assign(kN=own["fracture_load_N"].astype(float) / 1000)


def over_axis(found: Any, column: Column, random: bool, folder: Path) -> Path:
    """Fracture load over one axis: every case a mark, the median of each arm a line; a panel per load."""
    loads = list(found["load"].unique())
    figure = new_figure(1.8 + 4.6 * len(loads), 4.2)
    place = positions(found[column.column], column)
    for axes, load in zip(_panels(figure, len(loads)), loads, strict=True):
        for index, arm in enumerate(found["arm"].unique()):
            rows = (found["arm"] == arm) & (found["load"] == load)
            _marks(axes, place[rows], found[rows], COLOURS[index % len(COLOURS)], random, title(arm))
        axes.set(xlabel=label(column), title=title(load).capitalize())
        if not is_number(found[column.column]):
            _, names = categories(found[column.column], column)
            axes.set_xticks(range(len(names)), names, rotation=20 if len(names) > 4 else 0)
    _finish(figure, "fracture load (kN)")
    note = "line: median of the cases; triangle: at least" if (found["status"] == "limit_reached").any() else ""
    figure.supxlabel(note or "line: median of the cases", fontsize=8, color=GREY)
    return save(figure, folder, f"strength_{slug(column.column)}.png")


def _marks(axes: Axes, x: Any, rows: Any, colour: str, random: bool, name: str) -> None:
    rated = rows["status"].isin(RATED).to_numpy() & np.isfinite(rows["kN"].to_numpy())
    bound = (rows["status"] == "limit_reached").to_numpy() & np.isfinite(rows["kN"].to_numpy())
    force = rows["kN"].to_numpy()
    faint = 0.15 if len(rows) > 500 else 0.45
    axes.plot(x[rated], force[rated], "o", color=colour, alpha=faint, markersize=3.5, markeredgewidth=0)
    axes.plot(x[bound], force[bound], "^", color=colour, alpha=faint, markersize=5, markerfacecolor="none")
    if not rated.any():
        axes.plot([], [], "-", color=colour, linewidth=2, label=name)
        return
    if random:
        ends = np.quantile(x[rated], np.linspace(0, 1, SLICES + 1))
        at = np.clip(np.searchsorted(ends, x[rated], side="right") - 1, 0, SLICES - 1)
    else:
        at = np.searchsorted(np.unique(x[rated]), x[rated])
    groups = [at == one for one in np.unique(at)]
    middles = [float(np.median(x[rated][group])) for group in groups]
    axes.plot(middles, [np.median(force[rated][group]) for group in groups], "-", color=colour, linewidth=2, label=name)


def heat_map(found: Any, across: Column, up: Column, load: str, folder: Path) -> Path:
    """Fracture load over two axes, a panel per arm on one scale, the number in each cell."""
    arms = list(found["arm"].unique())
    rows = found[(found["load"] == load) & found["status"].isin(RATED)]
    figure = new_figure(1.4 + 3.4 * len(arms), 3.9)
    (x, columns), (y, lines) = (categories(found[one.column], one) for one in (across, up))
    low, high = rows["kN"].min(), rows["kN"].max()
    panels = _panels(figure, len(arms))
    for axes, arm in zip(panels, arms, strict=True):
        grid = np.full((len(lines), len(columns)), np.nan)
        own = (rows["arm"] == arm).to_numpy()
        index = found.index.get_indexer(rows.index[own])
        grid[y[index], x[index]] = rows["kN"].to_numpy()[own]
        image = axes.imshow(grid, origin="lower", aspect="auto", cmap="cividis", vmin=low, vmax=high)
        for (i, j), value in np.ndenumerate(grid):
            if grid.size <= 100:
                dark = value < (low + high) / 2
                text = f"{value:.1f}" if np.isfinite(value) else "-"
                axes.text(j, i, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
        axes.set(title=title(arm), xlabel=label(across))
        axes.set_xticks(range(len(columns)), columns, rotation=30 if len(columns) > 4 else 0)
        axes.set_yticks(range(len(lines)), lines)
    panels[0].set_ylabel(label(up))
    figure.colorbar(image, ax=list(panels), label=f"fracture load in {title(load)} (kN)")
    return save(figure, folder, f"map_{slug(load)}.png")


def bands(found: Any, folder: Path) -> Path:
    """Where the fracture loads of each arm lie: 5 to 95 % thin, the middle half thick, the median a line."""
    pairs = list(found.groupby(["load", "arm"], sort=False).groups)
    figure = new_figure(7.5, 1.4 + 0.42 * len(pairs))
    axes = figure.add_subplot()
    arms = list(found["arm"].unique())
    for place, (load, arm) in enumerate(reversed(pairs)):
        rows = found[(found["load"] == load) & (found["arm"] == arm)]
        force = rows[rows["status"].isin(RATED)]["kN"].dropna().to_numpy()
        above = int((rows["status"] == "limit_reached").sum())
        if len(force):
            colour = COLOURS[arms.index(arm) % len(COLOURS)]
            ends = np.quantile(force, [0.05, 0.25, 0.5, 0.75, 0.95])
            axes.plot(ends[[0, 4]], [place] * 2, "-", color=colour, linewidth=1.5)
            axes.barh(place, ends[3] - ends[1], 0.5, ends[1], facecolor=colour, alpha=0.35)
            axes.plot([ends[2]] * 2, [place - 0.32, place + 0.32], "-", color=colour, linewidth=2.5)
        text = f"{len(force)}" + (f", {above} at least" if above else "")
        axes.annotate(text, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8, color=GREY)
    axes.set_yticks(range(len(pairs)), [f"{title(arm)}, {title(load)}" for load, arm in reversed(pairs)])
    axes.set(xlabel="fracture load (kN); box: middle half, line: 5 to 95 %; right: cases")
    axes.set_xlim(left=0)
    _tidy(axes)
    return save(figure, folder, "bands.png")


def mirels(found: Any, folder: Path) -> list[Path]:
    """Mirels' score of the untreated bone beside its factor of risk, a panel per load, the four corners counted."""
    rows = found[(found["arm"] == "untreated") & found["mirels_high"].notna() & found["factor_of_risk"].notna()]
    loads = list(rows["load"].unique())
    if not loads:
        return []
    figure = new_figure(1.0 + 4.4 * len(loads), 4.2)
    for axes, load in zip(_panels(figure, len(loads)), loads, strict=True):
        own = rows[rows["load"] == load]
        score = ((own["mirels_low"] + own["mirels_high"]) / 2).to_numpy(float)
        risk = own["factor_of_risk"].to_numpy(float)
        jitter = np.random.default_rng(0).uniform(-0.15, 0.15, len(score))
        axes.plot(score + jitter, risk, "o", color=COLOURS[2], alpha=0.4, markersize=4, markeredgewidth=0)
        axes.axhline(1, color=GREY, linewidth=1)
        axes.axvspan(JUDGEMENT - 0.5, FIXATION - 0.5, color="#eeeeee", zorder=0)
        corners = (
            (0.02, 0.98, (score < JUDGEMENT) & (risk >= 1), "low score, breaks"),
            (0.98, 0.98, (score >= FIXATION) & (risk >= 1), "high score, breaks"),
            (0.02, 0.02, (score < JUDGEMENT) & (risk < 1), "low score, holds"),
            (0.98, 0.02, (score >= FIXATION) & (risk < 1), "high score, holds"),
        )
        for x, y, inside, word in corners:
            sides = {"ha": "left" if x < 0.5 else "right", "va": "top" if y > 0.5 else "bottom"}
            axes.text(x, y, f"{word}: {int(inside.sum())}", transform=axes.transAxes, fontsize=9, **sides)
        axes.set(xlabel="Mirels' score (middle of its range)", title=title(load).capitalize())
        axes.set_xlim(3.5, 12.5)
        axes.set_yscale("log")
        ticks = [tick for tick in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if risk.min() / 2 <= tick <= risk.max() * 2]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        _tidy(axes)
    figure.axes[0].set_ylabel("factor of risk, untreated (1: the load breaks it)")
    return [save(figure, folder, "mirels.png")]


def label(column: Column) -> str:
    """What stands beside an axis."""
    return column.column + (" (factor)" if column.relative else "")


def is_number(cells: Any) -> bool:
    """Whether a column of the table holds numbers alone."""
    return cells.dtype.kind in "if"


def positions(cells: Any, column: Column) -> Any:
    """(n,) where each cell lies on its axis: a number itself, anything else its place in the axis' order."""
    return cells.to_numpy(float) if is_number(cells) else categories(cells, column)[0].astype(float)


def categories(cells: Any, column: Column) -> tuple[Any, list[str]]:
    """(n,) index of each cell among the values of its axis, and these in their order as text."""
    if is_number(cells):
        values, place = np.unique(cells.to_numpy(float), return_inverse=True)
        return place, [f"{value:.4g}" for value in values]
    order = [str(flat(value)) for value in getattr(column, "values", ())]
    names = [name for name in order if (cells.astype(str) == name).any()]
    return np.array([names.index(str(cell)) for cell in cells]), names


def slug(text: str) -> str:
    """``text`` as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text.replace("*", "all"))


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write a figure; it appears whole or not at all."""
    with replacing(folder / name) as temporary:
        figure.savefig(temporary, dpi=150, format="png")
    return folder / name


def _panels(figure: Figure, count: int) -> Any:
    return figure.subplots(1, count, sharey=True, squeeze=False)[0]


def _finish(figure: Figure, ylabel: str) -> None:
    first = figure.axes[0]
    first.set_ylabel(ylabel)
    first.set_ylim(0, first.get_ylim()[1] * 1.05)
    for axes in figure.axes:
        _tidy(axes)
    handles, names = first.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", frameon=False)


def _tidy(axes: Axes) -> None:
    axes.set_axisbelow(True)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
