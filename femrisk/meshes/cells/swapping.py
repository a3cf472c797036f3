"""Edges and faces of bad cells swapped for better ones, within labels or along the sheets between them (compiled)."""

from __future__ import annotations

import numpy as np
from numba import njit

from femrisk.meshes.cells.kernels import mean_ratio, volume6
from femrisk.meshes.cells.rings import RING, fill, joined, ring

#: a swapped sheet diagonal may move at most this share of the cubed edge length from one solid to another
SHIFT = 0.04
#: corners of the face opposite each corner, so that (face, corner) is an even permutation
FACE = np.array([(1, 3, 2), (0, 2, 3), (0, 3, 1), (0, 1, 2)])


@njit(cache=True)
def _groups(labels, cells, count, closed):  # type: ignore[no-untyped-def]
    """Where the label changes around a ring: (changes, first cell of one group, its length)."""
    changes, begin, length = 0, 0, count
    for k in range(count if closed else count - 1):
        if labels[cells[k]] != labels[cells[(k + 1) % count]]:
            changes += 1
            begin = (k + 1) % count
    if changes:
        length = 1
        while length < count and labels[cells[(begin + length) % count]] == labels[cells[begin]]:
            length += 1
    return changes, begin, length


@njit(cache=True)
def _opens(tets, labels, start, items, cell, label, p, q):  # type: ignore[no-untyped-def]
    """Whether edge (p, q) of a cell can come to lie on a sheet by giving the cell another label, without a pinch."""
    cells, chain = np.empty(RING, np.int64), np.empty(RING + 1, np.int64)
    count, closed = ring(tets, start, items, p, q, cells, chain)
    if count == 0 or not closed:
        return False
    changes = 0
    for k in range(count):
        m = (k + 1) % count
        one = label if cells[k] == cell else labels[cells[k]]
        two = label if cells[m] == cell else labels[cells[m]]
        changes += one != two
    return changes <= 2


@njit(cache=True)
def _blocked(tets, labels, masks, start, items, cells, chain, count, closed, begin, length):  # type: ignore[no-untyped-def]
    """Whether a new edge of a sheet or of the outer surface would already exist, be a pinch, or be off the surface."""
    p, q = chain[begin], chain[(begin + length) % count if closed else count]
    if closed:
        if length == count:
            return False
        one, other = cells[begin], cells[(begin + length) % count]
        if length == 1:
            return not _opens(tets, labels, start, items, one, labels[other], p, q)
        if count - length == 1:
            return not _opens(tets, labels, start, items, other, labels[one], p, q)
    if count > 1:
        return joined(tets, start, items, p, q)
    # a single cell on an outer edge is dropped: the opposite edge then comes to lie on the surface
    if not masks[p] & masks[q] & 1:
        return True
    around, whole = ring(tets, start, items, p, q, np.empty(RING, np.int64), np.empty(RING + 1, np.int64))
    return around == 0 or not whole


@njit(cache=True)
def _ring_state(points, tets, cells, chain, count, a, b):  # type: ignore[no-untyped-def]
    """(worst mean ratio, six times the volume, mean distance of the ring from the edge's middle)."""
    worst, volume, size = 1.0, 0.0, 0.0
    for k in range(count):
        t = tets[cells[k]]
        worst = min(worst, mean_ratio(points, t[0], t[1], t[2], t[3]))
        volume += volume6(points, t[0], t[1], t[2], t[3])
        size += np.sqrt(((points[chain[k]] - 0.5 * (points[a] + points[b])) ** 2).sum()) / count
    return worst, volume, size


@njit(cache=True)
def _removal(points, tets, labels, masks, start, items, a, b, cells, chain, new, tags):  # type: ignore[no-untyped-def]
    """Fill the ring of edge (a, b) anew. Returns (cells in the ring, new cells, old worst, new worst); 0 cells: no."""
    count, closed = ring(tets, start, items, a, b, cells, chain)
    if count == 0:
        return 0, 0, 0.0, 0.0
    changes, begin, length = _groups(labels, cells, count, closed)
    if changes > (2 if closed else 0):
        return 0, 0, 0.0, 0.0
    old, before, size = _ring_state(points, tets, cells, chain, count, a, b)
    slack = 6 * SHIFT * (1.2 * size) ** 3
    rows = np.empty((RING, 3), np.int64)
    total, worst, volume_all = 0, 1.0, 0.0
    if _blocked(tets, labels, masks, start, items, cells, chain, count, closed, begin, length):
        return 0, 0, 0.0, 0.0
    polygon = np.empty(RING + 1, np.int64)
    for part in range(2 if changes else 1):
        first = begin if part == 0 else (begin + length) % count
        cell_count = length if part == 0 else count - length
        corner_count = cell_count + 1 if changes or not closed else count
        for k in range(corner_count):
            polygon[k] = chain[(first + k) % count] if closed else chain[k]
        had = 0.0
        for k in range(cell_count):
            t = tets[cells[(first + k) % count]]
            had += volume6(points, t[0], t[1], t[2], t[3])
        quality, volume = fill(points, a, b, polygon, corner_count, rows)
        worst = min(worst, quality)
        if worst <= old:
            return 0, 0, 0.0, 0.0
        if (changes or not closed) and abs(volume - had) > slack:
            return 0, 0, 0.0, 0.0
        volume_all += volume
        for k in range(corner_count - 2):
            x, y, z = rows[k]
            new[total] = x, y, z, b
            new[total + 1] = y, x, z, a
            tags[total] = tags[total + 1] = labels[cells[first]]
            total += 2
    if closed and abs(volume_all - before) > 1e-9 * abs(before) + 1e-12:
        return 0, 0, 0.0, 0.0
    return count, total, old, worst


@njit(cache=True)
def _flip(points, tets, labels, start, items, t, corner, new):  # type: ignore[no-untyped-def]
    """Swap the face opposite ``corner`` of cell t for the edge across it. Returns (neighbour, old worst, new worst)."""
    x, y, z = tets[t, FACE[corner, 0]], tets[t, FACE[corner, 1]], tets[t, FACE[corner, 2]]
    u = tets[t, corner]
    for k in range(start[x], start[x + 1]):
        n = items[k]
        if n == t or labels[n] != labels[t]:
            continue
        shared, w = 0, -1
        for c in range(4):
            v = tets[n, c]
            if v in (x, y, z):
                shared += 1
            else:
                w = v
        if shared != 3:
            continue
        s = tets[n]
        old = mean_ratio(points, x, y, z, u)
        old = min(old, mean_ratio(points, s[0], s[1], s[2], s[3]))
        new[0] = w, u, x, y
        new[1] = w, u, y, z
        new[2] = w, u, z, x
        worst = 1.0
        for c in range(3):
            worst = min(worst, mean_ratio(points, w, u, new[c, 2], new[c, 3]))
            if worst <= old:
                return -1, 0.0, 0.0
        return n, old, worst
    return -1, 0.0, 0.0


@njit(cache=True)
def _free(locked, cells, count, tets):  # type: ignore[no-untyped-def]
    """Whether no vertex of the cells has been touched in this pass."""
    for k in range(count):
        for c in range(4):
            if locked[tets[cells[k], c]]:
                return False
    return True


@njit(cache=True)
def swap(points, tets, labels, masks, start, items, order):  # type: ignore[no-untyped-def]
    """One pass over the cells in ``order``: the best swap of each that raises the worst cell around it.

    Returns:
        tets and labels after the pass, and the number of swaps.
    """
    extra = np.empty((2 * RING * order.size + 1, 4), np.int64)
    extra_labels = np.empty(2 * RING * order.size + 1, labels.dtype)
    filled, done = 0, 0
    alive, locked = np.ones(tets.shape[0], np.bool_), np.zeros(points.shape[0], np.bool_)
    cells, best_cells = np.empty(RING, np.int64), np.empty(RING, np.int64)
    chain = np.empty(RING + 1, np.int64)
    new, best_new = np.empty((2 * RING, 4), np.int64), np.empty((2 * RING, 4), np.int64)
    tags, best_tags = np.empty(2 * RING, labels.dtype), np.empty(2 * RING, labels.dtype)
    for t in order:
        if not alive[t] or locked[tets[t]].any():
            continue
        best, best_count, best_total = 0.0, 0, 0
        for i in range(4):
            for j in range(i + 1, 4):
                count, total, old, worst = _removal(
                    points, tets, labels, masks, start, items, tets[t, i], tets[t, j], cells, chain, new, tags
                )
                gain = worst - old
                if count and worst > 1.05 * old + 1e-3 and gain > best and _free(locked, cells, count, tets):
                    best, best_count, best_total = gain, count, total
                    best_cells[:] = cells
                    best_new[:] = new
                    best_tags[:] = tags
        for corner in range(4):
            n, old, worst = _flip(points, tets, labels, start, items, t, corner, new)
            cells[0], cells[1] = t, n
            if n >= 0 and worst > 1.05 * old + 1e-3 and worst - old > best and _free(locked, cells, 2, tets):
                best, best_count, best_total = worst - old, 2, 3
                best_cells[:] = cells
                best_new[:] = new
                best_tags[:3] = labels[t]
        if best_count:
            for cell in best_cells[:best_count]:
                alive[cell] = False
                locked[tets[cell]] = True
            extra[filled : filled + best_total] = best_new[:best_total]
            extra_labels[filled : filled + best_total] = best_tags[:best_total]
            filled += best_total
            done += 1
    return (
        np.concatenate((tets[alive], extra[:filled])),
        np.concatenate((labels[alive], extra_labels[:filled])),
        done,
    )
