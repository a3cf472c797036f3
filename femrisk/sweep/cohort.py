"""What a cohort says: in goes the sweep's part of the table, out come lines of agreement, cement, truths and models.

Everything is read from the table alone, femur by femur. A femur breaks when the load is as high as what it carries;
where the march still rose, a bound above the load means that it holds, and one below means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from femrisk.caveats import RATED
from femrisk.meshes.labelled import Floats
from femrisk.sweep.agreement import Agreement, Rule, Truth
from femrisk.sweep.diagnostics import Estimate, FourFold, area, wilson

Line = dict[str, Any]
#: how an unknown part of a score is taken: lowest and highest end, drawn, and lowest where a femur holds, highest where
#: it breaks, which no reader of the score could beat
READINGS = ("lowest", "highest", "drawn", "telling")


@dataclass(frozen=True)
class Strength:
    """What one arm carries, in body weights, one entry per femur; NaN where nothing is known."""

    #: (n,) fracture load, and its ends
    middle: Floats
    low: Floats
    high: Floats
    #: (n,) still rising: the load is a lower bound
    open_ended: NDArray[np.bool_]
    #: (n,) by the linear criterion
    linear: Floats

    def breaks(self, truth: Truth, values: Floats | None = None) -> Floats:
        """(n,) 1 breaks, 0 holds, NaN not known."""
        carried = self.middle if values is None else values
        says = np.where(np.isnan(carried), np.nan, (carried <= truth.body_weights).astype(float))
        bound = self.open_ended & (says == 1) if values is None else np.zeros(len(says), bool)
        return np.where(bound, np.nan, says)


@dataclass(frozen=True)
class Femurs:
    """Every femur of a sweep with a result of its untreated arm."""

    #: (n,) points of the design
    points: NDArray[np.int64]
    arms: Mapping[str, Strength]
    #: scores, both ends, and columns of the sweep, (n,) each
    cells: Mapping[str, NDArray[Any]]

    @classmethod
    def of(cls, own: Any, agreement: Agreement) -> Femurs:
        """From the rows of one sweep in the table (a pandas ``DataFrame``)."""
        rows = own[own["load"] == agreement.load] if "load" in own else own[:0]
        by_arm = {}
        for key in ("intact", "untreated", "cement"):
            arm = getattr(agreement, key)
            by_arm[key] = (rows[rows["arm"] == arm] if "arm" in rows else rows).set_index("point")
        points = np.asarray(sorted(by_arm["untreated"].index), dtype=np.int64)
        arms = {key: _strength(part.reindex(points)) for key, part in by_arm.items()}
        bare = by_arm["untreated"].reindex(points)
        cells = {str(name): bare[name].to_numpy() for name in bare.columns}
        cells["linear_bos_low"] = cells["linear_bos_high"] = arms["untreated"].linear
        return cls(points, arms, cells)

    def score(self, rule: Rule) -> tuple[Floats, Floats]:
        """(n,) both ends of a rule's score; NaN where a femur has none."""
        nothing = np.full(len(self.points), np.nan)
        low, high = (self.cells.get(f"{rule.score}_{end}", nothing) for end in ("low", "high"))
        return np.asarray(low, float), np.asarray(high, float)


def agreement_lines(femurs: Femurs, agreement: Agreement, seed: int) -> list[Line]:
    """How well every rule tells every truth; also among the femurs that would bear the load without their lesion."""
    lines: list[Line] = []
    for truth in agreement.truths:
        breaks = femurs.arms["untreated"].breaks(truth)
        bears = femurs.arms["intact"].breaks(truth) == 0
        cemented = np.where(breaks == 1, femurs.arms["cement"].breaks(truth), np.nan)
        asked = [("all", breaks, agreement.rules)]
        if (bears != ~np.isnan(breaks)).any():
            asked.append(("intact bears it", np.where(bears, breaks, np.nan), agreement.rules))
        asked.append(("cement, of those that break untreated", cemented, agreement.cement_rules))
        for among, outcome, rules in asked:
            for rule in rules:
                for reading, values in readings(femurs, rule, outcome, seed):
                    head = {"truth": truth.name, "among": among, "rule": rule.name, "reading": reading}
                    lines.append(head | measured(rule, values, outcome))
    return lines


def readings(femurs: Femurs, rule: Rule, outcome: Floats, seed: int) -> Iterator[tuple[str, Floats]]:
    """The values of a rule's score under each reading of what is unknown; one reading where nothing is."""
    low, high = femurs.score(rule)
    if not (high > low).any():
        yield "", low
        return
    ends = {"lowest": low, "highest": high}
    if rule.drawn:
        ends["drawn"] = drawn(low, high, rule.drawn, femurs.points, seed)
    graver, milder = (high, low) if rule.sign > 0 else (low, high)
    ends["telling"] = np.where(outcome == 1, graver, milder)
    for name in READINGS:
        if name in ends:
            yield name, ends[name]


def drawn(low: Floats, high: Floats, weights: tuple[float, ...], points: NDArray[np.int64], seed: int) -> Floats:
    """One of evenly spaced values of each range, drawn by weight; a femur's draw is its own, whatever else is there."""
    ends = np.cumsum(weights) / sum(weights)
    shares = np.array([np.random.default_rng((seed, int(point))).random() for point in points])
    place = np.minimum(np.searchsorted(ends, shares, side="right"), len(weights) - 1)
    return np.asarray(low + (high - low) * place / (len(weights) - 1))


def measured(rule: Rule, values: Floats, outcome: Floats) -> Line:
    """Counts, shares, kappa and area of a rule, over the femurs that have both a score and a truth."""
    known = ~np.isnan(values) & ~np.isnan(outcome)
    breaks, scores = outcome[known] == 1, values[known]
    table = FourFold.of(rule.calls(scores), breaks)
    line: Line = {"femurs": table.size, "break": table.tp + table.fn}
    line |= {key: getattr(table, key) for key in ("tp", "fp", "fn", "tn")}
    estimates = {**table.shares(), "kappa": table.kappa(), "AUC": area(rule.sign * scores, breaks)}
    for name, one in estimates.items():
        line |= spread(name, one)
    return line


def spread(name: str, one: Estimate | None) -> Line:
    """An estimate as three cells."""
    value, low, high = (one.value, one.low, one.high) if one else (None, None, None)
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def truth_lines(femurs: Femurs, agreement: Agreement) -> list[Line]:
    """How many femurs of each arm break, by the load and by both of its ends."""
    lines: list[Line] = []
    for truth in agreement.truths:
        for key in ("intact", "untreated", "cement"):
            strength = femurs.arms[key]
            says = strength.breaks(truth)
            known = ~np.isnan(says)
            count = int((says == 1).sum())
            line: Line = {"truth": truth.name, "body_weights": truth.body_weights, "arm": getattr(agreement, key)}
            line |= {"femurs": int(known.sum()), "not_known": int((~known).sum()), "break": count}
            line |= spread("share", wilson(count, int(known.sum())))
            for end in ("low", "high"):
                line[f"break_by_{end}_end"] = int((strength.breaks(truth, getattr(strength, end)) == 1).sum())
            lines.append(line)
    return lines


def cement_lines(femurs: Femurs, agreement: Agreement) -> list[Line]:
    """Where cement alone is enough: of all femurs, then by each column asked for."""
    lines = []
    for truth in agreement.truths:
        whole, bare, cement = (femurs.arms[key].breaks(truth) for key in ("intact", "untreated", "cement"))
        known = ~np.isnan(bare) & ~np.isnan(cement)
        for column, name, inside in groups(femurs, agreement.by):
            here = known & inside
            lost, held = here & (bare == 1), here & (bare == 0)
            enough = int((lost & (cement == 0)).sum())
            line: Line = {"truth": truth.name, "by": column, "group": name, "femurs": int(here.sum())}
            line |= {"not_needed": int(held.sum()), "enough": enough, "not_enough": int(lost.sum()) - enough}
            line |= {"not_enough_and_weak_intact": int((lost & (cement == 1) & (whole == 1)).sum())}
            line |= {"break_only_with_cement": int((held & (cement == 1)).sum())}
            lines.append(line | spread("enough_share", wilson(enough, int(lost.sum()))))
    return lines


def groups(femurs: Femurs, columns: tuple[str, ...]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Column, name and members (n,) of every group: all, each value of a column, each third of its numbers."""
    yield "", "all", np.ones(len(femurs.points), bool)
    for column in columns:
        cells = femurs.cells[column]
        if cells.dtype.kind not in "if":
            for value in sorted({str(cell) for cell in cells}):
                yield column, value, np.array([str(cell) == value for cell in cells])
            continue
        if not len(cells):
            continue
        ends = np.quantile(cells.astype(float), [0, 1 / 3, 2 / 3, 1])
        place = np.clip(np.searchsorted(ends, cells.astype(float), side="right") - 1, 0, 2)
        for third in range(3):
            yield column, f"{ends[third]:.3g} to {ends[third + 1]:.3g}", place == third


def model_lines(femurs: Femurs, agreement: Agreement) -> list[Line]:
    """What the linear criterion misses: each arm's load over it, and how often both say the same of a truth.

    Empty where the sweep is linear itself.
    """
    lines: list[Line] = []
    for key in ("intact", "untreated", "cement"):
        strength = femurs.arms[key]
        both = ~np.isnan(strength.middle) & ~np.isnan(strength.linear) & ~strength.open_ended
        if not both.any() or np.allclose(strength.middle[both], strength.linear[both], rtol=1e-9):
            continue
        ratio = strength.middle[both] / strength.linear[both]
        line: Line = {"arm": getattr(agreement, key), "femurs": int(both.sum())}
        line |= {"ratio_lowest": float(ratio.min()), "ratio_median": float(np.median(ratio))}
        rank = spearmanr(strength.middle[both], strength.linear[both]).statistic if both.sum() > 2 else None
        line |= {"ratio_highest": float(ratio.max()), "rank_correlation": None if rank is None else float(rank)}
        for truth in agreement.truths:
            says, linear = strength.breaks(truth), strength.breaks(truth, strength.linear)
            known = ~np.isnan(says) & ~np.isnan(linear)
            table = FourFold.of(linear[known] == 1, says[known] == 1)
            words = ("both_break", "linear_alone_breaks", "nonlinear_alone_breaks", "both_hold")
            counts = zip(words, (table.tp, table.fp, table.fn, table.tn), strict=True)
            lines.append({"truth": truth.name, **line, **dict(counts)})
    return lines


def _strength(part: Any) -> Strength:
    """Loads of one arm in body weights, from its rows in the order of the femurs."""

    def column(name: str) -> Floats:
        if name not in part:
            return np.full(len(part), np.nan)
        return np.array([np.nan if cell is None else float(cell) for cell in part[name]], dtype=float)

    force, weights = column("fracture_load_N"), column("fracture_load_BW")
    status = np.array([str(one) for one in part["status"]]) if "status" in part else np.full(len(part), "")
    open_ended = np.asarray(status == "limit_reached")
    told = np.isin(status, RATED) | open_ended
    with np.errstate(invalid="ignore", divide="ignore"):
        per_N = weights / force
    middle = np.where(told, weights, np.nan)
    low, high = (column(f"fracture_load_{end}_N") * per_N for end in ("low", "high"))
    return Strength(
        middle,
        np.where(np.isnan(low), middle, low),
        np.where(open_ended, np.inf, np.where(np.isnan(high), middle, high)),
        open_ended,
        column("linear_fracture_load_N") * per_N,
    )
