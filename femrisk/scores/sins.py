"""SINS, the spinal instability neoplastic score: the patient and the measures of a vertebra in, 0 to 18 points out.

Four of its six items come from geometry (level, nature, collapse, posterolateral involvement), two from the patient.
"""

from __future__ import annotations

from femrisk.meshes.vertebra.spine import SideMeasure, VertebraMeasure
from femrisk.patient import Patient
from femrisk.scores.value import Score, spanned

#: lowest and highest points of an item; both are the same where the item is known
Points = tuple[int, int]

LOCATION_POINTS = {"junctional": 3, "mobile": 2, "semirigid": 1, "rigid": 0}
PAIN_POINTS = {"mechanical": 3, "occasional": 1, "none": 0}
NATURE_POINTS = {"lytic": 2, "mixed": 1, "blastic": 0}
ALIGNMENT_POINTS = {"subluxation": 4, "deformity": 2, "normal": 0}

#: Levels of each class but the semirigid ones, T3 to T10: occiput to C2, C7 to T2, T11 to L1, L5 to S1; C3 to C6, L2 to
#: L4; S2 to S5.
JUNCTIONAL = ("C1", "C2", "C7", "T1", "T2", "T11", "T12", "L1", "L5", "S1")
MOBILE = ("C3", "C4", "C5", "C6", "L2", "L3", "L4")
RIGID = ("S2", "S3", "S4", "S5")

#: Share of the volume of a pedicle, facet or joint with a rib above which it counts as replaced by tumour. Our reading:
#: the table gives no number.
REPLACED_SHARE = 0.10

#: first points of the classes: potentially unstable, unstable
POTENTIALLY_UNSTABLE, UNSTABLE = 7, 13

SOURCE = "Fisher 2010, Spine 35:E1221-1229; table as printed by pacs.de and calculator pages"


def location(level: str) -> str:
    """Junctional, mobile, semirigid or rigid."""
    if level in JUNCTIONAL:
        return "junctional"
    if level in MOBILE:
        return "mobile"
    return "rigid" if level in RIGID else "semirigid"


def collapse_points(height_loss_share: float | None, body_volume_share: float) -> Points:
    """Over half of the height lost 3, less 2, none but over half of the body involved 1, none 0.

    Exactly half counts as less. A loss that is not known spans from none to the most.
    """
    upright = 1 if body_volume_share > 0.5 else 0
    if height_loss_share is None:
        return upright, 3
    if height_loss_share > 0:
        return (3, 3) if height_loss_share > 0.5 else (2, 2)
    return upright, upright


def side_involved(side: SideMeasure | None, ribs: bool) -> bool | None:
    """Whether tumour replaces pedicle, facet or joint with a rib on one side; None where that is not known."""
    if side is None:
        return None
    shares = [side.pedicle, side.facet, *([side.costovertebral] if ribs else [])]
    if any(share is not None and share > REPLACED_SHARE for share in shares):
        return True
    return None if None in shares else False


def posterolateral_points(sides: tuple[bool | None, bool | None]) -> Points:
    """Both sides involved 3, one 1, none 0."""
    points = (0, 1, 3)
    least = sum(side is True for side in sides)
    return points[least], points[least + sum(side is None for side in sides)]


def sins(patient: Patient, measure: VertebraMeasure) -> Score:
    """The score of one vertebra with all of its lesions; unknown items make it a range.

    Raises:
        ValueError: the vertebra has no lesion.
    """
    if not measure.natures:
        raise ValueError("no lesion to score")
    place = location(measure.level)
    sides = tuple(side_involved(side, measure.has_ribs()) for side in (measure.left, measure.right))
    nature = max(measure.natures, key=NATURE_POINTS.__getitem__)
    points: dict[str, Points] = {
        "location": _known(LOCATION_POINTS[place]),
        "pain": (0, 3) if patient.spinal_pain is None else _known(PAIN_POINTS[patient.spinal_pain]),
        "nature": _known(NATURE_POINTS[nature]),
        "alignment": (0, 4) if patient.spinal_alignment is None else _known(ALIGNMENT_POINTS[patient.spinal_alignment]),
        "collapse": collapse_points(measure.height_loss_share, measure.body_volume_share),
        "posterolateral": posterolateral_points((sides[0], sides[1])),
    }
    low, high = (sum(item[end] for item in points.values()) for end in (0, 1))
    return Score(
        name="sins",
        value=spanned(low, high),
        items={
            **{item: ends[0] if ends[0] == ends[1] else ends for item, ends in points.items()},
            "level": measure.level,
            "location_class": place,
            "worst_nature": nature,
            "height_loss_share": measure.height_loss_share,
            "body_volume_share": measure.body_volume_share,
            "involved_left": sides[0],
            "involved_right": sides[1],
            "unit": "points",
        },
        band=_band(low, high, [item for item, ends in points.items() if ends[0] != ends[1]]),
        advice=_advice(low, high),
        source=SOURCE,
    )


def sins_class(points: int) -> str:
    """Stable, potentially unstable or unstable, with the points of the class."""
    if points < POTENTIALLY_UNSTABLE:
        return "stable (0-6)"
    return "potentially unstable (7-12)" if points < UNSTABLE else "unstable (13-18)"


def _known(points: int) -> Points:
    return points, points


def _band(low: int, high: int, unknown: list[str]) -> str:
    first, last = sins_class(low), sins_class(high)
    words = first if first == last else f"{first} up to {last}"
    if not unknown:
        return words
    keys = {"pain": "pain (spinal_pain)", "alignment": "alignment (spinal_alignment)"}
    named = ", ".join(keys.get(item, item) for item in unknown)
    return f"as {named} {'is' if len(unknown) == 1 else 'are'} unknown, {words}"


def _advice(low: int, high: int) -> str:
    if low >= POTENTIALLY_UNSTABLE:
        action = "Surgical consultation"
    elif high >= POTENTIALLY_UNSTABLE:
        action = "Surgical consultation if what is unknown brings the score to 7 points"
    else:
        action = "No surgical consultation by this score"
    return (
        f"{action}. Against experts' consensus sensitivity 95.7 %, specificity 79.5 % (Fourney 2011, recalled); its "
        "parts foretell fractures poorly (973 vertebrae, 12 months: area under the curve 0.669, sensitivity 20.3 %)."
    )
