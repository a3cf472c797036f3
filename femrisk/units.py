"""Unit mistakes: in goes a key, its value and the range it misses, out comes the unit it was probably given in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import annotated_types


@dataclass(frozen=True)
class Interval:
    """What a number may be."""

    low: float | None = None
    high: float | None = None
    #: the ends themselves are excluded
    low_open: bool = False
    high_open: bool = False

    def holds(self, value: float) -> bool:
        """Whether ``value`` is allowed."""
        above = self.low is None or (value > self.low if self.low_open else value >= self.low)
        below = self.high is None or (value < self.high if self.high_open else value <= self.high)
        return above and below

    def __str__(self) -> str:
        low = None if self.low is None else f"{self.low:.10g}"
        high = None if self.high is None else f"{self.high:.10g}"
        if low and high and not self.low_open and not self.high_open:
            return f"{low} to {high}"
        words = [f"{'more than' if self.low_open else 'at least'} {low}"] if low else []
        words += [f"{'less than' if self.high_open else 'at most'} {high}"] if high else []
        return " and ".join(words)


def interval(metadata: Iterable[object]) -> Interval:
    """The range that a field's metadata states."""
    low: tuple[float, bool] | None = None
    high: tuple[float, bool] | None = None
    for item in metadata:
        if isinstance(item, annotated_types.Interval | annotated_types.Ge) and item.ge is not None:
            low = (float(item.ge), False)  # type: ignore[arg-type]
        if isinstance(item, annotated_types.Interval | annotated_types.Gt) and item.gt is not None:
            low = (float(item.gt), True)  # type: ignore[arg-type]
        if isinstance(item, annotated_types.Interval | annotated_types.Le) and item.le is not None:
            high = (float(item.le), False)  # type: ignore[arg-type]
        if isinstance(item, annotated_types.Interval | annotated_types.Lt) and item.lt is not None:
            high = (float(item.lt), True)  # type: ignore[arg-type]
    return Interval(low and low[0], high and high[0], bool(low and low[1]), bool(high and high[1]))


#: ending of a key -> the unit that ending asks for
UNITS = {
    "_mg_per_cm3": "mg/cm3",
    "_g_per_cm3": "g/cm3",
    "_N_per_mm": "N/mm",
    "_years": "years",
    "_mm": "mm",
    "_cm": "cm",
    "_kg": "kg",
    "_deg": "degrees",
    "_ml": "mL",
    "_MPa": "MPa",
    "_N": "N",
    "_s": "s",
    "_C": "degrees Celsius",
    "_m": "m",
    "_J": "J",
}

#: unit asked for -> (unit that was probably meant, factor from it to the unit asked for), likeliest first
SLIPS: dict[str, tuple[tuple[str, float], ...]] = {
    "mm": (("metres", 1000.0), ("centimetres", 10.0), ("micrometres", 1e-3)),
    "cm": (("metres", 100.0), ("millimetres", 0.1)),
    "m": (("millimetres", 1e-3), ("centimetres", 0.01)),
    "kg": (("grams", 1e-3), ("tonnes", 1000.0)),
    "MPa": (("pascal", 1e-6), ("GPa", 1000.0), ("kPa", 1e-3)),
    "N": (("kN", 1000.0), ("millinewton", 1e-3)),
    "mL": (("mm3", 1e-3), ("litres", 1000.0), ("m3", 1e6)),
    "g/cm3": (("kg/m3 or mg/cm3", 1e-3),),
    "mg/cm3": (("g/cm3", 1000.0),),
    "degrees": (("radians", 180 / math.pi),),
    "years": (("months", 1 / 12), ("days", 1 / 365.25)),
    "degrees Celsius": (),
    "fraction": (("per cent", 0.01),),
}


def unit_of(key: str) -> str | None:
    """The unit a key asks for by its ending."""
    return next((unit for ending, unit in UNITS.items() if key.endswith(ending)), None)


def bare(key: str) -> str:
    """The key without its unit."""
    return next((key.removesuffix(ending) for ending in UNITS if key.endswith(ending)), key)


def slip(key: str, value: float, allowed: Interval) -> str | None:
    """``looks like metres: 46 mm?`` when ``value`` fits after a change of unit, else None.

    A number without a unit and with an upper end of 1 is a fraction, which is mistaken for per cent from 2 on: 1.5 is
    more likely a wrong fraction than 1.5 per cent.
    """
    unit = unit_of(key)
    if unit is None and allowed.high == 1 and value >= 2:
        unit = "fraction"
    for name, factor in SLIPS.get(unit or "", ()):
        if value != 0 and allowed.holds(value * factor):
            shown = f"{value * factor:.4g}" + ("" if unit == "fraction" else f" {unit}")
            return f"looks like {name}: {shown}?"
    return None
