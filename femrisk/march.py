"""The march to fracture: a problem that can find equilibria in, increments and an honest ending out.

The machine's travel is prescribed, so a falling force is an equilibrium like any other. The march ends when a peak is
confirmed, when the force no longer rises, when no equilibrium can be found, or when it has gone far enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from femrisk.history import REACHED, Attempt, Deformation, History, Increment, State, parabola
from femrisk.meshes.labelled import Floats


class Problem(Protocol):
    """What the march needs to know of an arm under a load."""

    def rest(self) -> State:
        """The unloaded state."""
        ...

    def attempt(self, state: State, guess: Floats, travel: float) -> Attempt:
        """Try for equilibrium at another travel."""
        ...

    def energies(self, state: State) -> tuple[float, float]:
        """Elastically stored energy and plastic work, J."""
        ...


@dataclass(frozen=True)
class Rules:
    """When to step, cut and stop."""

    #: first step and largest step, mm
    first_step: float
    largest_step: float
    #: travel at which a march that still rises ends, mm
    furthest: float
    #: elastic stiffness of the bone, N/mm
    stiffness: float
    #: a force below this share of the largest one confirms the peak
    confirmed_below: float = 0.95
    #: a step may lead over a peak only where the force, rising on as it did, would have gained less than this share
    over_peak: float = 0.02
    #: the force no longer rises when the tangent is below this share of the elastic stiffness ...
    plateau_tangent: float = 0.02
    #: ... and a parabola through the last three states finds no more than this share above the largest force
    plateau_rise: float = 0.005
    #: equilibrium lost below this share of the elastic stiffness is lost close to the peak
    bracket_tangent: float = 0.10
    #: tries for a next state that are spent there
    tries_near_peak: int = 3
    #: steps are not cut below this share of the largest one
    smallest_cut: float = 1 / 64
    #: shortening at which a force is wanted, mm: the march halts there, and only a peak may end it before
    stop: float | None = None
    #: shortening per travel while all is elastic
    rate: float = 1.0
    #: of that shortening at most such a share is covered in one step
    strides: float = 1 / 8
    #: travel close to which a state is wanted, mm
    pause: float = 0.0

    @property
    def least(self) -> float:
        """The step that is not cut any more, mm."""
        return self.smallest_cut * self.largest_step

    def onto_stop(self, step: float, found: list[Increment]) -> float:
        """The step that leaps over neither ``pause`` nor ``stop`` if shortening goes on as over the last one, mm."""
        if self.stop is None or self.stopped(found):
            return step
        travel = [0.0, *(one.displacement for one in found)]
        if 0.1 * step < self.pause - travel[-1] < step:
            step = self.pause - travel[-1]
        shortening = [0.0, *(one.shortening for one in found)]
        rate = (shortening[-1] - shortening[-2]) / (travel[-1] - travel[-2]) if found else self.rate
        return min(step, min(self.stop - shortening[-1], self.strides * self.stop) / rate) if rate > 0 else step

    def stopped(self, found: list[Increment]) -> bool:
        """True once ``stop`` was met, or where there is none."""
        return self.stop is None or (bool(found) and found[-1].shortening > (1 - REACHED) * self.stop)


@dataclass(frozen=True)
class Found:
    """An increment, and the state behind it."""

    increment: Increment
    state: State


def march(
    problem: Problem,
    rules: Rules,
    first_guess: Floats,
    too_far: Callable[[State], bool] = lambda state: False,
    gauge: Callable[[State], Deformation | None] = lambda state: None,
) -> Iterator[Found | History]:
    """Yield each equilibrium as it is found, and last of all the ``History``.

    Args:
        problem: finds equilibria.
        rules: steps and stops.
        first_guess: unknowns at ``rules.first_step`` of travel, e.g. the elastic ones.
        too_far: says of a state that strains have left what the model is good for.
        gauge: measures a vertebral body.
    """
    past, current = None, problem.rest()
    found: list[Increment] = []
    stride = rules.first_step
    step = rules.onto_stop(stride, found)
    guess = _extrapolated(past, current, step, first_guess, rules)
    solves = spent = cuts = lost = calm = 0
    lost_at: float | None = None
    while True:
        attempt = problem.attempt(current, guess, current.travel + step)
        spent, solves = spent + attempt.newton_iterations, solves + attempt.newton_iterations
        if attempt.state is None:
            tangent = tangent_of(found, rules.stiffness)
            lost, lost_at = lost + 1, current.travel + step
            near = tangent < rules.bracket_tangent * rules.stiffness and bool(found)
            if near and lost >= rules.tries_near_peak:
                status = "bracketed"
                break
            if step * 0.5 < rules.least:
                status = "bracketed" if near else "stuck"
                break
        if attempt.state is None or (step * 0.5 >= rules.least and _leaps(found, attempt.state, rules)):
            cuts, stride, calm = cuts + 1, step * 0.5, 0
            step = stride
            guess = _extrapolated(past, current, step, first_guess, rules)
            continue
        past, current = current, attempt.state
        found.append(replace(increment_of(problem, past, current, found, spent, cuts), body=gauge(current)))
        calm = calm + 1 if attempt.newton_iterations <= 6 else 0
        spent = cuts = lost = 0
        lost_at = None
        yield Found(found[-1], current)
        status = _ending(found, current, rules, too_far)
        if status:
            break
        stride = min(stride * (1.5 if calm > 1 else 1.0), rules.largest_step)
        step = rules.onto_stop(stride, found)
        guess = _extrapolated(past, current, step, first_guess, rules)
    yield History(tuple(found), status, lost_at, solves)


def _leaps(found: list[Increment], state: State, rules: Rules) -> bool:
    """True when a state lies behind a peak that may be well above the last increment, which is the highest so far."""
    if not found or state.force >= found[-1].force or found[-1].force < max(one.force for one in found):
        return False
    rise = tangent_of(found, rules.stiffness) * (state.travel - found[-1].displacement)
    return rise > rules.over_peak * found[-1].force


def _ending(found: list[Increment], state: State, rules: Rules, too_far: Callable[[State], bool]) -> str:
    """Status when the march is over, else an empty string."""
    highest = max(increment.force for increment in found)
    if found[-1].force < rules.confirmed_below * highest:
        return "collapsed"
    if not rules.stopped(found) and state.travel < rules.furthest:
        return ""
    tangent = tangent_of(found, rules.stiffness)
    flat = abs(tangent) < rules.plateau_tangent * rules.stiffness
    if len(found) > 1 and flat and _top(found) < (1 + rules.plateau_rise) * highest:
        return "plateau"
    # a force that falls is followed until the peak is confirmed
    if tangent > 0 and (state.travel >= rules.furthest or too_far(state)):
        return "limit_reached"
    return ""


def tangent_of(found: list[Increment], stiffness: float) -> float:
    """Slope of the force over the last increment, N/mm; the elastic stiffness before there is one."""
    if not found:
        return stiffness
    last = found[-1]
    before = found[-2] if len(found) > 1 else replace(last, displacement=0.0, force=0.0)
    return (last.force - before.force) / (last.displacement - before.displacement)


def _top(found: list[Increment]) -> float:
    """Force at the top of the parabola through the last three states, N: an increment may lead over a peak."""
    states = [(0.0, 0.0), *((one.displacement, one.force) for one in found)][-3:]
    travel, force = np.array(states).T
    return parabola(travel, force, travel[-1])[0]


def _extrapolated(past: State | None, current: State, step: float, first_guess: Floats, rules: Rules) -> Floats:
    if past is None:
        return np.asarray(first_guess * (step / rules.first_step))
    ratio = step / (current.travel - past.travel)
    return np.asarray(current.unknowns + ratio * (current.unknowns - past.unknowns))


def increment_of(
    problem: Problem, past: State, current: State, found: list[Increment], spent: int, cuts: int
) -> Increment:
    """The increment from one equilibrium to the next; the machine's work by the trapezium rule."""
    elastic, plastic = problem.energies(current)
    before = found[-1].external_work if found else 0.0
    work = before + 0.5e-3 * (past.force + current.force) * (current.travel - past.travel)
    return Increment(current.travel, current.force, work, elastic, plastic, spent, cuts)
