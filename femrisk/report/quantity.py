"""A number of a JSON file in, the same number as a reader sees it out, with where it stands in that file.

Every number of the report's tables is a ``Quantity``; it is written as ``<data value="2533.1"
data-source="comparison.json#/rows/2/fracture_load_N">2.5</data>``, so that whoever doubts it can look it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Quantity:
    """A number with its source; several numbers that it was computed of are joined by `` / ``, a quotient."""

    value: float
    #: file and JSON pointer
    source: str
    #: what the value is multiplied by before it is shown, as 0.001 from N to kN
    factor: float = 1.0
    #: digits behind the point
    digits: int = 2

    @property
    def text(self) -> str:
        """The number as shown, without its unit."""
        shown = f"{self.value * self.factor:.{self.digits}f}"
        # a typographic minus, and no minus before nothing
        return shown.lstrip("-") if float(shown) == 0 else shown.replace("-", "\u2212")

    def __html__(self) -> Markup:
        factor = "" if self.factor == 1 else f' data-factor="{self.factor:g}"'
        return Markup(f'<data value="{self.value!r}" data-source="{escape(self.source)}"{factor}>{self.text}</data>')

    def over(self, other: Quantity, digits: int = 2) -> Quantity:
        """The quotient of two."""
        return Quantity(self.value / other.value, f"{self.source} / {other.source}", digits=digits)

    def shown(self, factor: float, digits: int) -> Quantity:
        """The same in another unit."""
        return replace(self, factor=factor, digits=digits)


def kilonewtons(force_N: Quantity, digits: int | None = None) -> Quantity:
    """A force in kN: one digit behind the point, below 1 kN two; meshes move loads by some per cent."""
    return force_N.shown(0.001, digits if digits is not None else (2 if abs(force_N.value) < 995 else 1))


def per_cent(share: Quantity, digits: int = 0) -> Quantity:
    """A share in per cent."""
    return share.shown(100.0, digits)


@dataclass(frozen=True)
class Sheet:
    """A JSON file, whose numbers are taken by their path."""

    file: str
    content: Any

    def at(self, *path: str | int) -> Any:
        """What stands at a path; None where there is nothing."""
        here = self.content
        for step in path:
            if isinstance(here, Mapping):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and -len(here) <= step < len(here):
                here = here[step]
            else:
                return None
        return here

    def number(self, *path: str | int, factor: float = 1.0, digits: int = 2) -> Quantity | None:
        """The finite number at a path; None where there is none."""
        value = self.at(*path)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return None
        return Quantity(value, f"{self.file}#{''.join(f'/{_escaped(step)}' for step in path)}", factor, digits)


def _escaped(step: str | int) -> str:
    """A step of a JSON pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")


def joined(parts: list[str], last: str = " and ") -> str:
    """``a, b and c``."""
    return last.join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def markup(template: str, *values: object) -> Markup:
    """A sentence with quantities in it; everything else is escaped."""
    return Markup(template).format(*values)
