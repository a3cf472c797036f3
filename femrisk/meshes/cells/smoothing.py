"""Vertices of bad cells moved along their sheets to where the worst cell around them is best."""

from __future__ import annotations

import numpy as np
from numba import njit

from femrisk.meshes.cells.kernels import exceeds, incidence, mean_ratio
from femrisk.meshes.cells.sheets import Masks, Sheet, settle, slopes, tangents
from femrisk.meshes.labelled import Floats

#: a vertex farther than this from one of its sheets is where they do not meet; it is left in place, mm
OFF_SHEET = 0.02


@njit(cache=True)
def _star(points, tets, start, items, v):  # type: ignore[no-untyped-def]
    """(worst mean ratio, worst cell) around a vertex."""
    worst, cell = 2.0, -1
    for k in range(start[v], start[v + 1]):
        t = items[k]
        eta = mean_ratio(points, tets[t, 0], tets[t, 1], tets[t, 2], tets[t, 3])
        if eta < worst:
            worst, cell = eta, t
    return worst, cell


@njit(cache=True)
def _away(points, tet, v):  # type: ignore[no-untyped-def]
    """Unit normal of the face opposite v, pointing to v's positive side."""
    i = 0
    while tet[i] != v:
        i += 1
    a, b, c = tet[(i + 1) % 4], tet[(i + 2) % 4], tet[(i + 3) % 4]
    if i % 2 == 1:
        a, b = b, a
    n = np.cross(points[c] - points[a], points[b] - points[a])
    size = np.sqrt((n * n).sum())
    return n / size if size > 0 else n


@njit(cache=True)
def _beyond(star, corner, point, least, bound):  # type: ignore[no-untyped-def]
    """(worst mean ratio, its cell) of a star whose middle is at ``point``; or (bound, a cell) that does not exceed it.

    Args:
        star: (4 k, 3) corners of the cells.
        corner: (k,) which row of ``star`` is the middle in each.
        point: (3,) the middle.
        least: the cell that is tried first: it was the worst last time.
        bound: what all have to exceed.
    """
    for k in range(corner.size):
        for c in range(3):
            star[corner[k], c] = point[c]
    i = 4 * least
    if not exceeds(star, i, i + 1, i + 2, i + 3, bound):
        return bound, least
    for k in range(corner.size):
        i = 4 * k
        if not exceeds(star, i, i + 1, i + 2, i + 3, bound):
            return bound, k
    worst, cell = 2.0, -1
    for k in range(corner.size):
        i = 4 * k
        eta = mean_ratio(star, i, i + 1, i + 2, i + 3)
        if eta < worst:
            worst, cell = eta, k
    return worst, cell


@njit(cache=True)
def _gathered(points, tets, cells, v):  # type: ignore[no-untyped-def]
    """(4 k, 3) corners of the cells around v, and (k,) in which row of each v is."""
    star, corner = np.empty((4 * cells.size, 3)), np.empty(cells.size, np.int64)
    for k in range(cells.size):
        for c in range(4):
            star[4 * k + c] = points[tets[cells[k], c]]
            if tets[cells[k], c] == v:
                corner[k] = 4 * k + c
    return star, corner


@njit(cache=True)
def _ways(points, tet, v, basis, dims, directions):  # type: ignore[no-untyped-def]
    """Fill in the directions to try: both ways along each free one, and away from the opposite face; their number."""
    count, along = 0, np.zeros(3)
    away = _away(points, tet, v)
    for d in range(dims):
        directions[count] = basis[d]
        directions[count + 1] = -basis[d]
        along += (away * basis[d]).sum() * basis[d]
        count += 2
    size = np.sqrt((along * along).sum())
    if size > 1e-3:
        directions[count] = along / size
        count += 1
    return count


@njit(cache=True)
def _search(points, tets, start, items, order, bases, dims):  # type: ignore[no-untyped-def]
    """Pattern search for each vertex in turn, along its free directions."""
    directions, point = np.empty((7, 3)), np.empty(3)
    for o in range(order.size):
        v = order[o]
        cells = items[start[v] : start[v + 1]]
        star, corner = _gathered(points, tets, cells, v)
        worst, cell = _star(points, tets, start, items, v)
        least, step = 0, 0.0
        for c in range(4):
            step = max(step, np.sqrt(((points[tets[cell, c]] - points[v]) ** 2).sum()))
        step *= 0.25
        count = _ways(points, tets[cell], v, bases[o], dims[o], directions)
        for _ in range(24):
            best, best_row, best_d = worst, -1, -1
            for d in range(count):
                for c in range(3):
                    point[c] = points[v, c] + step * directions[d, c]
                trial, least = _beyond(star, corner, point, least, best + 1e-5)
                if trial > best + 1e-5:
                    best, best_row, best_d = trial, least, d
            if best_d >= 0:
                points[v] = points[v] + step * directions[best_d]
                worst, cell = best, cells[best_row]
                count = _ways(points, tets[cell], v, bases[o], dims[o], directions)
            else:
                step *= 0.5


@njit(cache=True)
def accept(points, tets, start, items, order, targets, floor):  # type: ignore[no-untyped-def]
    """Move vertices in turn to their targets where the worst cell gets no worse, or stays above ``floor``."""
    moved = np.zeros(order.size, np.bool_)
    for o in range(order.size):
        v = order[o]
        before, _ = _star(points, tets, start, items, v)
        old = points[v].copy()
        points[v] = targets[o]
        after, _ = _star(points, tets, start, items, v)
        if after <= min(before, floor):
            points[v] = old
        else:
            moved[o] = True
    return moved


def smooth(points: Floats, tets: np.ndarray, masks: Masks, sheets: tuple[Sheet, ...], bad: np.ndarray) -> Floats:
    """Move the vertices of the cells ``bad`` (indices, worst first); (n, 3) new points."""
    order = tets[bad].ravel()
    order = order[np.sort(np.unique(order, return_index=True)[1])]
    values, normals = slopes(sheets, points[order], masks[order])
    held = np.abs(values).max(axis=1, initial=0.0) > OFF_SHEET
    order, normals = order[~held], normals[~held]
    bases, dims = tangents(normals)
    start, items = incidence(tets, len(points))
    trial = points.copy()
    _search(trial, tets, start, items, order, bases, dims)
    changed = np.flatnonzero(np.any(trial[order] != points[order], axis=1))
    order = order[changed]
    targets, left = settle(sheets, trial[order], masks[order], rounds=2)
    fine = left < OFF_SHEET
    result = points.copy()
    accept(result, tets, start, items, order[fine], targets[fine], 0.0)
    return result
