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
from femrisk.sweeps import advance, dot, multiply, planes, smooth, smooth_from_zero, turn

Singles = NDArray[np.float32]


class OneRank:
    """Conjugate gradients with block Gauss-Seidel over the P2 operator and algebraic multigrid on the P1 operator."""

    #: type of the fine block values it wants
    precision = np.float32

    def __init__(self, domain: Domain, unknowns: Unknowns, fine_pattern: Pattern, coarse_pattern: Pattern) -> None:
        # unsigned: see ``sweeps``
        self._rows = (fine_pattern.pointers.astype(np.uint32), fine_pattern.indices.astype(np.uint32))
        self._diagonal = fine_pattern.diagonal.astype(np.uint32)
        self._coarse = CoarseSolver(domain, unknowns, coarse_pattern)
        self._down = interpolation(domain, unknowns).astype(np.float32)
        self._up = self._down.T.tocsr()
        self._values: Singles | None = None
        self._inverse: Singles | None = None

    def fill(self, fine: NDArray[Any], coarse: Floats) -> None:
        """Hand over block values (entries, 3, 3) of both patterns."""
        self._inverse = np.linalg.inv(fine[self._diagonal].astype(np.float64)).astype(np.float32)
        self._values = planes(self._rows[0], fine)
        self._coarse.fill(coarse)

    def prepare(self) -> None:
        """Build the preconditioner from the values now in the operators."""
        self._coarse.prepare()

    def solve(self, right: Floats, tolerance: float) -> Solved:
        """Solve for a right-hand side (n, 3), to a share of its norm."""
        assert self._values is not None, "fill comes before solve"
        residual = right.ravel().copy()
        single, x = residual.astype(np.float32), np.zeros_like(residual)
        direction, product = np.zeros_like(single), np.empty_like(single)
        square = dot(residual, residual)
        goal = tolerance**2 * square
        old = np.inf
        for iteration in range(MAX_ITERATIONS):
            if square <= goal:
                return Solved(x.reshape(right.shape), iteration, True)
            z = self._precondition(single)
            new = dot(z, residual)
            turn(direction, new / old, z)
            multiply(*self._rows, self._values, direction, product)
            curvature = dot(direction, product)
            if new <= 0 or curvature <= 0:
                return Solved(x.reshape(right.shape), iteration + 1, False)
            square = advance(x, residual, single, new / curvature, direction, product)
            old = new
        return Solved(x.reshape(right.shape), MAX_ITERATIONS, False)

    def assembled(self, shares: Floats) -> Floats:
        """Nothing to add up: one rank knows every share."""
        return shares

    def _precondition(self, right: Singles) -> Singles:
        x, residual = np.zeros_like(right), np.empty_like(right)
        smooth_from_zero(*self._rows, self._values, self._diagonal, self._inverse, right, x, residual)
        x += self._down @ self._coarse.solve(self._up @ residual).astype(np.float32)
        smooth(*self._rows, self._values, self._diagonal, self._inverse, right, x)
        return x
