"""What scores see: femurs and their scores in, rank correlations with strength and with what the lesion takes out."""

from __future__ import annotations

from math import atanh, sqrt, tanh

import numpy as np
from scipy.stats import spearmanr

from femrisk.meshes.labelled import Floats
from femrisk.sweep.agreement import Agreement
from femrisk.sweep.cohort import Femurs, Line, spread
from femrisk.sweep.diagnostics import Estimate, Z

#: femurs below which a rank correlation is noise
FEWEST = 10


def rank_lines(femurs: Femurs, agreement: Agreement) -> list[Line]:
    """How scores order femurs, beside their strength over body weight and what the lesion leaves of the intact one.

    Scores rise with risk here, so a good one falls with both; ranges are taken at their lowest end.
    """
    bare, whole = (_rated(femurs, key) for key in ("untreated", "intact"))
    with np.errstate(invalid="ignore", divide="ignore"):
        left = bare / whole
    shown = [(rule.name, rule.sign * femurs.score(rule)[0]) for rule in agreement.rules]
    lines: list[Line] = []
    for name, values in [*shown, ("intact strength over body weight", whole)]:
        line: Line = {"of": name}
        for column, other in (("strength", bare), ("left", left)):
            line |= {f"{column}_femurs": int((~np.isnan(values) & ~np.isnan(other)).sum())}
            line |= spread(column, rank_correlation(values, other))
        lines.append(line)
    return lines


def rank_correlation(one: Floats, other: Floats) -> Estimate | None:
    """Spearman's, over what both know, with the interval of Bonett and Wright (2000, Psychometrika 65:23).

    None from too few, or where one of them does not vary.
    """
    known = ~np.isnan(one) & ~np.isnan(other)
    if known.sum() < FEWEST or np.ptp(one[known]) == 0 or np.ptp(other[known]) == 0:
        return None
    value = float(spearmanr(one[known], other[known]).statistic)
    half = Z * sqrt((1 + value**2 / 2) / (int(known.sum()) - 3))
    middle = atanh(min(max(value, -1 + 1e-12), 1 - 1e-12))
    return Estimate(value, tanh(middle - half), tanh(middle + half))


def _rated(femurs: Femurs, key: str) -> Floats:
    """Strength over body weight, NaN where it is a bound."""
    strength = femurs.arms[key]
    return np.where(strength.open_ended, np.nan, strength.middle)
