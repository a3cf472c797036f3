"""Which axis matters: in go values of the axes and what came out, out come swings and Sobol's indices, with intervals.

A swing is the median of what came out in the fifth of the cases where the axis is lowest, and in the fifth where it is
highest. Sobol's indices are shares of the variance: the first-order one of an axis alone, the total one with all that
it does together with others. Intervals are 95 %, by bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.meshes.labelled import Floats

#: share of the cases at either end of an axis
FIFTH = 0.2
#: resamples of a bootstrap, and the seed of all of them
RESAMPLES, SEED = 500, 0
#: cases below which nothing is said; SALib's given-data estimate wants far more than twice its 10 harmonics
FEWEST = 40


@dataclass(frozen=True)
class Swing:
    """What came out at both ends of an axis, each with its interval."""

    low: float
    low_interval: tuple[float, float]
    high: float
    high_interval: tuple[float, float]

    @property
    def width(self) -> float:
        """How far apart they are."""
        return abs(self.high - self.low)


@dataclass(frozen=True)
class Index:
    """Sobol's indices of one axis; half widths of their intervals."""

    first: float
    first_half: float
    total: float | None = None
    total_half: float | None = None


def swings(positions: Floats, found: Floats) -> tuple[Swing, ...]:
    """The swing of each column of ``positions`` (n, k) in ``found`` (n,)."""
    chance = np.random.default_rng(SEED)
    result = []
    for column in positions.T:
        low, high = np.quantile(column, [FIFTH, 1 - FIFTH])
        ends = [found[column <= low], found[column >= high]]
        middles = [float(np.median(end)) for end in ends]
        spans = [
            np.quantile(np.median(chance.choice(end, (RESAMPLES, len(end))), axis=1), [0.025, 0.975]) for end in ends
        ]
        (a, b), (c, d) = ((float(span[0]), float(span[1])) for span in spans)
        result.append(Swing(middles[0], (a, b), middles[1], (c, d)))
    return tuple(result)


def variance_shares(found: Floats, count: int) -> tuple[tuple[Index, ...], int]:
    """Indices of ``count`` axes from a saltelli design, and of how many of its groups.

    Args:
        found: (groups (count + 2),) in the order of the design; NaN where a case gave no number: its group is left out.
        count: how many axes.
    """
    from SALib.analyze import sobol

    groups = found.reshape(-1, count + 2)
    whole = groups[np.isfinite(groups).all(axis=1)]
    if len(whole) < 2 or np.ptp(whole) == 0:
        return (), len(whole)
    said = sobol.analyze(
        _problem(count), whole.ravel(), calc_second_order=False, num_resamples=RESAMPLES, conf_level=0.95, seed=SEED
    )
    keys = ("S1", "S1_conf", "ST", "ST_conf")
    return tuple(Index(*(float(said[key][i]) for key in keys)) for i in range(count)), len(whole)


def first_order(positions: Floats, found: Floats) -> tuple[Index, ...]:
    """First-order indices of the columns of any random design (n, k) with ``found`` (n,); none from too few cases."""
    from SALib.analyze import rbd_fast

    if len(found) < FEWEST or np.ptp(found) == 0:
        return ()
    said = rbd_fast.analyze(
        _problem(positions.shape[1]), positions, found, num_resamples=RESAMPLES // 5, conf_level=0.95, seed=SEED
    )
    return tuple(Index(float(a), float(b)) for a, b in zip(said["S1"], said["S1_conf"], strict=True))


def _problem(count: int) -> dict[str, object]:
    return {"num_vars": count, "names": [str(i) for i in range(count)], "bounds": [[0.0, 1.0]] * count}
