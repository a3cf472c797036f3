"""A result folder in, figures for papers out: plots as PDF and SVG, pictures of stress and scene at 300 dpi.

They lie in ``figures/paper`` under the names that the pictures of a run have: ``force_displacement_LOAD``,
``fracture_loads``, ``load_share_LOAD``, ``stress_LOAD``, ``scene``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from femrisk.errors import InputError
from femrisk.output.atomic import replacing
from femrisk.output.charts import bars_figure, curves_figure, new_figure, order, title
from femrisk.output.folder import ResultFolder
from femrisk.output.plots import drawable, scene_figure, stress_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("paper.mplstyle")

#: files of a plot, and of a picture, whose cells are drawn as dots in the PDF too
VECTOR, PICTURE = ("pdf", "svg"), ("pdf", "png")

#: how much finer the scene is rendered than for a screen
SHARPNESS = 2

#: how the carriers of load are filled, told apart in grey by lightness and hatch
CARRIERS = {
    "bone": ("#dcc79c", ""),
    "shell": ("#a98f58", "||"),
    "tumour": ("#c8382a", "xx"),
    "cement": ("#9bd0ea", "//"),
    "metal": ("#51606f", ""),
}


def draw(folder: ResultFolder) -> tuple[Path, ...]:
    """Write every figure the folder has results for.

    Raises:
        InputError: it has none.
    """
    import matplotlib.style

    if not folder.finished():
        raise InputError(str(folder.path), "holds no finished results (allowed: a folder that femrisk run has written)")
    with matplotlib.style.context(STYLE):
        return tuple(_save(figure, folder, name, kind) for name, figure, kinds in _figures(folder) for kind in kinds)


def _figures(folder: ResultFolder) -> Iterator[tuple[str, Figure, tuple[str, ...]]]:
    """Name, figure and kinds of file of each."""
    for load in dict.fromkeys(load for _, load in order(folder)):
        yield f"force_displacement_{load}", curves_figure(folder, load), VECTOR
        if (figure := shares_figure(folder, load)) is not None:
            yield f"load_share_{load}", figure, VECTOR
    yield "fracture_loads", bars_figure(folder), VECTOR
    pairs = drawable(folder)
    for load in dict.fromkeys(load for _, load in pairs):
        yield f"stress_{load}", stress_figure(folder, load), PICTURE
    if pairs:
        yield "scene", scene_figure(folder, SHARPNESS), ("png",)


def shares_figure(folder: ResultFolder, load: str) -> Figure | None:
    """What bone, tumour, cement and metal carry of the force through the lesion's section; None where it is not known.

    A share below 0 pulls where the others push; it stands to the left of 0.
    """
    arms = [arm for arm, other in order(folder) if other == load]
    shares = {arm: folder.read_result(arm, load).get("load_share") or {} for arm in arms}
    known = [name for name in CARRIERS if any(one.get(name) for one in shares.values())]
    if not known:
        return None
    figure = new_figure(6.4, 0.9 + 0.42 * len(arms))
    axes = figure.add_subplot()
    for row, arm in enumerate(arms):
        ends = {True: 0.0, False: 0.0}
        for name in known:
            share = 100 * float(shares[arm].get(name) or 0.0)
            colour, hatch = CARRIERS[name]
            look: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "edgecolor": "black", "linewidth": 0.6}
            axes.barh(row, share, 0.62, left=ends[share >= 0], label=name if row == 0 else None, **look)
            ends[share >= 0] += share
    axes.set_yticks(range(len(arms)), [title(arm) for arm in arms])
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlabel="share of the force (%)", title=title(load).capitalize())
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _save(figure: Figure, folder: ResultFolder, name: str, kind: str) -> Path:
    """Write one file, without the date: the same results give the same file."""
    path = folder.figures / "paper" / f"{name}.{kind}"
    undated: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}[kind]
    with replacing(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=undated)
    return path
