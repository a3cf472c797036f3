"""Strength of a vertebra against the limits of its population: a fracture load and the sex in, a ``Score`` out."""

from __future__ import annotations

from collections.abc import Mapping

from femrisk.scores.value import Score

#: Strength of the first lumbar vertebra, from scans by finite elements, up to which it is called fragile, and low, N
#: (Kopperdahl 2014; ISCD). Recalled: to be checked against the paper before anything rests on them.
FRAGILE_N = {"female": 4500.0, "male": 6500.0}
LOW_N = {"female": 6500.0, "male": 8500.0}


def vertebral_strength(
    sex: str, strength_N: float, *, at_least: bool, arm: str, load: str, values: Mapping[str, float]
) -> Score:
    """Where the strength of the untreated vertebra lies.

    Args:
        sex: female or male.
        strength_N: fracture load of the untreated vertebra in axial compression, N.
        at_least: the march ended while the force still rose, so that the load is a lower bound.
        arm: name of the untreated arm.
        load: name of the load.
        values: fracture load of every arm under that load, N.
    """
    fragile, low = FRAGILE_N[sex], LOW_N[sex]
    if strength_N > low:
        band = f"above {low:g} N: not low"
    elif at_least:
        band = "not known: the load is a lower bound" + (", though not fragile" if strength_N > fragile else "")
    elif strength_N > fragile:
        band = f"above {fragile:g} N, up to {low:g} N: low"
    else:
        band = f"up to {fragile:g} N: fragile"
    return Score(
        name="vertebral_strength",
        value=strength_N,
        items={"arm": arm, "load": load, "fragile_N": fragile, "low_N": low, "values": dict(values), "unit": "N"},
        band=("at least; " if at_least else "") + band,
        advice=(
            "The limits are recalled, and belong to scans of L1 in osteoporosis by their authors' own model: read them "
            "as a scale, more so at another level or beside a lesion."
        ),
        source="Strength categories of Kopperdahl 2014 and the ISCD (limits recalled, to be checked)",
    )
