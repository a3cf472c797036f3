"""The quadratic tetrahedron with four Gauss points: displacements in, stresses, forces and stiffness blocks out.

Edges are straight, so the gradients of the barycentric coordinates are constant in a cell and every P2 gradient is a
combination of them: ``grad N_a = sum_k C[g, a, k] grad L_k``. The stiffness is built from the ten blocks of the four
``grad L_k`` first, which are also the blocks of the linear tetrahedron used by the coarse level of the solver.
Six-vectors are (xx, yy, zz, xy, yz, xz) and hold tensor components, not engineering shears.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import GAUSS_BARYCENTRIC, Floats

#: Vertices of the six edge nodes, in the order of Basix.
EDGES = ((2, 3), (1, 3), (1, 2), (0, 3), (0, 2), (0, 1))
#: Vertices of a face between which its nodes 3 to 5 lie.
SIDES = ((1, 2), (0, 2), (0, 1))


def gradient_table(barycentric: Floats = GAUSS_BARYCENTRIC) -> Floats:
    """(q, 10, 4) C[g, a, k]: gradients of the P2 functions at points (q, 4) in terms of those of the vertices."""
    table = np.zeros((len(barycentric), 10, 4))
    for g, weights in enumerate(barycentric):
        for i in range(4):
            table[g, i, i] = 4 * weights[i] - 1
        for a, (i, j) in enumerate(EDGES):
            table[g, 4 + a, i], table[g, 4 + a, j] = 4 * weights[j], 4 * weights[i]
    return table


TABLE = gradient_table()


def face_places(corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """(..., 6) places of a face's nodes among the ten of its cell, from those of its vertices (..., 3)."""
    edge = np.zeros((4, 4), dtype=np.int64)
    for number, (i, j) in enumerate(EDGES):
        edge[i, j] = edge[j, i] = 4 + number
    middles = np.stack([edge[corners[..., i], corners[..., j]] for i, j in SIDES], axis=-1)
    return np.concatenate([corners, middles], axis=-1)


def barycentric_gradients(vertices: Floats) -> tuple[Floats, Floats]:
    """Gradients of the barycentric coordinates (m, 4, 3) 1/mm and volumes (m,) mm3 of cells (m, 4, 3) mm."""
    jacobian = vertices[:, 1:] - vertices[:, :1]
    inverse = np.linalg.inv(jacobian)
    gradients = np.empty((len(vertices), 4, 3))
    gradients[:, 1:] = inverse.transpose(0, 2, 1)
    gradients[:, 0] = -gradients[:, 1:].sum(axis=1)
    return gradients, np.asarray(np.linalg.det(jacobian) / 6)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def strains(cells: Any, gradients: Any, displacement: Any, table: Any) -> Any:
    """(m, 4, 6) strain at the Gauss points from nodal displacements (n, 3)."""
    out = np.empty((len(cells), 4, 6))
    nodal = np.empty((10, 3))
    for e in range(len(cells)):
        for a in range(10):
            for i in range(3):
                nodal[a, i] = displacement[cells[e, a], i]
        for g in range(4):
            h = np.zeros((3, 3))
            for k in range(4):
                for i in range(3):
                    weighted = 0.0
                    for a in range(10):
                        weighted += table[g, a, k] * nodal[a, i]
                    for j in range(3):
                        h[i, j] += weighted * gradients[e, k, j]
            out[e, g, 0], out[e, g, 1], out[e, g, 2] = h[0, 0], h[1, 1], h[2, 2]
            out[e, g, 3] = 0.5 * (h[0, 1] + h[1, 0])
            out[e, g, 4] = 0.5 * (h[1, 2] + h[2, 1])
            out[e, g, 5] = 0.5 * (h[0, 2] + h[2, 0])
    return out


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def internal_forces(cells: Any, gradients: Any, volumes: Any, stress: Any, nodes: int, table: Any) -> Any:
    """(nodes, 3) forces that the stresses (m, 4, 6) exert on the nodes, N."""
    out = np.zeros((nodes, 3))
    for e in range(len(cells)):
        for g in range(4):
            weight = volumes[e] / 4
            s = stress[e, g]
            for k in range(4):
                x, y, z = gradients[e, k]
                fx = weight * (s[0] * x + s[3] * y + s[5] * z)
                fy = weight * (s[3] * x + s[1] * y + s[4] * z)
                fz = weight * (s[5] * x + s[4] * y + s[2] * z)
                for a in range(10):
                    c = table[g, a, k]
                    if c != 0.0:
                        node = cells[e, a]
                        out[node, 0] += c * fx
                        out[node, 1] += c * fy
                        out[node, 2] += c * fz
    return out


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def vertex_blocks(gradients: Any, weight: float, moduli: Any, normal: Any, blocks: Any) -> None:
    """Fill (4, 4, 3, 3) blocks of one Gauss point: weight * grad L_k . D . grad L_l.

    D = moduli[0] 1x1 + moduli[1] (I - 1x1 / 3) - moduli[2] n x n with the flow direction n (6,).
    """
    bulk = weight * (moduli[0] - moduli[1] / 3)
    shear = 0.5 * weight * moduli[1]
    soft = weight * moduli[2]
    flow = np.zeros((4, 3))
    if soft != 0.0:
        for k in range(4):
            x, y, z = gradients[k]
            flow[k, 0] = normal[0] * x + normal[3] * y + normal[5] * z
            flow[k, 1] = normal[3] * x + normal[1] * y + normal[4] * z
            flow[k, 2] = normal[5] * x + normal[4] * y + normal[2] * z
    for k in range(4):
        for j in range(4):
            dot = 0.0
            for i in range(3):
                dot += gradients[k, i] * gradients[j, i]
            for p in range(3):
                for q in range(3):
                    blocks[k, j, p, q] = (
                        bulk * gradients[k, p] * gradients[j, q]
                        + shear * gradients[k, q] * gradients[j, p]
                        - soft * flow[k, p] * flow[j, q]
                    )
                blocks[k, j, p, p] += shear * dot


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def stretched_blocks(gradients: Any, weight: float, moduli: Any, normal: Any, stretch: Any, blocks: Any) -> None:
    """``vertex_blocks`` of D behind bone with a fabric: A D A + moduli[3] 1x1, with A = diag(``stretch`` (3,))."""
    vertex_blocks(gradients * stretch, weight, moduli, normal, blocks)
    for k in range(4):
        for j in range(4):
            for p in range(3):
                for q in range(3):
                    blocks[k, j, p, q] *= stretch[p] * stretch[q]
                    blocks[k, j, p, q] += weight * moduli[3] * gradients[k, p] * gradients[j, q]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def cell_stiffness(
    gradients: Any, volume: float, moduli: Any, normals: Any, stretch: Any, table: Any, fine: Any, coarse: Any
) -> None:
    """Fill the P2 stiffness (10, 10, 3, 3) and the P1 stiffness (4, 4, 3, 3) of one cell, N/mm.

    ``moduli`` is (4, 3) and ``normals`` (4, 6), see ``vertex_blocks``; with a ``stretch`` (4, 3), which is else (0, 3),
    they are (4, 4) and (4, 6), see ``stretched_blocks``.
    """
    blocks = np.empty((4, 4, 3, 3))
    fine[:] = 0.0
    coarse[:] = 0.0
    for g in range(4):
        if len(stretch):
            stretched_blocks(gradients, volume / 4, moduli[g], normals[g], stretch[g], blocks)
        else:
            vertex_blocks(gradients, volume / 4, moduli[g], normals[g], blocks)
        for k in range(4):
            for j in range(4):
                for p in range(3):
                    for q in range(3):
                        coarse[k, j, p, q] += blocks[k, j, p, q]
        for a in range(10):
            for k in range(4):
                left = table[g, a, k]
                if left == 0.0:
                    continue
                for b in range(a, 10):
                    for j in range(4):
                        both = left * table[g, b, j]
                        if both == 0.0:
                            continue
                        for p in range(3):
                            for q in range(3):
                                fine[a, b, p, q] += both * blocks[k, j, p, q]
    for a in range(10):
        for b in range(a):
            for p in range(3):
                for q in range(3):
                    fine[a, b, p, q] = fine[b, a, q, p]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def assemble(
    cells: Any, corners: Any, gradients: Any, volumes: Any, moduli: Any, normals: Any, stretch: Any, table: Any,
    fine: Any, fine_places: Any, coarse: Any, coarse_places: Any, kind: Any,
) -> Any:  # fmt: skip
    """Add every ordinary cell's stiffness to the block rows; return that of the partly held cells for the caller.

    Args:
        cells: (m, 10) nodes.
        corners: (m, 4) coarse nodes.
        gradients: (m, 4, 3), see ``barycentric_gradients``.
        volumes: (m,) mm3.
        moduli: (m, 4, 3), see ``vertex_blocks``, or (m, 4, 4), see ``stretched_blocks``.
        normals: (m, 4, 6), likewise.
        stretch: (m, 4, 3), see ``stretched_blocks``; (0, 4, 3) for none.
        table: ``TABLE``.
        fine: (entries, 3, 3) block values of the P2 operator, added to.
        fine_places: (m, 10, 10) where each block of a cell goes.
        coarse: (entries, 3, 3) block values of the P1 operator, added to.
        coarse_places: (m, 4, 4) where each block of a cell goes.
        kind: (m,) 0 for an ordinary cell, 1 where a grip holds some of its nodes, 2 where one grip holds them all and
            the cell stores no energy.

    Returns:
        (s, 10, 10, 3, 3) and (s, 4, 4, 3, 3) stiffness of the cells of kind 1, in their order.
    """
    count = 0
    for e in range(len(cells)):
        if kind[e] == 1:
            count += 1
    kept_fine, kept_coarse = np.empty((count, 10, 10, 3, 3)), np.empty((count, 4, 4, 3, 3))
    local_fine, local_coarse = np.empty((10, 10, 3, 3)), np.empty((4, 4, 3, 3))
    none = np.empty((0, 3))
    at = 0
    for e in range(len(cells)):
        if kind[e] == 2:
            continue
        own = stretch[e] if len(stretch) else none
        cell_stiffness(gradients[e], volumes[e], moduli[e], normals[e], own, table, local_fine, local_coarse)
        if kind[e] == 1:
            kept_fine[at] = local_fine
            kept_coarse[at] = local_coarse
            at += 1
            continue
        for a in range(10):
            for b in range(10):
                place = fine_places[e, a, b]
                for p in range(3):
                    for q in range(3):
                        fine[place, p, q] += local_fine[a, b, p, q]
        for a in range(4):
            for b in range(4):
                place = coarse_places[e, a, b]
                for p in range(3):
                    for q in range(3):
                        coarse[place, p, q] += local_coarse[a, b, p, q]
    return kept_fine, kept_coarse


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def places(rows: Any, columns: Any, pointers: Any, indices: Any) -> Any:
    """Where each pair (row, column) stands in a CSR pattern; int32, same shape as ``rows``."""
    out = np.empty(len(rows), dtype=np.int32)
    for i in range(len(rows)):
        low, high = pointers[rows[i]], pointers[rows[i] + 1]
        while low < high:
            middle = (low + high) // 2
            if indices[middle] < columns[i]:
                low = middle + 1
            else:
                high = middle
        out[i] = low
    return out
