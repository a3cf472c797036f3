"""Arrays of a state in, the fields one can look at out: names, units, values per cell, ranges and colours of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import REGIONS
from femrisk.viewer.body import Flags, Floats

#: Share of the bone's volume whose values lie within a scale that is chosen by itself, at either end of it.
ON_SCALE = 0.98
#: Colours of names, told apart by every kind of colour vision (Okabe and Ito), and of what has no value.
NAMED = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999", "#000000")
NOTHING = (200, 200, 200)


@dataclass(frozen=True)
class Field:
    """One thing that can be looked at."""

    key: str
    label: str
    unit: str
    #: from: zero to its top; both: from a low to a high end; down: the lowest counts; names: a name per cell
    kind: Literal["from", "both", "down", "names"] = "from"

    @property
    def title(self) -> str:
        """Name and unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


FIELDS = (
    Field("von_mises", "von Mises stress", "MPa"),
    Field("stress_1", "largest principal stress", "MPa", "both"),
    Field("stress_2", "middle principal stress", "MPa", "both"),
    Field("stress_3", "smallest principal stress", "MPa", "down"),
    Field("strain_1", "largest principal strain", "mm/mm", "both"),
    Field("strain_2", "middle principal strain", "mm/mm", "both"),
    Field("strain_3", "smallest principal strain", "mm/mm", "down"),
    Field("plastic_strain", "accumulated plastic strain", "mm/mm"),
    Field("damage", "damage (share of stiffness lost)", ""),
    Field("displacement", "displacement", "mm"),
    Field("density", "ash density of the host bone", "g/cm3"),
    Field("region", "region", "", "names"),
    Field("material", "material", "", "names"),
    Field("risk", "risk factor (principal strain over its limit)", ""),
)
BY_KEY = {field.key: field for field in FIELDS}


@dataclass(frozen=True)
class Scale:
    """What a colour stands for."""

    low: float
    high: float
    #: whether the low end is drawn as others' high end is
    down: bool = False
    #: of a field of names: the names, by number
    names: tuple[str, ...] = ()


def present(arrays: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields that a state has."""
    return tuple(field for field in FIELDS if field.key in arrays)


def names_of(key: str, materials: Sequence[str]) -> tuple[str, ...]:
    """What the numbers of a field of names mean."""
    return tuple(REGIONS) if key == "region" else tuple(materials)


def quantile(values: Floats, weights: Floats, share: float) -> float:
    """The value that so large a share of the weights stays at or below."""
    known = np.isfinite(values)
    values, weights = values[known], weights[known]
    if not len(values):
        return 0.0
    rank = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[rank])
    return float(values[rank][min(int(np.searchsorted(sums, share * sums[-1])), len(values) - 1)])


def usual_scale(field: Field, parts: Sequence[tuple[Floats, Floats]]) -> Scale:
    """A scale for several arms at once.

    Args:
        field: what is looked at; not one of names.
        parts: values and volumes of the bone's cells outside of contacts, of each arm.
    """
    values = np.concatenate([values for values, _ in parts])
    volumes = np.concatenate([volumes for _, volumes in parts])
    high = quantile(values, volumes, ON_SCALE)
    low = 0.0 if field.kind == "from" else quantile(values, volumes, 1 - ON_SCALE)
    if high <= low:
        # where next to nothing yields, the little there is sets the scale
        high = float(np.nanmax(values, initial=low, where=np.isfinite(values)))
    if high <= low:
        high = low + 1.0
    return Scale(round_to(low), round_to(high), field.kind == "down")


def round_to(value: float, digits: int = 2) -> float:
    """So many digits: a legend's ends that can be said aloud."""
    return float(f"{value:.{digits - 1}e}")


def full_scale(field: Field, ranges: Sequence[tuple[float, float]]) -> Scale:
    """From the lowest to the highest value that is shown."""
    known = [pair for pair in ranges if np.all(np.isfinite(pair))]
    low, high = (min(one for one, _ in known), max(one for _, one in known)) if known else (0.0, 1.0)
    return Scale(low, high if high > low else low + 1.0, field.kind == "down")


def range_of(values: Floats, shown: Flags) -> tuple[float, float]:
    """Lowest and highest value of the cells shown; not a number where there is none."""
    some = values[shown & np.isfinite(values)]
    return (float(some.min()), float(some.max())) if len(some) else (float("nan"), float("nan"))


def named_colours(count: int) -> NDArray[np.uint8]:
    """(count, 3) a colour for each name."""
    table = [[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in NAMED]
    return np.array([table[i % len(table)] for i in range(count)], dtype=np.uint8)


def coloured(values: Floats, scale: Scale, table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(k, 3) colours of values (k,), by a table (c, 3) from the low to the high end; beyond an end, as at the end."""
    if scale.names:
        return np.asarray(named_colours(len(scale.names))[values.astype(int)])
    colours = table[::-1] if scale.down else table
    known = np.isfinite(values)
    share = (np.where(known, values, scale.low) - scale.low) / (scale.high - scale.low)
    found: NDArray[np.uint8] = colours[np.clip((share * len(colours)).astype(int), 0, len(colours) - 1)]
    found[~known] = NOTHING
    return found
