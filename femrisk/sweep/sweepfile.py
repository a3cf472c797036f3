"""A sweep file in, a ``Sweep`` out: a base case, its axes, the design over them, and what each case may take."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from femrisk.case import Case, Name, case_of
from femrisk.casefile import read_document
from femrisk.comparison import Row
from femrisk.document import Document, KeyPath
from femrisk.errors import CaseError, Mistake
from femrisk.mistakes import SeveralMistakes, translate
from femrisk.part import Part
from femrisk.sweep.agreement import Agreement, lost
from femrisk.sweep.axes import Axis, ChoiceAxis, Column, DependingAxis, columns_of
from femrisk.sweep.design import Design
from femrisk.sweep.paths import keys_of, value_at

#: 256 folders of about 1,000 cases each; see ``store``
MOST_CASES = 250_000
#: columns that the table has of its own; see ``table``
TAKEN = {one.name for one in fields(Row)} | {"sweep", "point", "case", "state", "reason", "attempts", "seconds", "kN"}
TAKEN |= {"case_seconds", "case_cpu_seconds", "peak_memory_MB"}
#: kinds of axes that a grid walks, and those that a random design draws from
OF_GRIDS, DRAWN = ("list", "range", "zipped"), ("uniform", "normal", "lognormal", "choice", "depending")


class EachCase(Part):
    """What one case may take of its machine, and what it leaves."""

    ranks: Annotated[int, Field(ge=1, le=1024)] = 1
    """MPI ranks of each pair of arm and load."""
    jobs: Annotated[int, Field(ge=1, le=1024)] = 1
    """Pairs of arm and load computed at once within a case."""
    time_limit_s: Annotated[float, Field(gt=0)] = 6 * 3600.0
    """After so many seconds an attempt is ended; the next one goes on where it stopped."""
    memory_limit_GB: Annotated[float, Field(gt=0)] = 8.0
    """An attempt whose processes together hold more is ended."""
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """How often a case that failed is tried again."""
    keep: Literal["numbers", "everything"] = "numbers"
    """What a finished case keeps: its tables, histories and logs; or also meshes, and fields at the largest force
    (several MB per pair)."""

    @property
    def cores(self) -> int:
        """Cores one case keeps busy."""
        return self.ranks * self.jobs


class Sweep(Part):
    """Many cases that differ from a base case along axes."""

    name: Name
    """Name of the sweep; its rows in the table and its figures bear it."""
    case: Path
    """The base case: a case file, looked up beside the sweep file."""
    design: Design
    """Which points of the space that the axes span."""
    axes: Annotated[tuple[Axis, ...], Field(min_length=1)]
    """What changes from case to case."""
    each_case: EachCase = EachCase()
    """What one case may take of its machine, and what it leaves."""
    agreement: Agreement | None = None
    """Scores to be set against the mechanics of the cases (docs/cohort.md)."""

    @model_validator(mode="after")
    def _axes_suit_the_design(self) -> Sweep:
        allowed = DRAWN if self.design.random else OF_GRIDS
        wrong: list[tuple[KeyPath, str]] = [
            (("axes", index, "kind"), f"not for a {self.design.kind} (allowed: {', '.join(allowed)}, got: {axis.kind})")
            for index, axis in enumerate(self.axes)
            if axis.kind not in allowed
        ]
        seen: set[str] = set()
        for path, column in self.placed_columns():
            if column.column in seen:
                wrong.append((path, f"two axes of this name (got: {column.column})"))
            if column.column in TAKEN:
                wrong.append(((*path, "name"), f"the table has another column of this name (got: {column.column})"))
            seen.add(column.column)
        wrong += _unsupported(self.axes)
        if wrong:
            raise SeveralMistakes(*wrong)
        if self.size() > MOST_CASES:
            raise SeveralMistakes((("axes",), f"too many cases (allowed: {MOST_CASES}, got: {self.size()})"))
        return self

    def placed_columns(self) -> tuple[tuple[KeyPath, Column], ...]:
        """Every column, those that move together one by one, each with its place in the file."""
        return tuple(
            (("axes", index, *(("axes", inner) if axis.kind == "zipped" else ())), column)
            for index, axis in enumerate(self.axes)
            for inner, column in enumerate(columns_of(axis))
        )

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column."""
        return tuple(column for _, column in self.placed_columns())

    def size(self) -> int:
        """How many points, good and bad."""
        return self.design.size(self.axes)


def _unsupported(axes: tuple[Axis, ...]) -> list[tuple[KeyPath, str]]:
    """Axes that depend on what is no choice before them, or have not exactly its values."""
    found: list[tuple[KeyPath, str]] = []
    choices: dict[str, tuple[str, ...]] = {}
    for index, axis in enumerate(axes):
        if isinstance(axis, ChoiceAxis):
            choices[axis.column] = tuple(str(value) for value in axis.values)
        if not isinstance(axis, DependingAxis):
            continue
        allowed = choices.get(axis.on)
        if allowed is None:
            what = f"no choice of this name before it (allowed: {', '.join(choices) or 'none'}, got: {axis.on})"
            found.append((("axes", index, "on"), what))
        elif set(axis.each) != set(allowed):
            what = f"one distribution for each value of {axis.on} (allowed: {', '.join(allowed)}, got: "
            found.append((("axes", index, "each"), f"{what}{', '.join(axis.each)})"))
    return found


def read_sweep(path: Path) -> tuple[Sweep, Document, Case]:
    """The sweep, its base case as written, and the same checked and resolved.

    Raises:
        CaseError: every mistake of both files, each with its line.
    """
    document = read_document(path)
    try:
        sweep = Sweep.model_validate_json(document.json(), strict=True)
    except ValidationError as error:
        raise CaseError(translate(error, document, Sweep)) from error
    file = path.parent / sweep.case
    if not file.is_file():
        raise CaseError((Mistake(document.where(("case",)), f"no such file (got: {file})"),))
    base = read_document(file)
    case = case_of(base, file.absolute().parent).resolved()
    found = _lost(sweep, case.model_dump(mode="json"))
    if sweep.agreement:
        found += lost(sweep.agreement, case, tuple(column.column for column in sweep.columns))
    wrong = tuple(Mistake(document.where(place), what) for place, what in found)
    if wrong:
        raise CaseError(wrong)
    return sweep, base, case


def _lost(sweep: Sweep, case: dict[str, Any]) -> list[tuple[KeyPath, str]]:
    """The axes whose path leads nowhere, or whose factor has nothing to multiply."""
    found: list[tuple[KeyPath, str]] = []
    taken: dict[KeyPath, str] = {}
    for place, column in sweep.placed_columns():
        try:
            for keys in keys_of(column.path, case):
                if keys in taken:
                    raise ValueError(f"two axes set this key (the other: {taken[keys]})")
                taken[keys] = column.column
                if column.relative and not multiplies(value_at(case, keys)):
                    raise ValueError(f"there is no number to multiply (got: {value_at(case, keys)})")
        except ValueError as error:
            found.append(((*place, "path"), str(error)))
    return found


def multiplies(value: Any) -> bool:
    """Whether a factor can be applied: a number, or a list of them."""
    if isinstance(value, list):
        return bool(value) and all(multiplies(item) for item in value)
    return isinstance(value, int | float) and not isinstance(value, bool)
