"""Equilibrium of one arm under one load: a state and a travel in, the next state out (or none).

States are values: a try that fails leaves the last one as it was, so there is nothing to revert.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.blockrows import BlockRows, mixed
from femrisk.domain import Domain
from femrisk.element import TABLE, assemble, internal_forces, strains
from femrisk.errors import SolverError
from femrisk.grips import Unknowns
from femrisk.history import Attempt, State
from femrisk.materials.curve import YieldCurve
from femrisk.materials.plastic import dissipation, elastic_energy, update
from femrisk.meshes.labelled import Floats
from femrisk.multigrid import Multigrid
from femrisk.onerank import OneRank

#: Newton stops when the free residual is below this share of the force on the machine.
TOLERANCE = 1e-6
MAX_NEWTON = 16
#: Accuracy and number of the solves that refine the elastic state.
REFINEMENT, MAX_REFINEMENTS = 1e-4, 8
#: Two iterations in a row that leave more than this share of the residual end a try.
STALL = 0.7
#: Accuracy of the linear solves inside Newton, relative to their own right-hand side.
INNER_TOLERANCE = 3e-2
#: A kept preconditioner is rebuilt when it needs this many times the iterations of a fresh one, and as many more.
REBUILD = (2.0, 8)


@dataclass(frozen=True)
class Response:
    """Stresses, residual and tangent at some displacement."""

    stress: Floats
    plastic_strain: Floats
    accumulated: Floats
    moduli: Floats
    normal: Floats
    #: (n, 3) forces on the unknowns, summed over ranks
    forces: Floats


class Equilibrium:
    """Residual, tangent and linear solver of one arm under one load.

    Args:
        domain: this rank's share of the mesh.
        unknowns: the grips' change of unknowns.
        curve: yield curves (m, 4) of this rank's cells.
        linear: the linear solver; by default the fastest for the number of ranks.
    """

    def __init__(
        self,
        domain: Domain,
        unknowns: Unknowns,
        curve: YieldCurve,
        linear: type[OneRank] | type[Multigrid] | None = None,
    ) -> None:
        self.domain, self.unknowns, self.curve = domain, unknowns, curve
        self._fine = BlockRows.of(domain.cells, unknowns.fine)
        self._coarse = BlockRows.of(domain.corners, unknowns.coarse)
        held = (unknowns.fine.slot[domain.cells] >= 0).any(axis=1)
        self._mixed = mixed(domain.cells, unknowns.fine)
        self._kind = held.astype(np.int8) + (held & ~self._mixed)
        kind = linear or (OneRank if domain.comm.size == 1 else Multigrid)
        self._multigrid = kind(domain, unknowns, self._fine.pattern, self._coarse.pattern)
        self._fresh_iterations: int | None = None

    def rest(self) -> State:
        """The unloaded state."""
        cells = len(self.domain.cells)
        zero = np.zeros((cells, 4, 6))
        return State(0.0, 0.0, np.zeros(self.unknowns.fine.free.shape), zero, np.zeros((cells, 4)), zero)

    def displacement(self, state: State) -> Floats:
        """(n, 3) displacement of the nodes, mm."""
        return self.unknowns.fine.expand(state.unknowns)

    def energies(self, state: State) -> tuple[float, float]:
        """Elastically stored energy and plastic work of a state, J."""
        weights = self.domain.volumes[:, None] / 4
        stored = (elastic_energy(self.curve, state.stress) * weights).sum()
        plastic = (dissipation(self.curve, state.accumulated) * weights).sum()
        return 1e-3 * self.domain.sum(float(stored)), 1e-3 * self.domain.sum(float(plastic))

    def respond(self, state: State, unknowns: Floats, curve: YieldCurve | None = None) -> Response:
        """Integrate the material (or another ``curve``) from the history of ``state`` to other unknowns (n, 3)."""
        displacement = self.unknowns.fine.expand(unknowns)
        domain = self.domain
        strain = strains(domain.cells, domain.gradients, displacement, TABLE)
        stress, plastic, accumulated, moduli, normal = update(
            curve or self.curve, strain, state.plastic_strain, state.accumulated
        )
        return Response(stress, plastic, accumulated, moduli, normal, self.forces(stress))

    def forces(self, stress: Floats) -> Floats:
        """(n, 3) forces of stresses (m, 4, 6) on the unknowns, summed over ranks, N."""
        domain = self.domain
        nodal = internal_forces(
            domain.cells, domain.gradients, domain.volumes, stress, len(self.unknowns.fine.slot), TABLE
        )
        return self._multigrid.assembled(self.unknowns.fine.reduce(nodal))

    def attempt(self, state: State, guess: Floats, travel: float, tolerance: float = TOLERANCE) -> Attempt:
        """Newton's method from a guess (n, 3) to equilibrium at a travel of the machine, mm."""
        fine = self.unknowns.fine
        unknowns = np.where(fine.free, guess, self.unknowns.driven * travel)
        response = self.respond(state, unknowns)
        residual, force = self._norm(response), self._force(response)
        stalled = 0
        for iteration in range(MAX_NEWTON):
            if residual <= tolerance * abs(force) and iteration > 0:
                return Attempt(self._state(travel, unknowns, response), iteration)
            needed = 0.5 * tolerance * abs(force) / residual if residual > 0 else 1.0
            correction = self._correct(response, needed) if np.isfinite(residual) else None
            if correction is None:
                return Attempt(None, iteration + 1)
            unknowns, response = self._search(state, unknowns, correction, response)
            before, residual, force = residual, self._norm(response), self._force(response)
            stalled = stalled + 1 if residual > STALL * before else 0
            if stalled == 2:
                return Attempt(None, iteration + 1)
        return Attempt(None, MAX_NEWTON)

    def linear(self, tolerance: float = 1e-9) -> State:
        """The elastic state at a travel of 1 mm, whatever the yield stresses."""
        rest = self.rest()
        elastic = self.curve.elastic()
        unknowns = self.unknowns.driven.copy()
        response = self.respond(rest, unknowns, elastic)
        self._assemble(response)
        self._multigrid.prepare()
        self._fresh_iterations = None
        residual = first = self._norm(response)
        for _ in range(MAX_REFINEMENTS):
            solved = self._multigrid.solve(
                self._share(-response.forces), max(REFINEMENT, 0.5 * tolerance * first / residual)
            )
            unknowns = unknowns + solved.correction
            response = self.respond(rest, unknowns, elastic)
            residual = self._norm(response)
            if residual <= tolerance * first:
                return self._state(1.0, unknowns, response)
        raise SolverError("elastic solve", f"left {residual / first:.1e} of the residual (wanted: {tolerance:.0e})")

    def _correct(self, response: Response, needed: float) -> Floats | None:
        """A Newton correction, or None when the tangent is indefinite; a preconditioner that got old is rebuilt.

        ``needed`` is the share of the residual that Newton may leave: no use in solving for less.
        """
        self._assemble(response)
        fresh = self._fresh_iterations is None
        if fresh:
            self._multigrid.prepare()
        solved = self._multigrid.solve(self._share(-response.forces), min(max(needed, INNER_TOLERANCE), 0.1))
        if fresh:
            self._fresh_iterations = solved.iterations
        if not solved.converged or solved.iterations > REBUILD[0] * (self._fresh_iterations or 0) + REBUILD[1]:
            self._fresh_iterations = None
        return solved.correction if solved.converged else None

    def _search(
        self, state: State, unknowns: Floats, correction: Floats, response: Response
    ) -> tuple[Floats, Response]:
        """Halve the correction until its work with the residual has fallen."""
        start = self._work(correction, response)
        share = 1.0
        while True:
            trial = self.respond(state, unknowns + share * correction)
            if share <= 0.2 or abs(self._work(correction, trial)) <= 0.9 * abs(start):
                return unknowns + share * correction, trial
            share *= 0.5

    def _assemble(self, response: Response) -> None:
        domain = self.domain
        fine, coarse = self._fine.zeros(self._multigrid.precision), self._coarse.zeros(np.float64)
        kept_fine, kept_coarse = assemble(
            domain.cells, domain.corners, domain.gradients, domain.volumes, response.moduli, response.normal, TABLE,
            fine, self._fine.cell_places, coarse, self._coarse.cell_places, self._kind,
        )  # fmt: skip
        self._fine.add_special(fine, kept_fine, domain.cells[self._mixed])
        self._coarse.add_special(coarse, kept_coarse, domain.corners[self._mixed])
        self._multigrid.fill(self._fine.masked(fine), self._coarse.masked(coarse))

    def _share(self, forces: Floats) -> Floats:
        """Right-hand side: free rows this rank owns, so that adding up over ranks counts each once."""
        right = forces * self.unknowns.fine.free
        right[self.unknowns.fine.numbering.owned :] = 0.0
        return np.asarray(right)

    def _norm(self, response: Response) -> float:
        share = self._share(response.forces)
        return float(np.sqrt(self.domain.sum(float((share**2).sum()))))

    def _work(self, correction: Floats, response: Response) -> float:
        return self.domain.sum(float((correction * self._share(response.forces)).sum()))

    def _force(self, response: Response) -> float:
        """Force that does the machine's work: of all prescribed unknowns, per millimetre of travel."""
        owned = self.unknowns.fine.numbering.owned
        return self.domain.sum(float((response.forces[:owned] * self.unknowns.driven[:owned]).sum()))

    def _state(self, travel: float, unknowns: Floats, response: Response) -> State:
        return State(
            travel, self._force(response), unknowns, response.plastic_strain, response.accumulated, response.stress
        )
