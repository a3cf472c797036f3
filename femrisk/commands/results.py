"""Verbs that make something of a case, or of its results: ``run``, ``mesh``, ``export``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from femrisk.commands.folders import write_report
from femrisk.commands.verb import case_option, chosen, count, load, result_folder, screen
from femrisk.errors import CaseError, InputError

if TYPE_CHECKING:
    from femrisk.case import Case

#: what ``export`` writes, and the models each format can hold
FORMATS = {"inp": ("plastic", "linear"), "feb": ("linear",), "msh": (), "vtu": (), "xdmf": ()}


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
    parser.add_argument("--meshes", type=Path, metavar="DIR", help="keep meshes there, and share them with other cases")
    parser.add_argument(
        "--fields",
        choices=("series", "peak"),
        default="series",
        help="write fields at some increments of every march, or at the largest force alone (default: series)",
    )
    parser.add_argument("--no-figures", action="store_true", help="draw no pictures, write no report")


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
        scene,
        folder,
        jobs=options.jobs,
        ranks=options.ranks,
        arms=tuple(options.arm),
        loads=tuple(options.load),
        force=options.force,
        shelf=options.meshes,
        figures=not options.no_figures,
        **({} if options.fields == "series" else {"frames": 0}),
        console=screen(),
    )
    lacking = not options.no_figures and not write_report(folder)
    wanted = [(arm, load) for arm in arms for load in loads]
    wanted = [pair for pair in wanted if pair[0] in (options.arm or arms) and pair[1] in (options.load or loads)]
    for model, one in (comparison.by_model or {"": comparison}).items():
        done = {(row.arm, row.load): row.status for row in one.rows}
        for arm, load_name in wanted:
            status = done.get((arm, load_name), "no result")
            if status in ("stuck", "no result"):
                lacking = True
                where = " / ".join(part for part in (arm, load_name, model) if part)
                print(f"femrisk: error: {where}: no fracture load ({status})", file=sys.stderr)
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
    for family, labelled in mesh_families(scene).items():
        folder.mkdir(parents=True, exist_ok=True)
        write_mesh(folder / f"{family}.vtu", labelled)
        cells, vertices = len(labelled.cells), len(labelled.points)
        table.add_row(str(folder / f"{family}.vtu"), f"{cells}", f"{vertices}", ", ".join(labelled.solids))
    screen().print(table)
    return 0


def export_options(parser: ArgumentParser) -> None:
    """Options of ``export``."""
    parser.add_argument(
        "case", type=Path, metavar="CASE.yaml", help="the case file; for xdmf a result folder, whose fields are written"
    )
    words = "CalculiX or Abaqus, FEBio, gmsh, VTK; of results: XDMF with HDF5"
    parser.add_argument("--format", choices=tuple(FORMATS), required=True, help=words)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", required=True, help="file to write")
    for key in ("arm", "load"):
        parser.add_argument(f"--{key}", metavar="NAME", help=f"{key} of the case (default: its first)")
    parser.add_argument(
        "--model", choices=("linear", "plastic"), help="materials of inp (default: the case's model) and feb (linear)"
    )
    parser.add_argument(
        "--fields",
        choices=("series", "peak"),
        help="of xdmf: the increments of the march, or the largest force alone, with more arrays (default: series)",
    )


def export(options: Namespace) -> int:
    """Write one arm under one load for another code."""
    from femrisk.case import names, read_case

    file, models = options.output, FORMATS[options.format]
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise InputError(f"-o {file}", "not a file name in an existing folder")
    if options.model and options.model not in models:
        allowed = ", ".join(models) or "none"
        raise InputError("--model", f"{options.format} does not hold it (allowed: {allowed}, got: {options.model})")
    if options.format == "xdmf":
        return export_fields(options)
    if options.fields:
        raise InputError("--fields", f"{options.format} has no fields of results (allowed: with xdmf alone)")
    case = read_case(options.case).resolved()
    arms, loads = names(case.arms), names(case.loads)
    arm, load_name = options.arm or arms[0], options.load or loads[0]
    unknown = chosen("--arm", [arm], arms) + chosen("--load", [load_name], loads)
    if unknown:
        raise CaseError(unknown)
    if models:
        refuse_what_no_file_holds(case, options.format, options.model)
    _, scene = load(options.case)

    from femrisk.export.write import Wish, export

    model = options.model or ("linear" if scene.case.analysis.model == "linear" else "plastic")
    for line in export(scene, Wish(arm, load_name, options.format, model == "plastic" and "plastic" in models), file):
        print(line)
    return 0


def export_fields(options: Namespace) -> int:
    """Write the fields of a result folder's arm under one load."""
    from femrisk.export.xdmf import find, write

    for line in write(find(options.case, options.arm, options.load, options.fields != "peak"), options.output):
        print(line)
    return 0


def refuse_what_no_file_holds(case: Case, form: str, model: str | None) -> None:
    """Stop where a file of this form would tell another story than the case (resolved).

    Raises:
        InputError: voxels, weak interfaces, a shell, a fabric, or a model of bone that only femrisk has.
    """
    if case.analysis.mesh == "voxel":
        raise InputError("analysis.mesh", "no file holds voxels (allowed: tetrahedra, got: voxel)")
    if case.analysis.interfaces == "weak":
        raise InputError("analysis.interfaces", "no file holds weak interfaces (allowed: bonded, got: weak)")
    shell = getattr(case.bone, "shell_thickness_mm", 0.0)
    if shell:
        raise InputError("bone.shell_thickness_mm", f"no file holds a shell (allowed: 0, got: {shell:g})")
    fabric = case.analysis.anisotropy
    if fabric != "isotropic":
        raise InputError("analysis.anisotropy", f"{form} does not hold it (allowed: isotropic, got: {fabric})")
    if case.analysis.model in ("damage", "crushable_foam") and not model:
        others = ", ".join(FORMATS[form])
        raise InputError("--model", f"no file holds the {case.analysis.model} model (name another: {others})")
