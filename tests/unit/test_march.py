"""The march against springs whose answers are known: every ending, exact peaks, failed tries that leave no trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from femrisk.fracture import read_peak
from femrisk.history import STATUSES, Attempt, Deformation, History, State
from femrisk.march import Found, Rules, march
from femrisk.meshes.labelled import Floats

RULES = Rules(first_step=0.5, largest_step=0.5, furthest=20.0, stiffness=100.0)
NONE = np.zeros((1, 1))


@dataclass(frozen=True)
class Spring:
    """A force over travel, and the steps it can be solved for."""

    force: Callable[[float], float]
    solvable: Callable[[float, float], bool] = lambda start, travel: True
    asked: list[tuple[float, float]] = field(default_factory=list)

    def rest(self) -> State:
        return State(0.0, 0.0, NONE, NONE, NONE, NONE)

    def attempt(self, state: State, guess: Floats, travel: float) -> Attempt:
        self.asked.append((state.travel, travel))
        if not self.solvable(state.travel, travel):
            return Attempt(None, 5)
        return Attempt(State(travel, self.force(travel), np.full((1, 1), travel), NONE, NONE, NONE), 2)

    def energies(self, state: State) -> tuple[float, float]:
        return 0.5e-3 * state.force * state.travel, 0.0


def marched(spring: Spring, rules: Rules = RULES, far: Callable[[State], bool] = lambda state: False) -> History:
    *found, history = list(march(spring, rules, np.full((1, 1), rules.first_step), far))
    assert isinstance(history, History)
    assert all(isinstance(one, Found) for one in found)
    assert history.status in STATUSES
    return history


def parabola(travel: float) -> float:
    # 100 u - 12.5 u^2: stiffness 100, peak 200 at u = 4
    return 100 * travel - 12.5 * travel**2


def test_a_peak_is_confirmed_and_refined() -> None:
    # the coarse steps of a falling tangent would call this a plateau, so that rule is switched off
    rules = Rules(0.5, 0.7, 20.0, 100.0, plateau_tangent=0.0)
    history = marched(Spring(parabola), rules)
    peak = read_peak(history)
    assert history.status == "collapsed"
    assert peak.load == pytest.approx(200.0, rel=1e-9)
    assert peak.displacement == pytest.approx(4.0, rel=1e-9)
    assert history.forces()[-1] < 0.95 * 200.0


def test_a_force_that_stops_rising_is_a_plateau() -> None:
    history = marched(Spring(lambda u: min(100 * u, 150.0)))
    assert history.status == "plateau"
    assert read_peak(history).load == pytest.approx(150.0)


def test_a_step_over_a_sharp_peak_is_no_plateau() -> None:
    # 100 and 99 N on either side of a peak of 150 N: flat from one to the other, and not at all level
    spring = Spring(lambda u: 100 * u if u < 1.5 else 150 - 101 * (u - 1.5))
    history = marched(spring, Rules(1.0, 1.0, 20.0, 100.0))
    assert history.status == "collapsed"


def test_a_peak_is_not_leapt_over_wherever_it_lies_between_two_steps() -> None:
    for middle in (1.3, 1.4, 1.5, 1.6, 1.7):
        # rises by 100 N/mm, and levels off within a fifth of a step
        history = marched(Spring(lambda u, middle=middle: 100 * u - np.exp(10 * (u - middle))))
        travel = middle + np.log(10) / 10
        assert history.status == "collapsed"
        assert history.forces().max() > 0.97 * (100 * travel - 10)
        assert read_peak(history).load == pytest.approx(100 * travel - 10, rel=0.02)


def test_where_a_strain_defines_strength_the_march_halts_exactly_there() -> None:
    for force, status in ((lambda u: 100 * u, "limit_reached"), (lambda u: min(100 * u, 50.0), "plateau")):
        history = marched(Spring(force), Rules(0.3, 0.4, 20.0, 100.0, stop=1.0), far=lambda state: True)
        assert history.status == status
        assert history.force_at(1.0) == pytest.approx(force(1.0))
        assert history.displacements()[-1] >= 1.0 - 1e-12
    assert history.force_at(0.95) == pytest.approx(50.0)
    assert history.force_at(50.0) is None


def test_where_a_body_takes_a_share_of_the_travel_the_march_halts_by_its_shortening() -> None:
    # the body takes a tenth of the travel, and from 2 mm on a half of it
    def shortening(travel: float) -> float:
        return 0.1 * travel + 0.4 * max(travel - 2.0, 0.0)

    rules = Rules(0.3, 0.4, 20.0, 100.0, stop=1.0, rate=0.1)
    *_, history = march(
        Spring(lambda u: 100 * u),
        rules,
        np.full((1, 1), 0.3),
        lambda state: True,
        lambda state: Deformation(shortening_mm=shortening(state.travel)),
    )
    assert isinstance(history, History)
    # 0.1 u + 0.4 (u - 2) = 1 at u = 3.6
    assert history.status == "limit_reached"
    assert history.force_at(1.0) == pytest.approx(360.0)
    assert history.displacements()[-1] == pytest.approx(3.6)
    assert max(np.diff([one.shortening for one in history.increments])) <= rules.strides * (1 + 0.4 / 0.1)
    body = history.body_at_force(300.0)
    assert body is not None
    assert body.shortening_mm == pytest.approx(shortening(3.0))


def test_a_march_pauses_close_to_the_force_that_is_asked_for() -> None:
    history = marched(Spring(lambda u: 100 * u), Rules(0.3, 0.4, 20.0, 100.0, stop=1.0, pause=0.55))
    assert 0.55 in history.displacements()
    # not where the march comes by anyway
    near = marched(Spring(lambda u: 100 * u), Rules(0.3, 0.4, 20.0, 100.0, stop=1.0, pause=0.26))
    assert 0.26 not in near.displacements()


def test_a_peak_before_that_strain_is_a_peak() -> None:
    history = marched(Spring(parabola), Rules(0.5, 0.7, 20.0, 100.0, stop=6.0))
    assert history.status == "collapsed"
    assert history.displacements()[-1] < 6.0


def test_a_force_that_still_rises_is_only_at_least() -> None:
    history = marched(Spring(lambda u: 100 * u), Rules(0.5, 0.5, 3.0, 100.0))
    assert history.status == "limit_reached"
    assert read_peak(history).load == pytest.approx(100 * history.displacements()[-1])


def test_strains_out_of_range_end_a_rising_march_but_not_a_falling_one() -> None:
    assert marched(Spring(lambda u: 100 * u), far=lambda state: state.travel > 1).status == "limit_reached"
    falling = Rules(0.5, 0.5, 20.0, 100.0, plateau_tangent=0.0)
    assert marched(Spring(parabola), falling, lambda state: state.travel > 4.2).status == "collapsed"


def test_equilibrium_lost_while_stiff_is_no_fracture_load() -> None:
    history = marched(Spring(lambda u: 100 * u, lambda start, travel: travel < 2.2))
    peak = read_peak(history)
    assert history.status == "stuck"
    assert peak.load is None
    assert peak.bracket is None


def test_equilibrium_lost_near_the_peak_is_bracketed() -> None:
    # 4 kN/mm at first, a twentieth of that past 1 mm, nothing to be found past 2 mm
    spring = Spring(lambda u: 100 * u if u < 1 else 100 + 5 * (u - 1), lambda start, travel: travel <= 2.0)
    history = marched(spring)
    peak = read_peak(history)
    assert history.status == "bracketed"
    assert peak.bracket is not None
    assert peak.bracket[0] == pytest.approx(history.forces()[-1])
    assert peak.bracket[0] <= 105.0 <= peak.bracket[1] * 1.01


def test_steps_are_cut_until_they_can_be_solved() -> None:
    rules = Rules(0.5, 0.5, 20.0, 100.0, plateau_tangent=0.0)
    spring = Spring(parabola, lambda start, travel: travel - start <= 0.2)
    history = marched(spring, rules)
    assert history.status == "collapsed"
    assert read_peak(history).load == pytest.approx(200.0, rel=1e-3)
    assert sum(increment.cutbacks for increment in history.increments) > 0


def test_a_failed_try_leaves_the_last_state_as_it_was() -> None:
    spring = Spring(parabola, lambda start, travel: travel - start <= 0.2)
    marched(spring, Rules(0.5, 0.5, 20.0, 100.0, plateau_tangent=0.0))
    for (start, travel), (after, _) in zip(spring.asked, spring.asked[1:], strict=False):
        assert after == (travel if travel - start <= 0.2 else start)


def test_a_peak_passed_before_equilibrium_was_lost_lies_in_its_bracket() -> None:
    rules = Rules(0.5, 0.7, 20.0, 100.0, plateau_tangent=0.0)
    history = marched(Spring(parabola, lambda start, travel: travel < 4.4), rules)
    peak = read_peak(history)
    assert history.status == "bracketed"
    assert peak.bracket is not None
    assert peak.bracket[0] <= 200.0 <= peak.bracket[1]
    assert peak.load == pytest.approx(200.0, rel=1e-6)


def test_nothing_solvable_at_all_is_stuck_without_a_load() -> None:
    history = marched(Spring(parabola, lambda start, travel: False))
    assert history.status == "stuck"
    assert history.increments == ()
    assert read_peak(history).load is None


def test_external_work_is_the_area_under_the_curve() -> None:
    history = marched(Spring(lambda u: 100 * u), Rules(0.5, 0.5, 3.0, 100.0))
    last = history.increments[-1]
    assert last.external_work == pytest.approx(0.5e-3 * 100 * last.displacement**2)
