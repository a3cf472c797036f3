"""A finished pair in, its cells with their stress and role, and the plane section drawn in pictures, out; no screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import FEMUR_REGIONS, REGIONS, Floats
from femrisk.output.charts import GREY
from femrisk.output.folder import ResultFolder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What a material is drawn as: colour and opacity; chosen to differ in lightness as well as in hue.
LOOKS = {
    "bone": ("#dcc79c", 0.35),
    "lesion": ("#c8382a", 0.9),
    "cement": ("#5fb3d9", 1.0),
    "device": ("#75879c", 1.0),
}
ROLES = tuple(LOOKS)
#: Bit of ``membership`` that is set for cells enclosed by the cortex.
ENDOSTEUM = np.uint32(1)
#: Light where nothing happens, dark where the stress is high: even in lightness, and readable in grey.
COLOUR_MAP = "magma_r"
#: Share of the bone's area in a cut whose stress lies within the scale.
ON_SCALE = 0.98


def grid_of(folder: ResultFolder, arm: str, load: str) -> Any:
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
    roles = np.array([role_of(name) for name in folder.read_result(arm, load)["materials"]])
    grid.cell_data["role"] = roles[np.asarray(fields.cell_data["material"], dtype=int)]
    return grid


def role_of(material: str) -> int:
    """Index into ROLES of what a material is drawn as."""
    if material.startswith("tumour"):
        return ROLES.index("lesion")
    if material == "pmma":
        return ROLES.index("cement")
    return ROLES.index("device" if material.startswith(("ti", "steel", "cocr")) else "bone")


def is_vertebra(grid: Any) -> bool:
    """True where the cells are those of a vertebra."""
    return bool(np.min(grid.cell_data["region"]) >= len(FEMUR_REGIONS))


def across(grid: Any) -> Floats:
    """(3,) the direction that points to the left in pictures: medial, in the plane of shaft axis and head.

    In a vertebra it is the front, in the midsagittal plane.
    """
    head = np.asarray(grid.cell_centers().points)[np.asarray(grid.cell_data["region"]) == REGIONS.index("head")]
    medial = head.mean(axis=0)[:2] if len(head) else np.array([1.0, 0.0])
    medial = np.array([0.0, 1.0]) if is_vertebra(grid) else medial
    return np.append(medial / np.linalg.norm(medial), 0.0)


def section_of(grid: Any) -> dict[str, Any]:
    """The section in the plane of ``across`` and z as flat triangles; ``points`` (n, 2) are to the right and up."""
    left = across(grid)
    flat = grid.slice(normal=np.cross(left, [0.0, 0.0, 1.0]), origin=(0.0, 0.0, 0.0), generate_triangles=True)
    points = np.asarray(flat.points)
    return {
        "points": np.column_stack([-points @ left, points[:, 2]]),
        "triangles": np.asarray(flat.regular_faces),
        "stress": np.asarray(flat.cell_data["von_mises_MPa"]),
        "role": np.asarray(flat.cell_data["role"]),
        "cortical": _arch(flat)
        if is_vertebra(grid)
        else (np.asarray(flat.cell_data["membership"]).astype(np.uint32) >> ENDOSTEUM) & 1 == 0,
    }


def _arch(flat: Any) -> NDArray[np.bool_]:
    """(n,) cells of pedicles and arch: drawn apart from the body as a cortex is from what it encloses."""
    return np.isin(flat.cell_data["region"], [REGIONS.index(name) for name in ("pedicle", "posterior_elements")])


def scale_of(cuts: list[dict[str, Any]]) -> float:
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


def draw_cut(axes: Axes, cut: dict[str, Any], norm: Any) -> None:
    """Colour a section by its stress, and outline its bodies."""
    from matplotlib.collections import LineCollection, PolyCollection

    points, triangles = cut["points"], cut["triangles"]
    cells = PolyCollection(points[triangles], array=cut["stress"], norm=norm, cmap=COLOUR_MAP, edgecolors="face")
    cells.set_linewidth(0.2)
    cells.set_rasterized(True)  # thousands of cells make a vector file slow, and none prints them finer
    axes.add_collection(cells)
    outline, bodies, cortex = borders(triangles, cut["role"], cut["cortical"])
    for edges, colour, width in ((cortex, GREY, 0.4), (outline, GREY, 0.8), (bodies, "#1878b0", 1.4)):
        axes.add_collection(LineCollection(list(points[edges]), colors=colour, linewidths=width))
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.set_axis_off()


def borders(triangles: NDArray[Any], role: NDArray[Any], cortical: NDArray[Any]) -> tuple[NDArray[Any], ...]:
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
