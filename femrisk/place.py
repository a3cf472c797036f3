"""Where an error lies: in goes pydantic's location, out comes the key path with the model and range that rule there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from femrisk.document import KeyPath


@dataclass(frozen=True)
class Place:
    """Where pydantic's location lies in the document and in the model."""

    path: KeyPath
    #: the model that the last key belongs to
    model: type[BaseModel] | None
    #: metadata (ranges) and annotation of the last key or item
    metadata: tuple[Any, ...]
    annotation: Any

    @property
    def key(self) -> str:
        """The last key, past any list index."""
        return next((step for step in reversed(self.path) if isinstance(step, str)), "")


def locate(loc: tuple[int | str, ...], data: object, model: type[BaseModel]) -> Place:
    """Follow pydantic's location, which also names the kinds of unions, through data and model."""
    path: list[str | int] = []
    annotation: Any = model
    metadata: tuple[Any, ...] = ()
    owner: type[BaseModel] | None = None
    for step in loc:
        models = models_of(annotation)
        if len(models) > 1 and isinstance(data, dict) and (chosen := called(models, str(step))):
            annotation = reduce(or_, chosen)
        elif isinstance(step, int):
            path.append(step)
            data = data[step] if isinstance(data, list) and step < len(data) else None
            annotation, metadata = item_of(annotation, step)
        elif get_origin(annotation) is Mapping and isinstance(data, dict) and step in data:
            path.append(step)
            data = data[step]
            annotation, metadata = unwrap(get_args(annotation)[1])
        elif len(models) == 1 and (step in models[0].model_fields or (isinstance(data, dict) and step in data)):
            owner = models[0]
            path.append(step)
            data = data.get(step) if isinstance(data, dict) else None
            field = owner.model_fields.get(step)
            annotation, metadata = unwrap(field.annotation) if field else (None, ())
            metadata += tuple(field.metadata) if field else ()
    return Place(tuple(path), owner, metadata, annotation)


def unwrap(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without ``Annotated``, aliases and ``| None``, and the metadata taken off."""
    metadata: tuple[Any, ...] = ()
    while True:
        if isinstance(annotation, TypeAliasType):
            annotation = annotation.__value__
        elif get_origin(annotation) is Annotated:
            annotation, *extra = get_args(annotation)
            metadata += tuple(extra) + tuple(m for one in extra if isinstance(one, FieldInfo) for m in one.metadata)
        elif get_origin(annotation) in (Union, UnionType):
            rest = [one for one in get_args(annotation) if one is not NoneType]
            if len(rest) > 1:
                return annotation, metadata
            annotation = rest[0]
        else:
            return annotation, metadata


def models_of(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The models an annotation allows: one, the members of a union, or none."""
    annotation, _ = unwrap(annotation)
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    found: list[type[BaseModel]] = []
    for member in (unwrap(member)[0] for member in members):
        if get_origin(member) in (Union, UnionType):
            found += models_of(member)
        elif isinstance(member, type) and issubclass(member, BaseModel):
            found.append(member)
    return tuple(found)


def kinds(model: type[BaseModel]) -> tuple[str, ...]:
    """The values of a model's ``kind``."""
    return words_of(model, "kind")


def words_of(model: type[BaseModel], key: str) -> tuple[str, ...]:
    """The values a key of a model may have, where they are listed."""
    field = model.model_fields.get(key)
    return tuple(str(word) for word in get_args(unwrap(field.annotation)[0])) if field else ()


def called(models: tuple[type[BaseModel], ...], name: str) -> tuple[type[BaseModel], ...]:
    """The members of a union that pydantic's location calls ``name``: by kind, and among surfaces by what they show."""
    found = tuple(one for one in models if name in kinds(one))
    return found or tuple(one for one in models if name in words_of(one, "anatomy"))


def kinds_of(models: Iterable[type[BaseModel]]) -> tuple[str, ...]:
    """The kinds of a union's members, each once."""
    return tuple(dict.fromkeys(kind for model in models for kind in kinds(model)))


def item_of(annotation: Any, index: int) -> tuple[Any, tuple[Any, ...]]:
    """Annotation and metadata of one item of a list."""
    annotation, _ = unwrap(annotation)
    members = get_args(annotation)
    if get_origin(annotation) not in (tuple, list) or not members:
        return None, ()
    repeated = len(members) == 2 and members[1] is Ellipsis
    member = members[0] if repeated or index >= len(members) else members[index]
    return unwrap(member)
