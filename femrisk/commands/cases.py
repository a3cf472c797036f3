"""Verbs about a case, in which nothing is meshed or solved: ``init``, ``check``, ``score``, ``schema``."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from femrisk.commands.verb import load, screen
from femrisk.errors import InputError

#: what ``init`` knows
STARTERS = ("femur", "vertebra", "ct")


def init_options(parser: ArgumentParser) -> None:
    """Options of ``init``."""
    parser.add_argument("bone", choices=STARTERS, help="what the case is about")
    parser.add_argument("file", nargs="?", type=Path, help="file to write (default: BONE.yaml; - prints it)")


def init(options: Namespace) -> int:
    """Write a commented starter case; a file that exists stays as it is."""
    from femrisk import starter

    text = starter.starter(starter.STARTERS[options.bone])
    file = options.file or Path(f"{options.bone}.yaml")
    if str(file) == "-":
        sys.stdout.write(text)
        return 0
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise InputError(str(file), "not a file name in an existing folder")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise InputError(str(file), "exists already, and is not overwritten") from error
    print(f"{file} written; next: femrisk check {file}")
    return 0


def check(options: Namespace) -> int:
    """Print what would be run."""
    from femrisk.preview import preview

    _, scene = load(options.case)
    preview(scene, screen())
    return 0


def score(options: Namespace) -> int:
    """Print the clinical scores of the case."""
    from femrisk.preview import scores_table

    _, scene = load(options.case)
    screen().print(scores_table(scene))
    return 0


def schema(options: Namespace) -> int:
    """Print the JSON Schema of case files."""
    from femrisk.case import Case

    dialect = "https://json-schema.org/draft/2020-12/schema"
    print(json.dumps({"$schema": dialect, **Case.model_json_schema()}, indent=2))
    return 0
