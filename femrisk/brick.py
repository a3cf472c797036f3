"""The voxel as an element, trilinear with eight Gauss points: displacements in, stresses, forces and stiffness out.

All voxels of a mesh are one parallelepiped, so that a single table gives the strain of each: B[g, a] takes the
displacement of corner a to the strain at point g. Where bone flows its volumetric part is the mean over the voxel
(B-bar, Hughes 1980): eight points that each ask for a constant volume would lock, one such demand does not. Where
nothing flows it is that of each point, as in linear voxel codes. Six-vectors are those of ``element``.

Behind the voxels lies a grid twice as coarse; a voxel gives it P^T K P, with the shares P of the corners of its coarse
cell, of which it is one octant, in its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import VOXEL_CORNERS, Floats

#: How often a component of a six-vector stands in its tensor.
TIMES = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])


def octant_shares() -> Floats:
    """(8, 8, 8) shares P[octant, corner, coarse corner]: how a voxel's corners lie among its coarse cell's."""
    places = (VOXEL_CORNERS[:, None, None] + VOXEL_CORNERS[None, :, None]) / 2
    return np.asarray(np.where(VOXEL_CORNERS == 1, places, 1 - places).prod(axis=-1))


@dataclass(frozen=True)
class Brick:
    """What all voxels of a mesh have in common."""

    #: (8, 8, 6, 3) B: strain at the points from the displacement of each corner, 1/mm
    operators: Floats
    #: volume each point stands for, mm3
    measure: float
    #: (8, 8, 8, 3, 3) stiffness that each point adds for moduli (1, 0, 0) and (0, 1, 0), mm
    pressed: Floats
    sheared: Floats
    #: (8, 8, 8, 3, 3) what all points together give the coarse grid, by octant
    coarse_pressed: Floats
    coarse_sheared: Floats

    def strains(self, cells: NDArray[np.int64], displacement: Floats) -> Floats:
        """(m, 8, 6) strain at the Gauss points from nodal displacements (n, 3)."""
        nodal = displacement[cells].reshape(-1, 24)
        return np.asarray(nodal @ self.operators.transpose(0, 2, 1, 3).reshape(48, 24).T).reshape(-1, 8, 6)

    def internal_forces(self, cells: NDArray[np.int64], stress: Floats, nodes: int) -> Floats:
        """(nodes, 3) forces that the stresses (m, 8, 6) exert on the nodes, N."""
        weighted = (stress * (self.measure * TIMES)).reshape(-1, 48)
        local = (weighted @ self.operators.transpose(0, 2, 1, 3).reshape(48, 24)).reshape(-1, 3)
        summed = [np.bincount(cells.ravel(), weights=local[:, i], minlength=nodes) for i in range(3)]
        return np.stack(summed, axis=1)


def brick(edges: Floats, flows: bool = True) -> Brick:
    """The element of voxels with these edges as rows (3, 3), mm, right-handed; ``flows``: it must not lock."""
    along = np.where(VOXEL_CORNERS == 1, 1.0, -1.0)
    # shares of the corners along each axis alone, at the points
    share = np.where(VOXEL_CORNERS[:, None] == VOXEL_CORNERS, (1 + 3**-0.5) / 2, (1 - 3**-0.5) / 2)
    natural = np.stack([along[:, i] * share[..., [j for j in range(3) if j != i]].prod(axis=-1) for i in range(3)], -1)
    slopes = natural @ np.linalg.inv(edges).T
    operators = np.zeros((8, 8, 6, 3))
    for component, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))):
        operators[:, :, component, i] += slopes[..., j] / 2
        operators[:, :, component, j] += slopes[..., i] / 2
    if flows:
        operators[:, :, :3] += ((slopes.mean(axis=0) - slopes) / 3)[:, :, None]
    measure, trace, shares = float(np.linalg.det(edges)) / 8, operators[:, :, :3].sum(axis=2), octant_shares()
    pressed = measure * np.einsum("gai,gbj->gabij", trace, trace)
    sheared = measure * np.einsum("gaci,c,gbcj->gabij", operators, TIMES, operators, optimize=True) - pressed / 3
    coarse = [
        np.einsum("oad,abij,obe->odeij", shares, one.sum(axis=0), shares, optimize=True) for one in (pressed, sheared)
    ]
    return Brick(operators, measure, *(np.ascontiguousarray(one) for one in (pressed, sheared, *coarse)))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def isotropic_stiffness(
    operators: Any, measure: float, pressed: Any, sheared: Any, moduli: Any, normals: Any, out: Any
) -> None:
    """Fill the stiffness (8, 8, 3, 3) of a voxel, N/mm, of moduli (8, 3) and flow directions (8, 6) at its points.

    D = moduli[0] 1x1 + moduli[1] (I - 1x1 / 3) - moduli[2] n x n; the tables are those of the ``Brick``.
    """
    flat, flow = out.reshape(576), np.empty(24)
    flat[:] = 0.0
    for g in range(8):
        one, other = pressed[g].reshape(576), sheared[g].reshape(576)
        bulk, shear, soft = moduli[g, 0], moduli[g, 1], measure * moduli[g, 2]
        for k in range(576):
            flat[k] += bulk * one[k] + shear * other[k]
        if soft != 0.0:
            for a in range(8):
                for i in range(3):
                    flow[3 * a + i] = 0.0
                    for c in range(6):
                        flow[3 * a + i] += (1.0 if c < 3 else 2.0) * normals[g, c] * operators[g, a, c, i]
            for a in range(8):
                for b in range(8):
                    for i in range(3):
                        for j in range(3):
                            out[a, b, i, j] -= soft * flow[3 * a + i] * flow[3 * b + j]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def stretched_stiffness(operators: Any, measure: float, moduli: Any, normals: Any, stretch: Any, out: Any) -> None:
    """Fill the stiffness (8, 8, 3, 3) of a voxel of bone with a fabric: D' behind it, A D' A + moduli[3] 1x1.

    ``moduli`` is (8, 4) and ``stretch`` (8, 3) the diagonal of A at the points.
    """
    out[:] = 0.0
    strain, trace, stress, pairs = np.empty((8, 6, 3)), np.empty((8, 3)), np.empty((6, 3)), np.empty(6)
    for g in range(8):
        for i in range(3):
            pairs[i], pairs[3 + i] = stretch[g, i] ** 2, stretch[g, i] * stretch[g, (i + 1) % 3]
        for a in range(8):
            for i in range(3):
                trace[a, i] = operators[g, a, 0, i] + operators[g, a, 1, i] + operators[g, a, 2, i]
                for c in range(6):
                    strain[a, c, i] = pairs[c] * operators[g, a, c, i]
        for b in range(8):
            for j in range(3):
                behind = strain[b, 0, j] + strain[b, 1, j] + strain[b, 2, j]
                flow = 0.0
                for c in range(6):
                    flow += (1.0 if c < 3 else 2.0) * normals[g, c] * strain[b, c, j]
                for c in range(6):
                    value = moduli[g, 1] * strain[b, c, j] - moduli[g, 2] * flow * normals[g, c]
                    if c < 3:
                        stress[c, j] = measure * (value + (moduli[g, 0] - moduli[g, 1] / 3) * behind)
                    else:
                        stress[c, j] = 2 * measure * value
            for a in range(8):
                for i in range(3):
                    for j in range(3):
                        total = measure * moduli[g, 3] * trace[a, i] * trace[b, j]
                        for c in range(6):
                            total += strain[a, c, i] * stress[c, j]
                        out[a, b, i, j] += total


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def restrict(shares: Any, fine: Any, coarse: Any) -> None:
    """Fill ``coarse`` (8, 8, 3, 3) with P^T K P of ``fine``, P being ``shares`` (8, 8) of one octant."""
    half = np.zeros((8, 8, 3, 3))
    coarse[:] = 0.0
    for a in range(8):
        for d in range(8):
            if shares[a, d] != 0.0:
                for b in range(8):
                    for i in range(3):
                        for j in range(3):
                            half[d, b, i, j] += shares[a, d] * fine[a, b, i, j]
    for b in range(8):
        for e in range(8):
            if shares[b, e] != 0.0:
                for d in range(8):
                    for i in range(3):
                        for j in range(3):
                            coarse[d, e, i, j] += shares[b, e] * half[d, b, i, j]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def is_plain(moduli: Any) -> bool:
    """True for a voxel (8, 3) whose points are alike and do not flow."""
    for g in range(8):
        if moduli[g, 2] != 0.0 or moduli[g, 0] != moduli[0, 0] or moduli[g, 1] != moduli[0, 1]:
            return False
    return True


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def assemble_voxels(
    operators: Any, measure: float, pressed: Any, sheared: Any, coarse_pressed: Any, coarse_sheared: Any, shares: Any,
    octants: Any, moduli: Any, normals: Any, stretch: Any,
    fine: Any, fine_places: Any, coarse: Any, coarse_places: Any, kind: Any,
) -> Any:  # fmt: skip
    """Add every ordinary voxel's stiffness to the block rows; return that of the partly held ones.

    ``operators`` to ``coarse_sheared`` are those of the ``Brick``, ``shares`` those of the octants, ``octants`` (m,)
    says which one each voxel is; the rest is as in ``element.assemble``, with eight points, and eight corners on both
    levels.

    Returns:
        (s, 8, 8, 3, 3) twice, stiffness of the voxels of kind 1 and what they give the coarse grid, in their order.
    """
    count = 0
    for e in range(len(octants)):
        if kind[e] == 1:
            count += 1
    kept_fine, kept_coarse = np.empty((count, 8, 8, 3, 3)), np.empty((count, 8, 8, 3, 3))
    local_fine, local_coarse = np.empty((8, 8, 3, 3)), np.empty((8, 8, 3, 3))
    pressed_whole, sheared_whole = pressed.sum(axis=0), sheared.sum(axis=0)
    at = 0
    for e in range(len(octants)):
        if kind[e] == 2:
            continue
        o = octants[e]
        if not len(stretch) and is_plain(moduli[e]):
            k, g = moduli[e, 0, 0], moduli[e, 0, 1]
            for a in range(8):
                for b in range(8):
                    for i in range(3):
                        for j in range(3):
                            local_fine[a, b, i, j] = k * pressed_whole[a, b, i, j] + g * sheared_whole[a, b, i, j]
                            local_coarse[a, b, i, j] = (
                                k * coarse_pressed[o, a, b, i, j] + g * coarse_sheared[o, a, b, i, j]
                            )
        else:
            if len(stretch):
                stretched_stiffness(operators, measure, moduli[e], normals[e], stretch[e], local_fine)
            else:
                isotropic_stiffness(operators, measure, pressed, sheared, moduli[e], normals[e], local_fine)
            restrict(shares[o], local_fine, local_coarse)
        if kind[e] == 1:
            kept_fine[at] = local_fine
            kept_coarse[at] = local_coarse
            at += 1
            continue
        for a in range(8):
            for b in range(8):
                one, other = fine_places[e, a, b], coarse_places[e, a, b]
                for i in range(3):
                    for j in range(3):
                        fine[one, i, j] += local_fine[a, b, i, j]
                        coarse[other, i, j] += local_coarse[a, b, i, j]
    return kept_fine, kept_coarse
