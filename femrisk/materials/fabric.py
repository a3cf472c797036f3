"""The fabric of trabecular bone: ratios of its moduli along x, y and z in, its elastic constants out.

With A = diag(r_x, r_y, r_z)^(1/4) and an isotropic law behind the bone, which is given the strain A e A, stress is
A s' A: E_i = r_i E, G_ij = sqrt(r_i r_j) G and nu_ij = nu sqrt(r_i / r_j), symmetric and positive definite for every
r > 0. How it yields stands in ``orthotropic``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from femrisk.materials.curve import YieldCurve
from femrisk.meshes.labelled import Floats

Anisotropy = Literal["isotropic", "transversely_isotropic", "orthotropic"]
#: Moduli of vertebral bone along two axes across the body over that along it: 1357, 1987 and 4730 rho^1.56 (Morgan 2003
#: as printed in the table of a published model [seen]); that the smaller one is along x is assumed.
MORGAN = (1357 / 4730, 1987 / 4730)
#: Their geometric mean, 0.347, keeps the shear modulus across the body. Models of vertebrae from CT use 0.333, with
#: nu_xz 0.104 (here 0.104 with nu_zx 0.3), G_xy 0.121 E_z (here 0.148) and G_xz 0.157 E_z (here 0.250) [recalled-M].
_MEAN = (MORGAN[0] * MORGAN[1]) ** 0.5
#: kind -> (r_x, r_y, r_z), the axes of the vertebra: right, anterior, up
RATIOS: dict[str, tuple[float, float, float]] = {
    "transversely_isotropic": (_MEAN, _MEAN, 1.0),
    "orthotropic": (*MORGAN, 1.0),
}


@dataclass(frozen=True)
class Fabric:
    """Ratios of moduli at the Gauss points; 1 along all axes where a material is isotropic."""

    #: (m, 4, 3) moduli along x, y and z over that of the yield curve
    ratios: Floats

    @cached_property
    def stretch(self) -> Floats:
        """(m, 4, 3) the diagonal of A."""
        return np.asarray(self.ratios**0.25)

    @cached_property
    def pairs(self) -> Floats:
        """(m, 4, 6) a_i a_j of the components (xx, yy, zz, xy, yz, xz)."""
        return np.ascontiguousarray(self.stretch[..., [0, 1, 2, 0, 1, 0]] * self.stretch[..., [0, 1, 2, 1, 2, 2]])

    def behind(self, stress: Floats) -> Floats:
        """Stresses (m, 4, 6) of the law behind those of the bone."""
        return np.asarray(stress / self.pairs)

    def law(self, curve: YieldCurve) -> YieldCurve:
        """The law behind bone of a ``curve`` (m, 4) along z: under load along z both spread by its Poisson's ratio.

        With ratios that differ the law spreads by it in the geometric mean of x and y.
        """
        return replace(curve, poisson=curve.poisson * (self.ratios[..., 0] * self.ratios[..., 1]) ** 0.25)

    def take(self, cells: NDArray[np.int64]) -> Fabric:
        """The rows of some cells."""
        return Fabric(self.ratios[cells])

    def padded(self, more: int) -> Fabric:
        """With more cells behind, isotropic."""
        return Fabric(np.pad(self.ratios, ((0, more), (0, 0), (0, 0)), constant_values=1.0))

    def without(self, cells: NDArray[np.bool_]) -> Fabric:
        """Isotropic in some cells (m,)."""
        return Fabric(np.where(cells[:, None, None], 1.0, self.ratios))

    def under(self, curve: YieldCurve, weight: Floats, modulus: float) -> Fabric:
        """Ratios once an isotropic layer of ``modulus``, MPa, is blended into a curve (m, 4) by its share (m, 4)."""
        young, share = curve.young[..., None], np.where(curve.young > modulus, 0.0, weight)[..., None]
        bone = young * (1 - share)
        return Fabric((self.ratios * bone + share * modulus) / (bone + share * modulus))


def woven(kind: str, body: NDArray[np.bool_]) -> Fabric | None:
    """The fabric of a vertebra whose trabecular bone lies at the Gauss points ``body`` (m, 4); None for isotropic."""
    if kind == "isotropic":
        return None
    return Fabric(np.where(body[..., None], np.array(RATIOS[kind]), 1.0))
