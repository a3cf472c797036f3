"""Dotted paths: in goes ``arms.pop.fill_fraction`` and the case it points into, out come the keys it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any, get_origin

from femrisk.case import Case
from femrisk.document import KeyPath, suggest
from femrisk.place import called, item_of, models_of, unwrap

#: what a sweep leaves as it is: a case's name says nothing about its content
FIXED = ("name",)


def keys_of(path: str, case: Mapping[str, Any]) -> tuple[KeyPath, ...]:
    """The keys of ``case`` (resolved, plain values) that a dotted path names, at least one.

    A step into a list is an index, the name of an item, or ``*`` for every item that has the key.

    Raises:
        ValueError: a step leads nowhere; the message says what is there instead.
    """
    steps = tuple(path.split("."))
    if steps[0] in FIXED:
        raise ValueError(f"{steps[0]} is not a question (allowed: any other key of a case)")
    return _follow(steps, (), case, Case)


def _follow(steps: tuple[str, ...], gone: KeyPath, data: Any, annotation: Any) -> tuple[KeyPath, ...]:
    if not steps:
        return (gone,)
    step, *rest = steps
    annotation, _ = unwrap(annotation)
    models = models_of(annotation)
    if len(models) > 1 and isinstance(data, Mapping):
        models = called(models, str(data.get("kind"))) or models
    if models:
        fields = reduce(or_, (model.model_fields for model in models))
        if step not in fields:
            raise ValueError(_unknown(step, tuple(fields), "key"))
        below = data.get(step) if isinstance(data, Mapping) else None
        return _follow(tuple(rest), (*gone, step), below, fields[step].annotation)
    if get_origin(annotation) not in (tuple, list):
        raise ValueError(f"nothing lies below {gone[-1]} (got: {step})")
    return _items(step, tuple(rest), gone, data if isinstance(data, list) else [], annotation)


def _items(step: str, rest: tuple[str, ...], gone: KeyPath, items: list[Any], annotation: Any) -> tuple[KeyPath, ...]:
    """The keys below one item of a list, or below all of them."""
    names = [str(item.get("name")) if isinstance(item, Mapping) else str(index) for index, item in enumerate(items)]
    if step == "*":
        found: list[KeyPath] = []
        reasons: list[ValueError] = []
        for index, item in enumerate(items):
            try:
                found += _follow(rest, (*gone, index), item, item_of(annotation, index)[0])
            except ValueError as error:
                reasons.append(error)
        if not found:
            raise reasons[0] if reasons else ValueError(f"{gone[-1]} is empty (got: *)")
        return tuple(found)
    index = names.index(step) if step in names else int(step) if step.isascii() and step.isdigit() else -1
    if not 0 <= index < len(items):
        raise ValueError(_unknown(step, (*names, "*") if items else (), "item"))
    return _follow(rest, (*gone, index), items[index], item_of(annotation, index)[0])


def _unknown(step: str, known: tuple[str, ...], what: str) -> str:
    close = suggest(step, known)
    hint = f"; did you mean {close}?" if close else ""
    return f"unknown {what}{hint} (allowed: {', '.join(known) or 'none'}, got: {step})"


def value_at(data: Any, keys: KeyPath) -> Any:
    """What lies at ``keys``; None where nothing does."""
    for key in keys:
        if isinstance(key, int):
            data = data[key] if isinstance(data, list) and key < len(data) else None
        else:
            data = data.get(key) if isinstance(data, Mapping) else None
    return data


def with_value(data: Any, keys: KeyPath, value: Any) -> Any:
    """A copy of ``data`` with ``value`` at ``keys``; what is not on the way is shared."""
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if isinstance(key, int):
        items = list(data)
        items[key] = with_value(items[key], rest, value)
        return items
    return {**(data or {}), key: with_value((data or {}).get(key), rest, value)}
