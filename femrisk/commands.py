"""The verbs: in go the options of one verb, out come what it prints and its exit code.

A verb is a ``Verb`` in ``VERBS``: a name, a line of help, its options, and the function that does it. Whatever is
large (meshes, solver, pictures) is imported inside that function, so that ``check`` answers at once.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from femrisk.document import Document, parse_path, suggest
from femrisk.errors import CaseError, InputError, Mistake

if TYPE_CHECKING:
    from femrisk.scene import Scene


#: what ``init`` knows
STARTERS = ("femur",)
#: what ``export`` writes, and the models each format can hold
FORMATS = {"inp": ("plastic", "linear"), "feb": ("linear",), "msh": (), "vtu": ()}


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


def init_options(parser: ArgumentParser) -> None:
    """Options of ``init``."""
    parser.add_argument("bone", choices=STARTERS, help="what the case is about")
    parser.add_argument("file", nargs="?", type=Path, help="file to write (default: BONE.yaml; - prints it)")


def init(options: Namespace) -> int:
    """Write a commented starter case; a file that exists stays as it is."""
    from femrisk.starter import starter

    text = starter()
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


def run_options(parser: ArgumentParser) -> None:
    """Options of ``run``."""
    case_option(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="result folder (default: results/NAME)")
    parser.add_argument("-j", "--jobs", type=count, default=1, help="pairs of arm and load run at once (default: 1)")
    parser.add_argument("--ranks", type=count, default=1, metavar="N", help="MPI ranks of each pair (default: 1)")
    for key in ("arm", "load"):
        parser.add_argument(
            f"--{key}", nargs="+", action="extend", default=[], metavar="NAME", help=f"only these {key}s of the case"
        )
    parser.add_argument("--force", action="store_true", help="redo finished pairs")


def run(options: Namespace) -> int:
    """Push every arm to fracture under every load and print the comparison."""
    from femrisk.case import names

    _, scene = load(options.case)
    arms, loads = names(scene.case.arms), names(scene.case.loads)
    unknown = chosen("--arm", options.arm, arms) + chosen("--load", options.load, loads)
    if unknown:
        raise CaseError(unknown)
    folder = result_folder(options.output, scene.case.name)

    from femrisk.run import run as run_case

    comparison = run_case(
        scene.case,
        folder,
        jobs=options.jobs,
        ranks=options.ranks,
        arms=tuple(options.arm),
        loads=tuple(options.load),
        force=options.force,
        console=screen(),
    )
    done = {(row.arm, row.load): row.status for row in comparison.rows}
    wanted = [(arm, load) for arm in arms for load in loads]
    wanted = [pair for pair in wanted if pair[0] in (options.arm or arms) and pair[1] in (options.load or loads)]
    lacking = [(pair, done.get(pair, "no result")) for pair in wanted if done.get(pair, "stuck") == "stuck"]
    for (arm, load_name), status in lacking:
        print(f"femrisk: error: {arm} / {load_name}: no fracture load ({status})", file=sys.stderr)
    return 1 if lacking else 0


def mesh_options(parser: ArgumentParser) -> None:
    """Options of ``mesh``."""
    case_option(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", required=True, help="folder for the meshes")


def mesh(options: Namespace) -> int:
    """Write the mesh of each family (base, screws, nail) as VTU."""
    _, scene = load(options.case)
    folder = result_folder(options.output, scene.case.name)

    from femrisk.output.fields import write_mesh
    from femrisk.run import mesh_families

    table = Table("mesh", "cells", "vertices", "solids", title=f"Meshes of {scene.case.name}")
    for family, labelled in mesh_families(scene.case).items():
        folder.mkdir(parents=True, exist_ok=True)
        write_mesh(folder / f"{family}.vtu", labelled)
        cells, vertices = len(labelled.tets), len(labelled.points)
        table.add_row(str(folder / f"{family}.vtu"), f"{cells}", f"{vertices}", ", ".join(labelled.solids))
    screen().print(table)
    return 0


def export_options(parser: ArgumentParser) -> None:
    """Options of ``export``."""
    case_option(parser)
    parser.add_argument("--format", choices=tuple(FORMATS), required=True, help="CalculiX or Abaqus, FEBio, gmsh, VTK")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", required=True, help="file to write")
    for key in ("arm", "load"):
        parser.add_argument(f"--{key}", metavar="NAME", help=f"{key} of the case (default: its first)")
    parser.add_argument(
        "--model", choices=("linear", "plastic"), help="materials of inp (default: the case's model) and feb (linear)"
    )


def export(options: Namespace) -> int:
    """Write one arm under one load for another code."""
    from femrisk.case import names

    file, models = options.output, FORMATS[options.format]
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise InputError(f"-o {file}", "not a file name in an existing folder")
    if options.model and options.model not in models:
        allowed = ", ".join(models) or "none"
        raise InputError("--model", f"{options.format} does not hold it (allowed: {allowed}, got: {options.model})")
    _, scene = load(options.case)
    arms, loads = names(scene.case.arms), names(scene.case.loads)
    arm, load_name = options.arm or arms[0], options.load or loads[0]
    unknown = chosen("--arm", [arm], arms) + chosen("--load", [load_name], loads)
    if unknown:
        raise CaseError(unknown)

    if scene.case.analysis.model == "damage" and models and not options.model:
        raise InputError("--model", f"no file holds the damage model (name another: {', '.join(models)})")

    if scene.case.analysis.interfaces == "weak" and models:
        raise InputError("analysis.interfaces", "no file holds weak interfaces (allowed: bonded, got: weak)")

    from femrisk.export.write import Wish, export

    model = options.model or ("linear" if scene.case.analysis.model == "linear" else "plastic")
    for line in export(scene, Wish(arm, load_name, options.format, model == "plastic" and "plastic" in models), file):
        print(line)
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


def doctor(options: Namespace) -> int:
    """Print what the machine has and lacks; 1 when something needed is missing."""
    from femrisk.doctor import examine

    table = Table("", "state", "found", "how to get it", title="femrisk doctor")
    missing = []
    for finding in examine():
        color = {"ok": "green", "warning": "yellow", "missing": "red"}[finding.state]
        table.add_row(finding.what, f"[{color}]{finding.state}[/]", finding.detail, finding.cure)
        if finding.state == "missing":
            missing.append(f"femrisk: error: {finding.what}: {finding.detail} ({finding.cure})")
    screen().print(table)
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


def verify_options(parser: ArgumentParser) -> None:
    """Options of ``verify``."""
    parser.add_argument("--full", action="store_true", help="finer meshes and tighter bounds")


def verify(options: Namespace) -> int:
    """Solve problems of known answer and print the errors; 1 when one is out of its bound."""
    from femrisk.verification.catalogue import solve
    from femrisk.verification.checks import Effort

    wrong = solve(Effort(full=options.full), screen())
    for line in wrong:
        print(f"femrisk: error: {line}", file=sys.stderr)
    return 1 if wrong else 0


VERBS = (
    Verb("init", "write a commented starter case", init_options, init),
    Verb("check", "validate a case and print what would be run, without solving", case_option, check),
    Verb("run", "push every arm to fracture under every load and print the comparison", run_options, run),
    Verb("mesh", "write the meshes of a case", mesh_options, mesh),
    Verb("export", "write one arm under one load for another code", export_options, export),
    Verb("score", "print the clinical scores of a case", case_option, score),
    Verb("verify", "solve problems of known answer and print the errors", verify_options, verify),
    Verb("schema", "print the JSON Schema of case files", lambda parser: None, schema),
    Verb("doctor", "print what this machine has and lacks", lambda parser: None, doctor),
)
