"""How well a rule tells who breaks: calls or scores and the truth in, shares, kappa and areas with intervals out."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from femrisk.meshes.labelled import Floats

#: 97.5 % quantile of the normal distribution: every interval here is one of 95 %
Z = float(ndtri(0.975))


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class FourFold:
    """How many break and were called, hold and were called, break and were not, hold and were not."""

    tp: int
    fp: int
    fn: int
    tn: int

    @classmethod
    def of(cls, called: NDArray[np.bool_], breaks: NDArray[np.bool_]) -> FourFold:
        """From the call and the truth of each, (n,)."""
        pairs = ((called, breaks), (called, ~breaks), (~called, breaks), (~called, ~breaks))
        tp, fp, fn, tn = (int((one & other).sum()) for one, other in pairs)
        return cls(tp, fp, fn, tn)

    @property
    def size(self) -> int:
        """How many."""
        return self.tp + self.fp + self.fn + self.tn

    def shares(self) -> dict[str, Estimate | None]:
        """Sensitivity, specificity, predictive values; None where they are of nobody."""
        return {
            "sensitivity": wilson(self.tp, self.tp + self.fn),
            "specificity": wilson(self.tn, self.tn + self.fp),
            "PPV": wilson(self.tp, self.tp + self.fp),
            "NPV": wilson(self.tn, self.tn + self.fn),
        }

    def kappa(self) -> Estimate | None:
        """Cohen's kappa, its interval by the variance of Fleiss, Cohen and Everitt (1969, Psychol Bull 72:323).

        None where chance alone agrees on everybody (all are called and break, or none is and does).
        """
        if not self.size:
            return None
        p = np.array([[self.tp, self.fp], [self.fn, self.tn]]) / self.size
        row, column = p.sum(axis=1), p.sum(axis=0)
        agree, chance = float(np.trace(p)), float(row @ column)
        if chance == 1:
            return None
        kappa = (agree - chance) / (1 - chance)
        left = 1 - kappa
        same = sum(p[i, i] * (1 - (row[i] + column[i]) * left) ** 2 for i in range(2))
        apart = left**2 * sum(p[i, 1 - i] * (column[i] + row[1 - i]) ** 2 for i in range(2))
        variance = (same + apart - (kappa - chance * left) ** 2) / (self.size * (1 - chance) ** 2)
        half = Z * sqrt(max(variance, 0.0))
        return Estimate(kappa, max(kappa - half, -1.0), min(kappa + half, 1.0))


def wilson(hits: int, of: int) -> Estimate | None:
    """A share and its score interval (Wilson 1927, JASA 22:209); None where it is of nobody."""
    if of == 0:
        return None
    share = hits / of
    middle = (share + Z**2 / (2 * of)) / (1 + Z**2 / of)
    half = Z / (1 + Z**2 / of) * sqrt(share * (1 - share) / of + Z**2 / (4 * of**2))
    # exactly 0 and 1 at the ends, which rounding may miss
    return Estimate(share, 0.0 if hits == 0 else middle - half, 1.0 if hits == of else middle + half)


def area(scores: Floats, breaks: NDArray[np.bool_]) -> Estimate | None:
    """Area under the ROC curve of scores that rise with risk, interval by DeLong (1988, Biometrics 44:837).

    None where all break or all hold. Scores that part them without an error have no spread to read an interval from:
    both of its ends are then the area itself.
    """
    high, low = scores[breaks], scores[~breaks]
    if not len(high) or not len(low):
        return None
    whole = rankdata(np.concatenate([high, low]))
    above = (whole[: len(high)] - rankdata(high)) / len(low)
    below = 1 - (whole[len(high) :] - rankdata(low)) / len(high)
    value = float(above.mean())
    spread = sum(float(np.var(part, ddof=1)) / len(part) for part in (above, below) if len(part) > 1)
    half = Z * sqrt(spread)
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0))


def curve(scores: Floats, breaks: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The ROC curve: 1 - specificity and sensitivity, (k + 1,) each, over every cut-off from strict to lax."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    found = np.cumsum(breaks[order])[ends]
    false = np.cumsum(~breaks[order])[ends]
    return (
        np.concatenate([[0.0], false / max(int((~breaks).sum()), 1)]),
        np.concatenate([[0.0], found / max(int(breaks.sum()), 1)]),
    )
