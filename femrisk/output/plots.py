"""A result folder in, pictures of the scene and of the stress in it out, as PNG; off-screen, no solver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import FEMUR_REGIONS, REGIONS
from femrisk.output.charts import GREY, bars, curves, load_text, new_figure, order, save, title
from femrisk.output.folder import ResultFolder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Image = NDArray[np.uint8]

#: What a material is drawn as: colour and opacity; chosen to differ in lightness as well as in hue.
LOOKS = {
    "bone": ("#dcc79c", 0.35),
    "lesion": ("#c8382a", 0.9),
    "cement": ("#5fb3d9", 1.0),
    "device": ("#75879c", 1.0),
}
ROLES = tuple(LOOKS)
SHINE = {"ambient": 0.15, "specular": 0.2}
#: Bit of ``membership`` that is set for cells enclosed by the cortex.
ENDOSTEUM = np.uint32(1)
#: Light where nothing happens, dark where the stress is high: even in lightness, and readable in grey.
COLOUR_MAP = "magma_r"
#: Turned from the front towards the medial side, and upwards; a vertebra is seen more from its right and from above.
VIEW_DEG, SPINE_VIEW_DEG = (20.0, 10.0), (60.0, 25.0)
#: Share of the bone's area in a cut whose stress lies within the scale.
ON_SCALE = 0.98


def draw(folder: ResultFolder) -> tuple[Path, ...]:
    """Draw every figure the folder has results for."""
    loads = dict.fromkeys(load for _, load in order(folder))
    with_fields = dict.fromkeys(load for _, load in _drawable(folder))
    return (
        *([scene(folder)] if with_fields else []),
        *(stress(folder, load) for load in with_fields),
        *(curves(folder, load) for load in loads),
        *([bars(folder)] if loads else []),
    )


def scene(folder: ResultFolder) -> Path:
    """Draw every arm from the front and a little from the side, lesion, cement and devices seen through the bone."""
    from matplotlib.patches import Patch

    shown = dict(reversed(_drawable(folder)))
    arms = list(dict.fromkeys(arm for arm, _ in _drawable(folder)))
    grids = [_grid(folder, arm, shown[arm]) for arm in arms]
    images = _crop([_render(grid) for grid in grids])
    figure = new_figure(2.7 * len(arms), 2.7 * images[0].shape[0] / images[0].shape[1] + 0.7)
    for axes, arm, image in zip(figure.subplots(1, len(arms), squeeze=False)[0], arms, images, strict=True):
        axes.imshow(image, interpolation="lanczos")
        axes.set_axis_off()
        axes.set_title(title(arm))
    present = sorted(set().union(*(np.unique(grid.cell_data["role"]) for grid in grids)))
    legend = [Patch(facecolor=LOOKS[ROLES[role]][0], label=ROLES[role]) for role in present]
    figure.legend(handles=legend, loc="outside lower center", ncols=len(legend), frameon=False)
    return save(figure, folder, "scene.png")


def stress(folder: ResultFolder, load: str) -> Path:
    """Draw von Mises stress at the largest force in the plane of shaft and head, every arm on one colour scale.

    The scale covers 98 % of the bone's area; metal, far stiffer, may lie above it.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    arms = [arm for arm, other in _drawable(folder) if other == load]
    cuts = [_cut(_grid(folder, arm, load)) for arm in arms]
    norm = Normalize(0, _scale(cuts))
    span = np.ptp(np.concatenate([cut["points"] for cut in cuts]), axis=0)
    # a vertebra lies: its picture is wider, and its colour bar too low for a long text
    flat = bool(span[1] < span[0])
    width = 3.2 if flat else 2.5
    figure = new_figure(width * len(arms) + 1.0, width * span[1] / span[0] + (1.1 if flat else 0.7))
    panels = figure.subplots(1, len(arms), squeeze=False, sharex=True, sharey=True)[0]
    for axes, arm, cut in zip(panels, arms, cuts, strict=True):
        _draw_cut(axes, cut, norm)
        axes.set_title(f"{title(arm)}\n{load_text(folder.read_result(arm, load))}", fontsize=11)
    left, low = cuts[0]["points"].min(axis=0)
    panels[0].plot([left, left + 20], [low - 4] * 2, color="black", linewidth=2)
    panels[0].text(left + 10, low - 6, "20 mm", ha="center", va="top", fontsize=9)
    colours = ScalarMappable(norm, COLOUR_MAP)
    bar = figure.colorbar(colours, ax=list(panels), extend="max", pad=0.02, aspect=30, shrink=0.85)
    words = ("von Mises stress (MPa)",) if flat else ("von Mises stress at the largest force", f"{title(load)} (MPa)")
    bar.set_label(", ".join(words))
    return save(figure, folder, f"stress_{load}.png")


def _drawable(folder: ResultFolder) -> tuple[tuple[str, str], ...]:
    """Arm and load of the finished pairs that left fields."""
    return tuple(pair for pair in order(folder) if folder.pair(*pair).fields.is_file())


def _grid(folder: ResultFolder, arm: str, load: str) -> Any:
    """The pair's fields on linear tetrahedra or voxels, with the role of every cell."""
    import pyvista

    fields = pyvista.read(folder.pair(arm, load).fields)
    linear, cells = np.uint8(12), fields.cells_dict.get(np.uint8(12))
    if cells is None:
        linear, cells = np.uint8(10), fields.cells_dict[np.uint8(24)][:, :4]
    used, vertex = np.unique(cells, return_inverse=True)
    grid = pyvista.UnstructuredGrid({linear: vertex.reshape(cells.shape)}, np.asarray(fields.points)[used])
    for name, values in fields.cell_data.items():
        grid.cell_data[name] = values
    roles = np.array([_role(name) for name in folder.read_result(arm, load)["materials"]])
    grid.cell_data["role"] = roles[np.asarray(fields.cell_data["material"], dtype=int)]
    return grid


def _role(material: str) -> int:
    """Index into ROLES of what a material is drawn as."""
    if material.startswith("tumour"):
        return ROLES.index("lesion")
    if material == "pmma":
        return ROLES.index("cement")
    return ROLES.index("device" if material.startswith(("ti", "steel", "cocr")) else "bone")


def _render(grid: Any) -> Image:
    """One view as an image of the same size and scale for every grid of a case."""
    import pyvista

    with pyvista.vtk_verbosity("error"):  # VTK says that there is no screen before it does without
        plotter: Any = pyvista.Plotter(off_screen=True, window_size=[900, 1200], lighting="light kit")
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
        side, up = np.radians(SPINE_VIEW_DEG if _is_vertebra(grid) else VIEW_DEG)
        direction = np.array([np.sin(side) * np.cos(up), np.cos(side) * np.cos(up), np.sin(up)])
        plotter.camera_position = [tuple(center + 600 * direction), tuple(center), (0, 0, 1)]
        plotter.enable_parallel_projection()
        plotter.camera.parallel_scale = 0.54 * float(np.linalg.norm(np.ptp(np.asarray(grid.points), axis=0)))
        return np.asarray(plotter.screenshot(return_img=True))[:, :, :3]
    finally:
        plotter.close()


def _crop(images: list[Image]) -> list[Image]:
    """Cut away what is white in all images, but for a small margin."""
    drawn = np.any([np.any(image < 250, axis=2) for image in images], axis=0)
    window = []
    for axis in (1, 0):
        where = np.flatnonzero(drawn.any(axis=axis))
        window.append(slice(max(where[0] - 10, 0), where[-1] + 11))
    return [image[window[0], window[1]] for image in images]


def _is_vertebra(grid: Any) -> bool:
    return bool(np.min(grid.cell_data["region"]) >= len(FEMUR_REGIONS))


def _cut(grid: Any) -> dict[str, Any]:
    """Cut through shaft axis and head as flat triangles: ``points`` (n, 2), medial to the left as from the front.

    A vertebra is cut in its midsagittal plane, its front to the left.
    """
    head = np.asarray(grid.cell_centers().points)[np.asarray(grid.cell_data["region"]) == REGIONS.index("head")]
    medial = head.mean(axis=0)[:2] if len(head) else np.array([1.0, 0.0])
    medial = np.array([0.0, 1.0]) if _is_vertebra(grid) else medial
    medial = np.append(medial / np.linalg.norm(medial), 0.0)
    flat = grid.slice(normal=np.cross(medial, [0.0, 0.0, 1.0]), origin=(0.0, 0.0, 0.0), generate_triangles=True)
    points = np.asarray(flat.points)
    return {
        "points": np.column_stack([-points @ medial, points[:, 2]]),
        "triangles": np.asarray(flat.regular_faces),
        "stress": np.asarray(flat.cell_data["von_mises_MPa"]),
        "role": np.asarray(flat.cell_data["role"]),
        "cortical": _arch(flat)
        if _is_vertebra(grid)
        else (np.asarray(flat.cell_data["membership"]).astype(np.uint32) >> ENDOSTEUM) & 1 == 0,
    }


def _arch(flat: Any) -> NDArray[np.bool_]:
    """(n,) cells of pedicles and arch: drawn apart from the body as a cortex is from what it encloses."""
    return np.isin(flat.cell_data["region"], [REGIONS.index(name) for name in ("pedicle", "posterior_elements")])


def _scale(cuts: list[dict[str, Any]]) -> float:
    """Upper end of the colour scale, MPa, two digits: the stress that a given share of the bone's area stays below."""
    values, areas = [], []
    for cut in cuts:
        bone = cut["role"] == ROLES.index("bone")
        a, b, c = (cut["points"][cut["triangles"][bone, i]] for i in range(3))
        values.append(cut["stress"][bone])
        areas.append(np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]))
    value, area = np.concatenate(values), np.concatenate(areas)
    rank = np.argsort(value)
    top = float(value[rank][np.searchsorted(np.cumsum(area[rank]), ON_SCALE * area.sum())])
    return float(f"{top:.1e}") if top > 0 else 1.0


def _draw_cut(axes: Axes, cut: dict[str, Any], norm: Any) -> None:
    from matplotlib.collections import LineCollection, PolyCollection

    points, triangles = cut["points"], cut["triangles"]
    cells = PolyCollection(points[triangles], array=cut["stress"], norm=norm, cmap=COLOUR_MAP, edgecolors="face")
    cells.set_linewidth(0.2)
    axes.add_collection(cells)
    outline, bodies, cortex = _borders(triangles, cut["role"], cut["cortical"])
    for edges, colour, width in ((cortex, GREY, 0.4), (outline, GREY, 0.8), (bodies, "#1878b0", 1.4)):
        axes.add_collection(LineCollection(list(points[edges]), colors=colour, linewidths=width))
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.set_axis_off()


def _borders(triangles: NDArray[Any], role: NDArray[Any], cortical: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """(k, 2) edges of the outline, between bodies of different role, and between cortex and what it encloses."""
    edges = np.sort(np.concatenate([triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]), axis=1)
    owner = np.tile(np.arange(len(triangles)), 3)
    unique, inverse, count = np.unique(edges, axis=0, return_inverse=True, return_counts=True)
    sorted_owner = owner[np.argsort(inverse.ravel(), kind="stable")]
    first = np.cumsum(count) - count
    two = count == 2
    one_side, other_side = sorted_owner[first[two]], sorted_owner[first[two] + 1]
    bodies = role[one_side] != role[other_side]
    bone = (role[one_side] == 0) & (role[other_side] == 0)
    cortex = bone & (cortical[one_side] != cortical[other_side])
    return unique[count == 1], unique[two][bodies], unique[two][cortex]
