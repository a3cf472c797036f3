"""Connected groups of cells: a mesh and a value per cell in, the first group that is large enough out."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from femrisk.meshes.labelled import VOXEL_FACES, Floats

#: Corners of the faces of a tetrahedron.
FACES = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])


def neighbours(cells: NDArray[np.int64]) -> scipy.sparse.csr_matrix:
    """(m, m) pattern of the cells, tetrahedra (m, 4) or voxels (m, 8), that share a face."""
    sides = FACES if cells.shape[1] == 4 else VOXEL_FACES
    faces = np.sort(cells[:, sides].reshape(-1, sides.shape[1]), axis=1)
    order = np.lexsort(faces.T)
    same = np.flatnonzero((faces[order[1:]] == faces[order[:-1]]).all(axis=1))
    one, other = order[same] // len(sides), order[same + 1] // len(sides)
    size = (len(cells), len(cells))
    half = scipy.sparse.coo_matrix((np.ones(len(one), np.int8), (one, other)), size)
    return (half + half.T).tocsr()


def largest(elements: NDArray[np.int64], chosen: NDArray[np.bool_], weights: Floats) -> NDArray[np.int64]:
    """Indices of the face-connected group of chosen cells with the largest sum of weights; empty if none is chosen."""
    cells = np.flatnonzero(chosen)
    if not len(cells):
        return cells
    _, label = scipy.sparse.csgraph.connected_components(neighbours(elements[cells]), directed=False)
    return np.asarray(cells[label == np.argmax(np.bincount(label, weights=weights[cells]))])


def threshold_of_volume(
    cells: NDArray[np.int64], value: Floats, volumes: Floats, wanted: float
) -> tuple[float, NDArray[np.int64]]:
    """The highest value that a connected group of at least ``wanted`` mm3 reaches everywhere, and that group.

    Args:
        cells: (m, 4) or (m, 8) cells to look in.
        value: (m,) what is compared.
        volumes: (m,) mm3.
        wanted: mm3.

    Returns:
        the value (0 when all cells together are smaller) and the cells of the group.
    """
    links = neighbours(cells)
    order = np.argsort(-value, kind="stable")
    last, root = _grow(order, links.indptr, links.indices, volumes, wanted)
    if last < 0:
        return 0.0, np.arange(0)
    chosen = np.zeros(len(cells), dtype=bool)
    chosen[order[: last + 1]] = True
    _, label = scipy.sparse.csgraph.connected_components(links[chosen][:, chosen], directed=False)
    group = np.flatnonzero(chosen)
    return float(value[order[last]]), group[label == label[np.searchsorted(group, root)]]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _grow(order: Any, pointers: Any, indices: Any, volumes: Any, wanted: float) -> Any:
    """Join cells in the given order until one group has the wanted volume; its position and a cell of it."""
    parent = np.full(len(order), -1)
    size = volumes.copy()
    for position in range(len(order)):
        cell = order[position]
        parent[cell] = cell
        root = cell
        for k in range(pointers[cell], pointers[cell + 1]):
            other = indices[k]
            if parent[other] < 0:
                continue
            while parent[other] != other:
                parent[other] = parent[parent[other]]
                other = parent[other]
            if other != root:
                parent[other] = root
                size[root] += size[other]
        if size[root] >= wanted:
            return position, root
    return -1, -1
