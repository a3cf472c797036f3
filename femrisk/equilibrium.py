"""Equilibrium of one arm under one load: a state and a travel in, the next state out (or none).

States are values: a try that fails leaves the last one as it was, so there is nothing to revert.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from femrisk.balance import Balance
from femrisk.cohesive import Joints
from femrisk.domain import Domain
from femrisk.errors import SolverError
from femrisk.grips import Unknowns
from femrisk.history import Attempt, State
from femrisk.materials import crushable, orthotropic
from femrisk.materials.crushable import Foam
from femrisk.materials.curve import YieldCurve
from femrisk.materials.fabric import Fabric
from femrisk.materials.plastic import dissipation, elastic_energy, update
from femrisk.membrane import Membrane
from femrisk.meshes.labelled import Floats
from femrisk.multigrid import Multigrid
from femrisk.onerank import OneRank
from femrisk.tangent import Response, Tangent

#: Newton stops when the free residual is below this share of the force on the machine.
TOLERANCE = 1e-6
MAX_NEWTON = 16
#: Accuracy and number of the solves that refine the elastic state: single precision takes little more off a residual at
#: once. Faces that touch or gap take their turns.
REFINEMENT, MAX_REFINEMENTS, MAX_CONTACT_TURNS = 0.1, 40, 40
#: Two iterations in a row that leave more than this share of the residual end a try.
STALL = 0.7
#: With weak interfaces, where faces touch, part and fail by turns: iterations of a try,
#: those in a row that may stall, and shares of a correction that are tried.
MAX_TURNS, MAX_STALLS, MAX_SHARES = 40, 6, 8


class Equilibrium:
    """Residual, tangent and linear solver of one arm under one load.

    Args:
        domain: this rank's share of the mesh.
        unknowns: the grips' change of unknowns.
        curve: yield curves (m, 4) of this rank's cells.
        linear: the linear solver; by default the fastest for the number of ranks.
        joints: weak interfaces, or None where all is bonded.
        membrane: a skin on some facets, or None.
        fabric: ratios of moduli of this rank's cells, or None where all are isotropic; ``curve`` holds along z.
        foam: how pressure counts in this rank's cells, or None where all keep their volume; not with a fabric.
    """

    #: share of the force from which on an iteration that stalls counts for nothing
    near = 0.0

    def __init__(
        self,
        domain: Domain,
        unknowns: Unknowns,
        curve: YieldCurve,
        linear: type[OneRank] | type[Multigrid] | None = None,
        joints: Joints | None = None,
        membrane: Membrane | None = None,
        fabric: Fabric | None = None,
        foam: Foam | None = None,
    ) -> None:
        self.domain, self.unknowns, self.fabric = domain, unknowns, fabric
        self._update = update
        if fabric is not None:
            self._update = partial(orthotropic.update, fabric)
        elif foam is not None:
            self._update = partial(crushable.update, foam)
        self.curve = curve if fabric is None else fabric.law(curve)
        self.joints, self.membrane = joints, membrane
        self.balance = Balance(domain, unknowns)
        self.tangent = Tangent(domain, unknowns, joints, linear, membrane, fabric)

    def rest(self) -> State:
        """The unloaded state."""
        points = self.curve.young.shape
        zero = np.zeros((*points, 6))
        faces = 0 if self.joints is None else len(self.joints.areas)
        unknowns = np.zeros(self.unknowns.fine.free.shape)
        facets = 0 if self.membrane is None else len(self.membrane.nodes)
        return State(
            0.0, 0.0, unknowns, zero, np.zeros(points), zero, opened=np.zeros((faces, 6)),
            skin_plastic_strain=np.zeros((facets, 3, 3)), skin_accumulated=np.zeros((facets, 3)),
        )  # fmt: skip

    def displacement(self, state: State) -> Floats:
        """(n, 3) displacement of the nodes, mm."""
        return self.unknowns.fine.expand(state.unknowns)

    def energies(self, state: State) -> tuple[float, float]:
        """Elastically stored energy and plastic work of a state, interfaces and skin included, J."""
        weights = self.domain.weights
        stress = state.stress if self.fabric is None else self.fabric.behind(state.stress)
        stored = (elastic_energy(self.curve, stress) * weights).sum()
        plastic = (self.plastic_work(state) * weights).sum()
        held, spent = (0.0, 0.0)
        if self.joints is not None:
            held, spent = self.joints.energies(self.displacement(state), state.opened)
        if self.membrane is not None:
            stretched, flowed = map(self.domain.sum, self.membrane.energies(self.displacement(state), state))
            held, spent = held + stretched, spent + flowed
        return held + 1e-3 * self.domain.sum(float(stored)), spent + 1e-3 * self.domain.sum(float(plastic))

    def plastic_work(self, state: State) -> Floats:
        """(m, 4) plastic work per volume up to a state, N/mm2."""
        return dissipation(self.curve, state.accumulated)

    def respond(self, state: State, unknowns: Floats, curve: YieldCurve | None = None) -> Response:
        """Integrate the material from the history of ``state`` to other unknowns (n, 3).

        With another, elastic ``curve`` interfaces that hold do not fail, and a skin does not yield, either.
        """
        displacement = self.unknowns.fine.expand(unknowns)
        strain = self.domain.strains(displacement)
        stress, plastic, accumulated, moduli, normal = (
            self.flow(state, strain)
            if curve is None
            else self._update(curve, strain, state.plastic_strain, state.accumulated)
        )
        pull, skin, more = None, None, None
        if self.joints is not None:
            pull = self.joints.pull(displacement, state.opened, elastic=curve is not None)
            more = self.joints.forces(pull.traction, len(displacement))
        if self.membrane is not None:
            skin = self.membrane.stretch(displacement, state, elastic=curve is not None)
            pulled = self.membrane.forces(skin.stress, len(displacement))
            more = pulled if more is None else more + pulled
        return Response(stress, plastic, accumulated, moduli, normal, self.forces(stress, more), pull, skin)

    def flow(self, state: State, strain: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """What ``materials.plastic.update`` returns, from the history of ``state`` to another strain (m, 4, 6)."""
        return self._update(self.curve, strain, state.plastic_strain, state.accumulated)

    def forces(self, stress: Floats, more: Floats | None = None) -> Floats:
        """(n, 3) forces of stresses (m, 4, 6), and of ``more`` on the nodes, on the unknowns; over all ranks, N."""
        nodal = self.domain.internal_forces(stress, len(self.unknowns.fine.slot))
        return self.tangent.assembled(self.unknowns.fine.reduce(nodal if more is None else nodal + more))

    def attempt(self, state: State, guess: Floats, travel: float, tolerance: float = TOLERANCE) -> Attempt:
        """Newton's method from a guess (n, 3) to equilibrium at a travel of the machine, mm."""
        balance = self.balance
        unknowns = np.where(self.unknowns.fine.free, guess, self.unknowns.driven * travel)
        history, response, residual = self.followed(state, state, unknowns, self.respond(state, unknowns))
        force = balance.force(response.forces)
        stalled = 0
        most, stalls = (MAX_NEWTON, 2) if self.joints is None else (MAX_TURNS, MAX_STALLS)
        for iteration in range(most):
            if residual <= tolerance * abs(force):
                return Attempt(self.reached(history, travel, unknowns, response), iteration)
            needed = 0.5 * tolerance * abs(force) / residual if residual > 0 else 1.0
            correction = self.tangent.correct(response, needed) if np.isfinite(residual) else None
            if correction is None:
                return Attempt(None, iteration + 1)
            unknowns, response = searched(self, history, unknowns, correction, response)
            before = residual
            history, response, residual = self.followed(state, history, unknowns, response)
            force = balance.force(response.forces)
            far = residual > self.near * abs(force)
            stalled = stalled + 1 if far and residual > STALL * before else 0
            if stalled == stalls:
                return Attempt(None, iteration + 1)
        return Attempt(None, most)

    def followed(
        self, start: State, history: State, unknowns: Floats, response: Response
    ) -> tuple[State, Response, float]:
        """The history to integrate from, the response from it, and its free residual, N.

        Args:
            start: the state at the start of the step.
            history: what was integrated from so far: ``start``, or what a law whose history follows made of it.
            unknowns: (n, 3) where the step has got to.
            response: the response there.
        """
        return history, response, self.balance.norm(response.forces)

    def reached(self, history: State, travel: float, unknowns: Floats, response: Response) -> State:
        """What is kept of a response in equilibrium, integrated from a history."""
        return state_of(self.balance, travel, unknowns, response)

    def linear(self, tolerance: float = 1e-11) -> State:
        """The elastic state at a travel of 1 mm, whatever the strengths; faces without any still slide and gap."""
        rest = self.rest()
        elastic = self.curve.elastic()
        unknowns = self.unknowns.driven.copy()
        response = self.respond(rest, unknowns, elastic)
        residual = first = self.balance.norm(response.forces)
        if self.joints is None:
            self.tangent.fill(response)
            self.tangent.refresh()
        for _ in range(MAX_REFINEMENTS if self.joints is None else MAX_CONTACT_TURNS):
            needed = 0.5 * tolerance * first / residual
            if self.joints is None:
                unknowns = unknowns + self.tangent.solve(response.forces, max(REFINEMENT, needed)).correction
                response = self.respond(rest, unknowns, elastic)
            else:
                correction = self.tangent.correct(response, needed)
                if correction is None:
                    break
                unknowns, response = searched(self, rest, unknowns, correction, response, elastic)
            residual = self.balance.norm(response.forces)
            if residual <= tolerance * first:
                return state_of(self.balance, 1.0, unknowns, response)
        raise SolverError("elastic solve", f"left {residual / first:.1e} of the residual (wanted: {tolerance:.0e})")


def searched(
    equilibrium: Equilibrium,
    state: State,
    unknowns: Floats,
    correction: Floats,
    response: Response,
    curve: YieldCurve | None = None,
) -> tuple[Floats, Response]:
    """Halve a correction until its work with the residual has fallen; the unknowns then, and their response."""
    balance = equilibrium.balance
    start = balance.work(correction, response.forces)
    if equilibrium.joints is not None:
        return _crossed(equilibrium, state, unknowns, correction, start, curve)
    share = 1.0
    while True:
        trial = equilibrium.respond(state, unknowns + share * correction, curve)
        if share <= 0.2 or abs(balance.work(correction, trial.forces)) <= 0.9 * abs(start):
            return unknowns + share * correction, trial
        share *= 0.5


def _crossed(
    equilibrium: Equilibrium, state: State, unknowns: Floats, correction: Floats, start: float, curve: YieldCurve | None
) -> tuple[Floats, Response]:
    """The share of a correction at which its work with the residual has all but vanished, by false position.

    Faces that touch make the work rise steeply from one share on, where halving overshoots or stops short.
    """
    low, high, share = (0.0, start), (1.0, start), 1.0
    for left in reversed(range(MAX_SHARES)):
        trial = equilibrium.respond(state, unknowns + share * correction, curve)
        work = equilibrium.balance.work(correction, trial.forces)
        if abs(work) <= 0.5 * abs(start) or (share == 1.0 and work * start > 0) or not left:
            break
        if work * start > 0:
            low = (share, work)
        else:
            high = (share, work)
        guess = low[0] + (high[0] - low[0]) * low[1] / (low[1] - high[1])
        margin = 0.1 * (high[0] - low[0])
        share = min(max(guess, low[0] + margin), high[0] - margin)
    return unknowns + share * correction, trial


def state_of(balance: Balance, travel: float, unknowns: Floats, response: Response) -> State:
    """What is left of a response in equilibrium."""
    history = {} if response.pull is None else {"opened": response.pull.opened}
    if response.skin is not None:
        history |= {
            "skin_plastic_strain": response.skin.plastic_strain,
            "skin_accumulated": response.skin.accumulated,
        }
    return State(
        travel,
        balance.force(response.forces),
        unknowns,
        response.plastic_strain,
        response.accumulated,
        response.stress,
        **history,
    )
