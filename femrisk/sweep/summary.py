"""What came of a sweep in a few lines: in goes its part of the table, out come states, loads, and the effort."""

from __future__ import annotations

from typing import Any

from femrisk.caveats import RATED
from femrisk.sweep.lines import Line


def load_lines(own: Any) -> list[Line]:
    """Each arm under each load: cases, those with a fracture load and those still rising, kN, the ratio to intact."""
    if "arm" not in own:
        return []
    lines: list[Line] = []
    for (arm, load), group in own.dropna(subset=["arm"]).groupby(["arm", "load"], sort=False):
        rated = group[group["status"].isin(RATED)]["fracture_load_N"].dropna().astype(float) / 1000
        ratio = group["ratio_to_intact"].astype(float).median()
        line: Line = {"arm": str(arm), "load": str(load), "cases": len(group), "with_a_load": len(rated)}
        line["at_least"] = int((group["status"] == "limit_reached").sum())
        for name, share in (("kN_5", 0.05), ("kN_median", 0.5), ("kN_95", 0.95)):
            line[name] = float(rated.quantile(share)) if len(rated) else None
        lines.append(line | {"ratio_to_intact_median": None if ratio != ratio else float(ratio)})
    return lines


def state_lines(own: Any) -> list[Line]:
    """How many points ended in which state, and why those without a result have none, the commonest first."""
    first = own.groupby("point").first()
    lines: list[Line] = [
        {"state": str(state), "reason": None, "points": int(count)}
        for state, count in first["state"].value_counts().items()
    ]
    if "reason" in first:
        lost = first[first["state"].isin(["invalid", "refused", "failed"])]
        for (state, reason), count in lost.groupby(["state", "reason"]).size().sort_values(ascending=False).items():
            lines.append({"state": str(state), "reason": str(reason), "points": int(count)})
    return lines


def effort_lines(own: Any) -> list[Line]:
    """Seconds of the clock and of processors per case: how many cases tell them, their median and their sum."""
    lines: list[Line] = []
    for column in ("case_seconds", "case_cpu_seconds"):
        if column in own:
            seconds = own.groupby("point")[column].first().dropna().astype(float)
            if len(seconds):
                told = {"cases": len(seconds), "median_s": float(seconds.median()), "sum_s": float(seconds.sum())}
                lines.append({"of": column.removeprefix("case_"), **told})
    return lines
