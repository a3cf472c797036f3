"""Linear solves on one rank: the same two-level method as ``multigrid``, in single precision and half the reading.

Newton's corrections need a few per cent, so the operator and its sweeps may be rounded; whoever needs more digits
solves again for the residual, which the cells give in double precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.domain import Domain
from femrisk.grips import Unknowns
from femrisk.meshes.labelled import Floats
from femrisk.multigrid import MAX_ITERATIONS, CoarseSolver, Pattern, Solved, interpolation
from femrisk.sweeps import multiply, smooth, smooth_from_zero

Singles = NDArray[np.float32]


class OneRank:
    """Conjugate gradients with block Gauss-Seidel over the P2 operator and algebraic multigrid on the P1 operator."""

    #: type of the fine block values it wants
    precision = np.float32

    def __init__(self, domain: Domain, unknowns: Unknowns, fine_pattern: Pattern, coarse_pattern: Pattern) -> None:
        self._rows = (fine_pattern.pointers, fine_pattern.indices)
        self._diagonal = fine_pattern.diagonal
        self._coarse = CoarseSolver(domain, unknowns, coarse_pattern)
        self._down = interpolation(domain, unknowns).astype(np.float32)
        self._up = self._down.T.tocsr()
        self._values: Singles | None = None

    def fill(self, fine: NDArray[Any], coarse: Floats) -> None:
        """Hand over block values (entries, 3, 3) of both patterns."""
        self._values = fine
        self._coarse.fill(coarse)

    def prepare(self) -> None:
        """Build the preconditioner from the values now in the operators."""
        self._coarse.prepare()

    def solve(self, right: Floats, tolerance: float) -> Solved:
        """Solve for a right-hand side (n, 3), to a share of its norm."""
        values, rows = self._values, self._rows
        assert values is not None, "fill comes before solve"
        inverse = np.linalg.inv(values[self._diagonal].astype(np.float64)).astype(np.float32)
        x, residual = np.zeros_like(right), right.copy()
        goal = tolerance * np.linalg.norm(right)
        direction, product = np.zeros(right.shape, np.float32), np.empty(right.shape, np.float32)
        old = 1.0
        for iteration in range(MAX_ITERATIONS):
            if np.linalg.norm(residual) <= goal:
                return Solved(x, iteration, True)
            z = self._precondition(values, inverse, residual.astype(np.float32))
            new = float(np.vdot(z, residual))
            direction = z + np.float32(new / old if iteration else 0.0) * direction
            multiply(*rows, values, direction, product)
            curvature = float(np.vdot(direction.astype(np.float64), product))
            if new <= 0 or curvature <= 0:
                return Solved(x, iteration + 1, False)
            step = new / curvature
            x += step * direction
            residual -= step * product
            old = new
        return Solved(x, MAX_ITERATIONS, False)

    def assembled(self, shares: Floats) -> Floats:
        """Nothing to add up: one rank knows every share."""
        return shares

    def _precondition(self, values: Singles, inverse: Singles, right: Singles) -> Singles:
        x, residual = np.zeros_like(right), np.empty_like(right)
        smooth_from_zero(*self._rows, values, self._diagonal, inverse, right, x, residual)
        correction = self._coarse.solve(self._up @ residual.ravel())
        x += (self._down @ correction.astype(np.float32)).reshape(x.shape)
        smooth(*self._rows, values, self._diagonal, inverse, right, x)
        return x
