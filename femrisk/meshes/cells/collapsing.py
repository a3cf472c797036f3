"""Edges of bad cells collapsed where the sheets allow it (compiled)."""

from __future__ import annotations

import numpy as np
from numba import njit

from femrisk.meshes.cells.kernels import exceeds, mean_ratio, volume6
from femrisk.meshes.cells.rings import RING, ring

#: a collapse may move at most this share of the cubed edge length from one solid to another
SHIFT = 0.04
#: most cells around a vertex that may be collapsed
STAR = 96


@njit(cache=True)
def _varying(labels, cells, count, surface):  # type: ignore[no-untyped-def]
    """Bits in which the labels differ, with bit 0 for the outer surface."""
    every, some = labels[cells[0]], labels[cells[0]]
    for k in range(count):
        every &= labels[cells[k]]
        some |= labels[cells[k]]
    differ = some & ~every
    return differ | np.uint32(1) if surface else differ


@njit(cache=True)
def _star(points, tets, start, items, a):  # type: ignore[no-untyped-def]
    """(worst mean ratio, mean squared edge) of the cells around a."""
    worst, length, number = 1.0, 0.0, 0
    for k in range(start[a], start[a + 1]):
        t = items[k]
        worst = min(worst, mean_ratio(points, tets[t, 0], tets[t, 1], tets[t, 2], tets[t, 3]))
        for c in range(4):
            v = tets[t, c]
            if v != a:
                square = 0.0
                for i in range(3):
                    square += (points[v, i] - points[a, i]) ** 2
                length += square
                number += 1
    return worst, length / max(number, 1)


@njit(cache=True)
def _moved(tets, t, a, b, corners):  # type: ignore[no-untyped-def]
    """Fill in the corners of cell t after a is moved to b; whether the cell is still there."""
    for c in range(4):
        if tets[t, c] == b:
            return False
        corners[c] = b if tets[t, c] == a else tets[t, c]
    return True


@njit(cache=True)
def _worst(points, tets, start, items, a, b, bound):  # type: ignore[no-untyped-def]
    """Worst mean ratio of the cells around a when it is moved to b, or ``bound`` where one does not exceed that."""
    q, new = np.empty(4, np.int64), 1.0
    for k in range(start[a], start[a + 1]):
        if _moved(tets, items[k], a, b, q) and not exceeds(points, q[0], q[1], q[2], q[3], bound):
            return bound
    for k in range(start[a], start[a + 1]):
        if _moved(tets, items[k], a, b, q):
            new = min(new, mean_ratio(points, q[0], q[1], q[2], q[3]))
    return new


@njit(cache=True)
def _linked(tets, start, items, a, b, chain, corners):  # type: ignore[no-untyped-def]
    """Whether every vertex joined to both a and b lies in the ring of their edge."""
    for k in range(start[a], start[a + 1]):
        for c in range(4):
            v = tets[items[k], c]
            if v in (a, b) or (chain[:corners] == v).any():
                continue
            for m in range(start[v], start[v + 1]):
                if (tets[items[m]] == b).any():
                    return False
    return True


@njit(cache=True)
def _edge_varying(tets, labels, start, items, a, b, cells, chain):  # type: ignore[no-untyped-def]
    """Bits of the sheets in which edge (a, b) lies, bit 0 for the outer surface; all bits where its ring is odd."""
    count, closed = ring(tets, start, items, a, b, cells, chain)
    return _varying(labels, cells, count, not closed) if count else np.uint32(0xFFFFFFFF)


@njit(cache=True)
def _pinches(tets, labels, start, items, a, b, cells, chain, count, closed):  # type: ignore[no-untyped-def]
    """Whether a sheet through (a, v) and another part of it through (b, v) would meet in one edge."""
    other, links = np.empty(RING, np.int64), np.empty(RING + 1, np.int64)
    for k in range(count if closed else count + 1):
        v = chain[k]
        sided = closed or 0 < k < count
        face = labels[cells[k - 1 if k else count - 1]] ^ labels[cells[k]] if sided else np.uint32(1)
        both = _edge_varying(tets, labels, start, items, a, v, other, links)
        both &= _edge_varying(tets, labels, start, items, b, v, other, links)
        if both & ~face:
            return True
    return False


@njit(cache=True)
def _shifted(points, tets, labels, start, items, a, b):  # type: ignore[no-untyped-def]
    """Six times the largest volume any label gains or loses when a is moved to b."""
    kinds = np.empty(STAR, labels.dtype)
    gains = np.zeros(STAR)
    count = 0
    for k in range(start[a], start[a + 1]):
        t = tets[items[k]]
        at = -1
        for m in range(count):
            if kinds[m] == labels[items[k]]:
                at = m
        if at < 0:
            at, kinds[count] = count, labels[items[k]]
            count += 1
        gains[at] -= volume6(points, t[0], t[1], t[2], t[3])
        q = np.where(t == a, b, t)
        if not (t == b).any():
            gains[at] += volume6(points, q[0], q[1], q[2], q[3])
    return np.abs(gains[:count]).max()


@njit(cache=True)
def _allowed(points, tets, labels, masks, start, items, a, b, old, square, cells, chain):  # type: ignore[no-untyped-def]
    """The worst mean ratio after collapsing a into b, or ``old`` where quality, sheets or topology forbid it.

    ``old`` and ``square`` are what the cells around a are like now.
    """
    around = start[a + 1] - start[a]
    if around > STAR or (masks[a] & ~masks[b]):
        return old
    bound = 1.05 * old + 1e-3
    new = _worst(points, tets, start, items, a, b, bound)
    if new <= bound:
        return old
    count, closed = ring(tets, start, items, a, b, cells, chain)
    if count == 0:
        return old
    differ = _varying(labels, items[start[a] : start[a + 1]], around, masks[a] & 1)
    if differ != _varying(labels, cells, count, not closed):
        return old
    if not _linked(tets, start, items, a, b, chain, count + (0 if closed else 1)):
        return old
    if differ and _pinches(tets, labels, start, items, a, b, cells, chain, count, closed):
        return old
    if differ and _shifted(points, tets, labels, start, items, a, b) > 6 * SHIFT * square**1.5:
        return old
    return new


@njit(cache=True)
def collapse(points, tets, labels, masks, start, items, order):  # type: ignore[no-untyped-def]
    """One pass over the cells in ``order``: collapse the edge of each that raises the worst cell around it most.

    Returns:
        tets and labels after the pass, and the number of collapses.
    """
    tets = tets.copy()
    alive = np.ones(tets.shape[0], np.bool_)
    locked = np.zeros(points.shape[0], np.bool_)
    cells, chain = np.empty(RING, np.int64), np.empty(RING + 1, np.int64)
    done = 0
    for t in order:
        if not alive[t]:
            continue
        best, best_a, best_b = 0.0, -1, -1
        for i in range(4):
            a = tets[t, i]
            if locked[a]:
                continue
            old, square = _star(points, tets, start, items, a)
            for j in range(4):
                b = tets[t, j]
                if i == j or locked[b]:
                    continue
                new = _allowed(points, tets, labels, masks, start, items, a, b, old, square, cells, chain)
                if new - old > best:
                    best, best_a, best_b = new - old, a, b
        if best_a < 0:
            continue
        free = True
        for k in range(start[best_a], start[best_a + 1]):
            for c in range(4):
                free &= not locked[tets[items[k], c]]
        if not free:
            continue
        for k in range(start[best_a], start[best_a + 1]):
            s = items[k]
            for c in range(4):
                locked[tets[s, c]] = True
            if (tets[s] == best_b).any():
                alive[s] = False
            for c in range(4):
                if tets[s, c] == best_a:
                    tets[s, c] = best_b
        done += 1
    return tets[alive], labels[alive], done
