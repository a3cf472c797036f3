"""A result folder in, force-displacement curves and bars of fracture load out, as PNG; no screen, no solver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from femrisk.output.atomic import read_json, replacing
from femrisk.output.folder import ResultFolder, read_history
from femrisk.output.scan import scan_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours (told apart by every kind of colour vision), dark ones first, and a line style for each.
COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES: tuple[Any, ...] = ("-", *((0, gaps) for gaps in ((6, 2), (3, 1.5), (1, 1), (6, 2, 1, 2), (8, 3), (4, 1, 1, 1))))

#: How a bar is filled, and what stands for the end of a curve, by status.
HATCH = {"collapsed": "", "plateau": "---", "bracketed": "///", "limit_reached": "..."}
MARKER = {
    "collapsed": "o",
    "plateau": "s",
    "bracketed": "D",
    "limit_reached": "^",
    "stuck": "x",
}
MEANING = {
    "collapsed": "collapsed: a peak was passed",
    "plateau": "plateau: the force no longer rises",
    "bracketed": "bracketed: between two bounds",
    "limit_reached": "limit reached: at least this",
    "stuck": "stuck: no fracture load",
}
TITLES = {"pop": "POP", "pop_screws": "POP + screws", "pop_nail": "POP + nail"}

GREY = "#555555"


def curves(folder: ResultFolder, load: str) -> Path:
    """Draw force over displacement under a load."""
    return save(curves_figure(folder, load), folder, f"force_displacement_{load}.png")


def bars(folder: ResultFolder) -> Path:
    """Draw the fracture load of every finished pair."""
    return save(bars_figure(folder), folder, "fracture_loads.png")


def curves_figure(folder: ResultFolder, load: str) -> Figure:
    """Force over displacement of every finished arm; the mark says where the fracture load was read, and how."""
    arms = [arm for arm, other in order(folder) if other == load]
    figure = new_figure(9.5, 4.8)
    axes = figure.add_subplot()
    for index, arm in enumerate(arms):
        history, result = read_history(folder, arm, load), folder.read_result(arm, load)
        travel, force = history["displacement_mm"], history["force_N"] / 1000
        if not len(travel):
            continue
        style = {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index % len(DASHES)]}
        if travel[0] > 0:
            travel, force = np.insert(travel, 0, 0.0), np.insert(force, 0, 0.0)
        axes.plot(travel, force, linewidth=2, label=f"{title(arm)}: {verdict(result)}", **style)
        _mark(axes, result, float(travel[-1]), float(force[-1]), style["color"])
    axes.set(xlabel="displacement (mm)", ylabel="force (kN)", title=title(load).capitalize())
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * 1.06)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines:
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=3.2)
    return figure


def densities(folder: ResultFolder) -> Path:
    """Draw how dense the voxels of a scanned bone are; the shares at the ends of what laws are used for are told."""
    record = read_json(scan_file(folder))
    ends, voxels = np.array(record["ends_mg_per_cm3"]), np.array(record["voxels"])
    figure = new_figure(7.0, 3.6)
    axes = figure.add_subplot()
    axes.stairs(100 * voxels / voxels.sum(), ends, fill=True, color=COLOURS[2])
    axes.axvline(record["mean_mg_per_cm3"], color=COLOURS[0], linewidth=1, linestyle="--")
    axes.set(
        xlabel=f"density of the bone's voxels (mg/cm3, {record['kind']}; dashed: mean)",
        ylabel="share of voxels (%)",
        title=f"{record['floor_share']:.1%} below, {record['ceiling_share']:.1%} above what laws of bone are used for",
    )
    axes.spines[["top", "right"]].set_visible(False)
    return save(figure, folder, "density_histogram.png")


def bars_figure(folder: ResultFolder) -> Figure:
    """The fracture load of every finished pair, one panel per load, all on one scale.

    The fill tells the status, so that the picture is read without colours; bounds stand as brackets.
    """
    pairs = order(folder)
    loads = list(dict.fromkeys(load for _, load in pairs))
    arms = list(dict.fromkeys(arm for arm, _ in pairs))
    figure = new_figure(2.2 + 1.05 * len(arms) * len(loads), 4.6)
    panels = figure.subplots(1, len(loads), sharey=True, squeeze=False)[0]
    seen = []
    for axes, load in zip(panels, loads, strict=True):
        for position, arm in enumerate(arms):
            if (arm, load) in pairs:
                result = folder.read_result(arm, load)
                seen.append(result["status"])
                _bar(axes, position, result)
        axes.set_xticks(range(len(arms)), [title(arm).replace(" + ", "\n+ ") for arm in arms])
        axes.set_xlim(-0.6, len(arms) - 0.4)
        axes.set_title(title(load).capitalize())
        axes.tick_params(axis="x", length=0)
        axes.set_axisbelow(True)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("fracture load (kN)")
    panels[0].set_ylim(0, panels[0].get_ylim()[1] * 1.08)
    _explain(figure, [status for status in MEANING if status in seen])
    return figure


def order(folder: ResultFolder) -> tuple[tuple[str, str], ...]:
    """Arm and load of every finished pair, in the order of the comparison where there is one."""
    finished = folder.finished()
    file = folder.path / "comparison.json"
    rows = read_json(file)["rows"] if file.is_file() else []
    known = [(row["arm"], row["load"]) for row in rows]
    return tuple(pair for pair in known if pair in finished) + tuple(pair for pair in finished if pair not in known)


def title(name: str) -> str:
    """An arm or a load as a reader would call it."""
    return TITLES.get(name, name.replace("_", " "))


def load_text(result: dict[str, Any]) -> str:
    """The fracture load as honest text: bounds for a bracket, 'at least' for a limit, none where there is none."""
    load, bracket = result.get("fracture_load_N"), result.get("fracture_load_bracket_N")
    if result["status"] == "stuck" or load is None:
        return "no fracture load"
    if result["status"] == "bracketed" and bracket:
        bounds = dict.fromkeys(f"{bound / 1000:.2f}" for bound in bracket)
        return "\u2013".join(bounds) + " kN"
    return f"{'\u2265 ' if result['status'] == 'limit_reached' else ''}{load / 1000:.2f} kN"


def verdict(result: dict[str, Any]) -> str:
    """The fracture load and how it was found."""
    return f"{load_text(result)}, {result['status'].replace('_', ' ')}"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, inches, that no global state knows of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def save(figure: Figure, folder: ResultFolder, name: str) -> Path:
    """Write a figure into the folder's figures."""
    from matplotlib import rc_context

    path = folder.figures / name
    with replacing(path) as temporary, rc_context({"hatch.linewidth": 0.7}):
        figure.savefig(temporary, dpi=150, format="png")
    return path


def _mark(axes: Axes, result: dict[str, Any], last_travel: float, last_force: float, colour: str) -> None:
    """The peak, or for a march that reached none its end."""
    status, load = result["status"], result.get("fracture_load_N")
    travel = result.get("displacement_at_peak_mm")
    at = (travel, load / 1000) if load is not None and travel is not None and status != "stuck" else None
    place = at or (last_travel, last_force)
    (mark,) = axes.plot(*place, MARKER[status], color=colour, markersize=8, zorder=5)
    mark.set(markerfacecolor="white", markeredgewidth=1.5)
    bracket = result.get("fracture_load_bracket_N")
    if bracket and status != "stuck":
        axes.plot([place[0]] * 2, [bound / 1000 for bound in bracket], "_-", color=colour, markersize=10, linewidth=1)


def _bar(axes: Axes, position: int, result: dict[str, Any]) -> None:
    status, load = result["status"], result.get("fracture_load_N")
    if status == "stuck" or load is None:
        axes.annotate("no load\n(stuck)", (position, 0), (0, 4), textcoords="offset points", ha="center", color=GREY)
        return
    height = load / 1000
    axes.bar(position, height, 0.62, facecolor="#b9cfe4", edgecolor="#1f3b57", hatch=HATCH[status], linewidth=1)
    top, text = height, f"{height:.2f}"
    bracket = result.get("fracture_load_bracket_N")
    if bracket:
        low, high = (bound / 1000 for bound in bracket)
        axes.errorbar(position, height, [[max(height - low, 0)], [max(high - height, 0)]], color="black", capsize=5)
        top = max(height, high)
    if status == "limit_reached":
        text = f"\u2265 {text}"
        axes.annotate("", (position, top), (0, 16), textcoords="offset points", arrowprops={"arrowstyle": "<-"})
    if bracket and status == "bracketed":
        text = load_text(result).removesuffix(" kN")
    lift = 18 if status == "limit_reached" else 4
    axes.annotate(text, (position, top), (0, lift), textcoords="offset points", ha="center")


def _explain(figure: Figure, statuses: list[str]) -> None:
    from matplotlib.patches import Patch

    fills = [
        Patch(facecolor="#b9cfe4", edgecolor="#1f3b57", hatch=HATCH[status], label=MEANING[status])
        for status in statuses
        if status in HATCH
    ]
    figure.legend(handles=fills, loc="outside lower center", ncols=min(len(fills), 2) or 1, frameon=False)
