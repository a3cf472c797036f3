"""A ``Reading`` in, what its scores advise out, and where they and the mechanics say different things."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from femrisk.demand import BOS_THRESHOLD_BW
from femrisk.report.answer import LoadAnswer
from femrisk.report.quantity import Quantity, joined, markup, per_cent
from femrisk.report.reading import Reading, named
from femrisk.scores.femur import CIRCUMFERENTIAL_LIMIT_SHARE
from femrisk.scores.sins import POTENTIALLY_UNSTABLE, UNSTABLE
from femrisk.scores.spine import VERDICTS, kostuik_class
from femrisk.scores.structural import LOSS_LIMIT_SHARE

#: what a score says of the risk of fracture
Says = Literal["high", "low", "undecided", "silent"]
WORDS = {"high": "high risk", "low": "low risk", "undecided": "undecided", "silent": "says nothing of the risk"}

#: scores that have a name of their own
NAMES = {
    "sins": "SINS",
    "bos": "BOS",
    **{name: name.capitalize() for name in ("mirels", "taneichi", "kostuik", "harrington", "deschamps")},
}

#: Mirels 1989, usual cut-off: from so many points prophylactic fixation, up to so many none
MIRELS_HIGH, MIRELS_LOW = 9, 7


@dataclass(frozen=True)
class Advice:
    """One score as the report tells it."""

    name: str
    value: Markup
    says: Says
    says_words: str
    band: str
    advice: str
    source: str
    #: a sentence per load that has a factor of risk, empty where none has, and whether any of them disagrees
    beside: Markup
    disagrees: bool


def advices(reading: Reading, answers: tuple[LoadAnswer, ...]) -> tuple[Advice, ...]:
    """Every score of the comparison, beside the factor of risk of the untreated bone."""
    scores = reading.comparison.at("scores") or {}
    return tuple(_advice(reading, name, score, answers) for name, score in scores.items())


def _advice(reading: Reading, name: str, score: Mapping[str, Any], answers: tuple[LoadAnswer, ...]) -> Advice:
    says = _says(name, score)
    # a score that is computed from a fracture load speaks of that load only
    own = (score.get("items") or {}).get("load")
    verdicts = [_beside(reading, says, one) for one in answers if own in (None, one.load)]
    known = [one for one in verdicts if one]
    words = Markup("; ").join(text for text, _ in known) + "." if known else Markup("")
    return Advice(
        name=NAMES.get(name, name.replace("_", " ")),
        value=_value(reading, name, score),
        says=says,
        says_words=WORDS[says],
        band=str(score.get("band", "")),
        advice=str(score.get("advice", "")),
        source=str(score.get("source", "")),
        beside=words[:1].upper() + words[1:],
        disagrees=any(apart for _, apart in known),
    )


def among_themselves(told: Sequence[Advice]) -> str:
    """Which scores say what, where they do not all say the same; empty where all agree."""
    by_word = {word: [one.name for one in told if one.says == word] for word in ("high", "low", "undecided")}
    spoken = {word: names for word, names in by_word.items() if names}
    if len(spoken) < 2:
        return ""
    return "; ".join(f"{joined(names)}: {WORDS[word]}" for word, names in spoken.items())


def _beside(reading: Reading, says: Says, answer: LoadAnswer) -> tuple[Markup, bool] | None:
    """What the untreated bone's factor of risk under a load says to this score; None where there is none."""
    untreated = answer.of(reading.first("untreated", answer.load))
    if untreated is None or untreated.risk.quantity is None:
        return None
    factor, bound = untreated.risk.quantity, untreated.risk.bound
    if bound and factor.value >= 1:
        return markup("{}: factor of risk {} {}, which decides nothing", named(answer.load), bound, factor), False
    expected = factor.value >= 1
    outcome = "fracture expected" if expected else "no fracture expected"
    text = markup("{}: factor of risk {}, {}", named(answer.load), untreated.risk, outcome)
    if says not in ("high", "low"):
        return text, False
    apart = expected != (says == "high")
    return text + (markup(" \u2013 <strong>they disagree</strong>") if apart else Markup(" \u2013 they agree")), apart


def _value(reading: Reading, name: str, score: Mapping[str, Any]) -> Markup:
    unit = str(score.get("items", {}).get("unit", ""))
    single = reading.comparison.number("scores", name, "value")
    ends = [one for end in (0, 1) if (one := reading.comparison.number("scores", name, "value", end))]
    shown = [_shown(one, unit) for one in ([single] if single else ends)]
    if not shown:
        return Markup("\u2013")
    unit = {"share": "%", "N": "kN", "x body weight": "\u00d7 body weight"}.get(unit, unit)
    return Markup(" to ").join(markup("{}", one) for one in shown) + markup(" {}", unit)


def _shown(value: Quantity, unit: str) -> Quantity:
    if unit == "share":
        return per_cent(value)
    if unit == "N":
        return value.shown(0.001, 1)
    return value.shown(1.0, 1 if unit == "x body weight" or value.value != int(value.value) else 0)


def _says(name: str, score: Mapping[str, Any]) -> Says:
    value, items = score.get("value"), score.get("items") or {}
    if value is None:
        return "silent"
    if "lower bound" in str(score.get("band")):
        return "undecided"
    low, high = (value[0], value[1]) if isinstance(value, list) else (value, value)
    rule = RULES.get(name)
    if rule is None:
        return "silent"
    first, last = rule(float(low), items), rule(float(high), items)
    return first if first == last else "undecided"


def _mirels(points: float, items: Mapping[str, Any]) -> Says:
    return "high" if points >= MIRELS_HIGH else "low" if points <= MIRELS_LOW else "undecided"


def _sins(points: float, items: Mapping[str, Any]) -> Says:
    return "high" if points >= UNSTABLE else "low" if points < POTENTIALLY_UNSTABLE else "undecided"


def _taneichi(share: float, items: Mapping[str, Any]) -> Says:
    verdict = items.get("verdict")
    return "low" if verdict == VERDICTS[0] else "high" if verdict == VERDICTS[2] else "undecided"


def _kostuik(columns: float, items: Mapping[str, Any]) -> Says:
    return "low" if kostuik_class(int(columns)) == "stable" else "high"


def _above(key: str, usual: float, below: Says = "low") -> Callable[[float, Mapping[str, Any]], Says]:
    """High above the limit that the score states itself."""

    def rule(value: float, items: Mapping[str, Any]) -> Says:
        return "high" if value > float(items.get(key, usual)) else below

    return rule


def _bos(multiple: float, items: Mapping[str, Any]) -> Says:
    return "low" if multiple >= float(items.get("threshold_BW", BOS_THRESHOLD_BW)) else "high"


def _vertebral_strength(strength_N: float, items: Mapping[str, Any]) -> Says:
    if strength_N > float(items.get("low_N", 0.0)):
        return "low"
    return "undecided" if strength_N > float(items.get("fragile_N", 0.0)) else "high"


#: what each score says, by its published cut-off; ``deschamps`` speaks of cement alone, so it is silent here
RULES: Mapping[str, Callable[[float, Mapping[str, Any]], Says]] = {
    "mirels": _mirels,
    "axial_cortical_involvement": _above("limit_mm", 30.0),
    # its authors: not above the limit does not exclude a fracture
    "circumferential_cortical_involvement": _above("limit_share", CIRCUMFERENTIAL_LIMIT_SHARE, "undecided"),
    "harrington": lambda met, items: "high" if met >= 1 else "low",
    "rigidity": _above("limit_share", LOSS_LIMIT_SHARE),
    "bos": _bos,
    "vertebral_strength": _vertebral_strength,
    "sins": _sins,
    "taneichi": _taneichi,
    "kostuik": _kostuik,
}
