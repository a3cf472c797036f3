"""Radial return for bone that loses volume as it is crushed: strains in, stresses and tangents out; else von Mises.

Isotropic crushable foam of Deshpande & Fleck (2000): bone yields at s = Y, s^2 = (q^2 + a^2 p^2) / c, c = 1 + a^2/9, so
that a bar yields at Y whatever ``a``, and flows along the gradient of s. With P s = 3/2 dev s + a^2 p/3 1 the flow is
x P s, x = dp / (c Y), and its work Y dp. Trial deviator and pressure fall by 1 + 3 G x and 1 + K a^2 x: one equation,
that of ``planestress.plastic_increment``, is left for dp. The tangent is that of von Mises with a flow direction that
has a pressure: D = D' - v v / (s:P s + h), D' of K / (1 + K a^2 x) and G / (1 + 3 G x), v = D' P s, and
h = c^2 Y^2 Y' / (1 - c x Y') where the curve falls.

A bar that flows spreads by the plastic Poisson's ratio n with a^2 = 9/2 (1 - 2n) / (1 + n). Held at its sides it bears
Y ((1 - n) / ((1 + n)(1 - 2n)))^(1/2), pressed from all sides Y / (3 (1 - 2n))^(1/2): no limit where n = 1/2, von Mises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from femrisk.materials import plastic
from femrisk.materials.curve import YieldCurve
from femrisk.materials.planestress import plastic_increment
from femrisk.materials.plastic import yield_stress
from femrisk.meshes.labelled import Floats

#: Plastic Poisson's ratio of trabecular bone: what couples its normal stresses in the quadric yield criterion of
#: Schwiedrzik, Wolfram & Zysset 2013, whose flow is normal to it too, as a published subroutine of that group has it
#: for trabecular bone (ZETA0, artorg-unibe-ch/HFE, UMAT_BIPHASIC.f [seen]). There bone is 0.79 times as strong in
#: tension as in compression, here the same in both (assumed). Crushable foam is what Kelly 2013 needed for the
#: force and the plastic zone under a device that subsides into a vertebra [seen: abstract].
PLASTIC_POISSON = 0.28


def squared_alpha(plastic_poisson: float) -> float:
    """a^2 of a bar that flows with a ratio between -1 and 0.5: 0 where it keeps its volume."""
    return 4.5 * (1 - 2 * plastic_poisson) / (1 + plastic_poisson)


@dataclass(frozen=True)
class Foam:
    """How much pressure makes the Gauss points yield; 0 where it does not, as in von Mises' law."""

    #: (m, 4) a^2
    alpha2: Floats

    def take(self, cells: NDArray[np.int64]) -> Foam:
        """The rows of some cells."""
        return Foam(self.alpha2[cells])

    def padded(self, more: int) -> Foam:
        """With more cells behind, which keep their volume."""
        return Foam(np.pad(self.alpha2, ((0, more), (0, 0))))

    def without(self, cells: NDArray[np.bool_]) -> Foam:
        """Some cells (m,) keep their volume."""
        return Foam(np.where(cells[:, None], 0.0, self.alpha2))


def foam(body: NDArray[np.bool_]) -> Foam:
    """Of a vertebra whose trabecular bone lies at the Gauss points ``body`` (m, 4)."""
    return Foam(np.where(body, squared_alpha(PLASTIC_POISSON), 0.0))


def update(
    foam: Foam, curve: YieldCurve, strain: Floats, plastic_strain: Floats, accumulated: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """As ``plastic.update``, whose numbers are kept to the bit where a is 0; the flow may have a pressure."""
    stress, flowed, total, moduli, normal = plastic.update(curve, strain, plastic_strain, accumulated)
    rows = [
        np.ascontiguousarray(values).ravel()
        for values in (
            foam.alpha2, curve.young, curve.poisson, curve.strength, curve.plateau, curve.softening, curve.residual
        )
    ]  # fmt: skip
    _crush(
        *rows, strain.reshape(-1, 6), plastic_strain.reshape(-1, 6), accumulated.ravel(),
        stress.reshape(-1, 6), flowed.reshape(-1, 6), total.reshape(-1), moduli.reshape(-1, 3), normal.reshape(-1, 6),
    )  # fmt: skip
    return stress, flowed, total, moduli, normal


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _crush(
    alpha2: Any, young: Any, poisson: Any, strength: Any, plateau: Any, softening: Any, residual: Any,
    strain: Any, plastic_strain: Any, accumulated: Any,
    stress: Any, flowed: Any, total: Any, moduli: Any, normal: Any,
) -> None:  # fmt: skip
    """Overwrite the last five rows where a is not 0."""
    s, change = np.empty(6), np.empty(6)
    for i in range(len(alpha2)):
        a2 = alpha2[i]
        if a2 == 0.0:
            continue
        shear, bulk = young[i] / (2 * (1 + poisson[i])), young[i] / (3 * (1 - 2 * poisson[i]))
        trace = 0.0
        for k in range(3):
            trace += strain[i, k] - plastic_strain[i, k]
        odd = 0.0
        for k in range(6):
            s[k] = 2 * shear * (strain[i, k] - plastic_strain[i, k] - (trace / 3 if k < 3 else 0.0))
            odd += (1.5 if k < 3 else 3.0) * s[k] ** 2
        pressure, c = bulk * trace, 1 + a2 / 9
        even, odd = a2 * pressure**2 / c, odd / c
        limit, slope = yield_stress(accumulated[i], strength[i], plateau[i], softening[i], residual[i])
        increment, flow, flows = 0.0, 0.0, even + odd > limit**2
        if flows:
            increment, limit, slope = plastic_increment(
                even, odd, bulk * a2 / (1.5 * c), 2 * shear / c,
                accumulated[i], strength[i], plateau[i], softening[i], residual[i],
            )  # fmt: skip
            flow = increment / (c * limit)
        kept, share = 1 / (1 + 3 * shear * flow), 1 / (1 + bulk * a2 * flow)
        bulk, shear, pressure = share * bulk, kept * shear, share * pressure
        work, square = c**2 * limit**2 * slope / (1 - c * flow * slope) if flows else 0.0, 0.0
        total[i] = accumulated[i] + increment
        moduli[i, 0], moduli[i, 1], moduli[i, 2] = bulk, 2 * shear, 0.0
        for k in range(6):
            deviator, mean = kept * s[k], pressure if k < 3 else 0.0
            stress[i, k] = deviator + mean
            gradient = 1.5 * deviator + a2 / 3 * mean
            flowed[i, k] = plastic_strain[i, k] + flow * gradient
            change[k] = 3 * shear * deviator + bulk * a2 * mean
            work += (1.0 if k < 3 else 2.0) * gradient * change[k]
            square += (1.0 if k < 3 else 2.0) * change[k] ** 2
            normal[i, k] = 0.0
        if flows:
            moduli[i, 2] = square / work
            for k in range(6):
                normal[i, k] = change[k] / np.sqrt(square)
