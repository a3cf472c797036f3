"""Axes of a sweep file: in goes an axis, out come its levels in order, or the values it takes at given shares."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, JsonValue, model_validator
from scipy.special import ndtr, ndtri

from femrisk.mistakes import SeveralMistakes
from femrisk.part import Part

#: digits of a value that is drawn, and of one that is spaced: a case must have the same name on every machine
DRAWN_DIGITS, SPACED_DIGITS = 6, 12
#: deepest share of a distribution without ends that is drawn, so that none is infinite
TAIL = 1e-6

Text = Annotated[str, Field(min_length=1, max_length=200)]


class NamedAxis(Part):
    """What every axis has: where its values go."""

    path: Text
    """Dotted path of the key in the case: lesions.0.semi_axes_mm, bone.density_scale, arms.pop.fill_fraction. An item
    of a list is given by its index, its name, or * for every item that has the key."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=64)] | None = None
    """Column of the table and label of the figures; the path when left out."""

    relative: bool = False
    """Multiply what the base case has there, each number of a list alike, instead of replacing it."""

    @property
    def column(self) -> str:
        """Name of its column in the table."""
        return self.name or self.path


class ListAxis(NamedAxis):
    """Values one by one."""

    kind: Literal["list"]
    """The values as they stand."""
    values: Annotated[tuple[JsonValue, ...], Field(min_length=1, max_length=10_000)]
    """Numbers, words, or lists of them, as the key takes them."""

    def levels(self) -> tuple[JsonValue, ...]:
        """The values."""
        return self.values

    def steps(self) -> tuple[tuple[JsonValue, ...], ...]:
        """The values, each a row of one column."""
        return tuple((value,) for value in self.levels())


class RangeAxis(NamedAxis):
    """Values evenly spaced from first to last."""

    kind: Literal["range"]
    """Evenly spaced numbers."""
    first: float
    """First value."""
    last: float
    """Last value, included."""
    count: Annotated[int, Field(ge=2, le=10_000)]
    """How many values."""
    spacing: Literal["linear", "logarithmic"] = "linear"
    """Equal steps, or equal ratios."""

    @model_validator(mode="after")
    def _can_be_spaced(self) -> Self:
        if self.spacing == "logarithmic" and min(self.first, self.last) <= 0:
            raise SeveralMistakes((("spacing",), "logarithmic needs a first and a last above 0"))
        return self

    def levels(self) -> tuple[JsonValue, ...]:
        """The values, rounded to 12 digits."""
        space = np.linspace if self.spacing == "linear" else np.geomspace
        return tuple(number(value, SPACED_DIGITS) for value in space(self.first, self.last, self.count))

    def steps(self) -> tuple[tuple[JsonValue, ...], ...]:
        """The values, each a row of one column."""
        return tuple((value,) for value in self.levels())


LevelAxis = Annotated[ListAxis | RangeAxis, Field(discriminator="kind")]


class ZippedAxis(Part):
    """Axes that move together."""

    kind: Literal["zipped"]
    """Several axes in step: the first values of all, then the second ones, and so on."""
    axes: Annotated[tuple[LevelAxis, ...], Field(min_length=2)]
    """The axes, all of one length."""

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        lengths = [len(axis.levels()) for axis in self.axes]
        wrong = [
            (("axes", index), f"axes in step have one length (allowed: {lengths[0]}, got: {length})")
            for index, length in enumerate(lengths)
            if length != lengths[0]
        ]
        if wrong:
            raise SeveralMistakes(*wrong)
        return self

    def steps(self) -> tuple[tuple[JsonValue, ...], ...]:
        """One value of each axis at every step."""
        return tuple(zip(*(axis.levels() for axis in self.axes), strict=True))


class UniformAxis(NamedAxis):
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


class NormalAxis(NamedAxis):
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


class LognormalAxis(NamedAxis):
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


class ChoiceAxis(NamedAxis):
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


RandomAxis = UniformAxis | NormalAxis | LognormalAxis | ChoiceAxis
Column = ListAxis | RangeAxis | RandomAxis
Axis = Annotated[
    ListAxis | RangeAxis | ZippedAxis | UniformAxis | NormalAxis | LognormalAxis | ChoiceAxis,
    Field(discriminator="kind"),
]


def columns_of(axis: ListAxis | RangeAxis | ZippedAxis | RandomAxis) -> tuple[Column, ...]:
    """The axis itself, or those that move together in it."""
    return axis.axes if isinstance(axis, ZippedAxis) else (axis,)


def number(value: float, digits: int) -> int | float:
    """``value`` to so many significant digits; a whole number is one, as keys that count things want it."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _in_order[One: Part](axis: One, low: float, high: float) -> One:
    if not low < high:
        raise SeveralMistakes((("high",), f"must lie above low (allowed: more than {low:g}, got: {high:g})"))
    return axis
