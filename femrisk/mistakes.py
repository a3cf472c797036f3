"""Pydantic's errors in a user's words: in goes a ``ValidationError`` and its document, out come ``Mistake``s.

Each names its line and key, what is wrong, what is allowed and what was got; near misses are recognised.
"""

from __future__ import annotations

import json
import math
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from femrisk.document import Document, KeyPath, suggest
from femrisk.errors import Mistake
from femrisk.place import Place, item_of, kinds_of, locate, models_of, unwrap
from femrisk.units import Interval, bare, interval, slip, unit_of

#: pydantic's error types -> what the value must be
EXPECTED = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_sub_type": "text",
    "path_type": "a file name",
    "tuple_type": "a list",
    "list_type": "a list",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "dict_type": "keys with values",
    "finite_number": "a finite number",
    "string_pattern_mismatch": "a name of letters, digits and underscores that begins with a letter",
}
RANGE = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")


class SeveralMistakes(ValueError):
    """What a validator raises that found several things wrong, each at its own path below the value it looked at."""

    def __init__(self, *parts: tuple[KeyPath, str]) -> None:
        super().__init__("; ".join(what for _, what in parts))
        self.parts = parts


def translate(error: ValidationError, document: Document, model: type[BaseModel]) -> tuple[Mistake, ...]:
    """All of ``error`` as mistakes of ``document``, in the order of its lines, one for each place."""
    details = error.errors(include_url=False)
    data = document.plain()
    places = [locate(detail["loc"], data, model) for detail in details]
    # A misspelt key is one mistake, not also a missing one.
    excused = {
        (*place.path[:-1], close)
        for detail, place in zip(details, places, strict=True)
        if detail["type"] == "extra_forbidden" and (close := _close_key(place))
    }
    # Pydantic counts only the items it could read; a list of wrong items is not also too short.
    excused |= {place.path[:end] for place in places for end in range(len(place.path))}
    found: dict[KeyPath, tuple[int, Mistake]] = {}
    for detail, place in zip(details, places, strict=True):
        if place.path in found or (detail["type"] in ("missing", "too_short") and place.path in excused):
            continue
        cause = detail.get("ctx", {}).get("error")
        parts = cause.parts if isinstance(cause, SeveralMistakes) else (((), describe(detail, place)),)
        for below, what in parts:
            path = place.path + below
            found[path] = (document.line(path), Mistake(document.where(path), what))
    return tuple(mistake for _, mistake in sorted(found.values(), key=lambda pair: pair[0]))


def _close_key(place: Place) -> str | None:
    """The key an unknown key probably stands for: equal but for its unit, or alike in its letters."""
    if place.model is None:
        return None
    known = tuple(place.model.model_fields)
    same = [key for key in known if bare(key) == bare(place.key)]
    return same[0] if same else suggest(place.key, known)


def describe(detail: ErrorDetails, place: Place) -> str:
    """What is wrong, without the place."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "missing":
        return f"this key is needed{_allowed(place)}"
    if kind == "union_tag_not_found":
        return f"needs a kind (allowed: {', '.join(kinds_of(models_of(place.annotation)))})"
    if kind in ("literal_error", "union_tag_invalid"):
        return _unknown_word(detail, place)
    if kind in RANGE and isinstance(value, int | float):
        return _out_of_range(value, place, context)
    if kind == "value_error":
        return str(context.get("error", detail["msg"]))
    if kind in ("too_short", "too_long"):
        limit = context.get("min_length", context.get("max_length"))
        many, end = ("few", "least") if kind == "too_short" else ("many", "most")
        return f"too {many} (allowed: at {end} {limit}, got: {context['actual_length']})"
    if kind == "finite_number" or (isinstance(value, float) and not math.isfinite(value)):
        return f"must be a finite number{_allowed(place, value)}"
    if kind in EXPECTED:
        return f"must be {EXPECTED[kind]}{_allowed(place, value)}"
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]} (got: {shown(value)})"


def _unknown_key(place: Place) -> str:
    close = _close_key(place)
    known = ", ".join(place.model.model_fields) if place.model else ""
    if not close:
        return f"unknown key (allowed: {known})"
    unit = unit_of(close)
    hint = f", in {unit}" if unit and bare(close) == bare(place.key) else ""
    return f"unknown key; did you mean {close}{hint}?"


def _unknown_word(detail: ErrorDetails, place: Place) -> str:
    value = detail["input"]
    if detail["type"] == "union_tag_invalid":
        value = value.get("kind") if isinstance(value, dict) else value
        words = kinds_of(models_of(place.annotation))
    else:
        words = tuple(str(word) for word in get_args(unwrap(place.annotation)[0]))
    close = suggest(value, words) if isinstance(value, str) else None
    hint = f"; did you mean {close}?" if close else ""
    noun = "unknown kind" if detail["type"] == "union_tag_invalid" else "unknown value"
    return f"{noun}{hint} (allowed: {', '.join(words)}, got: {shown(value)})"


def _out_of_range(value: float, place: Place, context: dict[str, Any]) -> str:
    allowed = interval(place.metadata)
    if allowed == Interval():
        allowed = Interval(
            context.get("ge", context.get("gt")), context.get("le", context.get("lt")), "gt" in context, "lt" in context
        )
    hint = slip(place.key, value, allowed)
    unit = unit_of(place.key)
    ends = f"{allowed} {unit}" if unit else str(allowed)
    return f"out of range{'; ' + hint if hint else ''} (allowed: {ends}, got: {shown(value)})"


def _allowed(place: Place, *got: object) -> str:
    """``(allowed: ..., got: ...)`` as far as either is known."""
    words = []
    plain, inner = unwrap(place.annotation)
    span = interval(place.metadata + inner)
    if span != Interval():
        words.append(f"allowed: {span} {unit_of(place.key) or ''}".rstrip())
    elif get_origin(plain) is Literal:
        words.append("allowed: " + ", ".join(str(word) for word in get_args(plain)))
    elif known := models_of(plain) or models_of(item_of(plain, 0)[0]):
        names = kinds_of(known) or tuple(known[0].model_fields)
        words.append("allowed: " + ", ".join(names))
    words += [f"got: {shown(value)}" for value in got]
    return f" ({', '.join(words)})" if words else ""


def shown(value: object) -> str:
    """A value as it stands in a file, at most a few words of it."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else f"a list of {len(value)}"
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) and value.isprintable() else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
