"""Designs of a sweep: in go its axes, out comes one row of values for each point, always the same rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, JsonValue

from femrisk.meshes.labelled import Floats
from femrisk.part import Part
from femrisk.sweep.axes import DependingAxis

Row = tuple[JsonValue, ...]
Samples = Annotated[int, Field(ge=2, le=100_000)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Grid(Part):
    """Every level of each axis with every level of the others."""

    kind: Literal["grid"]
    """Every combination of the axes' values."""
    random: ClassVar[bool] = False

    def size(self, axes: Sequence[Any]) -> int:
        """How many rows."""
        return math.prod(len(axis.steps()) for axis in axes)

    def rows(self, axes: Sequence[Any]) -> Iterator[Row]:
        """One value per column and row, the last axis fastest."""
        for combination in itertools.product(*(axis.steps() for axis in axes)):
            yield tuple(itertools.chain.from_iterable(combination))


class Random(Part):
    """What random designs share."""

    random: ClassVar[bool] = True

    samples: Samples
    """How many points are drawn."""
    seed: Seed = 0
    """Which points: the same seed gives the same ones."""

    def shares(self, count: int) -> Floats:
        """(rows, count) numbers from 0 to 1."""
        raise NotImplementedError

    def size(self, axes: Sequence[Any]) -> int:
        """How many rows."""
        return self.samples

    def rows(self, axes: Sequence[Any]) -> Iterator[Row]:
        """One value per axis and row."""
        for shares in self.shares(len(axes)):
            yield drawn(axes, shares)


def drawn(axes: Sequence[Any], shares: Floats) -> Row:
    """One value per axis at a row of shares; an axis that depends on another is told what that has drawn."""
    values: dict[str, JsonValue] = {}
    for axis, share in zip(axes, shares, strict=True):
        source = axis.given(values[axis.on]) if isinstance(axis, DependingAxis) else axis
        values[axis.column] = source.at(float(share))
    return tuple(values.values())


class LatinHypercube(Random):
    """Each axis' range cut into as many slices as points, each slice met once."""

    kind: Literal["latin_hypercube"]
    """As many slices of each axis as points, each met once; good for any number of points."""

    def shares(self, count: int) -> Floats:
        """(samples, count), of scipy.stats.qmc."""
        from scipy.stats.qmc import LatinHypercube as Sampler

        return np.asarray(Sampler(count, rng=np.random.default_rng(self.seed)).random(self.samples))


class Sobol(Random):
    """Scrambled points of Sobol's sequence."""

    kind: Literal["sobol"]
    """A scrambled Sobol sequence: evenest for 2, 4, 8, ... points, and a longer one begins with the shorter."""

    def shares(self, count: int) -> Floats:
        """(samples, count), of scipy.stats.qmc."""
        from scipy.stats.qmc import Sobol as Sampler

        powers = math.ceil(math.log2(self.samples))
        points = Sampler(count, rng=np.random.default_rng(self.seed)).random_base2(powers)
        return np.asarray(points[: self.samples])


class Saltelli(Random):
    """Points from which Sobol's indices are read: samples x (axes + 2) of them."""

    kind: Literal["saltelli"]
    """What Sobol's indices need: samples times (number of axes + 2) points, samples best 2, 4, 8, ..."""

    def size(self, axes: Sequence[Any]) -> int:
        """How many rows."""
        return self.samples * (len(axes) + 2)

    def shares(self, count: int) -> Floats:
        """(samples (count + 2), count), of SALib, in its order."""
        from SALib.sample import sobol

        problem = {"num_vars": count, "names": [str(i) for i in range(count)], "bounds": [[0.0, 1.0]] * count}
        return np.asarray(sobol.sample(problem, self.samples, calc_second_order=False, scramble=True, seed=self.seed))


Design = Annotated[Grid | LatinHypercube | Sobol | Saltelli, Field(discriminator="kind")]
