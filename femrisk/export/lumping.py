"""Materials for codes with one material per element: yield curves (m, 4) in, a few hundred named materials out."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from femrisk.export.problem import Problem
from femrisk.materials.curve import YieldCurve
from femrisk.meshes.labelled import Floats

#: Most materials of a linear and of a plastic file.
LINEAR_BINS, PLASTIC_BINS = 400, 800
#: Weight of the post-yield strains beside modulus and strength when a bin is halved: they matter less to a peak.
POST_YIELD = 0.25


@dataclass(frozen=True)
class Lumped:
    """Elements that share a material."""

    #: one name per bin
    names: tuple[str, ...]
    #: (m,) bin of each element
    index: NDArray[np.int64]
    #: arrays of (bins,)
    curve: YieldCurve
    #: largest relative change of a parameter from an element's mean to its bin
    changes: dict[str, float]
    #: root mean square over the volume of the modulus at Gauss points less their bin's, as a share of the mean modulus
    within: float

    def by_element(self) -> YieldCurve:
        """Arrays of (m, 4): the problem the file states, for femrisk itself."""
        rows = self.curve.take(self.index)
        return YieldCurve(**{one.name: np.repeat(getattr(rows, one.name)[:, None], 4, axis=1) for one in fields(rows)})

    def report(self) -> str:
        """One line about what was lost."""
        lost = ", ".join(f"{name} {100 * change:.2g} %" for name, change in self.changes.items())
        return (
            f"{len(self.names)} materials for {len(self.index)} elements; largest change from an element's mean to its "
            f"material: {lost}; the modulus inside the elements varies by {100 * self.within:.2g} % of its mean (rms)"
        )


def lump(problem: Problem, plastic: bool) -> Lumped:
    """Bin the elements' mean parameters; elements of different legend, or in and out of a stiff layer, never share.

    An element is elastic when at least two of its four Gauss points are.

    Args:
        problem: what is exported.
        plastic: whether elements that share a material must resemble each other in strength and softening too.
    """
    curve = element_means(problem.curve if plastic else problem.curve.elastic())
    elastic = np.isinf(curve.strength) & plastic
    kinds = np.stack([problem.field.index, problem.layer, elastic], axis=1).astype(np.int64)
    kind, group = np.unique(kinds, axis=0, return_inverse=True)
    index = binned(_coordinates(curve), group.ravel(), PLASTIC_BINS if plastic else LINEAR_BINS)
    volume = problem.mesh.volumes()
    weight = np.bincount(index, volume)
    means = {one.name: np.bincount(index, volume * _finite(getattr(curve, one.name))) / weight for one in fields(curve)}
    first = np.unique(index, return_index=True)[1]
    for name in ("strength", "plateau", "residual"):
        infinite = np.isinf(getattr(curve, name)[first])
        means[name] = np.where(infinite, np.inf, means[name])
    lumped = YieldCurve(**means)
    changes = {
        name: _largest(getattr(lumped, name)[index], getattr(curve, name))
        for name in ("young", "poisson", "strength", "plateau", "softening", "residual")[: 6 if plastic else 2]
    }
    names = _names(problem, kind[group.ravel()[first]])
    square = (volume * ((problem.curve.young - lumped.young[index][:, None]) ** 2).mean(axis=1)).sum() * volume.sum()
    within = float(np.sqrt(square) / (volume * lumped.young[index]).sum())
    return Lumped(names, index, lumped, changes, within)


def element_means(curve: YieldCurve) -> YieldCurve:
    """Arrays (m,) from arrays (m, 4)."""
    elastic = np.isinf(curve.strength).sum(axis=1) >= 2
    # the means of strength are those of the Gauss points that yield
    yields = np.isfinite(curve.strength) | elastic[:, None]
    count = yields.sum(axis=1)
    means = {}
    for one in fields(curve):
        values = getattr(curve, one.name)
        shared = one.name in ("young", "poisson")
        with np.errstate(invalid="ignore"):
            means[one.name] = values.mean(axis=1) if shared else np.where(yields, values, 0.0).sum(axis=1) / count
    made = YieldCurve(**means)
    flat = np.where(elastic, np.inf, made.plateau)
    return replace(made, plateau=flat, softening=np.where(np.isinf(flat), 0.0, made.softening))


def binned(coordinates: Floats, group: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """Bins of points (m, k): the widest is halved across its widest coordinate until there are ``limit``.

    Args:
        coordinates: what members of a bin shall agree in.
        group: (m,) points of different groups are never in one bin.
        limit: most bins there may be (there are as many as groups, if that is more).
    """
    heap: list[tuple[float, int, int, NDArray[np.int64]]] = []
    made = 0

    def add(members: NDArray[np.int64]) -> None:
        nonlocal made
        spread = np.ptp(coordinates[members], axis=0)
        axis = int(spread.argmax())
        heapq.heappush(heap, (-float(spread[axis]), made, axis, members))
        made += 1

    for number in range(int(group.max()) + 1):
        add(np.flatnonzero(group == number))
    while len(heap) < limit and heap[0][0] < -1e-9:
        _, _, axis, members = heapq.heappop(heap)
        values = coordinates[members, axis]
        upper = values > 0.5 * (values.min() + values.max())
        add(members[~upper])
        add(members[upper])
    index = np.empty(len(group), dtype=np.int64)
    # in order of group, then of the first coordinate, so that numbers in names mean something
    ordered = sorted((one[3] for one in heap), key=lambda rows: (group[rows[0]], coordinates[rows, 0].mean()))
    for number, members in enumerate(ordered):
        index[members] = number
    return index


def _coordinates(curve: YieldCurve) -> Floats:
    columns = [np.log(curve.young), curve.poisson, np.log(np.where(np.isinf(curve.strength), 1.0, curve.strength))]
    columns.append(POST_YIELD * np.log(np.where(np.isinf(curve.plateau), 1.0, curve.plateau).clip(min=1e-4)))
    columns.append(POST_YIELD * np.log(np.where(curve.softening == 0, 1.0, -curve.softening)))
    return np.stack(columns, axis=1)


def _names(problem: Problem, kinds: NDArray[np.int64]) -> tuple[str, ...]:
    """A name for each bin from its kind (legend, in a stiff layer, elastic): ``cortical_layer_012``."""
    stems = [problem.field.names[legend] + "_layer" * layer for legend, layer, _ in kinds.tolist()]
    return tuple(f"{stem}_{stems[:number].count(stem) + 1:03d}" for number, stem in enumerate(stems))


def _finite(values: Floats) -> Floats:
    return np.where(np.isinf(values), 0.0, values)


def _largest(new: Floats, old: Floats) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.abs(_finite(np.broadcast_to(new, old.shape)) / _finite(old) - 1)
    return float(np.nan_to_num(change, nan=0.0).max())
