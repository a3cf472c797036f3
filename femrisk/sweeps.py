"""Products and symmetric Gauss-Seidel sweeps over block rows in single precision: block values in, vectors out.

The solver's speed is that of reading the matrix. Single precision halves the bytes, and a symmetric sweep that starts
from zero and hands over its residual reads the matrix one and a half times instead of three.
With A = L + D + U in node blocks, rows are (pointers, indices) with sorted columns, ``diagonal`` the place of D.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def _row(values: Any, indices: Any, start: int, stop: int, x: Any) -> Any:
    """Sum of values[k] @ x[indices[k]] for k in start..stop."""
    a = b = c = np.float32(0)
    for k in range(start, stop):
        j = indices[k]
        p, q, r = x[j, 0], x[j, 1], x[j, 2]
        v = values[k]
        a += v[0, 0] * p + v[0, 1] * q + v[0, 2] * r
        b += v[1, 0] * p + v[1, 1] * q + v[1, 2] * r
        c += v[2, 0] * p + v[2, 1] * q + v[2, 2] * r
    return a, b, c


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def _times(block: Any, a: float, b: float, c: float, out: Any) -> None:
    out[0] = block[0, 0] * a + block[0, 1] * b + block[0, 2] * c
    out[1] = block[1, 0] * a + block[1, 1] * b + block[1, 2] * c
    out[2] = block[2, 0] * a + block[2, 1] * b + block[2, 2] * c


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def multiply(pointers: Any, indices: Any, values: Any, x: Any, out: Any) -> None:
    """Fill ``out`` with A x; all (n, 3) float32."""
    for i in range(len(out)):
        out[i, 0], out[i, 1], out[i, 2] = _row(values, indices, pointers[i], pointers[i + 1], x)


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def smooth_from_zero(
    pointers: Any, indices: Any, values: Any, diagonal: Any, inverse: Any, right: Any, x: Any, residual: Any
) -> None:
    """Fill ``x`` with what a forward and a backward sweep make of zero, and ``residual`` with right - A x.

    After the backward sweep (L y + D x + U x = right with the forward values y) the residual is L (y - x).
    """
    count = len(x)
    partial, forward = np.empty_like(x), np.empty_like(x)
    for i in range(count):
        a, b, c = _row(values, indices, pointers[i], diagonal[i], forward)
        partial[i, 0], partial[i, 1], partial[i, 2] = right[i, 0] - a, right[i, 1] - b, right[i, 2] - c
        _times(inverse[i], partial[i, 0], partial[i, 1], partial[i, 2], forward[i])
    for i in range(count - 1, -1, -1):
        a, b, c = _row(values, indices, diagonal[i] + 1, pointers[i + 1], x)
        _times(inverse[i], partial[i, 0] - a, partial[i, 1] - b, partial[i, 2] - c, x[i])
    for i in range(count):
        for k in range(3):
            forward[i, k] -= x[i, k]
    for i in range(count):
        residual[i, 0], residual[i, 1], residual[i, 2] = _row(values, indices, pointers[i], diagonal[i], forward)


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def smooth(pointers: Any, indices: Any, values: Any, diagonal: Any, inverse: Any, right: Any, x: Any) -> None:
    """A forward and a backward sweep on x in place."""
    count = len(x)
    partial = np.empty_like(x)
    for i in range(count):
        a, b, c = _row(values, indices, pointers[i], diagonal[i], x)
        partial[i, 0], partial[i, 1], partial[i, 2] = right[i, 0] - a, right[i, 1] - b, right[i, 2] - c
        a, b, c = _row(values, indices, diagonal[i] + 1, pointers[i + 1], x)
        _times(inverse[i], partial[i, 0] - a, partial[i, 1] - b, partial[i, 2] - c, x[i])
    for i in range(count - 1, -1, -1):
        a, b, c = _row(values, indices, diagonal[i] + 1, pointers[i + 1], x)
        _times(inverse[i], partial[i, 0] - a, partial[i, 1] - b, partial[i, 2] - c, x[i])
