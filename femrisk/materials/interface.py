"""Interfaces that open and slip: a strength, a fracture energy and a separation in, tractions and their tangent out.

With the opening n and the slip s of two faces, r = SHEAR_OVER_TENSION, the tensile strength f and the stiffness K,
the separation k = sqrt(max(n, 0)^2 + (r s)^2) K / f is one where (t_n / f)^2 + (t_s / r f)^2 is. Up to there the faces
are held by K across and r^2 K along; then by the share w = (k_e / k - 1) / (k_e - 1), so that the traction falls
linearly with the separation and is lost at k_e = 2 G K / f^2: the energy G per area, in tension as in shear. w follows
the largest k so far; unloading goes to the origin. Faces that touch are held apart by K for ever, without friction.
Both stiffnesses follow from one potential, so the tangent is symmetric.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import Floats

#: Shear over tensile strength of the cement-bone interface (Waanders et al. 2010).
SHEAR_OVER_TENSION = 2.5
#: MPa/mm; numerical, not measured: 0.1 mm of cancellous bone of 1000 MPa, 1.7 mm of cortex give as much.
STIFFNESS = 1e4
#: Share of the stiffness that faces keep when all is lost, so that no piece hangs in the air.
LEAST = 1e-7


@dataclass(frozen=True)
class Interface:
    """Strength of interfaces, one row per face."""

    #: (f,) tensile strength, MPa; 0 where nothing holds from the start, infinite where nothing fails
    strength: Floats
    #: (f,) energy to part the faces, N/mm, in tension as in shear
    energy: Floats

    def elastic(self) -> Interface:
        """What holds, holds for ever; what does not, still slides and gaps."""
        return replace(self, strength=np.where(self.strength > 0, np.inf, 0.0))

    def scaled(self, factor: float) -> Interface:
        """Strength and energy multiplied."""
        return Interface(self.strength * factor, self.energy * factor)

    def take(self, faces: NDArray[np.int64]) -> Interface:
        """The rows of some faces."""
        return Interface(**{part.name: getattr(self, part.name)[faces] for part in fields(self)})


def tractions(law: Interface, normals: Floats, jumps: Floats, opened: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """What holds the faces together, from a committed history that is left untouched.

    Args:
        law: the law of each face.
        normals: (f, 3) unit normals.
        jumps: (f, q, 3) displacement of the side the normal points to, less that of the other, mm.
        opened: (f, q) largest separation k so far.

    Returns:
        traction (f, q, 3) MPa that pulls the two sides together; largest separation (f, q); the tangent (f, q, 3, 3)
        MPa/mm, symmetric, with one negative direction where the traction falls; and the same with zero there.
    """
    traction, largest, tangent, flat = _tractions(law.strength, law.energy, normals, jumps, opened)
    return traction, largest, tangent, flat


def energies(law: Interface, normals: Floats, jumps: Floats, opened: Floats) -> tuple[Floats, Floats]:
    """(f, q) stored and dissipated energy per area, N/mm, at jumps (f, q, 3) after separations (f, q)."""
    strength = law.strength[:, None]
    across = np.einsum("fi,fqi->fq", normals, jumps)
    along = (jumps**2).sum(axis=-1) - across**2
    whole = 0.5 * STIFFNESS * (np.maximum(across, 0) ** 2 + SHEAR_OVER_TENSION**2 * along)
    breakable = np.isfinite(strength) & (strength > 0)
    f, end = np.where(breakable, strength, 1.0), np.where(breakable, law.energy[:, None], 1.0)
    scale, end = f**2 / STIFFNESS, 2 * end * STIFFNESS / f**2
    k = np.clip(opened, 1.0, end)
    share = (end / k - 1) / (end - 1)
    kept = np.where(strength > 0, np.where(breakable, np.maximum(share, LEAST), 1.0), LEAST)
    spent = 0.5 + ((end - 1) ** 2 - (end - k) ** 2) / (2 * (end - 1)) - 0.5 * share * k**2
    stored = kept * whole + 0.5 * STIFFNESS * np.minimum(across, 0) ** 2
    return np.asarray(stored), np.where(breakable, scale * spent, 0.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _tractions(strength: Any, energy: Any, normals: Any, jumps: Any, opened: Any) -> Any:
    faces, points = opened.shape
    traction, largest = np.empty((faces, points, 3)), opened.copy()
    tangent, flat = np.zeros((faces, points, 3, 3)), np.zeros((faces, points, 3, 3))
    pull = np.empty(3)
    ratio = SHEAR_OVER_TENSION**2
    for e in range(faces):
        n, f = normals[e], strength[e]
        end = 2 * energy[e] * STIFFNESS / f**2 if f > 0 else 1.0
        for g in range(points):
            jump = jumps[e, g]
            across = n[0] * jump[0] + n[1] * jump[1] + n[2] * jump[2]
            touch = across <= 0
            square = 0.0
            for i in range(3):
                slip = jump[i] - across * n[i]
                pull[i] = STIFFNESS * (ratio * slip + (0.0 if touch else across * n[i]))
                square += pull[i] * jump[i]
            kept, fall, level = (1.0 if f > 0 else LEAST), 0.0, 0.0
            if f > 0 and f < np.inf:
                # f times the opening at onset is f^2 / K
                k = np.sqrt(square * STIFFNESS) / f
                largest[e, g] = max(k, opened[e, g])
                if largest[e, g] > 1:
                    kept = (end / largest[e, g] - 1) / (end - 1)
                    if k >= opened[e, g] and kept > LEAST:
                        fall = end / (end - 1) / k**3 * STIFFNESS / f**2
                        level = kept / square
                    kept = max(kept, LEAST)
            held = kept * STIFFNESS
            normal = STIFFNESS if touch else held
            for i in range(3):
                traction[e, g, i] = kept * pull[i] + (STIFFNESS * across * n[i] if touch else 0.0)
                for j in range(3):
                    whole = (normal - ratio * held) * n[i] * n[j] + (ratio * held if i == j else 0.0)
                    tangent[e, g, i, j] = whole - fall * pull[i] * pull[j]
                    flat[e, g, i, j] = whole - level * pull[i] * pull[j]
    return traction, largest, tangent, flat
