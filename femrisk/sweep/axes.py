"""Axes of a sweep file: in goes an axis, out come its levels in order, or the values it takes at given shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, JsonValue, model_validator

from femrisk.mistakes import SeveralMistakes
from femrisk.part import Part
from femrisk.sweep.distributions import Choice, Distribution, Lognormal, Normal, Uniform, number

#: digits of a value that is spaced: a case must have the same name on every machine
SPACED_DIGITS = 12

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


class UniformAxis(Uniform, NamedAxis):
    """Equally likely between two ends."""


class NormalAxis(Normal, NamedAxis):
    """Normal, cut off at both ends."""


class LognormalAxis(Lognormal, NamedAxis):
    """A number whose logarithm is normal."""


class ChoiceAxis(Choice, NamedAxis):
    """One of several values."""


class DependingAxis(NamedAxis):
    """Drawn from one of several distributions, by what a choice before it has drawn."""

    kind: Literal["depending"]
    """Its distribution depends on the value of a choice."""
    on: Text
    """Column of a choice axis that stands before this one."""
    each: Annotated[Mapping[str, Distribution], Field(min_length=2)]
    """The distribution for each value of that choice."""

    @property
    def values(self) -> tuple[JsonValue, ...]:
        """What its choices may draw, each once, in their order."""
        found = [value for one in self.each.values() if isinstance(one, Choice) for value in one.values]
        return tuple(value for index, value in enumerate(found) if value not in found[:index])

    def given(self, value: JsonValue) -> Distribution:
        """The distribution that goes with a value of the choice."""
        return self.each[str(value)]


RandomAxis = UniformAxis | NormalAxis | LognormalAxis | ChoiceAxis | DependingAxis
Column = ListAxis | RangeAxis | RandomAxis
Axis = Annotated[
    ListAxis | RangeAxis | ZippedAxis | UniformAxis | NormalAxis | LognormalAxis | ChoiceAxis | DependingAxis,
    Field(discriminator="kind"),
]


def columns_of(axis: ListAxis | RangeAxis | ZippedAxis | RandomAxis) -> tuple[Column, ...]:
    """The axis itself, or those that move together in it."""
    return axis.axes if isinstance(axis, ZippedAxis) else (axis,)
