"""Where something starts and how slowly it goes on a regular grid in, when it arrives everywhere out."""

from __future__ import annotations

import numpy as np
from numba import njit

from femrisk.meshes.labelled import Floats

#: a round of eight sweeps that changes no arrival by more than this ends the march
SETTLED = 1e-3


@njit(cache=True)
def _sweep(time, slowness, step, way):  # type: ignore[no-untyped-def]
    """One Gauss-Seidel sweep of Godunov's upwind scheme in one of eight orders (Zhao 2005); the largest change."""
    nx, ny, nz = time.shape
    changed = 0.0
    for i0 in range(nx):
        i = i0 if way & 1 == 0 else nx - 1 - i0
        for j0 in range(ny):
            j = j0 if way & 2 == 0 else ny - 1 - j0
            for k0 in range(nz):
                k = k0 if way & 4 == 0 else nz - 1 - k0
                pace = slowness[i, j, k] * step
                if not np.isfinite(pace):
                    continue
                a = min(time[i - 1, j, k] if i > 0 else np.inf, time[i + 1, j, k] if i < nx - 1 else np.inf)
                b = min(time[i, j - 1, k] if j > 0 else np.inf, time[i, j + 1, k] if j < ny - 1 else np.inf)
                c = min(time[i, j, k - 1] if k > 0 else np.inf, time[i, j, k + 1] if k < nz - 1 else np.inf)
                low, high = min(a, b, c), max(a, b, c)
                middle = max(min(a, b), min(max(a, b), c))
                if not np.isfinite(low):
                    continue
                found = low + pace
                if found > middle:
                    found = 0.5 * (low + middle + np.sqrt(max(2 * pace**2 - (low - middle) ** 2, 0.0)))
                    if found > high:
                        total = low + middle + high
                        squares = low**2 + middle**2 + high**2
                        found = (total + np.sqrt(max(total**2 - 3 * (squares - pace**2), 0.0))) / 3
                if found < time[i, j, k]:
                    changed = max(changed, min(time[i, j, k] - found, 1.0))
                    time[i, j, k] = found
    return changed


def arrival(start: Floats, slowness: Floats, step: float) -> Floats:
    """Solve |grad T| = slowness by fast sweeping; first order: late along diagonals, by up to a tenth near the start.

    Args:
        start: (nx, ny, nz) arrivals that are known, infinite elsewhere.
        slowness: (nx, ny, nz) time per mm; infinite where nothing passes, 0 where it passes at once.
        step: grid step, mm.

    Returns:
        (nx, ny, nz) arrivals, infinite where nothing comes.
    """
    time = np.array(start, dtype=float)
    # arrivals only fall, and stay above nothing: it ends
    while max([_sweep(time, slowness, step, way) for way in range(8)]) >= SETTLED:
        pass
    return time
