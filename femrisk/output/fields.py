"""Meshes and arrays in, compressed binary VTU files out: what ParaView opens; whole files only, no solver needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import meshio
import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.output.atomic import replacing

Array = NDArray[Any]

#: Vertices of the edge on whose middle nodes 4 to 9 of a quadratic tetrahedron lie (VTK cell type 24).
EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))

#: Corners of a voxel as VTK has those of a hexahedron (cell type 12).
HEXAHEDRON = (0, 1, 3, 2, 4, 5, 7, 6)

#: Order of a symmetric tensor's six components, as ParaView names them; shear strains are tensor components.
COMPONENTS = ("xx", "yy", "zz", "xy", "yz", "xz")


def write_mesh(path: str | Path, mesh: LabelledMesh, arrays: Mapping[str, Array] | None = None) -> None:
    """Write a labelled mesh as linear tetrahedra, or voxels.

    Cell arrays: ``host`` (0 cortical, 1 enclosed by the cortex; in a vertebra 0 arch, 1 body), ``region`` (index into
    ``REGIONS``), ``density_g_per_cm3`` (mean of the host's Gauss points), ``membership`` (bits), and one of 0 and 1
    per solid.

    Args:
        path: the VTU file.
        mesh: the mesh.
        arrays: further arrays per cell, (m,) or (m, k).

    Raises:
        ValueError: an array has not one row per cell.
    """
    cell_data: dict[str, Array] = {
        "host": mesh.cancellous().astype(np.uint8),
        "region": mesh.region,
        "density_g_per_cm3": mesh.density.mean(axis=1),
        "membership": mesh.membership,
        **{name: mesh.inside(name).astype(np.uint8) for name in mesh.solids},
        **(arrays or {}),
    }
    cells = ("hexahedron", mesh.cells[:, HEXAHEDRON]) if mesh.of_voxels else ("tetra", mesh.cells)
    _write(path, mesh.points, cells, {}, cell_data)


def write_fields(
    path: str | Path,
    points: Floats,
    cells: NDArray[np.int64],
    point_data: Mapping[str, Array],
    cell_data: Mapping[str, Array],
) -> None:
    """Write fields on quadratic tetrahedra with straight edges, or on voxels.

    Args:
        path: the VTU file.
        points: (n, 3) mm, vertices and, of tetrahedra, edge middles.
        cells: (m, 10) indices in VTK's order: four vertices, then the middles of ``EDGES``; or (m, 8) of voxels.
        point_data: arrays (n,) or (n, k).
        cell_data: arrays (m,) or (m, k); symmetric tensors (m, 6) in the order of ``COMPONENTS``.

    Raises:
        ValueError: the nodes are in another order, a cell is inverted, or an array has not one row per point or cell.
    """
    if cells.shape[1] == len(HEXAHEDRON):
        _write(path, points, ("hexahedron", cells[:, HEXAHEDRON]), point_data, cell_data)
        return
    for node, (first, second) in enumerate(EDGES, start=4):
        middle = (points[cells[:, first]] + points[cells[:, second]]) / 2
        apart = np.linalg.norm(points[cells[:, node]] - middle, axis=1)
        if np.any(apart > 1e-6 * np.linalg.norm(points[cells[:, first]] - points[cells[:, second]], axis=1)):
            raise ValueError(f"node {node} is not on the middle of edge {first}-{second}: nodes are not in VTK's order")
    corner = points[cells[:, :4]]
    if np.any(np.linalg.det(corner[:, 1:] - corner[:, :1]) <= 0):
        raise ValueError("a cell is inverted")
    _write(path, points, ("tetra10", cells), point_data, cell_data)


def write_facets(
    path: str | Path,
    points: Floats,
    triangles: NDArray[np.int64],
    point_data: Mapping[str, Array],
    cell_data: Mapping[str, Array],
) -> None:
    """Write fields on triangles.

    Args:
        path: the VTU file.
        points: (n, 3) mm.
        triangles: (f, 3) indices.
        point_data: arrays (n,) or (n, k).
        cell_data: arrays (f,) or (f, k).

    Raises:
        ValueError: an array has not one row per point or triangle.
    """
    _write(path, points, ("triangle", triangles), point_data, cell_data)


def _write(
    path: str | Path,
    points: Floats,
    cells: tuple[str, NDArray[np.int64]],
    point_data: Mapping[str, Array],
    cell_data: Mapping[str, Array],
) -> None:
    for kind, count, data in (("point", len(points), point_data), ("cell", len(cells[1]), cell_data)):
        for name, array in data.items():
            if len(array) != count:
                raise ValueError(f"{name}: {len(array)} rows for {count} {kind}s")
    mesh = meshio.Mesh(
        points,
        [cells],
        point_data={name: _compact(array) for name, array in point_data.items()},
        cell_data={name: [_compact(array)] for name, array in cell_data.items()},
    )
    with replacing(path) as temporary:
        mesh.write(temporary, file_format="vtu", binary=True, compression="zlib")


def _compact(array: Array) -> Array:
    """Single precision for reals (seven digits are enough to look at), 0 and 1 for booleans."""
    array = np.ascontiguousarray(array)
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    return array.astype(np.float32) if array.dtype.kind == "f" else array
