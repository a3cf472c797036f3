"""Radial return for von Mises plasticity with a piecewise-linear yield curve: strains in, stresses and tangents out.

With the elastic trial deviator s, q = sqrt(3/2) |s| and shear modulus G, the plastic increment dp solves
q - 3 G dp = Y(p + dp), where Y stays, falls and stays again (``YieldCurve``). The softening slope never exceeds 3G
in size, so the solution is unique and is found segment by segment. Six-vectors hold tensor components.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from femrisk.materials.curve import YieldCurve
from femrisk.meshes.labelled import Floats


def update(
    curve: YieldCurve, strain: Floats, plastic_strain: Floats, accumulated: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Stress and new history for a strain, from a committed history that is left untouched.

    Args:
        curve: arrays of shape (m, 4).
        strain: (m, 4, 6) total strain.
        plastic_strain: (m, 4, 6) committed plastic strain.
        accumulated: (m, 4) committed accumulated plastic strain.

    Returns:
        stress (m, 4, 6) MPa; new plastic strain (m, 4, 6); new accumulated (m, 4); moduli (m, 4, 3) and flow
        direction (m, 4, 6) of the consistent tangent
        ``D = moduli[0] 1x1 + moduli[1] (I - 1x1/3) - moduli[2] n x n``.
    """
    shape = accumulated.shape
    rows = [
        np.ascontiguousarray(values).ravel()
        for values in (curve.young, curve.poisson, curve.strength, curve.plateau, curve.softening, curve.residual)
    ]
    stress, plastic, total, moduli, normal = _update(
        *rows, strain.reshape(-1, 6), plastic_strain.reshape(-1, 6), accumulated.ravel()
    )
    return (
        stress.reshape(*shape, 6),
        plastic.reshape(*shape, 6),
        total.reshape(shape),
        moduli.reshape(*shape, 3),
        normal.reshape(*shape, 6),
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def yield_stress(p: float, strength: float, plateau: float, softening: float, residual: float) -> Any:
    """Yield stress at accumulated plastic strain ``p`` and the slope just after it."""
    if p < plateau or softening == 0.0:
        return strength, 0.0
    fallen = strength + softening * (p - plateau)
    if fallen > residual:
        return fallen, softening
    return residual, 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def plastic_increment(
    q: float, p: float, shear: float, strength: float, plateau: float, softening: float, residual: float
) -> Any:
    """The increment dp with q - 3 G dp = Y(p + dp), and the slope of Y there; q is above Y(p)."""
    stress, slope = yield_stress(p, strength, plateau, softening, residual)
    if slope == 0.0 and (softening == 0.0 or p >= plateau):
        return (q - stress) / (3 * shear), 0.0
    if slope == 0.0:
        increment = (q - stress) / (3 * shear)
        if p + increment < plateau:
            return increment, 0.0
        increment = (q - strength + softening * (plateau - p)) / (3 * shear + softening)
    else:
        increment = (q - stress) / (3 * shear + softening)
    if strength + softening * (p + increment - plateau) > residual:
        return increment, softening
    return (q - residual) / (3 * shear), 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _update(
    young: Any, poisson: Any, strength: Any, plateau: Any, softening: Any, residual: Any,
    strain: Any, plastic_strain: Any, accumulated: Any,
) -> Any:  # fmt: skip
    points = len(young)
    stress, plastic, total = np.empty((points, 6)), plastic_strain.copy(), accumulated.copy()
    moduli, normal = np.zeros((points, 3)), np.zeros((points, 6))
    s = np.empty(6)
    for i in range(points):
        shear = young[i] / (2 * (1 + poisson[i]))
        bulk = young[i] / (3 * (1 - 2 * poisson[i]))
        trace = strain[i, 0] + strain[i, 1] + strain[i, 2]
        for k in range(6):
            s[k] = 2 * shear * (strain[i, k] - plastic_strain[i, k])
        for k in range(3):
            s[k] -= 2 * shear * trace / 3
        norm = np.sqrt(s[0] ** 2 + s[1] ** 2 + s[2] ** 2 + 2 * (s[3] ** 2 + s[4] ** 2 + s[5] ** 2))
        q = np.sqrt(1.5) * norm
        moduli[i, 0], moduli[i, 1] = bulk, 2 * shear
        limit, _ = yield_stress(accumulated[i], strength[i], plateau[i], softening[i], residual[i])
        kept = 1.0
        if q > limit:
            increment, slope = plastic_increment(
                q, accumulated[i], shear, strength[i], plateau[i], softening[i], residual[i]
            )
            kept = 1 - 3 * shear * increment / q
            total[i] += increment
            for k in range(6):
                normal[i, k] = s[k] / norm
                plastic[i, k] += np.sqrt(1.5) * increment * normal[i, k]
            moduli[i, 1] = 2 * shear * kept
            moduli[i, 2] = 2 * shear * (1 / (1 + slope / (3 * shear)) - (1 - kept))
        for k in range(6):
            stress[i, k] = kept * s[k]
        for k in range(3):
            stress[i, k] += bulk * trace
    return stress, plastic, total, moduli, normal


def dissipation(curve: YieldCurve, accumulated: Floats) -> Floats:
    """(m, 4) plastic work per volume up to an accumulated plastic strain, N/mm2: the area under the yield curve."""
    p = accumulated
    finite = np.isfinite(curve.strength)
    strength, residual = np.where(finite, curve.strength, 0.0), np.where(finite, curve.residual, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        length = np.where(curve.softening < 0, (residual - strength) / curve.softening, 0.0)
    flat = np.minimum(p, curve.plateau)
    falling = np.clip(p - curve.plateau, 0.0, length)
    rest = np.maximum(p - curve.plateau - length, 0.0)
    return np.asarray(strength * flat + (strength + 0.5 * curve.softening * falling) * falling + residual * rest)


def elastic_energy(curve: YieldCurve, stress: Floats) -> Floats:
    """(m, 4) elastically stored energy per volume, N/mm2, from stresses (m, 4, 6)."""
    shear = curve.young / (2 * (1 + curve.poisson))
    bulk = curve.young / (3 * (1 - 2 * curve.poisson))
    mean = stress[..., :3].sum(axis=-1) / 3
    deviator = stress - mean[..., None] * np.array([1.0, 1, 1, 0, 0, 0])
    square = (deviator**2 * np.array([1.0, 1, 1, 2, 2, 2])).sum(axis=-1)
    return np.asarray(square / (4 * shear) + mean**2 / (2 * bulk))
