"""Scores of a lesion of the femur: the patient, the lesion's site, nature and measures in, a ``Score`` out.

Radiographic rules computed from the geometry of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import pi

from femrisk.meshes.involvement import LesionMeasure
from femrisk.patient import Patient
from femrisk.scores.value import Score, spanned

#: Mirels 1989: points of each level. The femur knows no upper limb; it stays in the table for completeness.
SITE_POINTS = {"upper_limb": 1, "lower_limb": 2, "peritrochanteric": 3}
NATURE_POINTS = {"blastic": 1, "mixed": 2, "lytic": 3}
#: Mirels has no level without pain: none counts as mild, the lowest.
PAIN_POINTS = {"none": 1, "mild": 1, "moderate": 2, "functional": 3}

#: Which sites of the femur are peritrochanteric. Mirels' table does not say where the neck belongs; it is counted
#: as peritrochanteric here (the stricter reading), and the advice says so.
MIRELS_SITE = {
    "head": "lower_limb",
    "neck": "peritrochanteric",
    "intertrochanteric": "peritrochanteric",
    "greater_trochanter": "peritrochanteric",
    "subtrochanteric": "peritrochanteric",
    "shaft": "lower_limb",
}

#: Share of the lesions of Mirels' series (78 lesions, 27 fractures in 6 months) that broke, percent. Recalled, to be
#: checked against the paper; the coarse bands (7: under 4, 8: 15, 9 and more: 33 to 100) were read at Radiopaedia.
MIRELS_PERCENT = {4: 0, 5: 0, 6: 0, 7: 4, 8: 15, 9: 33, 10: 72, 11: 96, 12: 100}

#: van der Linden 2004 (110 femoral lesions, 14 fractures): above 30 mm p = 0.01, above half the circumference p = 0.03.
AXIAL_LIMIT_MM = 30.0
CIRCUMFERENTIAL_LIMIT_SHARE = 0.5


def mirels_size_points(diameter_share: float) -> int:
    """Points for the share of the bone's diameter that the lesion takes: below 1/3, 1/3 to 2/3, above 2/3."""
    if diameter_share < 1 / 3:
        return 1
    return 2 if diameter_share <= 2 / 3 else 3


def mirels(patient: Patient, site: str, nature: str, measure: LesionMeasure) -> Score:
    """Mirels' score, 4 to 12 points (Mirels 1989, Clin Orthop 249:256)."""
    place = MIRELS_SITE.get(site.removeprefix("femoral_"), site)
    fixed = {
        "site": SITE_POINTS[place],
        "nature": NATURE_POINTS[nature],
        "size": mirels_size_points(measure.diameter_share),
    }
    pains = (1, 3) if patient.pain is None else (PAIN_POINTS[patient.pain],) * 2
    low, high = (sum(fixed.values()) + pain for pain in pains)
    advice = _mirels_advice(low, high)
    if site.removeprefix("femoral_") == "neck":
        advice += " The neck is counted as peritrochanteric (3 points); read as lower limb it is one point less."
    return Score(
        name="mirels",
        value=spanned(low, high),
        items={
            **fixed,
            "pain": pains[0] if low == high else pains,
            "site_level": place,
            "diameter_share": measure.diameter_share,
            "unit": "points",
        },
        band=mirels_band(low) if low == high else f"as pain is unknown, {mirels_band(low)}, up to {mirels_band(high)}",
        advice=advice,
        source="Mirels 1989, Clin Orthop 249:256-264; bands as printed by Radiopaedia, percent per point recalled",
    )


def mirels_band(points: int) -> str:
    """Probability of fracture within six months at so many points, in words."""
    coarse = "under 4 %" if points <= 7 else "15 %" if points == 8 else "33-100 %"
    return f"{points} points, fracture in {coarse} ({MIRELS_PERCENT[points]} % of Mirels' series, recalled)"


def _mirels_advice(low: int, high: int) -> str:
    def action(points: int) -> str:
        if points <= 7:
            return "observation or radiotherapy"
        return "clinical judgement" if points == 8 else "prophylactic fixation"

    first, last = action(low), action(high)
    text = first if first == last else f"{first} to {last}, depending on pain"
    text = f"{text[0].upper()}{text[1:]}. The usual cut-off for fixation is >= 9; Mirels' own abstract writes >= 8"
    text += " and the review this project follows (Li 2022) > 9"
    text += ": at 8 and 9 points they disagree." if low <= 9 and high >= 8 else "."
    return text + " Sensitive but not specific in the femur (van der Linden 2004: p = 0.36; Nazarian 2015: 71 / 50 %)."


def axial_cortical_involvement(patient: Patient, site: str, nature: str, measure: LesionMeasure) -> Score:
    """Length of cortex involved along the bone, mm (van der Linden 2004, J Bone Joint Surg Br 86:566)."""
    length = measure.axial_cortical_mm
    above = length > AXIAL_LIMIT_MM
    return Score(
        name="axial_cortical_involvement",
        value=length,
        items={"limit_mm": AXIAL_LIMIT_MM, "unit": "mm"},
        band="above 30 mm: high risk" if above else "not above 30 mm: low risk",
        advice=(
            "Prophylactic stabilisation to be considered." if above else "Radiotherapy without stabilisation is usual."
        )
        + " Above the limit one in five fractured, below it one in 25 (sensitivity 86 %, specificity 50 %).",
        source="van der Linden 2004, J Bone Joint Surg Br 86:566-573; performance from van der Wal 2020 (n = 100)",
    )


def circumferential_cortical_involvement(patient: Patient, site: str, nature: str, measure: LesionMeasure) -> Score:
    """Largest share of the circumference with involved cortex (van der Linden 2004)."""
    share = measure.circumferential_cortical_share
    above = share > CIRCUMFERENTIAL_LIMIT_SHARE
    return Score(
        name="circumferential_cortical_involvement",
        value=share,
        items={"limit_share": CIRCUMFERENTIAL_LIMIT_SHARE, "unit": "share"},
        band="above 50 %: high risk" if above else "not above 50 %: not high by this rule",
        advice=(
            "Prophylactic stabilisation to be considered."
            if above
            else "Does not exclude a fracture: less sensitive than the axial length (43 %, recalled)."
        )
        + " A radiotherapy series set the limit at 30 % (Tatar 2014, n = 47).",
        source="van der Linden 2004, J Bone Joint Surg Br 86:566-573 (p = 0.03)",
    )


def _criteria(name: str, met: Mapping[str, bool | None], band: Mapping[str, str], **rest: str) -> Score:
    """A rule of several criteria, any of which decides: the number met, a range where some are unknown."""
    low = sum(answer is True for answer in met.values())
    high = low + sum(answer is None for answer in met.values())
    key = "yes" if low else "no" if high == 0 else "unknown"
    unknown = [criterion for criterion, answer in met.items() if answer is None]
    return Score(
        name=name,
        value=spanned(low, high),
        items={**met, "unit": f"of {len(met)} criteria"},
        band=band[key] + (f" (not known: {', '.join(unknown)})" if unknown else ""),
        advice=rest["advice"],
        source=rest["source"],
    )


def deschamps(patient: Patient, site: str, nature: str, measure: LesionMeasure) -> Score:
    """Contraindications to cement alone (Deschamps 2012, 21 proximal femora): number met of two."""
    return _criteria(
        "deschamps",
        {
            "cortical_involvement_over_30_mm": measure.axial_cortical_mm > AXIAL_LIMIT_MM,
            "previous_lesser_trochanter_fracture": patient.lesser_trochanter_fracture,
        },
        {
            "yes": "cement alone is contraindicated",
            "no": "cement alone is not contraindicated by this rule",
            "unknown": "cement alone is contraindicated if the unknown criterion is met",
        },
        advice=(
            "After cement alone 7 of 11 femora with over 30 mm of involved cortex fractured, 0 of 10 with less; 3 of 3 "
            "with an earlier fracture of the lesser trochanter, 4 of 18 without. Where either holds, add fixation."
        ),
        source="Deschamps 2012 (n = 21; p = 0.0005 and 0.0009)",
    )


def harrington(patient: Patient, site: str, nature: str, measure: LesionMeasure) -> Score:
    """Harrington's criteria (1982): number met of four; any one calls for prophylactic fixation. Never validated.

    The longest extent of the lesion is bounded from below by the diameter of a ball of its volume (no body of a given
    diameter holds more) and by the length of involved cortex: above 25 mm the criterion is met, below it is unknown.
    """
    longest_at_least = max((6000 * measure.volume_ml / pi) ** (1 / 3), measure.axial_cortical_mm)
    return _criteria(
        "harrington",
        {
            "cortex_loss_over_half": measure.cortex_loss_share > 0.5,
            "longer_than_25_mm": True if longest_at_least > 25 else None,
            "lesser_trochanter_avulsion": patient.lesser_trochanter_fracture,
            # radiotherapy is not an input: functional pain may or may not be pain after it
            "functional_pain_after_radiotherapy": None if patient.pain in (None, "functional") else False,
        },
        {"yes": "high risk", "no": "not high by these criteria", "unknown": "high risk if an unknown criterion is met"},
        advice="Any one criterion: prophylactic fixation. Proposed from experience, not validated.",
        source="Harrington 1982, as printed by Radiopaedia",
    )


#: rules by the name a case file asks for
RULES: Mapping[str, Callable[[Patient, str, str, LesionMeasure], Score]] = {
    "mirels": mirels,
    "axial_cortical_involvement": axial_cortical_involvement,
    "circumferential_cortical_involvement": circumferential_cortical_involvement,
    "deschamps": deschamps,
    "harrington": harrington,
}
