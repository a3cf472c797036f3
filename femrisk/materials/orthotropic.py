"""Radial return for bone with a fabric: strains in, stresses and tangents out; von Mises where all ratios are 1.

With compliance S and K = 1 / (1:S:1), stress is K tr(e) 1 + t, where t:S:1 = 0, and bone yields where the energy of t
reaches that of a bar along z at its strength Y: q^2 = H t:S:t, H such that q = Y there (3 G in isotropic bone). So t is
returned radially, as a deviator is: q - H dp = Y(p + dp). Flow keeps the volume, every fabric has a convex surface,
and the tangent is symmetric. Bone of 0.35 across bears 0.71 across, where it yields at twice the strain.

Two forms that look as simple are worse. Von Mises' law behind the bone has bone crushed along z swell across by 0.85
of that (isotropic: 0.5), so that a vertebra between its plates got 10 % stronger as its bone got weaker across. Hill's
with strengths in the ratio of the moduli is not convex at Morgan's. Pressed across, vertebral bone bore 1 / 1.5 of its
strength at 1 / 2.7 of its modulus (Aiyangar 2014, fits to 51 cores of L1 at 0.15 g/cm3 [recalled-L]).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from femrisk.materials.curve import YieldCurve
from femrisk.materials.fabric import Fabric
from femrisk.materials.plastic import plastic_increment, yield_stress
from femrisk.meshes.labelled import Floats


def update(
    fabric: Fabric, curve: YieldCurve, strain: Floats, plastic_strain: Floats, accumulated: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Stress and new history for a strain, from a committed history that is left untouched.

    Args:
        fabric: ratios (m, 4, 3).
        curve: (m, 4) of the law behind the bone, see ``Fabric.law``; yield stresses are those along z.
        strain: (m, 4, 6) total strain.
        plastic_strain: (m, 4, 6) committed plastic strain.
        accumulated: (m, 4) committed accumulated plastic strain, that along z in a bar along z.

    Returns:
        As ``plastic.update``, but for moduli (m, 4, 4) and flow n' (m, 4, 6) of the tangent
        ``A (moduli[0] 1x1 + moduli[1] (I - 1x1/3) - moduli[2] n' x n') A + moduli[3] 1x1``.
    """
    shape = accumulated.shape
    rows = [
        np.ascontiguousarray(values).ravel()
        for values in (curve.young, curve.poisson, curve.strength, curve.plateau, curve.softening, curve.residual)
    ]
    stress, plastic, total, moduli, normal = _update(
        *rows, fabric.ratios.reshape(-1, 3), fabric.pairs.reshape(-1, 6),
        strain.reshape(-1, 6), plastic_strain.reshape(-1, 6), accumulated.ravel(),
    )  # fmt: skip
    return (
        stress.reshape(*shape, 6),
        plastic.reshape(*shape, 6),
        total.reshape(shape),
        moduli.reshape(*shape, 4),
        normal.reshape(*shape, 6),
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _spread(young: float, poisson: float, ratios: Any, spread: Any) -> Any:
    """Fill S:1 (3,); return K and the H of a bar along z."""
    for i in range(3):
        spread[i] = 1 / ratios[i]
        for j in range(3):
            if j != i:
                spread[i] -= poisson / np.sqrt(ratios[i] * ratios[j])
    bulk = 1 / (spread[0] + spread[1] + spread[2])
    distorted = 1 / ratios[2] - bulk * spread[2] ** 2
    for i in range(3):
        spread[i] /= young
    return young * bulk, young / distorted


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _update(
    young: Any, poisson: Any, strength: Any, plateau: Any, softening: Any, residual: Any, ratios: Any, pairs: Any,
    strain: Any, plastic_strain: Any, accumulated: Any,
) -> Any:  # fmt: skip
    points = len(young)
    stress, plastic, total = np.empty((points, 6)), plastic_strain.copy(), accumulated.copy()
    moduli, normal = np.zeros((points, 4)), np.zeros((points, 6))
    elastic, t, spread = np.empty(6), np.empty(6), np.empty(3)
    for i in range(points):
        shear = young[i] / (2 * (1 + poisson[i]))
        behind = young[i] / (3 * (1 - 2 * poisson[i]))
        bulk, hardness = _spread(young[i], poisson[i], ratios[i], spread)
        trace = 0.0
        for k in range(6):
            elastic[k] = strain[i, k] - plastic_strain[i, k]
            t[k] = 2 * shear * pairs[i, k] ** 2 * elastic[k]
        for k in range(3):
            trace += pairs[i, k] * elastic[k]
        pressure = bulk * (elastic[0] + elastic[1] + elastic[2])
        for k in range(3):
            t[k] += (behind - 2 * shear / 3) * pairs[i, k] * trace - pressure
        # t:S:t = t:e, as t:S:1 = 0
        energy, square = 0.0, 0.0
        for k in range(6):
            times = 1.0 if k < 3 else 2.0
            energy += times * t[k] * elastic[k]
            square += times * t[k] ** 2
        q = np.sqrt(hardness * max(energy, 0.0))
        limit, _ = yield_stress(accumulated[i], strength[i], plateau[i], softening[i], residual[i])
        kept = 1.0
        if q > limit:
            increment, slope = plastic_increment(
                q, accumulated[i], hardness / 3, strength[i], plateau[i], softening[i], residual[i]
            )
            kept = 1 - hardness * increment / q
            total[i] += increment
            for k in range(6):
                flow = elastic[k] - (pressure * spread[k] if k < 3 else 0.0)
                plastic[i, k] += (1 - kept) * flow
                normal[i, k] = t[k] / np.sqrt(square) / pairs[i, k]
            moduli[i, 2] = hardness * (kept - slope / (hardness + slope)) * square / q**2
        moduli[i, 0], moduli[i, 1], moduli[i, 3] = kept * behind, 2 * kept * shear, (1 - kept) * bulk
        for k in range(6):
            stress[i, k] = kept * t[k] + (pressure if k < 3 else 0.0)
    return stress, plastic, total, moduli, normal
