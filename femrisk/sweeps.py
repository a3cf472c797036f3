"""Products and symmetric Gauss-Seidel sweeps over block rows in single precision: block values in, vectors out.

The solver's speed is that of reading the matrix. Single precision halves the bytes, and a symmetric sweep that starts
from zero and hands over its residual reads the matrix one and a half times instead of three. ``planes`` lays the
blocks of a row out entry by entry, so that a sum over a row runs along memory and in vector registers.
With A = L + D + U in node blocks, rows are (pointers, indices) with sorted columns, ``diagonal`` the place of D.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

#: Unsigned numbers keep the compiler from looking for negative indices, which would keep it from vector registers.
ZERO, ONE = np.uint64(0), np.uint64(1)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def planes(pointers: Any, blocks: Any) -> Any:
    """(9 k,) the blocks (k, 3, 3): of each row first all entries (0, 0), then all entries (0, 1), and so on."""
    out = np.empty(9 * len(blocks), blocks.dtype)
    for i in range(len(pointers) - 1):
        start, width = pointers[i], pointers[i + 1] - pointers[i]
        for p in range(3):
            for q in range(3):
                for k in range(width):
                    out[9 * start + (3 * p + q) * width + k] = blocks[start + k, p, q]
    return out


@numba.njit(fastmath=True, inline="always")  # type: ignore[untyped-decorator]
def _row(values: Any, indices: Any, start: Any, width: Any, first: Any, last: Any, x: Any) -> Any:
    """Sum over the blocks ``first`` to ``last`` of a row, counted from its ``start``, times x."""
    a = b = c = np.float32(0)
    base = 9 * start
    for k in range(first, last):
        j = 3 * indices[start + k]
        p, q, r = x[j], x[j + 1], x[j + 2]
        v = base + k
        a += values[v] * p + values[v + width] * q + values[v + 2 * width] * r
        b += values[v + 3 * width] * p + values[v + 4 * width] * q + values[v + 5 * width] * r
        c += values[v + 6 * width] * p + values[v + 7 * width] * q + values[v + 8 * width] * r
    return a, b, c


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def _times(block: Any, a: float, b: float, c: float, out: Any, i: int) -> None:
    out[3 * i] = block[0, 0] * a + block[0, 1] * b + block[0, 2] * c
    out[3 * i + 1] = block[1, 0] * a + block[1, 1] * b + block[1, 2] * c
    out[3 * i + 2] = block[2, 0] * a + block[2, 1] * b + block[2, 2] * c


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def multiply(pointers: Any, indices: Any, values: Any, x: Any, out: Any) -> None:
    """Fill ``out`` with A x; both (3 n,) float32, the matrix in ``planes``."""
    for i in range(len(pointers) - 1):
        start, width = pointers[i], pointers[i + 1] - pointers[i]
        out[3 * i], out[3 * i + 1], out[3 * i + 2] = _row(values, indices, start, width, ZERO, width, x)


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def smooth_from_zero(
    pointers: Any, indices: Any, values: Any, diagonal: Any, inverse: Any, right: Any, x: Any, residual: Any
) -> None:
    """Fill ``x`` with what a forward and a backward sweep make of zero, and ``residual`` with right - A x.

    After the backward sweep (L y + D x + U x = right with the forward values y) the residual is L (y - x).
    """
    count = len(pointers) - 1
    partial, forward = np.empty_like(x), np.empty_like(x)
    for i in range(count):
        start, width, middle = pointers[i], pointers[i + 1] - pointers[i], diagonal[i] - pointers[i]
        a, b, c = _row(values, indices, start, width, ZERO, middle, forward)
        a, b, c = right[3 * i] - a, right[3 * i + 1] - b, right[3 * i + 2] - c
        partial[3 * i], partial[3 * i + 1], partial[3 * i + 2] = a, b, c
        _times(inverse[i], a, b, c, forward, i)
    for i in range(count - 1, -1, -1):
        start, width, middle = pointers[i], pointers[i + 1] - pointers[i], diagonal[i] - pointers[i]
        a, b, c = _row(values, indices, start, width, middle + ONE, width, x)
        _times(inverse[i], partial[3 * i] - a, partial[3 * i + 1] - b, partial[3 * i + 2] - c, x, i)
    for i in range(3 * count):
        forward[i] -= x[i]
    for i in range(count):
        start, width, middle = pointers[i], pointers[i + 1] - pointers[i], diagonal[i] - pointers[i]
        a, b, c = _row(values, indices, start, width, ZERO, middle, forward)
        residual[3 * i], residual[3 * i + 1], residual[3 * i + 2] = a, b, c


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def smooth(pointers: Any, indices: Any, values: Any, diagonal: Any, inverse: Any, right: Any, x: Any) -> None:
    """A forward and a backward sweep on x in place."""
    count = len(pointers) - 1
    partial = np.empty_like(x)
    for i in range(count):
        start, width, middle = pointers[i], pointers[i + 1] - pointers[i], diagonal[i] - pointers[i]
        a, b, c = _row(values, indices, start, width, ZERO, middle, x)
        d, e, f = right[3 * i] - a, right[3 * i + 1] - b, right[3 * i + 2] - c
        partial[3 * i], partial[3 * i + 1], partial[3 * i + 2] = d, e, f
        a, b, c = _row(values, indices, start, width, middle + ONE, width, x)
        _times(inverse[i], d - a, e - b, f - c, x, i)
    for i in range(count - 1, -1, -1):
        start, width, middle = pointers[i], pointers[i + 1] - pointers[i], diagonal[i] - pointers[i]
        a, b, c = _row(values, indices, start, width, middle + ONE, width, x)
        _times(inverse[i], partial[3 * i] - a, partial[3 * i + 1] - b, partial[3 * i + 2] - c, x, i)


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def dot(one: Any, other: Any) -> Any:
    """Inner product in double precision."""
    total = 0.0
    for i in range(len(one)):
        total += np.float64(one[i]) * np.float64(other[i])
    return total


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def turn(direction: Any, step: float, towards: Any) -> None:
    """Make ``direction`` ``towards + step direction``."""
    share = np.float32(step)
    for i in range(len(direction)):
        direction[i] = towards[i] + share * direction[i]


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def advance(x: Any, residual: Any, single: Any, step: float, direction: Any, product: Any) -> Any:
    """Add ``step direction`` to x, take ``step product`` off the residual and its ``single`` copy; its square."""
    total = 0.0
    for i in range(len(x)):
        x[i] += step * direction[i]
        value = residual[i] - step * product[i]
        residual[i] = value
        single[i] = value
        total += value * value
    return total
