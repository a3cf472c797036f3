"""Points of a sweep: in go its base case and the values of its columns, out come cases, each named by its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from femrisk import __version__
from femrisk.case import Case, case_of
from femrisk.document import Document, KeyPath, Node
from femrisk.errors import CaseError
from femrisk.sweep.axes import Column
from femrisk.sweep.design import Row
from femrisk.sweep.paths import keys_of, value_at, with_value
from femrisk.sweep.sweepfile import Sweep

#: characters of the name of a case
NAME_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Point:
    """One row of a design and the case it makes."""

    index: int
    #: one value per column
    values: Row
    #: name of its case; None where the values make none
    case_id: str | None
    #: why they make none
    reason: str | None = None


@dataclass(frozen=True)
class Questions:
    """A sweep and its base case: everything that cases are made of."""

    sweep: Sweep
    #: the base case as written, and with every default filled in
    base: Document
    case: Case
    #: where relative files of the base case begin
    folder: Path
    #: the keys that each column sets
    keys: tuple[tuple[Column, tuple[KeyPath, ...]], ...]

    @classmethod
    def of(cls, sweep: Sweep, base: Document, case: Case) -> Questions:
        """From what ``read_sweep`` gives."""
        plain = case.model_dump(mode="json")
        keys = tuple((column, keys_of(column.path, plain)) for column in sweep.columns)
        return cls(sweep, base, case, Path(base.file).absolute().parent, keys)

    def points(self) -> Iterator[Point]:
        """Every point in the order of the design; the geometry of its case is not looked at."""
        for index, values in enumerate(self.sweep.design.rows(self.sweep.axes)):
            try:
                yield Point(index, values, identity_of(self.case_at(values)))
            except CaseError as error:
                yield Point(index, values, None, "; ".join(error.lines()))

    def case_at(self, values: Row) -> Case:
        """The case at a row of values.

        Raises:
            CaseError: the values make no case.
        """
        plain, resolved = self.base.plain(), self.case.model_dump(mode="json")
        data, later = plain, []
        for (column, places), value in zip(self.keys, values, strict=True):
            for keys in places:
                if column.relative and value_at(plain, keys) is None:
                    later.append((keys, value))
                    continue
                new = scaled(value_at(resolved, keys), value) if column.relative else value
                data = with_value(data, keys, new)
        if later:
            # a factor of what the base case leaves to its default: the default of this point's own bone
            own = self.made(data).resolved().model_dump(mode="json")
            for keys, factor in later:
                data = with_value(data, keys, scaled(value_at(own, keys), factor))
        return self.made(data)

    def made(self, data: Any) -> Case:
        """The case of plain values.

        Raises:
            CaseError: they make none.
        """
        try:
            return case_of(Document("", lineless(data)), self.folder)
        except CaseError as error:
            raise CaseError(
                tuple(type(one)(one.where.removeprefix(":0: "), one.what) for one in error.mistakes)
            ) from error


def scaled(value: Any, factor: Any) -> Any:
    """``value``, a number or a list of them, times ``factor``, to 6 digits."""
    if isinstance(value, list):
        return [scaled(item, factor) for item in value]
    return float(f"{value * factor:.6g}")


def lineless(data: Any) -> Node:
    """Plain values as a document's node."""
    if isinstance(data, dict):
        return Node({key: lineless(item) for key, item in data.items()}, 0)
    return Node([lineless(item) for item in data] if isinstance(data, list) else data, 0)


def identity_of(case: Case) -> str:
    """Name of a case as run by this version: equal content has one name, however it is written."""
    content = case.resolved().model_dump(mode="json", exclude={"name"})
    # what a file holds counts, not where it lies
    content["bone"] |= {key: _digest(str(value)) for key, value in case.bone if isinstance(value, Path)}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"femrisk {__version__}\n{text}".encode()).hexdigest()[:NAME_LENGTH]


@cache
def _digest(path: str) -> str:
    """Digest of a file, or of every file of a folder."""
    root = Path(path)
    files = sorted(one for one in root.rglob("*") if one.is_file()) if root.is_dir() else [root]
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(root)).encode())
        # a file that is not there is the case's own mistake, told when it is run
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def text_of(case: Case) -> str:
    """The text of a case file, every default written out, named by its content."""
    case = case.resolved().model_copy(update={"name": identity_of(case)})
    return json.dumps(case.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
