"""Tetrahedra under way: arrays in, a frozen complex out that knows its cells' labels and its vertices' sheets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.cells.sheets import Masks
from femrisk.meshes.labelled import Floats

Ints = NDArray[np.int64]

EDGES = np.array([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])


@dataclass(frozen=True)
class Complex:
    """Tetrahedra under way: where the vertices are, which sheets hold them, and which solids hold the cells."""

    #: (n, 3) mm
    points: Floats
    #: (m, 4)
    tets: Ints
    #: (m,) bit i = inside solid i
    membership: Masks
    #: (n,) bit i = vertex on sheet i
    masks: Masks

    def only(self, keep: NDArray[np.bool_]) -> Complex:
        """The cells where ``keep`` (m,) holds, without the vertices nobody uses."""
        tets = self.tets[keep]
        used = np.zeros(len(self.points), dtype=bool)
        used[tets] = True
        number = np.cumsum(used) - 1
        return Complex(self.points[used], number[tets], self.membership[keep], self.masks[used])


def crossing(tets: Ints, values: Floats) -> tuple[Ints, Ints]:
    """Edges (k, 2), lower index first, over which ``values`` change sign, and their keys."""
    pairs = tets[:, EDGES].reshape(-1, 2)
    pairs = pairs[values[pairs[:, 0]] * values[pairs[:, 1]] < 0]
    pairs.sort(axis=1)
    keys = np.unique(pairs[:, 0] * len(values) + pairs[:, 1])
    return np.stack(np.divmod(keys, len(values)), axis=1), keys


def boundary_edges(mesh: Complex) -> Ints:
    """Keys (lower * n + higher) of the edges on the outer surface."""
    n = len(mesh.points)
    on = (mesh.masks & np.uint32(1)).astype(np.int64)
    tets = mesh.tets[on[mesh.tets].sum(axis=1) >= 3]
    faces = np.sort(np.concatenate([np.delete(tets, i, axis=1) for i in range(4)]), axis=1)
    number = (faces[:, 0] * n + faces[:, 1]) * n + faces[:, 2]
    _, first, counts = np.unique(number, return_index=True, return_counts=True)
    faces = faces[first[counts == 1]]
    return np.unique(np.concatenate([faces[:, i] * n + faces[:, j] for i, j in ((0, 1), (0, 2), (1, 2))]))
