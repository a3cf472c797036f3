"""What every score is: its parts in, a frozen ``Score`` out, with a range where an input is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

#: one number, or (lowest, highest) where an input is unknown, or nothing to score
Value = float | tuple[float, float] | None


@dataclass(frozen=True)
class Score:
    """A clinical score with its parts, what it means, and where that is written."""

    name: str
    #: points, mm, share or number of criteria met (``items["unit"]``); (lowest, highest) where an input is unknown
    value: Value
    #: the parts of the score, its unit, the lesion it belongs to
    items: Mapping[str, object]
    #: where the value lies, in words
    band: str
    #: what the source advises
    advice: str
    source: str

    def as_dict(self) -> dict[str, object]:
        """Plain mapping for ``comparison.json``; a range becomes a list of two."""
        return {key: _listed(item) for key, item in asdict(self).items()}


def _listed(item: object) -> object:
    if isinstance(item, dict):
        return {key: _listed(inner) for key, inner in item.items()}
    return list(item) if isinstance(item, tuple) else item


def spanned(low: float, high: float) -> Value:
    """One number where both ends agree, else the range."""
    return float(low) if low == high else (float(low), float(high))


def bounds(value: Value) -> tuple[float, float]:
    """Both ends of a value, for comparing; nothing to score lies below everything."""
    if value is None:
        return (-1.0, -1.0)
    return value if isinstance(value, tuple) else (value, value)
