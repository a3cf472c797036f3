"""A tetrahedral complex and one more sheet in, the same complex cut along that sheet out (conforming)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from femrisk.meshes.kernels import incidence, mean_ratio
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sheets import Masks, Sheet, settle

Ints = NDArray[np.int64]

#: an edge cut nearer to its end than this share of its length would leave a sliver: the end is moved onto the sheet instead
SNAP = 0.3
#: a move onto a sheet may leave no cell below this mean ratio
SNAP_FLOOR = 0.08
#: a vertex bound to other sheets that cannot reach a new one counts as on it when nearer than this share of its edges
MERGE = 0.1
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
            before = min(before, mean_ratio(points[t[0]], points[t[1]], points[t[2]], points[t[3]]))
        points[v] = targets[i]
        after = 1.0
        for k in range(start[v], start[v + 1]):
            t = tets[items[k]]
            after = min(after, mean_ratio(points[t[0]], points[t[1]], points[t[2]], points[t[3]]))
        if after < min(floor, 0.7 * before):
            points[v] = old
        else:
            done[i] = True
    return done


@njit(cache=True)
def _bisect(tets, middles, ranks):  # type: ignore[no-untyped-def]
    """Split each tet at its cut edges, the lowest rank first; children and the parents' indices.

    ``middles`` (m, 6) holds the new vertex of each edge or -1, ``ranks`` (m, 6) its place in one global order: as
    neighbours bisect the edges of a shared face in the same order, the result is conforming.
    """
    children = np.empty((8 * tets.shape[0], 4), np.int64)
    parents = np.empty(8 * tets.shape[0], np.int64)
    count = 0
    stack = np.empty((32, 4), np.int64)
    table = np.empty((4, 4), np.int64)
    order = np.empty((4, 4), np.int64)
    names = np.empty(10, np.int64)
    for t in range(tets.shape[0]):
        table[:] = -1
        names[:4] = tets[t]
        e = 0
        for i in range(4):
            for j in range(i + 1, 4):
                if middles[t, e] >= 0:
                    names[4 + e] = middles[t, e]
                    table[i, j] = table[j, i] = 4 + e
                    order[i, j] = order[j, i] = ranks[t, e]
                e += 1
        stack[0] = np.arange(4)
        top = 1
        while top:
            top -= 1
            tet = stack[top].copy()
            best_i, best_j, best = -1, -1, 1 << 62
            for i in range(4):
                for j in range(i + 1, 4):
                    a, b = tet[i], tet[j]
                    if a < 4 and b < 4 and table[a, b] >= 0 and order[a, b] < best:
                        best_i, best_j, best = i, j, order[a, b]
            if best_i < 0:
                for i in range(4):
                    children[count, i] = names[tet[i]]
                parents[count] = t
                count += 1
            else:
                middle = table[tet[best_i], tet[best_j]]
                stack[top] = tet
                stack[top, best_i] = middle
                stack[top + 1] = tet
                stack[top + 1, best_j] = middle
                top += 2
    return children[:count], parents[:count]


def _crossing(tets: Ints, values: Floats) -> tuple[Ints, Ints]:
    """Edges (k, 2), lower index first, over which ``values`` change sign, and their keys."""
    pairs = tets[:, EDGES].reshape(-1, 2)
    pairs = pairs[values[pairs[:, 0]] * values[pairs[:, 1]] < 0]
    pairs.sort(axis=1)
    keys = np.unique(pairs[:, 0] * len(values) + pairs[:, 1])
    return np.stack(np.divmod(keys, len(values)), axis=1), keys


def _snapped(mesh: Complex, sheets: tuple[Sheet, ...], bit: int, values: Floats, edges: Ints) -> tuple[Complex, Floats]:
    """Pull vertices too near to the sheet onto it, along the sheets they already lie on."""
    if not len(edges):
        return mesh, values
    share = np.abs(values[edges]) / np.abs(values[edges]).sum(axis=1)[:, None]
    near = np.full(len(mesh.points), 1.0)
    np.minimum.at(near, edges.ravel(), share.ravel())
    chosen = np.flatnonzero((near < SNAP) | (values == 0))
    chosen = chosen[np.argsort(near[chosen], kind="stable")]
    masks = mesh.masks[chosen] | np.uint32(1 << bit)
    targets, left = settle(sheets, mesh.points[chosen], masks)
    length = np.full(len(mesh.points), np.inf)
    lengths = np.linalg.norm(mesh.points[edges[:, 0]] - mesh.points[edges[:, 1]], axis=1)
    np.minimum.at(length, edges.ravel(), np.repeat(lengths, 2))
    moved = np.linalg.norm(targets - mesh.points[chosen], axis=1)
    near_enough = (left < 0.02) | ((left < MERGE * length[chosen]) & (mesh.masks[chosen] > 0))
    fit = near_enough & (moved < 0.6 * length[chosen])
    chosen, targets = chosen[fit], targets[fit]
    points = mesh.points.copy()
    start, items = incidence(mesh.tets, len(points))
    done = chosen[_snap(points, mesh.tets, start, items, chosen, targets, SNAP_FLOOR)]
    new_masks = mesh.masks.copy()
    new_masks[done] |= np.uint32(1 << bit)
    new_values = values.copy()
    moved_all = chosen
    new_values[moved_all] = sheets[bit].value(points[moved_all])
    new_values[done] = 0.0
    return Complex(points, mesh.tets, mesh.membership, new_masks), new_values


def _roots(sheet: Sheet, a: Floats, b: Floats, fa: Floats, fb: Floats) -> Floats:
    """Where straight edges meet the sheet: (k,) shares from a to b (Illinois false position)."""
    low, high = np.zeros(len(a)), np.ones(len(a))
    fa, fb = fa.copy(), fb.copy()
    root = fa / (fa - fb)
    for _ in range(4):
        value = sheet.value(a + root[:, None] * (b - a))
        left = value * fa > 0
        low, high = np.where(left, root, low), np.where(left, high, root)
        fa, fb = np.where(left, value, 0.5 * fa), np.where(left, 0.5 * fb, value)
        root = np.clip(low + (high - low) * fa / np.where(fa == fb, 1.0, fa - fb), low, high)
    return root


def _shared(mesh: Complex, edges: Ints, keys: Ints, holders: Ints) -> Masks:
    """(k,) the sheets in which each edge lies: on both ends, and with cells on both sides around the edge."""
    tets = mesh.tets[holders]
    pairs = np.sort(tets[:, EDGES], axis=2)
    number = pairs[..., 0] * len(mesh.points) + pairs[..., 1]
    place = np.minimum(np.searchsorted(keys, number), len(keys) - 1)
    hit = keys[place] == number
    every = np.full(len(keys), 0xFFFFFFFF, dtype=np.uint32)
    some = np.zeros(len(keys), dtype=np.uint32)
    cell = np.broadcast_to(mesh.membership[holders][:, None], hit.shape)
    np.bitwise_and.at(every, place[hit], cell[hit])
    np.bitwise_or.at(some, place[hit], cell[hit])
    differ = some & ~every
    surface = np.isin(keys, boundary_edges(mesh))
    differ[surface] |= np.uint32(1)
    return np.asarray(mesh.masks[edges[:, 0]] & mesh.masks[edges[:, 1]] & differ)


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


def cut(mesh: Complex, sheets: tuple[Sheet, ...], bit: int, within: int | None) -> Complex:
    """Cut the complex along ``sheets[bit]`` and set that bit on the cells inside.

    Args:
        mesh: the complex, already cut along ``sheets[:bit]``.
        sheets: all sheets so far; the last one is the new one.
        bit: index of the new sheet.
        within: only cells that hold this bit are cut; None cuts all.
    """
    sheet = sheets[bit]
    values = np.full(len(mesh.points), 1.0)
    active = np.ones(len(mesh.tets), dtype=bool) if within is None else (mesh.membership >> np.uint32(within)) & 1 == 1
    used = np.unique(mesh.tets[active])
    values[used] = sheet.value(mesh.points[used])
    edges, _ = _crossing(mesh.tets[active], values)
    mesh, values = _snapped(mesh, sheets, bit, values, edges)
    edges, keys = _crossing(mesh.tets[active], values)
    if not len(edges):
        return _labelled(mesh, sheet, bit, active, values)
    crossed = values[mesh.tets]
    holders = np.flatnonzero((crossed.min(axis=1) < 0) & (crossed.max(axis=1) > 0))
    a, b = mesh.points[edges[:, 0]], mesh.points[edges[:, 1]]
    root = _roots(sheet, a, b, values[edges[:, 0]], values[edges[:, 1]])
    middle = a + root[:, None] * (b - a)
    masks = _shared(mesh, edges, keys, holders) | np.uint32(1 << bit)
    several = np.flatnonzero(masks & np.uint32((1 << bit) - 1))
    settled, left = settle(sheets, middle[several], masks[several])
    length = np.linalg.norm(b - a, axis=1)
    # the straight edge of a facet lies a sagitta away from its sheet: a longer way means the sheets do not meet here
    good = (left < 0.05) & (np.linalg.norm(settled - middle[several], axis=1) < 0.25 * length[several])
    middle[several[good]] = settled[good]
    pairs = np.sort(mesh.tets[holders][:, EDGES], axis=2)
    number = pairs[..., 0] * len(mesh.points) + pairs[..., 1]
    place = np.minimum(np.searchsorted(keys, number), len(keys) - 1)
    hit = keys[place] == number
    rank = np.empty(len(keys), dtype=np.int64)
    rank[np.argsort(-length, kind="stable")] = np.arange(len(keys))
    children, parents = _bisect(mesh.tets[holders], np.where(hit, len(mesh.points) + place, -1), rank[place])
    stay = np.ones(len(mesh.tets), dtype=bool)
    stay[holders] = False
    mesh = Complex(
        np.concatenate([mesh.points, middle]),
        np.concatenate([mesh.tets[stay], children]),
        np.concatenate([mesh.membership[stay], mesh.membership[holders][parents]]),
        np.concatenate([mesh.masks, masks]),
    )
    active = np.concatenate([active[stay], active[holders][parents]])
    return _labelled(mesh, sheet, bit, active, np.concatenate([values, np.zeros(len(middle))]))


def _labelled(mesh: Complex, sheet: Sheet, bit: int, active: NDArray[np.bool_], values: Floats) -> Complex:
    """Set the bit on active cells inside the sheet; a cell with all its vertices on it goes by its centroid."""
    corner = values[mesh.tets]
    extreme = np.where(np.abs(corner.min(axis=1)) > corner.max(axis=1), corner.min(axis=1), corner.max(axis=1))
    flat = np.flatnonzero(extreme == 0)
    extreme[flat] = sheet.value(mesh.points[mesh.tets[flat]].mean(axis=1))
    membership = mesh.membership.copy()
    membership[active & (extreme < 0)] |= np.uint32(1 << bit)
    return Complex(mesh.points, mesh.tets, membership, mesh.masks)
