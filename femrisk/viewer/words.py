"""What is shown in, what the page says beside it out: heads, legend, curve as SVG, probed values, tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from femrisk.meshes.labelled import REGIONS
from femrisk.output.charts import COLOURS, MEANING, load_text
from femrisk.report.reading import headed, named
from femrisk.viewer.body import Floats
from femrisk.viewer.fields import Field, Scale, named_colours, present
from femrisk.viewer.shown import Shown
from femrisk.viewer.study import March, State

#: rows of a table that are made at once
ROWS = 20_000
#: letters that stand side by side under the band of colours
LETTERS = 32
#: size of the curve, and the room round it, in pixels
WIDE, HIGH, LEFT, BELOW, ROOM = 300, 190, 44, 34, 10


@dataclass(frozen=True)
class Probe:
    """A point whose values were asked for."""

    arm: str
    load: str
    number: int
    #: mm, undeformed
    point: tuple[float, float, float]
    cell: int
    values: Mapping[str, float]


def number(value: float | None) -> str:
    """Four digits, as short as they go, no zero below nothing; a dash where there is none."""
    return "–" if value is None or not np.isfinite(value) else f"{value + 0.0:.4g}"


def head_of(picture: Shown) -> dict[str, str]:
    """What stands over a picture."""
    march, at = picture.march, picture.state.number
    last = len(march.travel) - 1
    if at:
        where = f"increment {at} of {last}: {march.force[at]:,.0f} N at {march.travel[at]:.3f} mm of travel"
        where += " (largest force)" if at == march.peak else ""
    else:
        where = f"elastic solution, scaled to {number(march.force_at(0))} N"
    return {
        "title": f"{headed(march.arm)}, {named(march.load)}",
        "status": f"{MEANING[march.result['status']]}; {load_text(dict(march.result))}",
        "increment": where,
        "shown": f"{int(picture.visible.sum()):,} of {len(picture.visible):,} cells",
    }


def legend_of(field: Field, scale: Scale, pictures: Sequence[Shown], table: Any) -> dict[str, Any]:
    """The legend: ends and steps of the scale or the names that are shown, and what values there are."""
    if scale.names:
        there = np.unique(np.concatenate([one.values[one.visible] for one in pictures])).astype(int)
        colours = named_colours(len(scale.names))
        names = [{"name": scale.names[i].replace("_", " "), "colour": _code(colours[i])} for i in there]
        return {"title": field.title, "names": names, "ticks": [], "band": "", "ranges": []}
    stops = table[np.linspace(0, len(table) - 1, 17).astype(int)]
    stops = stops[::-1] if scale.down else stops
    return {
        "title": field.title,
        "names": [],
        "ticks": ticks_of(scale),
        "band": f"linear-gradient(to right, {', '.join(_code(colour) for colour in stops)})",
        "ranges": [
            {"arm": headed(one.march.arm), "low": number(one.range[0]), "high": number(one.range[1])}
            for one in pictures
        ],
    }


def ticks_of(scale: Scale) -> list[str]:
    """Five numbers under the band of colours, or three where five are too long to stand side by side."""
    five = [number(value) for value in np.linspace(scale.low, scale.high, 5)]
    return five if sum(map(len, five)) <= LETTERS else five[::2]


def _code(colour: Any) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in colour)


def curve_of(marches: Sequence[March], at: Sequence[int]) -> str:
    """Force over travel of each arm as SVG; a disc is where it is looked at."""
    widest = max([float(march.travel.max()) for march in marches]) or 1.0
    highest = max([float(march.force.max()) for march in marches]) or 1.0
    across, up = WIDE - LEFT - ROOM, HIGH - BELOW - ROOM

    def x(travel: float) -> float:
        return LEFT + across * travel / widest

    def y(force: float) -> float:
        return ROOM + up * (1 - force / highest)

    parts = []
    for tick in np.linspace(0, 1, 3):
        level = y(tick * highest)
        parts.append(
            f'<text x="{LEFT - 4}" y="{y(tick * highest) + 4:.1f}" text-anchor="end">{tick * highest / 1000:.2f}</text>'
        )
        parts.append(
            f'<text x="{x(tick * widest):.1f}" y="{HIGH - BELOW + 14}" text-anchor="middle">{tick * widest:.2f}</text>'
        )
        parts.append(f'<line x1="{LEFT}" x2="{WIDE - ROOM}" y1="{level:.1f}" y2="{level:.1f}" class="grid"/>')
    said, half = [], ROOM + up / 2
    for march, number_at, colour in zip(marches, at, COLOURS[1:], strict=False):
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(march.travel, march.force, strict=True))
        parts.append(f'<polyline points="{points}" stroke="{colour}" fill="none" stroke-width="2"/>')
        if number_at:
            place = (x(float(march.travel[number_at])), y(float(march.force[number_at])))
            parts.append(f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="5" fill="{colour}"/>')
            said.append(f"{headed(march.arm)} at {march.force[number_at]:.0f} N")
    parts.append(f'<text x="{LEFT + across / 2}" y="{HIGH - 4}" text-anchor="middle">travel (mm)</text>')
    parts.append(f'<text x="10" y="{half}" text-anchor="middle" transform="rotate(-90 10 {half})">force (kN)</text>')
    label = escape("Force over travel: " + "; ".join(said), quote=True)
    return f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def keys_of_curve(marches: Sequence[March]) -> list[dict[str, str]]:
    """The colour of each arm in the curve."""
    return [{"arm": headed(march.arm), "colour": colour} for march, colour in zip(marches, COLOURS[1:], strict=False)]


def probe_of(picture: Shown, cell: int, point: Floats) -> Probe:
    """The values at a point of a cell: those of the cell, and the displacement between its points.

    Args:
        picture: of the arm.
        cell: the point is in.
        point: (3,) undeformed, mm.
    """
    values = {key: float(array[cell]) for key, array in picture.state.fields.items()}
    body = picture.still.body
    found = body.find(point)
    if found is not None and found[0] == cell:
        moved = found[1] @ picture.state.displacement[found[2]]
        values |= {f"displacement_{axis}": float(moved[i]) for i, axis in enumerate("xyz")}
        values["displacement"] = float(np.linalg.norm(moved))
    march = picture.march
    x, y, z = (float(value) for value in point)
    return Probe(march.arm, march.load, picture.state.number, (x, y, z), cell, values)


def told(probe: Probe, fields: Sequence[Field], materials: Sequence[str]) -> dict[str, Any]:
    """A probe as the page tells it."""
    rows = []
    for field in fields:
        value = probe.values.get(field.key, float("nan"))
        text = number(value)
        if field.kind == "names":
            text = (REGIONS if field.key == "region" else materials)[int(value)].replace("_", " ")
        rows.append({"name": field.label, "value": text, "unit": field.unit})
    x, y, z = probe.point
    return {
        "head": f"{headed(probe.arm)}, {named(probe.load)}, increment {probe.number}",
        "place": f"({x:.1f}, {y:.1f}, {z:.1f}) mm, cell {probe.cell}",
        "rows": rows,
    }


def probes_csv(probes: Sequence[Probe], fields: Sequence[Field], materials: Sequence[str]) -> str:
    """Every probed point, one a line."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    moved = [f"displacement_{axis}" for axis in "xyz"]
    writer.writerow(
        [
            "arm",
            "load",
            "increment",
            "cell",
            "x_mm",
            "y_mm",
            "z_mm",
            *map(column, fields),
            *(f"{name}_mm" for name in moved),
        ]
    )
    for probe in probes:
        values = [_cell_text(field, probe.values.get(field.key, float("nan")), materials) for field in fields]
        moves = [_text(probe.values.get(name, float("nan"))) for name in moved]
        writer.writerow([probe.arm, probe.load, probe.number, probe.cell, *map(_text, probe.point), *values, *moves])
    return stream.getvalue()


def cells_csv(pictures: Sequence[Shown], materials: Sequence[str]) -> Iterator[str]:
    """Every cell that is shown and not clipped away, one a line, with all its fields; in parts."""
    fields = present(pictures[0].state.fields)
    names = ["arm", "load", "increment", "cell", "x_mm", "y_mm", "z_mm", "volume_mm3", *map(column, fields)]
    yield ",".join(names) + "\n"
    for picture in pictures:
        body = picture.still.body
        centroids, volumes = body.centroids(), picture.still.volumes
        keep = picture.visible
        if picture.plane is not None:
            keep = keep & (picture.plane.height(body.mean(picture.points)) <= 0)
        which = np.flatnonzero(keep)
        start = [picture.march.arm, picture.march.load, picture.state.number]
        for first in range(0, len(which), ROWS):
            yield _rows(which[first : first + ROWS], start, centroids, volumes, picture.state, fields, materials)


def _rows(
    cells: Any, start: list[Any], centroids: Floats, volumes: Floats, state: State, fields: Sequence[Field],
    materials: Sequence[str],
) -> str:  # fmt: skip
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    nothing = np.full(len(volumes), np.nan)
    columns = [
        [_cell_text(field, value, materials) for value in state.fields.get(field.key, nothing)[cells]]
        for field in fields
    ]
    places = [[_text(value) for value in centroids[cells, axis]] for axis in range(3)]
    for row in zip(cells, *places, (_text(value) for value in volumes[cells]), *columns, strict=True):
        writer.writerow([*start, *row])
    return stream.getvalue()


def column(field: Field) -> str:
    """Name of a field's column, with its unit."""
    unit = {"MPa": "_MPa", "mm": "_mm", "g/cm3": "_g_per_cm3"}.get(field.unit, "")
    return field.key + unit


def _cell_text(field: Field, value: float, materials: Sequence[str]) -> str:
    if field.kind == "names" and np.isfinite(value):
        return (REGIONS if field.key == "region" else materials)[int(value)]
    return _text(value)


def _text(value: float) -> str:
    """Seven digits; nothing where there is no number."""
    return f"{value:.7g}" if np.isfinite(value) else ""
