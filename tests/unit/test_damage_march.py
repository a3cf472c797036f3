"""What two marches of different step say together, and how a march of damage ends."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.damage_march import LARGEST_STEP_ERROR, Pace, ending, highest, verdict
from femrisk.history import History, Increment

PACE = Pace(start=0.5, step=0.1, furthest=5.0, window=0.3, stiffness=100.0)


def increments(*points: tuple[float, float]) -> tuple[Increment, ...]:
    return tuple(Increment(travel, force, 0.1, 0.1, 0.0, 4, 0) for travel, force in points)


def history(top: float, status: str = "collapsed") -> History:
    # a parabola of height ``top`` at a travel of 2, whose highest point is met
    points = [(u, top * (1 - 0.1 * (u - 2) ** 2)) for u in (1.0, 2.0, 3.0)]
    return History(increments(*points), status, None, 8)


def test_the_load_is_the_limit_of_both_steps_and_their_difference_its_error() -> None:
    said = verdict(history(1020.0), history(1010.0))
    assert said.peak.load == pytest.approx(1000.0)
    assert said.step_error == pytest.approx(10 / 1010)
    assert (said.history.status, said.peak.bracket) == ("collapsed", None)
    assert said.history.linear_solves == 16


def test_steps_that_differ_too_much_leave_a_bracket() -> None:
    said = verdict(history(1000.0 * (1 + 1.1 * LARGEST_STEP_ERROR)), history(1000.0))
    assert said.history.status == "bracketed"
    assert said.peak.bracket == pytest.approx((967.0, 1033.0))


def test_without_both_loads_there_is_none() -> None:
    for pair in ((history(1000.0, "stuck"), history(1000.0)), (history(1000.0), history(1000.0, "stuck"))):
        said = verdict(*pair)
        assert said.history.status == "stuck"
        assert (said.peak.load, said.step_error) == (None, None)


def test_a_march_that_still_rises_gives_the_lower_force_as_a_bound() -> None:
    said = verdict(history(1020.0, "limit_reached"), history(1010.0, "limit_reached"))
    assert said.history.status == "limit_reached"
    assert said.peak.load == pytest.approx(1010.0)


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ((1.1, 94.0), "collapsed"),
        # over the window of 0.3 the force rose by less than 2 % of 100 N/mm
        ((1.1, 100.5), "plateau"),
        ((1.1, 101.0), ""),
        ((5.0, 300.0), "limit_reached"),
    ],
)
def test_a_march_ends_when_its_force_says_so(last: tuple[float, float], status: str) -> None:
    found = list(increments((0.5, 50.0), (0.8, 100.0), last))
    assert ending(found, PACE) == status


def test_halving_the_step_halves_every_step() -> None:
    calm, cracking = (Increment(1.0, 50.0, 1.0, 1.0, lost, 4, 0) for lost in (0.0, 0.1))
    fine = Pace(0.5, 0.05, 5.0, 0.3, 100.0)
    for last in (calm, cracking):
        assert PACE.next_travel(last) - 1.0 == pytest.approx(2 * (fine.next_travel(last) - 1.0))
    assert np.isclose(PACE.next_travel(cracking), 1.1)


def test_a_force_that_drops_at_once_is_read_where_it_was_met() -> None:
    # a parabola through these points would rise above them
    sudden = History(increments((1.0, 900.0), (2.0, 1000.0), (3.0, 500.0)), "collapsed", None, 8)
    assert highest(sudden).load == 1000.0
    assert highest(sudden).displacement == 2.0
    assert verdict(sudden, sudden).peak.load == 1000.0
