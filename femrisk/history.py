"""What a march passes through and leaves behind: states, an ``Increment`` per equilibrium, and a ``History``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The five honest endings of a march.
STATUSES = ("collapsed", "plateau", "bracketed", "limit_reached", "stuck")
#: A value that is wanted counts as reached within this share of it.
REACHED = 1e-3


@dataclass(frozen=True)
class State:
    """A deformed bone in equilibrium (or the unloaded one)."""

    #: travel of the machine, mm, and its force, N
    travel: float
    force: float
    #: (n, 3) unknowns of the fine level
    unknowns: Floats
    #: (m, 4, 6) plastic strain and (m, 4) accumulated plastic strain
    plastic_strain: Floats
    accumulated: Floats
    #: (m, 4, 6) stress, MPa
    stress: Floats
    #: (f, 6) largest separation of weak interfaces so far, over the one at their strength
    opened: Floats = field(default_factory=lambda: np.zeros((0, 6)), kw_only=True)
    #: (s, 3, 3) plastic strain (xx, yy, 2 xy) and (s, 3) accumulated plastic strain of a skin
    skin_plastic_strain: Floats = field(default_factory=lambda: np.zeros((0, 3, 3)), kw_only=True)
    skin_accumulated: Floats = field(default_factory=lambda: np.zeros((0, 3)), kw_only=True)


@dataclass(frozen=True)
class Attempt:
    """What a try for the next state gave."""

    #: None when no equilibrium was found
    state: State | None
    #: each of them one assembly and one linear solve
    newton_iterations: int


@dataclass(frozen=True)
class Deformation:
    """How a vertebral body has changed, mm; see ``gauge``."""

    #: shortening on the line along which it is pressed, by which its apparent strain is read
    shortening_mm: float = 0.0
    #: shortening in its middle, at its anterior and at its posterior wall
    height_loss_mm: float = 0.0
    anterior_height_loss_mm: float = 0.0
    posterior_height_loss_mm: float = 0.0
    #: how far its posterior wall comes out between its rims
    posterior_wall_bulge_mm: float = 0.0
    #: what the canal loses of its depth at mid-height; None where the mesh has no lamina there
    canal_narrowing_mm: float | None = 0.0

    def towards(self, other: Deformation, share: float) -> Deformation:
        """A share of the way from this to ``other``."""
        mine, theirs = asdict(self), asdict(other)
        found: dict[str, Any] = {
            name: None if None in (mine[name], theirs[name]) else mine[name] + share * (theirs[name] - mine[name])
            for name in mine
        }
        return Deformation(**found)


@dataclass(frozen=True)
class Increment:
    """One state in equilibrium."""

    #: travel of the driven grip along the force, mm
    displacement: float
    #: force of the driven grip, N
    force: float
    #: work of that force since the start, J
    external_work: float
    #: energy stored elastically, J
    elastic_energy: float
    #: energy dissipated by flow, cracks and interfaces, J
    plastic_work: float
    #: Newton iterations spent on this increment, tries that failed included
    newton_iterations: int
    #: times the step was cut before this increment was found
    cutbacks: int
    #: of a vertebral body; None of another bone
    body: Deformation | None = None

    @property
    def shortening(self) -> float:
        """What the strength of a vertebra is read by, mm; of another bone the travel."""
        return self.displacement if self.body is None else self.body.shortening_mm


@dataclass(frozen=True)
class History:
    """All increments of a march, the status, and the bracket when equilibrium was lost."""

    increments: tuple[Increment, ...]
    status: str
    #: travel the march failed to reach after the last increment, mm; None when it ended on its own
    lost_at: float | None
    #: linear solves spent, failed tries included
    linear_solves: int

    def displacements(self) -> Floats:
        """(k,) mm, starting with the unloaded state."""
        return np.array([0.0, *(increment.displacement for increment in self.increments)])

    def forces(self) -> Floats:
        """(k,) N, starting with the unloaded state."""
        return np.array([0.0, *(increment.force for increment in self.increments)])

    def force_at(self, shortening: float) -> float | None:
        """Force at a ``shortening`` (mm), by a straight line between the increments round it, N; None if never met."""
        found = self.reaching([one.shortening for one in self.increments], shortening)
        if found is None:
            return None
        after, share = found
        return float(self.forces()[after - 1] * (1 - share) + self.forces()[after] * share)

    def body_at_force(self, force: float) -> Deformation | None:
        """The body where the force first rises to ``force`` (N), likewise; None if it never does."""
        return self._body(self.reaching([one.force for one in self.increments], force))

    def body_at_shortening(self, shortening: float) -> Deformation | None:
        """The body at a ``shortening`` (mm), likewise; None if never met."""
        return self._body(self.reaching([one.shortening for one in self.increments], shortening))

    def reaching(self, values: Sequence[float], wanted: float) -> tuple[int, float] | None:
        """The first increment (from 1 on) whose value is ``wanted`` or above, and the share of the way to it."""
        enough = (1 - REACHED) * wanted
        after = next((number for number, value in enumerate(values, 1) if value >= enough), None)
        if after is None:
            return None
        low, high = (0.0, *values)[after - 1 : after + 1]
        return after, min((wanted - low) / (high - low), 1.0)

    def _body(self, found: tuple[int, float] | None) -> Deformation | None:
        if found is None:
            return None
        bodies = [Deformation(), *(one.body for one in self.increments)]
        before, after = bodies[found[0] - 1 : found[0] + 1]
        return None if before is None or after is None else before.towards(after, found[1])


def parabola(x: Floats, y: Floats, furthest: float) -> tuple[float, float]:
    """Top of the parabola through three points, between the first and ``furthest``: value, place."""
    a, b, c = np.polyfit(x - x[1], y, 2)
    if a >= 0:
        return float(y.max()), float(x[np.argmax(y)])
    place = float(np.clip(-b / (2 * a), x[0] - x[1], furthest - x[1]))
    return float(c + b * place + a * place**2), float(x[1] + place)
