"""A complex whose facets cut corners in, the same complex with every solid as large as its smooth shape out.

Flat facets with their corners on a curved sheet enclose too little (a screw of seven facets 12 % less). The sheet's
level is raised by the missing volume over its area, and its vertices follow.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numba import njit

from femrisk.meshes.cells.complex import Complex
from femrisk.meshes.cells.improving import improve
from femrisk.meshes.cells.kernels import incidence, volume6
from femrisk.meshes.cells.sheets import Sheet, settle
from femrisk.meshes.cells.smoothing import accept

#: volumes nearer than this share to the true one are left as they are
CLOSE = 0.003
#: a vertex follows its sheet where no cell falls below this mean ratio, or gets no worse
FLOOR = 0.15
#: a level moves at most this many mm at a time
STRIDE = 0.5

#: mm by which some sheets rise, by bit
Steps = dict[int, float]


@njit(cache=True)
def _extent(points, tets, labels, masks, start, items, bit):  # type: ignore[no-untyped-def]
    """(volume, area of its own sheet) of the cells that hold a bit."""
    flag = np.uint32(1) << np.uint32(bit)
    volume, area = 0.0, 0.0
    for t in range(tets.shape[0]):
        if not labels[t] & flag:
            continue
        volume += volume6(points, tets[t, 0], tets[t, 1], tets[t, 2], tets[t, 3]) / 6
        for corner in range(4):
            x, y, z = tets[t, (corner + 1) % 4], tets[t, (corner + 2) % 4], tets[t, (corner + 3) % 4]
            if not masks[x] & masks[y] & masks[z] & flag:
                continue
            inner, behind = False, False
            for k in range(start[x], start[x + 1]):
                n = items[k]
                shared = 0
                for c in range(4):
                    if tets[n, c] == x or tets[n, c] == y or tets[n, c] == z:
                        shared += 1
                if shared == 3 and n != t:
                    behind = True
                    inner = labels[n] & flag != 0
            if not inner and (behind or bit == 0):
                normal = np.cross(points[y] - points[x], points[z] - points[x])
                area += 0.5 * np.sqrt((normal**2).sum())
    return volume, area


def extent(mesh: Complex, bit: int) -> tuple[float, float]:
    """Volume of a solid's cells, mm3, and area of the part of their surface that lies on the solid's own sheet, mm2."""
    start, items = incidence(mesh.tets, len(mesh.points))
    volume, area = _extent(mesh.points, mesh.tets, mesh.membership, mesh.masks, start, items, bit)
    return float(volume), float(area)


def missing(mesh: Complex, bits: tuple[int, ...], volumes: tuple[float, ...], close: float = CLOSE) -> Steps:
    """How far the sheets ``bits`` must rise for their solids to hold the true volumes; those near enough are left out.

    Args:
        mesh: the complex.
        bits: the sheets that may move.
        volumes: the true volume of every solid, mm3 (indexed by bit).
        close: share of its volume within which a solid is near enough.
    """
    steps = {}
    for bit in bits:
        volume, area = extent(mesh, bit)
        lack = volumes[bit] - volume
        if area > 0.0 and abs(lack) > close * volumes[bit]:
            steps[bit] = float(np.clip(lack / area, -STRIDE, STRIDE))
    return steps


def raised(mesh: Complex, sheets: tuple[Sheet, ...], steps: Steps) -> tuple[Complex, tuple[Sheet, ...]]:
    """The complex with its vertices on sheets that rose by ``steps``, and these sheets."""
    sheets = tuple(replace(sheet, level=sheet.level + steps.get(bit, 0.0)) for bit, sheet in enumerate(sheets))
    moved = np.uint32(sum(1 << bit for bit in steps))
    return improve(_followed(mesh, sheets, moved), sheets), sheets


def _followed(mesh: Complex, sheets: tuple[Sheet, ...], moved: np.uint32) -> Complex:
    """The vertices of the sheets in ``moved`` pulled onto their new levels, as far as their cells allow."""
    points = mesh.points.copy()
    order = np.flatnonzero(mesh.masks & moved)
    start, items = incidence(mesh.tets, len(points))
    targets, _ = settle(sheets, points[order], mesh.masks[order])
    for _ in range(2):
        done = accept(points, mesh.tets, start, items, order, targets, FLOOR)
        order, targets = order[~done], targets[~done]
    return Complex(points, mesh.tets, mesh.membership, mesh.masks)
