"""Distributions of a random design: in goes a share of the whole, out comes the value below which that share lies."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, JsonValue, model_validator
from scipy.special import ndtr, ndtri

from femrisk.mistakes import SeveralMistakes
from femrisk.part import Part

#: digits of a value that is drawn: a case must have the same name on every machine
DRAWN_DIGITS = 6
#: deepest share of a distribution without ends that is drawn, so that none is infinite
TAIL = 1e-6


class Uniform(Part):
    """Equally likely between two ends."""

    kind: Literal["uniform"]
    """Equally likely between low and high."""
    low: float
    """Lower end."""
    high: float
    """Upper end."""

    @model_validator(mode="after")
    def _ends_in_order(self) -> Self:
        return _in_order(self, self.low, self.high)

    def at(self, share: float) -> JsonValue:
        """The value below which ``share`` of all values lie."""
        return number(self.low + share * (self.high - self.low), DRAWN_DIGITS)


class Normal(Part):
    """Normal, cut off at both ends."""

    kind: Literal["normal"]
    """Normal, cut off at low and high."""
    mean: float
    """Mean before it is cut off."""
    sd: Annotated[float, Field(gt=0)]
    """Standard deviation before it is cut off."""
    low: float
    """Nothing lies below."""
    high: float
    """Nothing lies above."""

    @model_validator(mode="after")
    def _ends_in_order(self) -> Self:
        return _in_order(self, self.low, self.high)

    def at(self, share: float) -> JsonValue:
        """The value below which ``share`` of all values lie."""
        low, high = (float(ndtr((end - self.mean) / self.sd)) for end in (self.low, self.high))
        depth = float(ndtri(low + share * (high - low)))
        return number(min(max(self.mean + self.sd * depth, self.low), self.high), DRAWN_DIGITS)


class Lognormal(Part):
    """A number whose logarithm is normal."""

    kind: Literal["lognormal"]
    """Its logarithm is normal."""
    median: Annotated[float, Field(gt=0)]
    """Half of all values lie below."""
    log_sd: Annotated[float, Field(gt=0, le=5)]
    """Standard deviation of the natural logarithm; 0.2 spreads by about 20 %."""
    low: Annotated[float, Field(gt=0)] | None = None
    """Nothing lies below."""
    high: Annotated[float, Field(gt=0)] | None = None
    """Nothing lies above."""

    @model_validator(mode="after")
    def _ends_in_order(self) -> Self:
        return _in_order(self, self.low or 0.0, np.inf if self.high is None else self.high)

    def at(self, share: float) -> JsonValue:
        """The value below which ``share`` of all values lie."""
        low, high = (
            end if value is None else float(ndtr(np.log(value / self.median) / self.log_sd))
            for end, value in ((0.0, self.low), (1.0, self.high))
        )
        depth = float(ndtri(min(max(low + share * (high - low), TAIL), 1 - TAIL)))
        return number(self.median * float(np.exp(self.log_sd * depth)), DRAWN_DIGITS)


class Choice(Part):
    """One of several values."""

    kind: Literal["choice"]
    """One of several values."""
    values: Annotated[tuple[JsonValue, ...], Field(min_length=2, max_length=1000)]
    """The values, as the key takes them."""
    weights: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    """How often each is drawn, in any unit (default: equally often)."""

    @model_validator(mode="after")
    def _a_weight_each(self) -> Self:
        if self.weights is not None and len(self.weights) != len(self.values):
            what = f"one weight for each value (allowed: {len(self.values)}, got: {len(self.weights)})"
            raise SeveralMistakes((("weights",), what))
        return self

    def at(self, share: float) -> JsonValue:
        """The value whose part of the whole holds ``share``."""
        ends = np.cumsum(self.weights or (1.0,) * len(self.values))
        place = int(np.searchsorted(ends / ends[-1], share, side="right"))
        return self.values[min(place, len(self.values) - 1)]


Distribution = Annotated[Uniform | Normal | Lognormal | Choice, Field(discriminator="kind")]


def number(value: float, digits: int) -> int | float:
    """``value`` to so many significant digits; a whole number is one, as keys that count things want it."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _in_order[One: Part](axis: One, low: float, high: float) -> One:
    if not low < high:
        raise SeveralMistakes((("high",), f"must lie above low (allowed: more than {low:g}, got: {high:g})"))
    return axis
