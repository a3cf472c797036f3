"""Von Mises plasticity with a piecewise-linear yield curve: the one form every material of femrisk is stated in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import Floats


@dataclass(frozen=True)
class YieldCurve:
    """Isotropic elasticity and a yield stress that stays, falls and stays again with accumulated plastic strain.

    All arrays have one shape. The yield stress is ``strength`` up to the plastic strain ``plateau``, falls with slope
    ``softening`` (<= 0) down to ``residual`` and stays there. An elastic material has infinite strength, an ideally
    plastic one an infinite plateau.
    """

    #: Young's modulus, MPa
    young: Floats
    #: Poisson's ratio
    poisson: Floats
    #: first yield stress, MPa
    strength: Floats
    #: plastic strain at which softening starts
    plateau: Floats
    #: slope of the yield stress over plastic strain, MPa, <= 0
    softening: Floats
    #: yield stress at the end, MPa
    residual: Floats

    def where(self, mask: NDArray[np.bool_], other: YieldCurve) -> YieldCurve:
        """This curve, with the rows of ``other`` where ``mask`` is set (mask broadcasts over the last axis)."""
        return self.combine(lambda mine, theirs: np.where(mask, theirs, mine), other)

    def combine(self, rule: Callable[[Floats, Floats], Floats], other: YieldCurve) -> YieldCurve:
        """Apply ``rule`` to each pair of arrays."""
        return YieldCurve(
            **{field.name: rule(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)}
        )

    def take(self, cells: NDArray[np.int64]) -> YieldCurve:
        """The rows of some cells."""
        return YieldCurve(**{field.name: getattr(self, field.name)[cells] for field in fields(self)})

    def scaled(self, factor: float) -> YieldCurve:
        """Stiffness and strength multiplied by ``factor``; strains at yield unchanged."""
        return replace(
            self,
            young=self.young * factor,
            strength=self.strength * factor,
            softening=self.softening * factor,
            residual=self.residual * factor,
        )

    def banded(self, ratio: Floats) -> YieldCurve:
        """The curve of a band ``ratio`` times as wide: the same shortening of it is less strain.

        The softening stays under the modulus in size, which keeps the stress unique.
        """
        return replace(self, plateau=self.plateau / ratio, softening=np.maximum(self.softening * ratio, -self.young))

    def elastic(self) -> YieldCurve:
        """The same stiffness without yield."""
        return replace(self, strength=np.full_like(self.strength, np.inf), residual=np.full_like(self.residual, np.inf))


def constant(
    shape: tuple[int, ...], young: float, poisson: float, strength: float = np.inf, plateau: float = np.inf
) -> YieldCurve:
    """One elastic or ideally plastic material everywhere.

    Args:
        shape: shape of the arrays.
        young: modulus, MPa.
        poisson: Poisson's ratio.
        strength: yield stress, MPa; infinite for an elastic material.
        plateau: plastic strain the yield stress is kept for.
    """
    full = np.full
    return YieldCurve(
        young=full(shape, young),
        poisson=full(shape, poisson),
        strength=full(shape, strength),
        plateau=full(shape, plateau),
        softening=np.zeros(shape),
        residual=full(shape, strength),
    )
