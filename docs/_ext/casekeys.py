"""The model of case files in, Markdown tables of every key out: `{casekeys} all` in a page stands for them.

What is written here is read off the pydantic models that read case files, as `femrisk schema` is: a key that is added
there is on the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from femrisk.case import Case
from femrisk.place import item_of, kinds, models_of, unwrap, words_of
from femrisk.starter import summary
from femrisk.units import Interval, interval, unit_of

HEAD = "| key | unit | allowed | default | meaning |\n|---|---|---|---|---|"


def tables() -> str:
    """Every key of a case file: the case, then each of its parts, then what those are made of."""
    sections = [section("case", Case, 2)]
    for key, field in Case.model_fields.items():
        models = below(field)
        if models:
            level = 2 if len(models) == 1 else 3
            sections += [f"## {key}\n\n{field.description}"] if level == 3 else []
            sections += [section(name(key, model), model, level) for model in models]
    inner = [section(path, model, 3) for path, model in nested()]
    return "\n\n".join([*sections, "## Parts of parts", *inner])


def section(title: str, model: type[BaseModel], level: int) -> str:
    """A heading, what the model says of itself, and its keys."""
    rows = [row(key, field) for key, field in model.model_fields.items()]
    return f"{'#' * level} {title}\n\n{summary(model)}\n\n{HEAD}\n" + "\n".join(rows)


def name(key: str, model: type[BaseModel]) -> str:
    """``lesions: ellipsoid``, or ``bone: surface, vertebra`` where a kind shows one of several things."""
    kind = kinds(model)
    if not kind:
        return key
    shown = words_of(model, "anatomy")
    return f"{key}: {kind[0]}" + (f", {shown[0]}" if len(shown) == 1 else "")


def below(field: FieldInfo) -> tuple[type[BaseModel], ...]:
    """The models a key holds, alone or in a list."""
    return models_of(field.annotation) or models_of(item_of(field.annotation, 0)[0])


def nested() -> Iterator[tuple[str, type[BaseModel]]]:
    """Every model deeper than the parts of a case, once, with a path at which it is found."""
    tops = [(key, model) for key, field in Case.model_fields.items() for model in below(field)]
    seen = {model for _, model in tops}
    waiting = [(name(key, model), model) for key, model in tops]
    while waiting:
        path, model = waiting.pop(0)
        for key, field in model.model_fields.items():
            for inner in below(field):
                if inner not in seen:
                    seen.add(inner)
                    at = f"{path.replace(': ', ', ')}, {name(key, inner)}"
                    waiting.append((at, inner))
                    yield at, inner


def row(key: str, field: FieldInfo) -> str:
    """One key as a line of a table."""
    cells = (
        f"`{key}`",
        unit_of(key) or "",
        allowed(field),
        default(field),
        " ".join((field.description or "").split()),
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |"


def allowed(field: FieldInfo) -> str:
    """Words, a range, or what may stand below."""
    models = below(field)
    if models:
        words = list(dict.fromkeys(kind for model in models for kind in kinds(model)))
        return ("one of " if words else "") + (", ".join(f"`{word}`" for word in words) or "keys, below")
    plain, metadata = unwrap(field.annotation)
    item, more = item_of(plain, 0)
    choices = plain if get_origin(plain) is Literal else item
    if get_origin(choices) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(choices))
    for one in (*field.metadata, *metadata, *more):
        if isinstance(one, WithJsonSchema) and "enum" in (one.json_schema or {}):
            return ", ".join(f"`{word}`" for word in one.json_schema["enum"])
    limits = interval((*field.metadata, *metadata, *more))
    words = "" if limits == Interval() else str(limits)
    several = get_args(plain) if get_origin(plain) is tuple else ()
    count = f"{len(several)} numbers" if several and Ellipsis not in several else ""
    return ", each ".join(part for part in (count, words) if part) or simple(item or plain)


def simple(annotation: Any) -> str:
    """A word for a type without a range."""
    words = {bool: "`true`, `false`", str: "text", float: "number", int: "whole number"}
    return words.get(annotation, "a file" if getattr(annotation, "__name__", "") == "Path" else "")


def default(field: FieldInfo) -> str:
    """The default as YAML; a dash where a key must be given."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "not given"
    if isinstance(value, BaseModel):
        return "its defaults"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "none" if value == () else f"`{value}`"


def setup(app: Any) -> dict[str, bool]:
    """Sphinx asks for this: the line ``<!-- case keys -->`` of a page becomes the tables."""

    def read(app: Any, name: str, source: list[str]) -> None:
        if "<!-- case keys -->" in source[0]:
            source[0] = source[0].replace("<!-- case keys -->", tables())

    app.connect("source-read", read)
    return {"parallel_read_safe": True}
