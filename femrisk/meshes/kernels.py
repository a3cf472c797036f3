"""Small compiled pieces shared by cutting and improving: vertices and cells in, qualities and incidences out."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, inline="always")
def volume6(a, b, c, d):  # type: ignore[no-untyped-def]
    """Six times the signed volume of a tetrahedron."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    wx, wy, wz = d[0] - a[0], d[1] - a[1], d[2] - a[2]
    return (uy * vz - uz * vy) * wx + (uz * vx - ux * vz) * wy + (ux * vy - uy * vx) * wz


@njit(cache=True)
def mean_ratio(a, b, c, d):  # type: ignore[no-untyped-def]
    """12 (3V)^(2/3) / sum(l^2); inverted: the volume itself, which cannot be made to vanish by going far away."""
    six = volume6(a, b, c, d)
    if six <= 0.0:
        return six / 6
    total = 0.0
    for k in range(3):
        total += (a[k] - b[k]) ** 2 + (a[k] - c[k]) ** 2 + (a[k] - d[k]) ** 2
        total += (b[k] - c[k]) ** 2 + (b[k] - d[k]) ** 2 + (c[k] - d[k]) ** 2
    return 12.0 * (0.5 * six) ** (2.0 / 3.0) / total


@njit(cache=True)
def qualities(points, tets):  # type: ignore[no-untyped-def]
    """(m,) mean ratios."""
    out = np.empty(tets.shape[0])
    for t in range(tets.shape[0]):
        out[t] = mean_ratio(points[tets[t, 0]], points[tets[t, 1]], points[tets[t, 2]], points[tets[t, 3]])
    return out


@njit(cache=True)
def incidence(tets, count):  # type: ignore[no-untyped-def]
    """Cells around each vertex as (start, items): those of vertex v are items[start[v]:start[v + 1]]."""
    start = np.zeros(count + 1, np.int64)
    for t in range(tets.shape[0]):
        for i in range(4):
            start[tets[t, i] + 1] += 1
    for v in range(count):
        start[v + 1] += start[v]
    items = np.empty(4 * tets.shape[0], np.int64)
    fill = start[:-1].copy()
    for t in range(tets.shape[0]):
        for i in range(4):
            items[fill[tets[t, i]]] = t
            fill[tets[t, i]] += 1
    return start, items


@njit(cache=True)
def _outer(tets, start, items, t, corner):  # type: ignore[no-untyped-def]
    """Whether the face of cell t opposite a corner has no cell behind it."""
    x, y, z = tets[t, (corner + 1) % 4], tets[t, (corner + 2) % 4], tets[t, (corner + 3) % 4]
    for k in range(start[x], start[x + 1]):
        n = items[k]
        if n == t:
            continue
        shared = 0
        for c in range(4):
            if tets[n, c] == x or tets[n, c] == y or tets[n, c] == z:
                shared += 1
        if shared == 3:
            return False
    return True


@njit(cache=True)
def passing(tets, labels, masks, start, items):  # type: ignore[no-untyped-def]
    """(n,) bits in which the cells around each vertex differ, bit 0 for vertices on the outer surface."""
    out = np.zeros(masks.size, np.uint32)
    for v in range(masks.size):
        if start[v] == start[v + 1]:
            continue
        every, some = labels[items[start[v]]], np.uint32(0)
        for k in range(start[v], start[v + 1]):
            every &= labels[items[k]]
            some |= labels[items[k]]
        out[v] |= some & ~every
    for t in range(tets.shape[0]):
        for corner in range(4):
            x, y, z = tets[t, (corner + 1) % 4], tets[t, (corner + 2) % 4], tets[t, (corner + 3) % 4]
            if masks[x] & masks[y] & masks[z] & 1 and _outer(tets, start, items, t, corner):
                out[x] |= np.uint32(1)
                out[y] |= np.uint32(1)
                out[z] |= np.uint32(1)
    return out
