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
from femrisk.equilibrium import STALL, Equilibrium
from femrisk.grips import Unknowns
from femrisk.history import State
from femrisk.materials.curve import YieldCurve
from femrisk.materials.plastic import dissipation
from femrisk.meshes.labelled import Floats
from femrisk.tangent import Response

#: Widths are kept once Newton's method is this close to equilibrium with them, as a share of the force on the machine.
SETTLED = 1e-5
#: This close to it bands and points that yield by turns can keep it from getting closer for a while.
NEAR = 1e-4


@dataclass(frozen=True)
class BandedState(State):
    """A state with its bands."""

    #: (m,) width of the band each cell lies in, mm
    widths: Floats
    #: (m, 4) how far that was pushed in over the size of the cell: where the yield curve of the cell's size is entered
    entered: Floats
    #: (m, 4) plastic work per volume so far, N/mm2
    worked: Floats


@dataclass(frozen=True)
class Halfway(BandedState):
    """A state with its bands as wide as half-way through the step from it."""

    #: whether Newton's method was close to equilibrium when they were measured, and what residual was left, N
    settled: bool = False
    left: float = np.inf


class BandedEquilibrium(Equilibrium):
    """An ``Equilibrium`` whose ``curve`` is that of bands one cell wide, and which measures how wide they are."""

    near = NEAR

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

    def followed(
        self, start: State, history: State, unknowns: Floats, response: Response
    ) -> tuple[State, Response, float]:
        """From a history with bands as wide as half-way through the step, to second order of it.

        They follow Newton's method until that is close to equilibrium with them, and only half of the way where they
        keep it from getting there. A band that is new has no width at the start.
        """
        assert isinstance(start, BandedState)
        residual = self.balance.norm(response.forces)
        if (isinstance(history, Halfway) and history.settled) or not np.isfinite(residual):
            return history, response, residual
        widths = self.bands.measured(response.accumulated)
        known = start.accumulated.any(axis=1)
        widths = np.where(known, (start.widths + widths) / 2, widths)
        halfway, response, residual, force = self._integrated(start, unknowns, widths)
        if isinstance(history, Halfway) and residual <= NEAR * force and residual > STALL * history.left:
            widths = (history.widths + widths) / 2
            halfway, response, residual, force = self._integrated(start, unknowns, widths)
        return replace(halfway, settled=residual <= SETTLED * force, left=residual), response, residual

    def _integrated(
        self, start: BandedState, unknowns: Floats, widths: Floats
    ) -> tuple[Halfway, Response, float, float]:
        """A step's history with bands of given widths, the response from it, its residual and its force, N."""
        halfway = Halfway(**(vars(start) | {"widths": widths}))
        response = self.respond(halfway, unknowns)
        return halfway, response, self.balance.norm(response.forces), abs(self.balance.force(response.forces))

    def reached(self, history: State, travel: float, unknowns: Floats, response: Response) -> BandedState:
        """A state reached from a history, with the widths of its bands."""
        assert isinstance(history, BandedState)
        ratio, gained = self._ratio(history), response.accumulated - history.accumulated
        curve, start = self.curve.banded(ratio), history.entered / ratio
        return BandedState(
            **vars(super().reached(history, travel, unknowns, response)),
            widths=self.bands.measured(response.accumulated),
            entered=history.entered + ratio * gained,
            worked=history.worked + dissipation(curve, start + gained) - dissipation(curve, start),
        )

    def _ratio(self, state: BandedState) -> Floats:
        return (state.widths / self.bands.sizes)[:, None]
