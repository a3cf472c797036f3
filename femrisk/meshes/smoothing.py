"""Vertices of bad cells moved along their sheets to where the worst cell around them is best."""

from __future__ import annotations

import numpy as np
from numba import njit

from femrisk.meshes.kernels import incidence, mean_ratio
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sheets import Masks, Sheet, settle, slopes, tangents

#: a vertex farther than this from one of its sheets is where they do not meet; it is left in place, mm
OFF_SHEET = 0.02


@njit(cache=True)
def _star(points, tets, start, items, v):  # type: ignore[no-untyped-def]
    """(worst mean ratio, worst cell) around a vertex."""
    worst, cell = 2.0, -1
    for k in range(start[v], start[v + 1]):
        t = tets[items[k]]
        eta = mean_ratio(points[t[0]], points[t[1]], points[t[2]], points[t[3]])
        if eta < worst:
            worst, cell = eta, items[k]
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
def _search(points, tets, start, items, order, bases, dims):  # type: ignore[no-untyped-def]
    """Pattern search for each vertex in turn, along its free directions."""
    directions = np.empty((7, 3))
    for o in range(order.size):
        v = order[o]
        worst, cell = _star(points, tets, start, items, v)
        step = 0.0
        for c in range(4):
            step = max(step, np.sqrt(((points[tets[cell, c]] - points[v]) ** 2).sum()))
        step *= 0.25
        for _ in range(24):
            count = 0
            away = _away(points, tets[cell], v)
            along = np.zeros(3)
            for d in range(dims[o]):
                directions[count] = bases[o, d]
                directions[count + 1] = -bases[o, d]
                along += (away * bases[o, d]).sum() * bases[o, d]
                count += 2
            size = np.sqrt((along * along).sum())
            if size > 1e-3:
                directions[count] = along / size
                count += 1
            old = points[v].copy()
            best, best_cell, best_d = worst, cell, -1
            for d in range(count):
                points[v] = old + step * directions[d]
                trial, trial_cell = _star(points, tets, start, items, v)
                if trial > best + 1e-5:
                    best, best_cell, best_d = trial, trial_cell, d
            if best_d >= 0:
                points[v] = old + step * directions[best_d]
                worst, cell = best, best_cell
            else:
                points[v] = old
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
