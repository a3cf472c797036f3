"""A ball of another material in an endless matrix under uniaxial tension: constants in, displacement and strain out.

Eshelby (1957, 1959) with a ball of radius a; a ball without stiffness is the cavity of Goodier (1933). The strain
inside is uniform: with A = (1 + nu) / (3 (1 - nu)) and B = 2 (4 - 5 nu) / (15 (1 - nu)) its volumetric part is that of
the far field over 1 + A (K' / K - 1), its deviator that over 1 + B (G' / G - 1). Outside, the ball acts like one of the
matrix with an eigenstrain m 1 + d, d without trace:

    u = far field + A m a^3 x / r^3
        + a^3 / (6 (1 - nu)) (2 (1 - 2 nu) d x / r^3 + 3 (x d x) x / r^5) + a^5 / (10 (1 - nu)) grad(x d x / r^5),

the two solutions of Navier's equation of that symmetry which vanish far away, made continuous at r = a.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.meshes.labelled import Floats


@dataclass(frozen=True)
class Inhomogeneity:
    """A ball about the origin in a matrix pulled along z."""

    #: mm
    radius: float
    #: modulus of the matrix, MPa, and Poisson's ratio of both
    young: float
    poisson: float
    #: modulus of the ball, MPa; 0 for a cavity
    inner: float
    #: far tension along z, MPa
    tension: float

    def far_strain(self) -> tuple[float, Floats]:
        """A third of the dilatation and the deviator (3,) of the strain far away, along the axes."""
        strain = self.tension / self.young * np.array([-self.poisson, -self.poisson, 1.0])
        return float(strain.mean()), strain - strain.mean()

    def concentration(self) -> tuple[float, float, float, float]:
        """A and B, and the shares of the far volumetric and deviatoric strain that the ball has."""
        nu, excess = self.poisson, self.inner / self.young - 1
        volumetric, deviatoric = (1 + nu) / (3 * (1 - nu)), 2 * (4 - 5 * nu) / (15 * (1 - nu))
        return volumetric, deviatoric, 1 / (1 + volumetric * excess), 1 / (1 + deviatoric * excess)

    def inner_strain(self) -> Floats:
        """(3,) uniform strain of the ball along the axes."""
        mean, deviator = self.far_strain()
        _, _, first, second = self.concentration()
        return np.asarray(mean * first + deviator * second)

    def displacement(self, points: Floats) -> Floats:
        """(n, 3) mm at points (n, 3) of the matrix, r >= radius."""
        nu, a = self.poisson, self.radius
        mean, deviator = self.far_strain()
        volumetric, deviatoric, first, second = self.concentration()
        m, d = mean * (first - 1) / volumetric, deviator * (second - 1) / deviatoric
        r = np.linalg.norm(points, axis=1)[:, None]
        v = points * d
        q = (points * v).sum(axis=1)[:, None]
        return np.asarray(
            points * (mean + deviator)
            + volumetric * m * a**3 * points / r**3
            + a**3 / (6 * (1 - nu)) * (2 * (1 - 2 * nu) * v / r**3 + 3 * q * points / r**5)
            + a**5 / (10 * (1 - nu)) * (2 * v / r**5 - 5 * q * points / r**7)
        )
