"""What a verification problem gives: how finely to solve in, ``Check``s out, each a number beside its exact value."""

from __future__ import annotations

from dataclasses import dataclass

from femrisk.materials.curve import YieldCurve


@dataclass(frozen=True)
class Check:
    """One number beside what it should be."""

    problem: str
    #: what was compared, with its unit
    quantity: str
    value: float
    exact: float
    #: relative to ``exact``, or absolute where that is zero or a rate; never negative
    error: float
    #: the largest error allowed, derived where the problem is stated
    bound: float

    @property
    def ok(self) -> bool:
        """Within the bound; a value that is no number is not."""
        return self.error <= self.bound


@dataclass(frozen=True)
class Effort:
    """How a problem is to be solved."""

    #: on the finer mesh, with the tighter bound
    full: bool = False
    #: on stiffness and strength of what the solver gets; anything but 1 is a mistake that the checks must find
    factor: float = 1.0

    def given(self, curve: YieldCurve) -> YieldCurve:
        """The material as the solver gets it."""
        return curve.scaled(self.factor)


def relative(problem: str, quantity: str, value: float, exact: float, bound: float) -> Check:
    """A check whose error is a share of the exact value."""
    return Check(problem, quantity, value, exact, abs(value / exact - 1), bound)


def absolute(problem: str, quantity: str, value: float, exact: float, bound: float) -> Check:
    """A check whose error has the unit of the value."""
    return Check(problem, quantity, value, exact, abs(value - exact), bound)
