"""A part of a case file: a frozen, strict pydantic model; in goes a mapping, out comes a checked value."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Frozen, refuses unknown keys, NaN and infinities.

    Keys that carry a unit end in it (``_mm _N _MPa _kg _cm _deg _ml _g_per_cm3 _s _C``); every field has a
    description and, where physics gives one, a range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
