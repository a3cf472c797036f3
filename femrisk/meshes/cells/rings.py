"""The ring of cells around an edge, and the best way to fill it without that edge (compiled)."""

from __future__ import annotations

import numpy as np
from numba import njit

from femrisk.meshes.cells.kernels import mean_ratio, volume6

#: rings with more cells than this are left alone: the fill costs n^3
RING = 10
#: for corners i, j of a tet: the other two, so that (i, j, k, l) is an even permutation
OPPOSITE = np.full((4, 4, 2), -1, dtype=np.int64)
for _i, _j, _k, _l in (
    (0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 1, 2), (1, 0, 3, 2), (1, 2, 0, 3), (1, 3, 2, 0),
    (2, 0, 1, 3), (2, 1, 3, 0), (2, 3, 0, 1), (3, 0, 2, 1), (3, 1, 0, 2), (3, 2, 1, 0),
):  # fmt: skip
    OPPOSITE[_i, _j] = _k, _l


@njit(cache=True)
def _gathered(tets, start, items, a, b, found, first, second):  # type: ignore[no-untyped-def]
    """Fill in the cells that hold both a and b and their other corners, so that (a, b, first, second) is positive.

    Returns their number, -1 when there are too many.
    """
    count = 0
    for k in range(start[a], start[a + 1]):
        t = items[k]
        i = j = -1
        for c in range(4):
            if tets[t, c] == a:
                i = c
            elif tets[t, c] == b:
                j = c
        if j < 0:
            continue
        if count == RING:
            return -1
        found[count] = t
        first[count] = tets[t, OPPOSITE[i, j, 0]]
        second[count] = tets[t, OPPOSITE[i, j, 1]]
        count += 1
    return count


@njit(cache=True)
def ring(tets, start, items, a, b, cells, chain):  # type: ignore[no-untyped-def]
    """Order the cells around edge (a, b) counter-clockwise seen from b.

    Fills ``cells`` and ``chain`` (cell k has corners a, b, chain[k], chain[k + 1]). Returns the number of cells (0: too
    many, or not one fan) and whether the ring closes.
    """
    found, first, second = np.empty(RING, np.int64), np.empty(RING, np.int64), np.empty(RING, np.int64)
    count = _gathered(tets, start, items, a, b, found, first, second)
    if count <= 0:
        return 0, False
    begin = 0
    closed = True
    for k in range(count):
        if not (second[:count] == first[k]).any():
            begin, closed = k, False
            break
    chain[0] = first[begin]
    at = begin
    for k in range(count):
        cells[k] = found[at]
        chain[k + 1] = second[at]
        if k + 1 == count:
            break
        at = -1
        for m in range(count):
            if first[m] == chain[k + 1]:
                at = m
        if at < 0 or at == begin:
            return 0, False
    if closed and chain[count] != chain[0]:
        return 0, False
    return count, closed


@njit(cache=True)
def fill(points, a, b, corners, count, triangles):  # type: ignore[no-untyped-def]
    """Triangulate a ring polygon so that the worst cell of the double cone to a and b is best (dynamic programming).

    Fills ``triangles`` with count - 2 rows of vertices and returns the worst mean ratio and six times the volume.
    """
    if count < 3:
        return 1.0, 0.0
    best = np.ones((count, count))
    split = np.zeros((count, count), np.int64)
    for width in range(2, count):
        for i in range(count - width):
            j = i + width
            best[i, j] = -2.0
            for k in range(i + 1, j):
                worst = min(best[i, k], best[k, j])
                if worst <= best[i, j]:
                    continue
                x, y, z = corners[i], corners[k], corners[j]
                worst = min(worst, mean_ratio(points, x, y, z, b))
                if worst > best[i, j]:
                    worst = min(worst, mean_ratio(points, y, x, z, a))
                if worst > best[i, j]:
                    best[i, j], split[i, j] = worst, k
    if best[0, count - 1] <= 0.0:
        return best[0, count - 1], 0.0
    volume = 0.0
    stack = np.empty((2 * RING + 2, 2), np.int64)
    stack[0] = 0, count - 1
    top, row = 1, 0
    while top:
        top -= 1
        i, j = stack[top]
        if j - i < 2:
            continue
        k = split[i, j]
        triangles[row] = corners[i], corners[k], corners[j]
        x, y, z = corners[i], corners[k], corners[j]
        volume += volume6(points, x, y, z, b) + volume6(points, y, x, z, a)
        row += 1
        stack[top] = i, k
        stack[top + 1] = k, j
        top += 2
    return best[0, count - 1], volume


@njit(cache=True)
def joined(tets, start, items, a, b):  # type: ignore[no-untyped-def]
    """Whether some cell holds both vertices."""
    for k in range(start[a], start[a + 1]):
        for c in range(4):
            if tets[items[k], c] == b:
                return True
    return False
