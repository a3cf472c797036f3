"""Models of bone side by side: the comparison under each in, one out that holds all and says how far they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from femrisk.comparison import Comparison


def side_by_side(by_model: Mapping[str, Comparison]) -> Comparison:
    """The comparison under the first model, with the others beside it.

    Args:
        by_model: the same case under each model, that of the main results first.

    Returns:
        the only comparison as it is; of several the first, with ``by_model`` filled and, among its caveats, how far the
        models differ and what is to be said of the others alone.
    """
    first, *others = by_model
    if not others:
        return by_model[first]
    main = replace(by_model[first], by_model=dict(by_model))
    said = list(by_model[first].caveats)
    said[1:1] = [*_spread(main), *_order(main)]
    for model in others:
        said += [f"With {model}: {one}" for one in by_model[model].caveats if one not in by_model[first].caveats]
    return replace(main, caveats=tuple(said))


def _spread(comparison: Comparison) -> list[str]:
    """The pair whose load the models move most, and the one whose ratio to intact."""
    sentences = []
    known = {pair: spread for pair in comparison.pairs() if (spread := comparison.spread(*pair)) is not None}
    if known:
        widest = max(known, key=lambda pair: known[pair])
        loads = ", ".join(f"{model} {load / 1000:.2f} kN" for model, load in comparison.rated(*widest).items())
        sentences.append(
            f"The models of bone differ: the largest fracture load is up to {known[widest]:.2f} times the smallest "
            f"({' / '.join(widest)}: {loads}); which model is right is part of the uncertainty."
        )
    ratios = {pair: _ratios(comparison, *pair) for pair in known}
    apart = {pair: max(of_pair) - min(of_pair) for pair, of_pair in ratios.items() if len(of_pair) > 1}
    if apart and max(apart.values()) > 0:
        widest = max(apart, key=lambda pair: apart[pair])
        sentences.append(
            f"Between models the ratio to the intact bone goes from {min(ratios[widest]):.2f} to "
            f"{max(ratios[widest]):.2f} for {' / '.join(widest)}."
        )
    return sentences


def _ratios(comparison: Comparison, arm: str, load: str) -> list[float]:
    rows = (one.row(arm, load) for one in comparison.by_model.values())
    return [row.ratio_to_intact for row in rows if row and row.ratio_to_intact is not None]


def _order(comparison: Comparison) -> list[str]:
    """Arms that one model calls the stronger and another the weaker."""
    turned = []
    for load in dict.fromkeys(load for _, load in comparison.pairs()):
        stronger = [set(_stronger(one, load)) for one in comparison.by_model.values()]
        pairs = sorted({pair for order in stronger for pair in order if any(pair[::-1] in one for one in stronger)})
        turned += [f"{one} and {other} in {load}" for one, other in pairs if one < other]
    return [f"The models disagree on which arm is the stronger: {', '.join(turned)}."] if turned else []


def _stronger(comparison: Comparison, load: str) -> Iterator[tuple[str, str]]:
    """Stronger and weaker arm of every two that differ beyond mesh noise and brackets."""
    for above, below in combinations(comparison.ranking.get(load, ()), 2):
        yield from ((one, other) for one in above for other in below)
