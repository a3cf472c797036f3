"""A bone that cracks: a state, its past and a travel in, the next state by an extrapolated step out.

IMPL-EX (Oliver et al. 2008): the worst strain of a step is extrapolated from the last one, which makes the step linear
and its stiffness positive; secant corrections follow. No step is iterated to equilibrium: what is left over is carried
into the next one and told as ``unbalanced``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from femrisk.domain import Domain
from femrisk.equilibrium import Equilibrium, state_of
from femrisk.grips import Unknowns
from femrisk.history import State
from femrisk.materials.curve import YieldCurve
from femrisk.materials.damage import DamageLaw, grown, lost, retained
from femrisk.materials.plastic import elastic_energy
from femrisk.membrane import Membrane
from femrisk.meshes.labelled import Floats
from femrisk.tangent import Response

#: Secant corrections that follow the extrapolated solution of a step.
CORRECTIONS = 3


@dataclass(frozen=True)
class DamageState(State):
    """A state on the way, close to equilibrium, with its cracks."""

    #: (m, 4, 2) largest principal tension and compression so far, over their onsets
    worst: Floats
    #: (m, 4) share of the stiffness that is kept
    retained: Floats
    #: (m, 4) energy per volume dissipated by damage, N/mm2
    dissipated: Floats
    #: work that the forces left on free nodes do on their displacements, over that of the machine's force
    unbalanced: float


class DamagedEquilibrium(Equilibrium):
    """An ``Equilibrium`` whose stresses are those of ``curve`` times the share of stiffness that ``law`` keeps."""

    def __init__(
        self, domain: Domain, unknowns: Unknowns, curve: YieldCurve, law: DamageLaw, membrane: Membrane | None = None
    ) -> None:
        whole = curve.where(law.breakable, curve.elastic())
        super().__init__(domain, unknowns, whole, membrane=membrane)
        self.law = law

    def proportional(self, elastic: State, travel: float) -> DamageState:
        """The elastic state at 1 mm, scaled to a travel before any damage."""
        worst = grown(self.law, travel * self._strain(elastic.unknowns), np.zeros((*elastic.accumulated.shape, 2)))
        whole, none = np.ones_like(elastic.accumulated), np.zeros_like(elastic.accumulated)
        return DamageState(
            travel, elastic.force * travel, elastic.unknowns * travel, elastic.plastic_strain, elastic.accumulated,
            elastic.stress * travel, worst, whole, none, 0.0,
            skin_plastic_strain=elastic.skin_plastic_strain, skin_accumulated=elastic.skin_accumulated,
        )  # fmt: skip

    def energies(self, state: State) -> tuple[float, float]:
        """Elastically stored and dissipated energy of a state, J."""
        if not isinstance(state, DamageState):
            return super().energies(state)
        # what the damage gives back has its stiffness: s : s / (w D)
        weights = self.domain.weights
        stored = (elastic_energy(self.curve, state.stress) / state.retained * weights).sum()
        cracked = (state.dissipated * weights).sum()
        _, flowed = super().energies(state)
        held = 0.0
        if self.membrane is not None:
            held = self.domain.sum(self.membrane.energies(self.displacement(state), state)[0])
        return held + 1e-3 * self.domain.sum(float(stored)), flowed + 1e-3 * self.domain.sum(float(cracked))

    def advance(self, past: DamageState, state: DamageState, travel: float) -> DamageState | None:
        """The next state by an extrapolated step and its corrections; None where a step cannot be solved."""
        ratio = (travel - state.travel) / (state.travel - past.travel)
        guess = state.unknowns + ratio * (state.unknowns - past.unknowns)
        unknowns = np.where(self.unknowns.fine.free, guess, self.unknowns.driven * travel)
        worst = state.worst + ratio * (state.worst - past.worst)
        for _ in range(1 + CORRECTIONS):
            response = self._softened(state, unknowns, retained(self.law, worst))
            correction = self.tangent.correct(response, 0.0)
            if correction is None:
                # the preconditioner is rebuilt for a second try
                correction = self.tangent.correct(response, 0.0)
            # the same answer on every rank
            if correction is None or not np.isfinite(self.domain.sum(float(np.abs(correction).sum()))):
                return None
            unknowns = unknowns + correction
            worst = grown(self.law, self._strain(unknowns), state.worst)
        return self._committed(state, unknowns, worst, travel)

    def _committed(self, state: DamageState, unknowns: Floats, worst: Floats, travel: float) -> DamageState:
        kept = retained(self.law, worst)
        response = self._softened(state, unknowns, kept)
        energy = elastic_energy(self.curve, response.stress / kept[..., None])
        new = state_of(self.balance, travel, unknowns, response)
        left = self.balance.work(np.where(self.unknowns.fine.free, unknowns, 0.0), response.forces)
        return DamageState(
            new.travel, new.force, unknowns, new.plastic_strain, new.accumulated, new.stress, worst, kept,
            state.dissipated + lost(self.law, energy, worst, state.retained), abs(left / (new.force * travel)),
            skin_plastic_strain=new.skin_plastic_strain, skin_accumulated=new.skin_accumulated,
        )  # fmt: skip

    def _softened(self, state: State, unknowns: Floats, kept: Floats) -> Response:
        """The response with a known share of stiffness; metals yield in it."""
        response = self.respond(state, unknowns)
        stress = response.stress * kept[..., None]
        skin = None
        if self.membrane is not None and response.skin is not None:
            skin = self.membrane.forces(response.skin.stress, len(unknowns))
        forces = self.forces(stress, skin)
        return replace(response, stress=stress, moduli=response.moduli * kept[..., None], forces=forces)

    def _strain(self, unknowns: Floats) -> Floats:
        return self.domain.strains(self.unknowns.fine.expand(unknowns))
