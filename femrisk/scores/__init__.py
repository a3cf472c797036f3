"""Clinical scores: in go the patient and what lesions take of a bone; out comes a ``Score`` by each name asked for.

An answer the patient has not given widens a score to a range; it is never filled in. ``docs/scores.md`` has every table
with its source and how well each rule predicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from femrisk.meshes.involvement import LesionMeasure
from femrisk.meshes.vertebra.spine import VertebraMeasure
from femrisk.patient import Patient
from femrisk.rigidity import Cut
from femrisk.scores import sins, spine, structural
from femrisk.scores.femur import MIRELS_PERCENT, RULES, SITE_POINTS, mirels_band, mirels_size_points
from femrisk.scores.value import Score, Value, bounds

__all__ = [
    "LESION_SCORES",
    "MIRELS_PERCENT",
    "SCORES",
    "SITE_POINTS",
    "Named",
    "Score",
    "Value",
    "assess",
    "mirels_band",
    "mirels_size_points",
    "score",
    "worst",
]

#: scores of a vertebra with all of its lesions, by the name a case file asks for
VERTEBRA_RULES: Mapping[str, Callable[[Patient, VertebraMeasure], Score]] = {
    "sins": sins.sins,
    "taneichi": spine.taneichi,
    "kostuik": spine.kostuik,
}

#: names of the scores of a single lesion
LESION_SCORES = tuple(RULES)
#: names a case file may ask for
SCORES = (*LESION_SCORES, "rigidity", *VERTEBRA_RULES)

#: kinds of bones that each score is meant for
BONES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(LESION_SCORES, ("proximal_femur",)),
    "rigidity": ("proximal_femur", "vertebra"),
    **dict.fromkeys(VERTEBRA_RULES, ("vertebra",)),
}


class Named(Protocol):
    """What a score reads of a lesion itself (``femrisk.meshes.lesions.PlacedLesion``)."""

    @property
    def name(self) -> str:
        """Name within the case."""

    @property
    def site(self) -> str:
        """Site within the femur."""

    @property
    def nature(self) -> str:
        """Lytic, mixed or blastic."""


def score(name: str, patient: Patient, site: str, nature: str, measure: LesionMeasure) -> Score:
    """The named score of one lesion.

    Raises:
        KeyError: no such score; the message lists those there are.
    """
    if name not in RULES:
        raise KeyError(f"no score {name!r} (has: {', '.join(LESION_SCORES)})")
    return RULES[name](patient, site, nature, measure)


def worst(name: str, patient: Patient, lesions: Sequence[tuple[Named, LesionMeasure]]) -> Score:
    """The named score of the lesion that scores highest; ``items`` say which lesion, and what the others have.

    Ranges are compared by their upper end, then by their lower one; of equals the first counts.
    """
    if not lesions:
        return Score(name, None, {}, "no lesion to score", "None.", "")
    each = {lesion.name: score(name, patient, lesion.site, lesion.nature, measure) for lesion, measure in lesions}
    chosen = max(each, key=lambda lesion: bounds(each[lesion].value)[::-1])
    items: dict[str, object] = {**each[chosen].items, "lesion": chosen}
    if len(each) > 1:
        items["values"] = {lesion: one.value for lesion, one in each.items()}
    return replace(each[chosen], items=items)


def assess(
    names: Sequence[str],
    patient: Patient,
    lesions: Sequence[tuple[Named, LesionMeasure]],
    *,
    cut: Callable[[], Sequence[Cut]] | None = None,
    vertebra: Callable[[], VertebraMeasure] | None = None,
) -> dict[str, Score]:
    """Every named score: of its worst lesion, or of the bone with all of them.

    Args:
        names: of SCORES.
        patient: whose bone it is.
        lesions: each with what it takes; a vertebra is measured as a whole instead.
        cut: gives the sections of a bone with lesions; called only where a score reads them.
        vertebra: measures a vertebra with lesions; called only where a score reads it.
    """
    found = {}
    for name in names:
        if name in RULES:
            found[name] = worst(name, patient, lesions)
        elif name == "rigidity" and cut is not None:
            found[name] = structural.rigidity(cut())
        elif name in VERTEBRA_RULES and vertebra is not None:
            found[name] = VERTEBRA_RULES[name](patient, vertebra())
        elif not lesions:
            found[name] = worst(name, patient, ())
        else:
            found[name] = Score(name, None, {}, "not measured in this bone", "None.", "")
    return found
