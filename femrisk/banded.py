"""Bone that softens in bands whose width is measured: an ``Equilibrium`` that keeps what a band has been through.

A test's curve holds over how far a band was pushed in, not over the strain in it: of a band of width b that is the sum
of b times what plastic strain grows by. So a section of a band takes the same work per area whatever its width, and
however that changes on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from femrisk.bands import Bands
from femrisk.cohesive import Joints
from femrisk.domain import Domain
from femrisk.equilibrium import TOLERANCE, Equilibrium
from femrisk.grips import Unknowns
from femrisk.history import Attempt, State
from femrisk.materials.curve import YieldCurve
from femrisk.materials.plastic import dissipation
from femrisk.meshes.labelled import Floats

#: How close to equilibrium, as a share of the force on the machine, widths at the end of a step are read.
AHEAD = 1e-5


@dataclass(frozen=True)
class BandedState(State):
    """A state with its bands."""

    #: (m,) width of the band each cell lies in, mm
    widths: Floats
    #: (m, 4) how far that was pushed in over the size of the cell: where the yield curve of the cell's size is entered
    entered: Floats
    #: (m, 4) plastic work per volume so far, N/mm2
    worked: Floats


class BandedEquilibrium(Equilibrium):
    """An ``Equilibrium`` whose ``curve`` is that of bands one cell wide, and which measures how wide they are."""

    def __init__(
        self, domain: Domain, unknowns: Unknowns, curve: YieldCurve, bands: Bands, joints: Joints | None = None
    ) -> None:
        super().__init__(domain, unknowns, curve, joints=joints)
        self.bands = bands

    def rest(self) -> BandedState:
        """The unloaded state."""
        state = super().rest()
        none = np.zeros_like(state.accumulated)
        return BandedState(**vars(state), widths=self.bands.measured(none), entered=none, worked=none)

    def plastic_work(self, state: State) -> Floats:
        """(m, 4) plastic work per volume up to a state, N/mm2."""
        return state.worked if isinstance(state, BandedState) else super().plastic_work(state)

    def flow(self, state: State, strain: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """What ``materials.plastic.update`` returns, of bands as wide as they are in ``state``."""
        assert isinstance(state, BandedState)
        ratio = self._ratio(state)
        start = state.entered / ratio
        found = self._update(self.curve.banded(ratio), strain, state.plastic_strain, start)
        stress, plastic, end, moduli, normal = found
        return stress, plastic, state.accumulated + (end - start), moduli, normal

    def attempt(self, state: State, guess: Floats, travel: float, tolerance: float = TOLERANCE) -> Attempt:
        """Equilibrium with bands as wide as half-way there, to second order of the step.

        What they are at its end is read off an equilibrium with the widths at its start. A band that is new has none
        there.
        """
        assert isinstance(state, BandedState)
        ahead = self.newton(state, guess, travel, max(AHEAD, tolerance), least=0)
        if ahead.state is None:
            return ahead
        widths = self.bands.measured(ahead.state.accumulated)
        known = state.accumulated.any(axis=1)
        halfway = replace(state, widths=np.where(known, (state.widths + widths) / 2, widths))
        found = self.newton(halfway, ahead.state.unknowns, travel, tolerance, least=0)
        spent = ahead.newton_iterations + found.newton_iterations
        return Attempt(None if found.state is None else self._next(halfway, found.state), spent)

    def _next(self, before: BandedState, state: State) -> BandedState:
        """A state reached from another with its widths."""
        ratio, gained = self._ratio(before), state.accumulated - before.accumulated
        curve, start = self.curve.banded(ratio), before.entered / ratio
        return BandedState(
            **vars(state),
            widths=self.bands.measured(state.accumulated),
            entered=before.entered + ratio * gained,
            worked=before.worked + dissipation(curve, start + gained) - dissipation(curve, start),
        )

    def _ratio(self, state: BandedState) -> Floats:
        return (state.widths / self.bands.sizes)[:, None]
