"""Small compiled pieces shared by cutting and improving: vertices and cells in, qualities and incidences out."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def volume6(points, a, b, c, d):  # type: ignore[no-untyped-def]
    """Six times the signed volume of the tetrahedron of four points (by index: slices would be counted references)."""
    ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    wx, wy, wz = points[d, 0] - points[a, 0], points[d, 1] - points[a, 1], points[d, 2] - points[a, 2]
    return (uy * vz - uz * vy) * wx + (uz * vx - ux * vz) * wy + (ux * vy - uy * vx) * wz


@njit(cache=True)
def edges_squared(points, a, b, c, d):  # type: ignore[no-untyped-def]
    """Sum of the six squared edges of a tetrahedron."""
    total = 0.0
    for k in range(3):
        p, q, r, s = points[a, k], points[b, k], points[c, k], points[d, k]
        total += (p - q) ** 2 + (p - r) ** 2 + (p - s) ** 2
        total += (q - r) ** 2 + (q - s) ** 2 + (r - s) ** 2
    return total


@njit(cache=True)
def mean_ratio(points, a, b, c, d):  # type: ignore[no-untyped-def]
    """12 (3V)^(2/3) / sum(l^2); inverted: the volume itself, which cannot be made to vanish by going far away."""
    six = volume6(points, a, b, c, d)
    if six <= 0.0:
        return six / 6
    return 12.0 * (0.5 * six) ** (2.0 / 3.0) / edges_squared(points, a, b, c, d)


@njit(cache=True)
def exceeds(points, a, b, c, d, bound):  # type: ignore[no-untyped-def]
    """Whether the mean ratio is above ``bound``, found without a power where it is not close."""
    six = volume6(points, a, b, c, d)
    if six <= 0.0:
        return six / 6 > bound
    if bound < 0.0:
        return True
    least = bound * edges_squared(points, a, b, c, d)
    cube, least = 432.0 * six * six, least * least * least
    if abs(cube - least) > 1e-9 * least:
        return cube > least
    return mean_ratio(points, a, b, c, d) > bound


@njit(cache=True)
def below(points, tets, bound):  # type: ignore[no-untyped-def]
    """Indices of the cells whose mean ratio does not exceed ``bound``."""
    count, found = 0, np.empty(tets.shape[0], np.int64)
    for t in range(tets.shape[0]):
        if not exceeds(points, tets[t, 0], tets[t, 1], tets[t, 2], tets[t, 3], bound):
            found[count] = t
            count += 1
    return found[:count]


@njit(cache=True)
def qualities(points, tets):  # type: ignore[no-untyped-def]
    """(m,) mean ratios."""
    out = np.empty(tets.shape[0])
    for t in range(tets.shape[0]):
        out[t] = mean_ratio(points, tets[t, 0], tets[t, 1], tets[t, 2], tets[t, 3])
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
