"""Fields of every arm under one load in, their sections as pictures on one colour scale out; matplotlib, no screen."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from femrisk.output.charts import new_figure
from femrisk.output.plots import crop, render
from femrisk.output.stresscut import COLOUR_MAP, across, draw_cut, grid_of, scale_of, section_of
from femrisk.report.quantity import Quantity
from femrisk.report.reading import Reading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: how far from the plane of the cut a failure site may lie to be drawn with a full line, mm
NEAR = 3.0
#: longest side of a section, inch, and its resolution
SIZE, DPI = 4.2, 190
#: how many colours the legend's band is made of
STEPS = 24


@dataclass(frozen=True)
class Section:
    """The picture of one arm's section."""

    arm: str
    #: PNG as a data URI, transparent where no bone is
    picture: str
    #: how far in front of the plane of the cut the bone fails, mm; None where no site is known
    off_plane_mm: float | None


@dataclass(frozen=True)
class Cuts:
    """Sections of every arm under one load."""

    load: str
    sections: tuple[Section, ...]
    #: upper end of the colour scale, MPa; the lower one is 0
    top_MPa: float
    #: what share of a picture's width 20 mm are
    ruler: float


def grids_of(reading: Reading) -> dict[tuple[str, str], Any]:
    """The fields of every pair that left some, in the order of the case."""
    return {
        pair: grid_of(reading.folder, *pair) for pair in reading.results if reading.folder.pair(*pair).fields.is_file()
    }


def cuts_of(reading: Reading, load: str, grids: Mapping[tuple[str, str], Any]) -> Cuts | None:
    """The sections of one load; None where no arm left fields."""
    from matplotlib.colors import Normalize

    shown = {arm: grid for (arm, other), grid in grids.items() if other == load}
    if not shown:
        return None
    cuts = {arm: section_of(grid) for arm, grid in shown.items()}
    top = scale_of(list(cuts.values()))
    points = np.concatenate([cut["points"] for cut in cuts.values()])
    low, high = points.min(axis=0) - 4, points.max(axis=0) + 4
    span = high - low
    inches = SIZE * span / span.max()
    sections = []
    for arm, cut in cuts.items():
        figure = new_figure(*inches)
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1))
        draw_cut(axes, cut, Normalize(0, top))
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        site = _site(reading, arm, load)
        off = None
        if site is not None:
            left = across(shown[arm])
            off = float(np.cross(left, [0.0, 0.0, 1.0]) @ site)
            _ring(axes, -float(site @ left), float(site[2]), abs(off) < NEAR)
        sections.append(Section(arm, png(figure), off))
    return Cuts(load, tuple(sections), top, float(20 / span[0]))


def scenes_of(grids: Mapping[tuple[str, str], Any]) -> dict[str, str]:
    """A picture of every arm, as seen from the front and a little from the side, as data URIs of one size."""
    first: dict[str, Any] = {}
    for (arm, _), grid in grids.items():
        first.setdefault(arm, grid)
    images = crop([render(grid, transparent=True) for grid in first.values()]) if first else []
    return {arm: _plain_png(image) for arm, image in zip(first, images, strict=True)}


def colours(count: int) -> tuple[tuple[float, float, float], ...]:
    """Red, green and blue of so many steps from the lower to the upper end of the scale."""
    from matplotlib import colormaps

    return tuple((float(r), float(g), float(b)) for r, g, b, _ in colormaps[COLOUR_MAP](np.linspace(0, 1, count)))


def band() -> str:
    """The colours of the scale from 0 to its upper end, as stops of a CSS gradient."""
    return ", ".join("#" + "".join(f"{round(255 * part):02x}" for part in colour) for colour in colours(STEPS))


def legend(top_MPa: float, load: str) -> tuple[Quantity, ...]:
    """The numbers under the band, at equal steps that need no rounding; their source is the fields of that load."""
    digits = 0 if top_MPa >= 20 else 1 if top_MPa >= 2 else 2
    scale = 10**digits
    count = next((n for n in (4, 5, 3, 6, 2) if abs(top_MPa * scale / n - round(top_MPa * scale / n)) < 1e-6), 1)
    source = f"arms/*/{load}/fields.vtu"
    return tuple(Quantity(top_MPa * i / count, source, digits=digits if i else 0) for i in range(count + 1))


def png(figure: Figure) -> str:
    """A figure as a data URI, its ground transparent."""
    stream = io.BytesIO()
    figure.savefig(stream, dpi=DPI, format="png", transparent=True)
    return _uri(stream.getvalue())


def _site(reading: Reading, arm: str, load: str) -> Any:
    """(3,) mm where the bone fails; None where the comparison names no place."""
    row = reading.row(arm, load)
    place: Sequence[float] | None = None if row is None else reading.comparison.at("rows", row, "failure_centroid_mm")
    return None if place is None else np.asarray(place, dtype=float)


def _ring(axes: Axes, x: float, y: float, near: bool) -> None:
    """A ring round the failure site, dashed where it lies before or behind the cut."""
    middle, size = (".", 3.0) if near else ("x", 5.0)
    for colour, width in (("white", 3.4), ("#0b6e4f", 1.7)):
        axes.plot(x, y, "o", markersize=15, markerfacecolor="none", markeredgecolor=colour, markeredgewidth=width)
        axes.plot(x, y, middle, color=colour, markersize=size, markeredgewidth=width - 0.5)


def _plain_png(image: Any) -> str:
    from matplotlib.image import imsave

    stream = io.BytesIO()
    imsave(stream, np.ascontiguousarray(image), format="png")
    return _uri(stream.getvalue())


def _uri(content: bytes) -> str:
    return f"data:image/png;base64,{b64encode(content).decode()}"
