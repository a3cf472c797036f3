"""What a march passes through and leaves behind: states, an ``Increment`` per equilibrium, and a ``History``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The five honest endings of a march.
STATUSES = ("collapsed", "plateau", "bracketed", "limit_reached", "stuck")


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

    def force_at(self, travel: float) -> float | None:
        """Force at a travel of the machine (mm) at which the march halted, N; None where it did not."""
        halts = (one.force for one in self.increments if abs(one.displacement - travel) <= 1e-9 * travel)
        return next(halts, None)


def parabola(x: Floats, y: Floats, furthest: float) -> tuple[float, float]:
    """Top of the parabola through three points, between the first and ``furthest``: value, place."""
    a, b, c = np.polyfit(x - x[1], y, 2)
    if a >= 0:
        return float(y.max()), float(x[np.argmax(y)])
    place = float(np.clip(-b / (2 * a), x[0] - x[1], furthest - x[1]))
    return float(c + b * place + a * place**2), float(x[1] + place)
