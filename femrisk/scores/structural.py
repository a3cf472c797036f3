"""Structural rigidity against the same bone without its lesions: sections in, the largest loss and its meaning out."""

from __future__ import annotations

from collections.abc import Sequence

from femrisk.rigidity import Cut
from femrisk.scores.value import Score

#: Loss of axial, bending or torsional rigidity above which the risk is called high (recalled).
LOSS_LIMIT_SHARE = 0.35

KINDS = ("axial", "bending", "torsion")

SOURCE = (
    "CT-based structural rigidity analysis, Nazarian 2015; limit of 35 % recalled. Here the density is that of the "
    "model and the bone is compared with itself without lesion, not with the other side"
)


def rigidity(sections: Sequence[Cut]) -> Score:
    """Largest loss of axial, bending or torsional rigidity in any section, against the same section without lesion."""
    if not sections:
        return Score("rigidity", None, {"unit": "share"}, "no section large enough to compare", "None.", SOURCE)
    losses = [section.losses() for section in sections]
    worst = {kind: max(range(len(losses)), key=lambda i: losses[i][kind]) for kind in KINDS}
    kind = max(KINDS, key=lambda kind: losses[worst[kind]][kind])
    value = losses[worst[kind]][kind]
    high = value > LOSS_LIMIT_SHARE
    point = sections[worst[kind]].point
    return Score(
        name="rigidity",
        value=value,
        items={
            **{f"{kind}_loss_share": losses[worst[kind]][kind] for kind in KINDS},
            "weakest_in": kind,
            "weakest_at_mm": tuple(round(float(x), 1) for x in point),
            "least_EA_N": _least(sections, "axial"),
            "least_EI_N_mm2": _least(sections, "bending"),
            "sections": len(sections),
            "limit_share": LOSS_LIMIT_SHARE,
            "unit": "share",
        },
        band=f"of {kind} rigidity lost, {'above 35 %: high' if high else 'not above 35 %: low'} risk (limit recalled)",
        advice=("High" if high else "Low") + " risk by this rule, which prescribes no treatment. Sensitivity 100 %, "
        "specificity 90 % in 149 lesions of the skeleton (Nazarian 2015), 100 and 61 % in 94 femora "
        "(Damron 2016, recalled); in vertebrae 100 and 55 % (Snyder 2009).",
        source=SOURCE,
    )


def _least(sections: Sequence[Cut], kind: str) -> dict[str, float]:
    """Smallest rigidity over the sections, without and with lesions; where the two lie may differ."""
    return {
        state: min(float(getattr(getattr(section, state), kind)) for section in sections)
        for state in ("intact", "lesioned")
    }
