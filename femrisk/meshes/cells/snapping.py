"""A complex and a new sheet in, the same complex with the vertices too near to the sheet moved onto it out."""

from __future__ import annotations

import numpy as np
from numba import njit

from femrisk.meshes.cells.complex import Complex, Ints
from femrisk.meshes.cells.kernels import incidence, mean_ratio
from femrisk.meshes.cells.sheets import Sheet, settle
from femrisk.meshes.labelled import Floats

#: an edge cut nearer to its end than this share of its length would leave a sliver: its end is moved onto the sheet
SNAP = 0.3
#: a move onto a sheet may leave no cell below this mean ratio
SNAP_FLOOR = 0.08
#: a vertex bound to other sheets that cannot reach a new one counts as on it when nearer than this share of its edges
MERGE = 0.1
#: a vertex nearer than this to a sheet is on it, mm
ON_SHEET = 0.02
#: a vertex moves at most this share of its shortest cut edge
FARTHEST = 0.6


@njit(cache=True)
def _snap(points, tets, start, items, order, targets, floor):  # type: ignore[no-untyped-def]
    """Move vertices one by one to their targets where no cell falls below ``floor``; True where it was done."""
    done = np.zeros(order.size, np.bool_)
    for i in range(order.size):
        v = order[i]
        old = points[v].copy()
        before = 1.0
        for k in range(start[v], start[v + 1]):
            t = tets[items[k]]
            before = min(before, mean_ratio(points, t[0], t[1], t[2], t[3]))
        points[v] = targets[i]
        after = 1.0
        for k in range(start[v], start[v + 1]):
            t = tets[items[k]]
            after = min(after, mean_ratio(points, t[0], t[1], t[2], t[3]))
        if after < min(floor, 0.7 * before):
            points[v] = old
        else:
            done[i] = True
    return done


def snapped(mesh: Complex, sheets: tuple[Sheet, ...], bit: int, values: Floats, edges: Ints) -> tuple[Complex, Floats]:
    """Pull vertices too near to the newest sheet onto it, along the sheets they already lie on.

    Args:
        mesh: the complex.
        sheets: all sheets; ``bit`` is the new one.
        bit: its index.
        values: (n,) distances of the vertices to it, mm.
        edges: (k, 2) edges over which they change sign.

    Returns:
        The complex, and the distances with zeros where a vertex lies on the sheet.
    """
    if not len(edges):
        return mesh, values
    count = len(mesh.points)
    share = np.abs(values[edges]) / np.abs(values[edges]).sum(axis=1)[:, None]
    near = np.full(count, 1.0)
    np.minimum.at(near, edges.ravel(), share.ravel())
    chosen = np.flatnonzero((near < SNAP) | (values == 0))
    chosen = chosen[np.argsort(near[chosen], kind="stable")]
    targets, left = settle(sheets, mesh.points[chosen], mesh.masks[chosen] | np.uint32(1 << bit))
    length = np.full(count, np.inf)
    lengths = np.linalg.norm(mesh.points[edges[:, 0]] - mesh.points[edges[:, 1]], axis=1)
    np.minimum.at(length, edges.ravel(), np.repeat(lengths, 2))
    moved = np.linalg.norm(targets - mesh.points[chosen], axis=1)
    reached = (left < ON_SHEET) | ((left < MERGE * length[chosen]) & (mesh.masks[chosen] > 0))
    fit = reached & (moved < FARTHEST * length[chosen])
    # one that was left off another sheet it is bound to may have no way to both: it stays, and counts as on this one
    touching = chosen[np.abs(values[chosen]) < ON_SHEET]
    chosen, targets = chosen[fit], targets[fit]
    points, masks, values = mesh.points.copy(), mesh.masks.copy(), values.copy()
    start, items = incidence(mesh.tets, count)
    done = np.union1d(touching, chosen[_snap(points, mesh.tets, start, items, chosen, targets, SNAP_FLOOR)])
    masks[done] |= np.uint32(1 << bit)
    values[done] = 0.0
    return Complex(points, mesh.tets, mesh.membership, masks), values
