"""A tetrahedral complex and one more sheet in, the same complex cut along that sheet out (conforming)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from femrisk.meshes.cells.complex import EDGES, Complex, Ints, boundary_edges, crossing
from femrisk.meshes.cells.kernels import qualities
from femrisk.meshes.cells.sheets import Masks, Sheet, settle
from femrisk.meshes.cells.snapping import ON_SHEET, SNAP_FLOOR, snapped
from femrisk.meshes.labelled import Floats

#: share of its length by which the middle of a cut edge may be moved onto the other sheets it lies in
LONGEST_WAY = 0.25


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


def _places(tets: Ints, keys: Ints, count: int) -> tuple[Ints, NDArray[np.bool_]]:
    """(m, 6) where each edge of each tet stands among the sorted ``keys``, and whether it does."""
    pairs = np.sort(tets[:, EDGES], axis=2)
    number = pairs[..., 0] * count + pairs[..., 1]
    place = np.minimum(np.searchsorted(keys, number), len(keys) - 1)
    return place, keys[place] == number


def _shared(mesh: Complex, edges: Ints, keys: Ints, holders: Ints) -> Masks:
    """(k,) the sheets in which each edge lies: on both ends, and with cells on both sides around the edge."""
    place, hit = _places(mesh.tets[holders], keys, len(mesh.points))
    every = np.full(len(keys), 0xFFFFFFFF, dtype=np.uint32)
    some = np.zeros(len(keys), dtype=np.uint32)
    cell = np.broadcast_to(mesh.membership[holders][:, None], hit.shape)
    np.bitwise_and.at(every, place[hit], cell[hit])
    np.bitwise_or.at(some, place[hit], cell[hit])
    differ = some & ~every
    differ[np.isin(keys, boundary_edges(mesh))] |= np.uint32(1)
    return np.asarray(mesh.masks[edges[:, 0]] & mesh.masks[edges[:, 1]] & differ)


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
    edges, _ = crossing(mesh.tets[active], values)
    mesh, values = snapped(mesh, sheets, bit, values, edges)
    edges, keys = crossing(mesh.tets[active], values)
    if not len(edges):
        return _labelled(mesh, sheet, bit, active, values)
    corner = values[mesh.tets]
    holders = np.flatnonzero((corner.min(axis=1) < 0) & (corner.max(axis=1) > 0))
    masks = _shared(mesh, edges, keys, holders) | np.uint32(1 << bit)
    straight, middle = _middles(mesh, sheets, bit, edges, values, masks)
    lengths = np.linalg.norm(mesh.points[edges[:, 0]] - mesh.points[edges[:, 1]], axis=1)
    rank = np.empty(len(keys), dtype=np.int64)
    rank[np.argsort(-lengths, kind="stable")] = np.arange(len(keys))
    place, hit = _places(mesh.tets[holders], keys, len(mesh.points))
    children, parents = _bisect(mesh.tets[holders], np.where(hit, len(mesh.points) + place, -1), rank[place])
    stay = np.ones(len(mesh.tets), dtype=bool)
    stay[holders] = False
    mesh = Complex(
        _untangled(mesh.points, straight, middle, children),
        np.concatenate([mesh.tets[stay], children]),
        np.concatenate([mesh.membership[stay], mesh.membership[holders][parents]]),
        np.concatenate([mesh.masks, masks]),
    )
    active = np.concatenate([active[stay], active[holders][parents]])
    return _labelled(mesh, sheet, bit, active, np.concatenate([values, np.zeros(len(middle))]))


def _middles(
    mesh: Complex, sheets: tuple[Sheet, ...], bit: int, edges: Ints, values: Floats, masks: Masks
) -> tuple[Floats, Floats]:
    """(k, 3) where the edges meet the new sheet; (k, 3) the same pulled onto the other sheets in which an edge lies."""
    a, b = mesh.points[edges[:, 0]], mesh.points[edges[:, 1]]
    root = _roots(sheets[bit], a, b, values[edges[:, 0]], values[edges[:, 1]])
    straight = a + root[:, None] * (b - a)
    middle = straight.copy()
    several = np.flatnonzero(masks & np.uint32((1 << bit) - 1))
    settled, left = settle(sheets, straight[several], masks[several])
    # the straight edge of a facet lies a sagitta away from its sheet: a longer way means the sheets do not meet here
    way = np.linalg.norm(settled - straight[several], axis=1)
    good = (left < 2 * ON_SHEET) & (way < LONGEST_WAY * np.linalg.norm(b - a, axis=1)[several])
    middle[several[good]] = settled[good]
    return straight, middle


def _untangled(points: Floats, straight: Floats, middle: Floats, children: Ints) -> Floats:
    """Points, then middles, these back on their straight edges where being pulled off them spoils a cell."""
    count = len(points)
    result = np.concatenate([points, middle])
    for _ in range(4):
        spoilt = np.unique(children[qualities(result, children) < SNAP_FLOOR])
        spoilt = spoilt[spoilt >= count]
        if not np.any(result[spoilt] != straight[spoilt - count]):
            break
        result[spoilt] = straight[spoilt - count]
    return result


def _labelled(mesh: Complex, sheet: Sheet, bit: int, active: NDArray[np.bool_], values: Floats) -> Complex:
    """Set the bit on active cells inside the sheet; a cell with all its vertices on it goes by its centroid."""
    corner = values[mesh.tets]
    extreme = np.where(np.abs(corner.min(axis=1)) > corner.max(axis=1), corner.min(axis=1), corner.max(axis=1))
    flat = np.flatnonzero(extreme == 0)
    extreme[flat] = sheet.value(mesh.points[mesh.tets[flat]].mean(axis=1))
    membership = mesh.membership.copy()
    membership[active & (extreme < 0)] |= np.uint32(1 << bit)
    return Complex(mesh.points, mesh.tets, membership, mesh.masks)
