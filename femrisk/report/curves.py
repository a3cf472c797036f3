"""Histories of one load in, its force-displacement chart as SVG out; colours and dashes come from the page's style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

import numpy as np
from markupsafe import Markup, escape

from femrisk.meshes.labelled import Floats
from femrisk.output.folder import read_history
from femrisk.report.answer import LoadAnswer, Strength
from femrisk.report.quantity import markup
from femrisk.report.reading import Reading

#: size of the chart and of its margins (left, top, right, bottom), in units of the drawing
WIDTH, HEIGHT = 760.0, 400.0
LEFT, TOP, RIGHT, BOTTOM = 52.0, 14.0, 214.0, 46.0
#: least distance of two labels, one line of text
LINE = 17.0


@dataclass(frozen=True)
class Axis:
    """A scale from data to the drawing, with its ticks."""

    start: float
    end: float
    top: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (self.end - self.start) * value / self.top


@dataclass(frozen=True)
class Curve:
    """One arm's curve: travel in mm, force in kN, beginning at nothing."""

    index: int
    strength: Strength
    source: str
    travel: Floats
    force: Floats


def chart(reading: Reading, answer: LoadAnswer) -> Markup:
    """The chart of one load; a mark says how each march ended, a label by the curve whose it is."""
    curves = [one for one in (_curve(reading, answer, i) for i in range(len(answer.strengths))) if len(one.travel) > 1]
    if not curves:
        return Markup("")
    demand = answer.demand.value / 1000 if answer.demand else 0.0
    across = _axis(LEFT, WIDTH - RIGHT, max(float(one.travel.max()) for one in curves))
    up = _axis(HEIGHT - BOTTOM, TOP, max(demand, *(float(one.force.max()) for one in curves)))
    parts = [*_frame(across, up), *(_demand(answer, up) if answer.demand else [])]
    parts += [_line(one, across, up) for one in curves]
    parts += [_mark(reading, answer, one, across, up) for one in curves]
    parts += _labels(curves, up)
    words = "; ".join(f"{one.strength.name} {one.strength.spoken().striptags()}" for one in curves)
    about = f"Force over displacement in {answer.name.lower()}, one curve for each arm. {words}."
    return markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        f"{WIDTH:g}",
        f"{HEIGHT:g}",
        about,
        Markup("").join(parts),
    )


def _curve(reading: Reading, answer: LoadAnswer, index: int) -> Curve:
    strength = answer.strengths[index]
    history = read_history(reading.folder, strength.arm, answer.load)
    travel, force = history["displacement_mm"], history["force_N"] / 1000
    if len(travel) and travel[0] > 0:
        travel, force = np.insert(travel, 0, 0.0), np.insert(force, 0, 0.0)
    return Curve(index, strength, f"arms/{strength.arm}/{answer.load}/history.csv", travel, force)


def ticks(top: float, count: int = 5) -> tuple[float, ...]:
    """About ``count`` round steps from 0 up to, and past, ``top``."""
    if not top > 0:
        return (0.0, 1.0)
    size = 10.0 ** floor(log10(top / count))
    step = next(size * one for one in (1, 2, 5, 10) if size * one * count >= top)
    return tuple(step * i for i in range(int(np.ceil(top / step - 1e-9)) + 1))


def _axis(start: float, end: float, top: float) -> Axis:
    limit = 1.05 * top or 1.0
    return Axis(start, end, limit, tuple(tick for tick in ticks(limit) if tick <= limit))


def _frame(across: Axis, up: Axis) -> list[Markup]:
    low, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    digits = next((n for n in range(4) if all(abs(tick - round(tick, n)) < 1e-9 for tick in up.ticks)), 4)
    for tick in up.ticks:
        parts.append(Markup(f'<path class="grid" d="M{LEFT:g} {up.at(tick):.1f}H{right:g}"/>'))
        parts.append(
            Markup(f'<text class="tick end" x="{LEFT - 8:g}" y="{up.at(tick) + 4:.1f}">{tick:.{digits}f}</text>')
        )
    for tick in across.ticks:
        parts.append(Markup(f'<text class="tick middle" x="{across.at(tick):.1f}" y="{low + 18:g}">{tick:g}</text>'))
        parts.append(Markup(f'<path class="axis" d="M{across.at(tick):.1f} {low:g}v4"/>'))
    parts.append(Markup(f'<path class="axis" d="M{LEFT:g} {low:g}H{right:g}"/>'))
    middle = (LEFT + right) / 2
    parts.append(
        Markup(f'<text class="name middle" x="{middle:g}" y="{HEIGHT - 8:g}">displacement of the machine, mm</text>')
    )
    place = f"translate(14 {(TOP + low) / 2:g}) rotate(-90)"
    return [*parts, Markup(f'<text class="name middle" transform="{place}">force, kN</text>')]


def _demand(answer: LoadAnswer, up: Axis) -> list[Markup]:
    assert answer.demand is not None, "asked for only where there is one"
    height = up.at(answer.demand.value / 1000)
    return [
        Markup(f'<path class="demand" d="M{LEFT:g} {height:.1f}H{WIDTH - RIGHT:g}"/>'),
        markup(
            '<text class="note end halo" x="{}" y="{}">asked for: {} kN</text>',
            f"{WIDTH - RIGHT:g}",
            f"{height - 5:.1f}",
            answer.demand.text,
        ),
    ]


def _line(curve: Curve, across: Axis, up: Axis) -> Markup:
    points = " ".join(
        f"{across.at(x):.2f},{up.at(y):.2f}" for x, y in zip(curve.travel.tolist(), curve.force.tolist(), strict=True)
    )
    return Markup(
        f'<polyline class="curve arm-{curve.index % 7}" data-source="{escape(curve.source)}" '
        f'data-per-mm="{(across.end - across.start) / across.top:.6f}" '
        f'data-per-kn="{(up.start - up.end) / up.top:.6f}" points="{points}">'
        f"<title>{escape(curve.strength.name)}</title></polyline>"
    )


def _mark(reading: Reading, answer: LoadAnswer, curve: Curve, across: Axis, up: Axis) -> Markup:
    """Where the fracture load was read, or for a march that found none its end; the shape tells the status."""
    result = reading.results[curve.strength.arm, answer.load]
    load, travel = result.number("fracture_load_N"), result.number("displacement_at_peak_mm")
    told = load is not None and travel is not None and curve.strength.status != "stuck"
    x = across.at(travel.value if told and travel else float(curve.travel[-1]))
    y = up.at(load.value / 1000 if told and load else float(curve.force[-1]))
    return Markup(
        f'<path class="mark arm-{curve.index % 7}" transform="translate({x:.2f} {y:.2f})" '
        f'd="{MARKS.get(curve.strength.status, MARKS["stuck"])}"/>'
    )


#: shape of the mark of each status, about the origin
MARKS = {
    "collapsed": "M5 0A5 5 0 1 1 -5 0A5 5 0 1 1 5 0Z",
    "plateau": "M-4.5 -4.5H4.5V4.5H-4.5Z",
    "bracketed": "M0 -6L5 0L0 6L-5 0Z",
    "limit_reached": "M0 -6L5.5 4H-5.5Z",
    "stuck": "M-5 -5L5 5M-5 5L5 -5",
}


def _labels(curves: Sequence[Curve], up: Axis) -> list[Markup]:
    """A label for each curve in the right margin, as high as the curve ends, none over another."""
    order = sorted(curves, key=lambda one: -float(one.force[-1]))
    heights: list[float] = []
    for one in order:
        wanted = up.at(float(one.force[-1]))
        heights.append(max(wanted, heights[-1] + 2 * LINE) if heights else max(wanted, TOP + LINE))
    # what was pushed out below comes back up, the lowest first
    floor_, step = HEIGHT - BOTTOM, 2 * LINE
    for i in range(len(heights) - 1, -1, -1):
        heights[i] = min(heights[i], floor_ - 0.5 * LINE - step * (len(heights) - 1 - i))
    left, parts = WIDTH - RIGHT + 18, []
    for one, height in zip(order, heights, strict=True):
        parts.append(
            markup(
                '<path class="curve arm-{}" d="M{} {}h26"/>'
                '<text class="label" x="{}" y="{}">{}</text>'
                '<text class="note" x="{}" y="{}">{}, {}</text>',
                one.index % 7,
                f"{left:g}",
                f"{height - 4:.1f}",
                f"{left + 34:g}",
                f"{height:.1f}",
                one.strength.name,
                f"{left + 34:g}",
                f"{height + 14:.1f}",
                one.strength.spoken().striptags(),
                one.strength.status_words,
            )
        )
    return parts
