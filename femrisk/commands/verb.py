"""What every verb of the command line is made of: ``Verb``, the options several of them share, and what those mean."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from femrisk.document import Document, parse_path, suggest
from femrisk.errors import CaseError, InputError, Mistake

if TYPE_CHECKING:
    from femrisk.scene import Scene


@dataclass(frozen=True)
class Verb:
    """One word of the command line."""

    name: str
    summary: str
    #: adds the options
    options: Callable[[ArgumentParser], None]
    #: does it, returns the exit code
    execute: Callable[[Namespace], int]


def screen() -> Console:
    """Where tables go: a terminal as it is, a file or pipe with lines long enough for every table."""
    console = Console(highlight=False, emoji=False)
    return console if console.is_terminal else Console(highlight=False, emoji=False, width=160)


def count(text: str) -> int:
    """A positive whole number of the command line."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1024:
        raise ArgumentTypeError(f"must be a whole number (allowed: 1 to 1024, got: {text})")
    return int(text)


def case_option(parser: ArgumentParser) -> None:
    """The case file."""
    parser.add_argument("case", type=Path, metavar="CASE.yaml", help="the case file")


def load(path: Path) -> tuple[Document, Scene]:
    """Read a case and place everything in its bone; every mistake names its line.

    Raises:
        CaseError: all mistakes of the file, or, where it has none, all lesions and devices that do not fit.
    """
    from femrisk.case import case_of
    from femrisk.casefile import read_document
    from femrisk.scene import build

    document = read_document(path)
    case = case_of(document, path.absolute().parent)
    try:
        return document, build(case)
    except CaseError as error:
        placed = (Mistake(document.where(parse_path(one.where)), one.what) for one in error.mistakes)
        raise CaseError(tuple(placed)) from error


def chosen(option: str, wanted: list[str], known: tuple[str, ...]) -> tuple[Mistake, ...]:
    """A mistake for each name on the command line that the case does not have."""
    found = []
    for name in wanted:
        if name not in known:
            close = suggest(name, known)
            hint = f"; did you mean {close}?" if close else ""
            found.append(Mistake(option, f"the case has no such name{hint} (allowed: {', '.join(known)}, got: {name})"))
    return tuple(found)


def result_folder(wanted: Path | None, name: str) -> Path:
    """Where results go: as wanted, else ``results/NAME``.

    Raises:
        InputError: something that is no folder is in the way.
    """
    folder = wanted or Path("results", name)
    for place in (folder, *folder.parents):
        if place.is_dir():
            return folder
        if place.exists() or place.is_symlink():
            raise InputError(f"-o {folder}", f"{place} is a file (allowed: a folder, or a name for a new one)")
    return folder
