"""Meshes of simple bodies: counts and sizes in, ``LabelledMesh`` out; structured, no mesher decides a result."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import Floats, LabelledMesh, signed_volumes

#: Distance within which a node counts as lying on a plane, mm.
NEAR = 1e-9


def labelled(points: Floats, tets: NDArray[np.int64]) -> LabelledMesh:
    """One solid of tetrahedra (m, 4) over points (n, 3) in mm; cells are turned to positive volume."""
    tets = np.where((signed_volumes(points, tets) > 0)[:, None], tets, tets[:, [0, 2, 1, 3]])
    cells = len(tets)
    return LabelledMesh(
        points=points,
        cells=tets.astype(np.int64),
        membership=np.ones(cells, dtype=np.uint32),
        solids=("bone",),
        region=np.zeros(cells, dtype=np.uint8),
        density=np.zeros((cells, 4)),
    )


def kuhn(counts: tuple[int, int, int]) -> NDArray[np.int64]:
    """(6 n, 4) tetrahedra of a grid of ``counts`` cubes, each cut along its diagonal (Kuhn); points in C order."""
    stride = np.array([(counts[1] + 1) * (counts[2] + 1), counts[2] + 1, 1])
    corner = np.stack(np.meshgrid(*[np.arange(n) for n in counts], indexing="ij"), axis=-1).reshape(-1, 3) @ stride
    paths = [np.cumsum([0, *stride[list(order)]]) for order in permutations(range(3))]
    return np.concatenate([corner[:, None] + path for path in paths]).astype(np.int64)


def block(counts: tuple[int, int, int], low: Floats, high: Floats, jitter: float = 0.0, seed: int = 1) -> LabelledMesh:
    """A cuboid from ``low`` to ``high`` (3,) mm.

    Inner vertices are moved at random by up to a share ``jitter`` of an edge; those with x, y or z = 0 keep it.
    """
    share = np.stack(np.meshgrid(*[np.linspace(0, 1, n + 1) for n in counts], indexing="ij"), axis=-1).reshape(-1, 3)
    points = low + share * (high - low)
    move = np.random.default_rng(seed).uniform(-jitter, jitter, points.shape) * (high - low) / np.array(counts)
    move[((share < NEAR) | (share > 1 - NEAR)).any(axis=1)] = 0.0
    move[np.abs(points) < NEAR] = 0.0
    return labelled(points + move, kuhn(counts))


def octant(radii: Floats, edges: int) -> LabelledMesh:
    """The eighth x, y, z >= 0 of a ball (first radius 0) or of a shell, straight-edged.

    The spherical triangle is cut into ``edges**2`` triangles, equal in angle along its sides, and each layer between
    two radii into prisms of three tetrahedra, by the order of their vertices, so that neighbours agree.
    """
    row = [(i, j) for i in range(edges + 1) for j in range(edges + 1 - i)]
    number = {key: index for index, key in enumerate(row)}
    along = np.sin(np.pi / 2 * np.array([(i, j, edges - i - j) for i, j in row]) / edges)
    directions = along / np.linalg.norm(along, axis=1)[:, None]
    up = [(number[i, j], number[i + 1, j], number[i, j + 1]) for i, j in row if i + j < edges]
    down = [(number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]) for i, j in row if i + j < edges - 1]
    triangles = np.sort(np.array(up + down), axis=1)
    count, solid = len(row), radii[0] == 0
    points = (np.asarray(radii)[:, None, None] * directions).reshape(-1, 3)
    tets = []
    for layer in range(len(radii) - 1):
        (a, b, c), (d, e, f) = (triangles.T + count * layer), (triangles.T + count * (layer + 1))
        if solid and layer == 0:
            tets.append(np.stack([np.zeros_like(d), d, e, f], axis=1))
        else:
            tets += [np.stack(four, axis=1) for four in ((a, b, c, f), (a, b, e, f), (a, d, e, f))]
    cells = np.concatenate(tets)
    used, renumbered = np.unique(cells, return_inverse=True)
    return labelled(points[used], renumbered.reshape(cells.shape))
