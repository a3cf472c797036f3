"""Von Mises plasticity in plane stress with a piecewise-linear yield curve: strains in, stresses and tangents out.

Three-vectors of strain are (xx, yy, 2 xy) and of stress (xx, yy, xy), so that a modulus is a symmetric matrix. The flow
is d = l P s with P s the deviator of s and l = 3 dp / 2 Y (Simo & Taylor 1986). Elasticity and P share the directions
(1, 1, 0), (1, -1, 0) and (0, 0, 1), in which a trial stress falls by 1 + K l / 3, 1 + 2 G l and 1 + 2 G l with
K = E / (1 - nu): one equation q(l) = Y(p + dp) is left for dp. Its solution is unique where the curve falls by less
than E / 2 (1 - nu) per plastic strain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from femrisk.materials.curve import YieldCurve
from femrisk.materials.plastic import yield_stress
from femrisk.meshes.labelled import Floats

#: The equation for dp is solved to this share of the yield stress, in so many iterations at most.
SOLVED, MOST = 1e-14, 80


@dataclass(frozen=True)
class Stretch:
    """What a layer in plane stress does at some strain; arrays over facets and their three Gauss points."""

    #: (f, 3, 3) MPa
    stress: Floats
    #: (f, 3, 3) plastic strain and (f, 3) accumulated plastic strain
    plastic_strain: Floats
    accumulated: Floats
    #: (f, 3, 3, 3) MPa, symmetric
    tangent: Floats


def update(curve: YieldCurve, strain: Floats, plastic_strain: Floats, accumulated: Floats) -> Stretch:
    """Stress and new history for a strain (f, 3, 3), from a committed history that is left untouched."""
    shape = accumulated.shape
    rows = [
        np.ascontiguousarray(values).ravel()
        for values in (curve.young, curve.poisson, curve.strength, curve.plateau, curve.softening, curve.residual)
    ]
    stress, plastic, total, tangent = _update(
        *rows,
        np.ascontiguousarray(strain).reshape(-1, 3),
        np.ascontiguousarray(plastic_strain).reshape(-1, 3),
        np.ascontiguousarray(accumulated).ravel(),
    )
    return Stretch(
        stress.reshape(*shape, 3), plastic.reshape(*shape, 3), total.reshape(shape), tangent.reshape(*shape, 3, 3)
    )


def elastic_energy(curve: YieldCurve, elastic_strain: Floats) -> Floats:
    """(f, 3) elastically stored energy per volume, N/mm2, at elastic strains (f, 3, 3)."""
    xx, yy, shear = np.moveaxis(elastic_strain, -1, 0)
    modulus = curve.young / (2 * (1 + curve.poisson))
    square = 0.5 * curve.young / (1 - curve.poisson) * (xx + yy) ** 2
    return np.asarray(0.5 * (square + modulus * ((xx - yy) ** 2 + shear**2)))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def plastic_increment(
    even: float, odd: float, slow: float, fast: float, p: float,
    strength: float, plateau: float, softening: float, residual: float,
) -> Any:  # fmt: skip
    """The increment dp at which q meets the yield stress, that stress and its slope.

    q^2 = even / (1 + slow l)^2 + odd / (1 + fast l)^2 with l = 3 dp / 2 Y. 1 - Y / q is all but linear in dp: Newton's
    method, kept between bounds.
    """
    trial = np.sqrt(even + odd)
    stress, slope = yield_stress(p, strength, plateau, softening, residual)
    lowest = residual if softening < 0 else strength
    low, high = 0.0, 2 / 3 * (trial / lowest - 1) / min(slow, fast) * stress
    increment = 0.0
    for _ in range(MOST):
        stress, slope = yield_stress(p + increment, strength, plateau, softening, residual)
        flow = 1.5 * increment / stress
        first, second = 1 + slow * flow, 1 + fast * flow
        q = np.sqrt(even / first**2 + odd / second**2)
        over = 1 - stress / q
        if abs(over) <= SOLVED or high - low <= SOLVED * high:
            break
        if over > 0:
            low = increment
        else:
            high = increment
        rate = 1.5 * (stress - increment * slope) / stress**2
        fall = -(slow * even / first**3 + fast * odd / second**3) / q * rate
        change = stress * fall / q**2 - slope / q
        guess = increment - over / change if change < 0 else high
        increment = guess if low < guess < high else 0.5 * (low + high)
    return increment, stress, slope


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _update(
    young: Any, poisson: Any, strength: Any, plateau: Any, softening: Any, residual: Any,
    strain: Any, plastic_strain: Any, accumulated: Any,
) -> Any:  # fmt: skip
    points = len(young)
    stress, plastic, total = np.empty((points, 3)), plastic_strain.copy(), accumulated.copy()
    tangent = np.zeros((points, 3, 3))
    for i in range(points):
        shear, swell = young[i] / (2 * (1 + poisson[i])), young[i] / (1 - poisson[i])
        xx, yy = strain[i, 0] - plastic_strain[i, 0], strain[i, 1] - plastic_strain[i, 1]
        both, apart = swell * (xx + yy), 2 * shear * (xx - yy)
        along = shear * (strain[i, 2] - plastic_strain[i, 2])
        even, odd = 0.25 * both**2, 0.75 * apart**2 + 3 * along**2
        limit, slope = yield_stress(accumulated[i], strength[i], plateau[i], softening[i], residual[i])
        flows = even + odd > limit**2
        flow = 0.0
        if flows:
            increment, limit, slope = plastic_increment(
                even, odd, swell / 3, 2 * shear, accumulated[i], strength[i], plateau[i], softening[i], residual[i]
            )
            flow = 1.5 * increment / limit
            total[i] += increment
        one, two = 1 + swell / 3 * flow, 1 + 2 * shear * flow
        both, apart, along = both / one, apart / two, along / two
        stress[i, 0], stress[i, 1], stress[i, 2] = 0.5 * (both + apart), 0.5 * (both - apart), along
        swell, shear = swell / one, shear / two
        tangent[i, 0, 0] = tangent[i, 1, 1] = 0.5 * swell + shear
        tangent[i, 0, 1] = tangent[i, 1, 0] = 0.5 * swell - shear
        tangent[i, 2, 2] = shear
        if flows:
            # the deviator, twice its shear; and what the moduli make of it
            plastic[i, 0] += flow * (both / 6 + apart / 2)
            plastic[i, 1] += flow * (both / 6 - apart / 2)
            plastic[i, 2] += flow * 2 * along
            change = (swell * both / 6 + shear * apart, swell * both / 6 - shear * apart, 2 * shear * along)
            work = (both / 6 + apart / 2) * change[0] + (both / 6 - apart / 2) * change[1] + 2 * along * change[2]
            work += 4 / 9 * slope * limit**2 / (1 - 2 / 3 * slope * flow)
            for k in range(3):
                for j in range(3):
                    tangent[i, k, j] -= change[k] * change[j] / work
    return stress, plastic, total, tangent
