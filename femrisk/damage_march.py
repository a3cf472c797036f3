"""The march of a bone that cracks: an elastic state in, two marches of different step and what both say out.

The error of an extrapolated step falls with the step, so two steps tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from femrisk.damaged import CORRECTIONS, DamagedEquilibrium, DamageState
from femrisk.fracture import Peak, read_peak
from femrisk.history import History, Increment, State
from femrisk.march import Found, Rules, increment_of, tangent_of
from femrisk.materials.damage import DamageLaw, grown
from femrisk.meshes.labelled import Floats

#: Difference of the two marches, over the load, above which the load is only bracketed.
LARGEST_STEP_ERROR = 0.03
#: Of the travel at which the strain criterion is met: the coarser step, the travel over which a force must have stopped
#: rising, and the end of a march. The first step stops short of the first damage.
STEP, WINDOW, FURTHEST, SHORT = 0.04, 0.24, 3.0, 0.98


@dataclass(frozen=True)
class Pace:
    """Travels of a march, mm, and when it ends."""

    #: travel up to which nothing is damaged, the fixed step of the march, and the end of one that still rises
    start: float
    step: float
    furthest: float
    #: travel over which the force must have stopped rising to count as a plateau
    window: float
    #: elastic stiffness of the bone, N/mm
    stiffness: float
    #: a force below this share of the largest one confirms the peak
    confirmed_below: float = Rules.confirmed_below
    #: shares of the elastic stiffness: no longer rising; near the peak, if a step cannot be solved
    plateau_tangent: float = Rules.plateau_tangent
    bracket_tangent: float = Rules.bracket_tangent
    #: steps are ``stride`` times as long while less than this share of the work is dissipated
    quiet: float = 0.001
    stride: float = 4.0

    def next_travel(self, last: Increment) -> float:
        """mm; halving ``step`` halves every step."""
        calm = last.plastic_work < self.quiet * last.external_work
        return last.displacement + self.step * (self.stride if calm else 1.0)


@dataclass(frozen=True)
class Verdict:
    """What two marches say together."""

    history: History
    peak: Peak
    #: difference of their loads over the load; None where one of them has none
    step_error: float | None


def pace(elastic: State, expected: float, law: DamageLaw, strain: Floats, used: float = 0.0) -> Pace:
    """The steps of a march, in shares of the travel at which the strain criterion is met.

    Args:
        elastic: the state at a travel of 1 mm.
        expected: that travel, mm.
        law: (m, 4, 2) the law.
        strain: (m, 4, 6) of the elastic state, in the order of the law.
        used: share of a skin's strength that it takes up.
    """
    onset = max(float(grown(law, strain, np.zeros(law.onset.shape)).max(initial=1e-9)), used)
    return Pace(SHORT / onset, STEP * expected, FURTHEST * expected, WINDOW * expected, elastic.force)


def march_damage(problem: DamagedEquilibrium, elastic: State, pace: Pace) -> Iterator[Found | History]:
    """Yield each state as it is found, and last of all the ``History``."""
    rest = problem.proportional(elastic, 0.0)
    past, current = rest, problem.proportional(elastic, pace.start)
    found = [increment_of(problem, rest, current, [], 0, 0)]
    yield Found(found[0], current)
    solves, lost_at, status = 0, None, ""
    while not status:
        travel = pace.next_travel(found[-1])
        reached = problem.advance(past, current, travel)
        solves += 1 + CORRECTIONS
        if reached is None:
            near = tangent_of(found, pace.stiffness) < pace.bracket_tangent * pace.stiffness
            status, lost_at = ("bracketed" if near else "stuck"), travel
            break
        past, current = current, reached
        found.append(increment_of(problem, past, current, found, 1 + CORRECTIONS, 0))
        yield Found(found[-1], current)
        status = ending(found, pace)
    yield History(tuple(found), status, lost_at, solves)


def ending(found: list[Increment], pace: Pace) -> str:
    """Status when the march is over, else an empty string."""
    last = found[-1]
    if last.force < pace.confirmed_below * max(increment.force for increment in found):
        return "collapsed"
    before = [one for one in found if one.displacement <= last.displacement - pace.window * (1 - 1e-9)]
    if before:
        rise = (last.force - before[-1].force) / (last.displacement - before[-1].displacement)
        if abs(rise) < pace.plateau_tangent * pace.stiffness:
            return "plateau"
    if last.displacement >= pace.furthest:
        return "limit_reached" if tangent_of(found, pace.stiffness) > 0 else "plateau"
    return ""


def march_twice(
    problem: DamagedEquilibrium, elastic: State, pace: Pace, on_found: Callable[[Found], None]
) -> tuple[Verdict, DamageState]:
    """March with the step and with half of it; the state is that of the largest force of the second march."""
    histories: list[History] = []
    best = problem.proportional(elastic, pace.start)
    for step in (pace.step, 0.5 * pace.step):
        best = problem.proportional(elastic, pace.start)
        for news in march_damage(problem, elastic, replace(pace, step=step)):
            if isinstance(news, History):
                histories.append(news)
                continue
            assert isinstance(news.state, DamageState), "a march of damage passes through damaged states"
            best = news.state if news.state.force > best.force else best
            on_found(news)
    return verdict(*histories), best


def verdict(coarse: History, fine: History) -> Verdict:
    """The load at step zero, 2 F(d/2) - F(d); no load without both marches, a bracket where they differ too much.

    The error of IMPL-EX falls with the step, and is on the unsafe side. Two marches that still rise end at the same
    travel, and the lower force counts.
    """
    one, two = highest(coarse), highest(fine)
    solves = coarse.linear_solves + fine.linear_solves
    if one.load is None or two.load is None:
        return Verdict(replace(fine, status="stuck", linear_solves=solves), replace(two, load=None, bracket=None), None)
    error = abs(two.load - one.load) / two.load
    limit = 2 * two.load - one.load
    if fine.status == "limit_reached":
        peak = replace(two, load=min(one.load, two.load))
        return Verdict(replace(fine, linear_solves=solves), peak, error)
    bounds = [one.load, two.load, limit, *(one.bracket or ()), *(two.bracket or ())]
    doubtful = error > LARGEST_STEP_ERROR or "bracketed" in (coarse.status, fine.status)
    return Verdict(
        replace(fine, status="bracketed" if doubtful else fine.status, linear_solves=solves),
        replace(two, load=limit, bracket=(min(bounds), max(bounds)) if doubtful else None),
        error,
    )


def highest(history: History) -> Peak:
    """The largest force met: a crack drops the force at once, and a parabola through the drop would overshoot."""
    if history.status == "stuck":
        return read_peak(history)
    return replace(read_peak(replace(history, status="limit_reached")), bracket=read_peak(history).bracket)
