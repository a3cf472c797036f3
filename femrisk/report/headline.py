"""A ``Reading`` and its answers in, the sentences above the tables out: costs and gains."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from femrisk.report.answer import LoadAnswer, Strength
from femrisk.report.quantity import markup, per_cent
from femrisk.report.reading import Reading, named

#: As many treatments are all told in a sentence; of more, the strongest.
ALL_TOLD = 4


def headline(reading: Reading, answer: LoadAnswer) -> Markup:
    """One load in a sentence: what the lesion costs, and what treatments give back."""
    intact, untreated = (answer.of(reading.first(kind, answer.load)) for kind in ("intact", "untreated"))
    parts = []
    at = Markup(" at 1.9 % strain") if answer.by_strain else Markup("")
    first = untreated if untreated and untreated.load else intact
    if first and first.load:
        word = "untreated" if first is untreated else "intact"
        parts.append(markup("the {} bone carries <strong>{}</strong>{}", word, first.strength(), at))
    if first and first is untreated and first.of_intact.quantity and not first.of_intact.bound and intact:
        share = per_cent(first.of_intact.quantity)
        parts[-1] += markup(", {} % of the intact one\u2019s {}", share, intact.strength())
    treated = [
        one for one in answer.strengths if reading.kind("arms", one.arm) not in ("intact", "untreated") and one.load
    ]
    if best := treated if len(treated) <= ALL_TOLD else strongest(treated):
        told = [markup("{} <strong>{}</strong>", named(one.arm), one.strength()) for one in best]
        words = "treated: " if len(best) == len(treated) else "the strongest of its treatments: "
        parts.append(markup("{}", words) + Markup(", ").join(told))
    load = named(answer.load).replace("sideways", "a sideways")
    return markup("In {} {}.", load, Markup("; ").join(parts)) if parts else Markup("")


def left_of_intact(reading: Reading, found: Sequence[LoadAnswer]) -> Markup:
    """``84 % of the intact strength in axial compression``, for each load where that is known."""
    parts = []
    for answer in found:
        untreated = answer.of(reading.first("untreated", answer.load))
        if untreated and untreated.of_intact.quantity and not untreated.of_intact.bound:
            share = per_cent(untreated.of_intact.quantity)
            parts.append(markup("{} % of the intact strength in {}", share, named(answer.load)))
    return Markup(", ").join(parts)


def strongest(strengths: Sequence[Strength]) -> list[Strength]:
    """The strongest arms: those that show the largest load, and those still rising, which may carry more."""
    known = [(one, judged) for one in strengths if (judged := one.at_strain or one.load)]
    top = max((judged.value for _, judged in known), default=0.0)
    shown = next((judged.text for _, judged in known if judged.value == top), "")
    open_ended = [one for one, _ in known if one.at_least and one.at_strain is None]
    return [one for one, judged in known if judged.text == shown or one in open_ended]
