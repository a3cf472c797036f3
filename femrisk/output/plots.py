"""A result folder in, pictures of the scene and of the stress in it out, as PNG; off-screen, no solver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from femrisk.output.charts import bars, curves, densities, load_text, new_figure, order, save, title
from femrisk.output.folder import ResultFolder
from femrisk.output.scan import scan_file
from femrisk.output.stresscut import (
    COLOUR_MAP,
    LOOKS,
    ROLES,
    draw_cut,
    grid_of,
    is_vertebra,
    scale_of,
    section_of,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Image = NDArray[np.uint8]

SHINE = {"ambient": 0.15, "specular": 0.2}
#: Turned from the front towards the medial side, and upwards; a vertebra is seen more from its right and from above.
VIEW_DEG, SPINE_VIEW_DEG = (20.0, 10.0), (60.0, 25.0)


def draw(folder: ResultFolder) -> tuple[Path, ...]:
    """Draw every figure the folder has results for."""
    loads = dict.fromkeys(load for _, load in order(folder))
    with_fields = dict.fromkeys(load for _, load in drawable(folder))
    return (
        *([scene(folder)] if with_fields else []),
        *(stress(folder, load) for load in with_fields),
        *(curves(folder, load) for load in loads),
        *([bars(folder)] if loads else []),
        *([densities(folder)] if scan_file(folder).is_file() else []),
    )


def scene(folder: ResultFolder) -> Path:
    """Draw every arm."""
    return save(scene_figure(folder), folder, "scene.png")


def stress(folder: ResultFolder, load: str) -> Path:
    """Draw the stress of every arm under a load."""
    return save(stress_figure(folder, load), folder, f"stress_{load}.png")


def scene_figure(folder: ResultFolder, sharpness: int = 1) -> Figure:
    """Every arm from the front and a little from the side, lesion, cement and devices seen through the bone."""
    from matplotlib.patches import Patch

    shown = dict(reversed(drawable(folder)))
    arms = list(dict.fromkeys(arm for arm, _ in drawable(folder)))
    grids = [grid_of(folder, arm, shown[arm]) for arm in arms]
    images = crop([render(grid, sharpness=sharpness) for grid in grids])
    figure = new_figure(2.7 * len(arms), 2.7 * images[0].shape[0] / images[0].shape[1] + 0.7)
    for axes, arm, image in zip(figure.subplots(1, len(arms), squeeze=False)[0], arms, images, strict=True):
        axes.imshow(image, interpolation="lanczos")
        axes.set_axis_off()
        axes.set_title(title(arm))
    present = sorted(set().union(*(np.unique(grid.cell_data["role"]) for grid in grids)))
    legend = [Patch(facecolor=LOOKS[ROLES[role]][0], label=ROLES[role]) for role in present]
    figure.legend(handles=legend, loc="outside lower center", ncols=len(legend), frameon=False)
    return figure


def stress_figure(folder: ResultFolder, load: str) -> Figure:
    """Von Mises stress at the largest force in the plane of shaft and head, every arm on one colour scale.

    The scale covers 98 % of the bone's area; metal, far stiffer, may lie above it.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    arms = [arm for arm, other in drawable(folder) if other == load]
    cuts = [section_of(grid_of(folder, arm, load)) for arm in arms]
    norm = Normalize(0, scale_of(cuts))
    span = np.ptp(np.concatenate([cut["points"] for cut in cuts]), axis=0)
    # a vertebra lies: its picture is wider, and its colour bar too low for a long text
    flat = bool(span[1] < span[0])
    width = 3.2 if flat else 2.5
    figure = new_figure(width * len(arms) + 1.0, width * span[1] / span[0] + (1.1 if flat else 0.7))
    panels = figure.subplots(1, len(arms), squeeze=False, sharex=True, sharey=True)[0]
    for axes, arm, cut in zip(panels, arms, cuts, strict=True):
        draw_cut(axes, cut, norm)
        axes.set_title(f"{title(arm)}\n{load_text(folder.read_result(arm, load))}", fontsize=11)
    left, low = cuts[0]["points"].min(axis=0)
    panels[0].plot([left, left + 20], [low - 4] * 2, color="black", linewidth=2)
    panels[0].text(left + 10, low - 6, "20 mm", ha="center", va="top", fontsize=9)
    colours = ScalarMappable(norm, COLOUR_MAP)
    bar = figure.colorbar(colours, ax=list(panels), extend="max", pad=0.02, aspect=30, shrink=0.85)
    words = ("von Mises stress (MPa)",) if flat else ("von Mises stress at the largest force", f"{title(load)} (MPa)")
    bar.set_label(", ".join(words))
    return figure


def drawable(folder: ResultFolder) -> tuple[tuple[str, str], ...]:
    """Arm and load of the finished pairs that left fields."""
    return tuple(pair for pair in order(folder) if folder.pair(*pair).fields.is_file())


def render(grid: Any, *, transparent: bool = False, sharpness: int = 1) -> Image:
    """One view as an image of the same size and scale for every grid of a case; with a transparent ground, RGBA."""
    import pyvista

    with pyvista.vtk_verbosity("error"):  # VTK says that there is no screen before it does without
        size = [900 * sharpness, 1200 * sharpness]
        plotter: Any = pyvista.Plotter(off_screen=True, window_size=size, lighting="light kit")
    try:
        plotter.set_background("white")
        plotter.render_window.SetMultiSamples(0)  # with them, peeled layers vanish in some software renderers
        plotter.enable_depth_peeling(12)
        for role, (colour, opacity) in enumerate(LOOKS.values()):
            cells = np.flatnonzero(grid.cell_data["role"] == role)
            surface = (grid if role == 0 else grid.extract_cells(cells)).extract_surface(algorithm="dataset_surface")
            if surface.n_cells:
                plotter.add_mesh(surface, color=colour, opacity=opacity, smooth_shading=True, **SHINE)
        center = np.asarray(grid.center)
        plotter.camera_position = [tuple(center + 600 * viewed_from(grid)), tuple(center), (0, 0, 1)]
        plotter.enable_parallel_projection()
        plotter.camera.parallel_scale = 0.54 * float(np.linalg.norm(np.ptp(np.asarray(grid.points), axis=0)))
        image = np.asarray(plotter.screenshot(return_img=True, transparent_background=transparent))
        return image if transparent else image[:, :, :3]
    finally:
        plotter.close()


def viewed_from(grid: Any) -> NDArray[np.float64]:
    """(3,) unit vector towards the eye."""
    side, up = np.radians(SPINE_VIEW_DEG if is_vertebra(grid) else VIEW_DEG)
    return np.array([np.sin(side) * np.cos(up), np.cos(side) * np.cos(up), np.sin(up)])


def crop(images: list[Image]) -> list[Image]:
    """Cut away what is white, or transparent, in all images, but for a small margin."""
    drawn = np.any(
        [image[:, :, 3] > 0 if image.shape[2] == 4 else np.any(image < 250, axis=2) for image in images], axis=0
    )
    window = []
    for axis in (1, 0):
        where = np.flatnonzero(drawn.any(axis=axis))
        window.append(slice(max(where[0] - 10, 0), where[-1] + 11))
    return [image[window[0], window[1]] for image in images]
