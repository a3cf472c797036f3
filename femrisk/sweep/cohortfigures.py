"""Pictures of a cohort: femurs and the agreement asked in, out come ROC curves, strengths, cement, and models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from femrisk.meshes.labelled import Floats
from femrisk.output.charts import COLOURS, DASHES, GREY, new_figure, title
from femrisk.sweep.agreement import Agreement, Rule
from femrisk.sweep.cohort import Femurs, cement_lines, readings
from femrisk.sweep.diagnostics import area, curve
from femrisk.sweep.figures import save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: not needed, enough, not enough: light to dark, told apart in grey
FILLS = (("#dfe7ee", "holds untreated"), ("#56B4E9", "cement is enough"), ("#a8321a", "breaks with cement too"))


def draw(femurs: Femurs, asked: Agreement, seed: int, folder: Path) -> list[Path]:
    """Every picture there is something to see in."""
    files = [roc(femurs, asked, seed, folder), strengths(femurs, asked, seed, folder), cement(femurs, asked, folder)]
    if other_model(femurs):
        files.append(models(femurs, asked, folder))
    return files


def one_reading(femurs: Femurs, rule: Rule, outcome: Floats, seed: int) -> tuple[str, Floats]:
    """How a score with an unknown item is drawn in pictures: as drawn, else by its highest end."""
    found = dict(readings(femurs, rule, outcome, seed))
    name = next(name for name in ("", "drawn", "highest") if name in found)
    return name, found[name]


def roc(femurs: Femurs, asked: Agreement, seed: int, folder: Path) -> Path:
    """A panel per truth: the curve of each score, its area, and a mark at its cut-off."""
    height = 0.5 + 0.22 * len(asked.rules)
    figure = new_figure(0.8 + 4.3 * len(asked.truths), 4.9 + height)
    grid = figure.subplots(2, len(asked.truths), squeeze=False, height_ratios=[4.9, height])
    # a legend of its own below each panel, as its areas are its own
    for axes, below, truth in zip(*grid, asked.truths, strict=True):
        below.axis("off")
        outcome = femurs.arms["untreated"].breaks(truth)
        for index, rule in enumerate(asked.rules):
            reading, values = one_reading(femurs, rule, outcome, seed)
            known = ~np.isnan(values) & ~np.isnan(outcome)
            breaks, scores = outcome[known] == 1, values[known]
            if not breaks.any() or breaks.all():
                continue
            x, y = curve(rule.sign * scores, breaks)
            colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
            found = area(rule.sign * scores, breaks)
            words = f"{rule.name}{f' ({reading})' if reading else ''}: {found.value:.2f}" if found else rule.name
            axes.plot(x, y, color=colour, linestyle=dash, linewidth=1.8, label=words)
            called = rule.calls(scores)
            axes.plot(called[~breaks].mean(), called[breaks].mean(), "o", color=colour, markersize=8, zorder=4)
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        count = int((outcome == 1).sum())
        axes.set(title=f"{title(truth.name).capitalize()}: {count} of {int((~np.isnan(outcome)).sum())} break")
        axes.set(xlabel="called although it holds (1 - specificity)", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        handles, words = axes.get_legend_handles_labels()
        if handles:
            below.legend(handles, words, frameon=False, loc="upper center", title="area under the curve")
        _tidy(axes)
    figure.axes[0].set_ylabel("called among those that break (sensitivity)")
    return save(figure, folder, "roc.png")


def strengths(femurs: Femurs, asked: Agreement, seed: int, folder: Path) -> Path:
    """Strength of the untreated femur over body weight, a panel per site; lines are the loads.

    Filled where the first rule calls it, a square where the second one does.
    """
    sites = femurs.cells.get(asked.by[0]) if asked.by else None
    names = sorted({str(site) for site in sites}) if sites is not None and sites.dtype.kind not in "if" else ["all"]
    per_weight = femurs.arms["untreated"].middle
    force = np.asarray(femurs.cells["fracture_load_N"], float) / 1000
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = 1000 * force / per_weight
    outcome = femurs.arms["untreated"].breaks(asked.truths[0])
    calls = [rule.calls(one_reading(femurs, rule, outcome, seed)[1]) for rule in asked.rules[:2]]
    first, second = calls[0], calls[-1]
    figure = new_figure(0.9 + 3.6 * len(names), 4.8)
    for axes, name in zip(_panels(figure, len(names)), names, strict=True):
        inside = np.ones(len(force), bool) if name == "all" or sites is None else sites.astype(str) == name
        for square in (False, True):
            for filled in (False, True):
                rows = inside & (second == square) & (first == filled)
                style = {"marker": "s" if square else "o", "markersize": 5.5, "linestyle": "", "color": COLOURS[2]}
                axes.plot(weight[rows], force[rows], markerfacecolor=None if filled else "white", alpha=0.8, **style)
        _loads(axes, asked, weight)
        axes.set(title=f"{title(name)} ({int(inside.sum())})", xlabel="body weight (N)")
        axes.set_yscale("log")
        ticks = [tick for tick in (0.2, 0.5, 1, 2, 3, 5, 8, 12, 20) if np.nanmin(force) / 1.3 <= tick <= 20]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        _tidy(axes)
    figure.axes[0].set_ylabel("untreated, fracture load (kN)")
    told = f"filled: {asked.rules[0].name}" + (f"; square: {asked.rules[1].name}" if len(asked.rules) > 1 else "")
    figure.supxlabel(f"{told}. Under a line the femur breaks.", fontsize=9, color=GREY)
    return save(figure, folder, "strength_weight.png")


def _loads(axes: Axes, asked: Agreement, weight: Floats) -> None:
    """The load of each truth over body weight, named at its end."""
    ends = np.array([np.nanmin(weight), np.nanmax(weight)])
    for truth in asked.truths:
        load = truth.body_weights * ends / 1000
        axes.plot(ends, load, color="#a8321a", linewidth=1.3)
        axes.annotate(
            title(truth.name), (ends[1], load[1]), (0, 3), textcoords="offset points", ha="right", color="#a8321a"
        )


def cement(femurs: Femurs, asked: Agreement, folder: Path) -> Path:
    """A panel per truth, a bar per group: how many hold untreated, hold with cement alone, break with it too."""
    lines = cement_lines(femurs, asked)
    count = sum(line["truth"] == asked.truths[0].name for line in lines)
    figure = new_figure(1.6 + 4.4 * len(asked.truths), 1.5 + 0.36 * count)
    for axes, truth in zip(_panels(figure, len(asked.truths)), asked.truths, strict=True):
        own = [line for line in lines if line["truth"] == truth.name]
        for place, line in enumerate(reversed(own)):
            parts = [line[key] for key in ("not_needed", "enough", "not_enough")]
            left = 0.0
            for part, (fill, _) in zip(parts, FILLS, strict=True):
                share = 100 * part / max(sum(parts), 1)
                axes.barh(place, share, 0.7, left, facecolor=fill, edgecolor="#1f3b57", linewidth=0.6)
                if share > 6:
                    dark = fill == FILLS[2][0]
                    axes.text(left + share / 2, place, f"{part}", ha="center", va="center", fontsize=8,
                              color="white" if dark else "black")  # fmt: skip
                left += share
        labels = [f"{title(str(line['by']))}: {title(str(line['group']))}" if line["by"] else "all" for line in own]
        axes.set_yticks(range(len(own)), labels[::-1])
        axes.set(xlabel="femurs (%; counts in the bars)", xlim=(0, 100), title=title(truth.name).capitalize())
        axes.spines[["top", "right"]].set_visible(False)
    for fill, words in FILLS:
        figure.axes[0].bar(0, 0, facecolor=fill, edgecolor="#1f3b57", linewidth=0.6, label=words)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)
    return save(figure, folder, "cement.png")


def other_model(femurs: Femurs) -> bool:
    """Whether the loads are of another model than the linear criterion beside them."""
    return any(
        np.isfinite(one.linear - one.middle).any()
        and not np.allclose(one.middle, one.linear, rtol=1e-9, equal_nan=True)
        for one in femurs.arms.values()
    )


def models(femurs: Femurs, asked: Agreement, folder: Path) -> Path:
    """Each arm's load over that of the linear criterion, body weights; a triangle is a lower bound."""
    figure = new_figure(5.6, 5.2)
    axes = figure.add_subplot()
    for index, (key, strength) in enumerate(femurs.arms.items()):
        # of three sizes and hollow: arms often carry the same
        style: dict[str, Any] = {
            "color": COLOURS[index],
            "markersize": 10 - 2.5 * index,
            "markerfacecolor": "none",
            "linestyle": "",
        }
        rising = strength.open_ended
        name = title(getattr(asked, key))
        axes.plot(strength.linear[~rising], strength.middle[~rising], "osD"[index], label=name, **style)
        axes.plot(strength.linear[rising], strength.middle[rising], "^", **style)
    top = max(float(np.nanmax(np.append(one.middle, one.linear))) for one in femurs.arms.values())
    axes.plot([0, top], [0, top], color=GREY, linewidth=0.8)
    for truth in asked.truths:
        axes.axhline(truth.body_weights, color="#a8321a", linewidth=1)
        axes.axvline(truth.body_weights, color="#a8321a", linewidth=1)
        axes.annotate(title(truth.name), (0, truth.body_weights), (4, 3), textcoords="offset points", color="#a8321a")
    axes.set(xlabel="linear criterion (body weights)", ylabel="pushed to fracture (body weights)")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right", title="triangle: at least")
    _tidy(axes)
    return save(figure, folder, "linear_nonlinear.png")


def _panels(figure: Any, count: int) -> Any:
    return figure.subplots(1, count, sharey=True, squeeze=False)[0]


def _tidy(axes: Axes) -> None:
    axes.set_axisbelow(True)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
