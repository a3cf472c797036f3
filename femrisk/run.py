"""The whole walk on one page: a case in, a result folder with its comparison out.

Place the case, mesh its families, march every arm under every load, set the results side by side. What is finished in
the folder is not done again.
"""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

from femrisk import __version__
from femrisk.analysis import Model
from femrisk.bymodel import side_by_side
from femrisk.case import Case, question_of, text_of, under_model
from femrisk.compare import compare
from femrisk.comparison import Comparison
from femrisk.crew import Job, work
from femrisk.errors import ComputationError, InputError
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.atomic import write_text
from femrisk.output.folder import ResultFolder, add_provenance, claim, locked, read_labelled
from femrisk.output.scan import write_scan
from femrisk.output.table import body_table, models_table, notes, table
from femrisk.plan import Family, families, mesh_task, solve_task
from femrisk.preview import scores_of
from femrisk.progress import Progress
from femrisk.scene import Scene, build

#: model, arm and load of what is to be solved
Pairs = Sequence[tuple[str, str, str]]

#: Increments of a pair that are kept to be looked at.
FRAMES = 10


def run(
    case: Case | Scene,
    folder: str | Path,
    *,
    jobs: int = 1,
    ranks: int = 1,
    arms: tuple[str, ...] = (),
    loads: tuple[str, ...] = (),
    force: bool = False,
    shelf: Path | None = None,
    figures: bool = True,
    frames: int = FRAMES,
    console: Console | None = None,
) -> Comparison:
    """Push every arm to fracture under every load, and under each model of bone that is asked for, and compare.

    Args:
        case: the clinical question, or the scene already built of it.
        folder: where results go; finished pairs of the same case are kept.
        jobs: worker processes side by side.
        ranks: MPI ranks of each worker.
        arms: names of the arms to do; empty for all.
        loads: names of the loads to do; empty for all.
        force: redo finished pairs, and replace the results of another case.
        shelf: folder of meshes that are shared with other cases; None for none.
        figures: draw pictures.
        frames: increments of each pair whose fields are kept at most, beside those at the peak; at least 3, or 0.
        console: where progress and the table are printed; None for silence.

    Raises:
        InputError: the case does not fit its bone, the folder belongs to another, or weak interfaces or voxels on
            several ranks.
        ComputationError: a mesh could not be made. A pair that fails is kept out of the comparison and told.
    """
    start = time.perf_counter()
    scene, results = case if isinstance(case, Scene) else build(case), ResultFolder(Path(folder))
    analysis = scene.case.analysis
    if ranks > 1 and (analysis.interfaces == "weak" or analysis.mesh == "voxel"):
        what = "voxels" if analysis.mesh == "voxel" else "weak interfaces"
        raise InputError("--ranks", f"{what} are computed on one rank only (allowed: 1, got: {ranks})")
    with locked(results):
        take(scene.case, results, force)
        write_scan(results, scene.anatomy)
        places = places_of(scene.case, results)
        wanted = [
            (model, str(arm.name), str(load.name))
            for model in places
            for arm in scene.case.arms
            for load in scene.case.loads
            if (not arms or arm.name in arms) and (not loads or load.name in loads)
        ]
        if force:
            for model, arm_name, load_name in wanted:
                places[model].forget(arm_name, load_name)
        missing = [one for one in wanted if not places[one[0]].is_complete(one[1], one[2])]
        groups = families(scene)
        with Progress(console, wanted, missing) as progress:
            failures: dict[str, str] = {}
            if missing:
                make_meshes(scene, results, groups, missing, jobs, progress.hear, shelf)
                failures = solve(scene, results, groups, missing, jobs, ranks, progress.hear, frames)
            comparison = conclude(scene, results)
            for model, place in places.items() if figures else ():
                if any(model == one for one, *_ in missing) or not place.figures.is_dir():
                    progress.say("drawing")
                    failures |= draw(place)
            add_provenance(results, facts(jobs, ranks, time.perf_counter() - start, failures))
    if console is not None:
        console.print(table(comparison))
        if comparison.by_model:
            console.print(models_table(comparison))
        if bodies := body_table(comparison):
            console.print(bodies)
        console.print(notes(comparison))
        for name, failure in failures.items():
            console.print(f"{name}: {failure}", style="red")
    return comparison


def places_of(case: Case, folder: ResultFolder) -> dict[str, ResultFolder]:
    """Where the results under each model lie: the first model's in the folder itself, the others' beside them."""
    first, *others = case.analysis.every_model()
    return {first: folder, **{model: folder.beside(model) for model in others}}


def take(case: Case, folder: ResultFolder, force: bool) -> None:
    """Claim the folder; a model added behind the first, or left out, does not make another case of this one.

    Raises:
        InputError: the folder holds results of another case, or of this one with another model first.
    """
    first = case.analysis.every_model()[0]
    rivals = {
        question_of(under_model(case, model)): f"this case with the model {model} first"
        for model in get_args(Model)
        if model != first
    }
    claim(folder, text_of(case), __version__, force, question=question_of(case), rivals=rivals)


def make_meshes(
    scene: Scene,
    folder: ResultFolder,
    groups: Sequence[Family],
    missing: Pairs,
    jobs: int,
    hear: Callable[[Job, dict[str, Any]], None],
    shelf: Path | None = None,
) -> None:
    """Mesh the families that missing pairs need and the folder lacks.

    Raises:
        ComputationError: a mesh could not be made, or would spoil a result.
    """
    needed = [
        one
        for one in groups
        if any(arm in one.arms for _, arm, _ in missing) and read_labelled(folder, one.name) is None
    ]
    failures = work(folder, [Job(f"mesh_{one.name}", mesh_task(scene, one, shelf)) for one in needed], jobs, hear)
    if failures:
        name, what = next(iter(failures.items()))
        raise ComputationError(name, what)


def solve(
    scene: Scene,
    folder: ResultFolder,
    groups: Sequence[Family],
    missing: Pairs,
    jobs: int,
    ranks: int,
    hear: Callable[[Job, dict[str, Any]], None],
    frames: int = 0,
) -> dict[str, str]:
    """March the missing pairs, those of one mesh and load one after the other; returns what failed."""
    first = scene.case.analysis.model
    groups_of_pairs = [
        (
            one,
            load,
            model,
            tuple(arm for other, arm, under in missing if (other, under) == (model, load) and arm in one.arms),
        )
        for model in dict.fromkeys(model for model, *_ in missing)
        for load in dict.fromkeys(load for *_, load in missing)
        for one in groups
    ]
    # the longest first, so that no worker is left alone with it at the end
    longest_first = sorted(
        (group for group in groups_of_pairs if group[3]), key=lambda group: (group[2] != "damage", -len(group[3]))
    )
    tasks = [
        Job(
            f"{one.name}_{load}" + (f"@{model}" if model != first else ""),
            replace(solve_task(scene, one, load, arms, model), frames=frames),
            ranks,
        )
        for one, load, model, arms in longest_first
    ]
    return work(folder, tasks, jobs, hear)


def conclude(scene: Scene, folder: ResultFolder) -> Comparison:
    """Compare all that is finished in the folder, model by model, and write it down."""
    places = places_of(scene.case, folder)
    by_model = {model: compare_finished(scene, place) for model, place in places.items()}
    comparison = side_by_side(by_model)
    for model, place in places.items():
        written = comparison if place == folder else by_model[model]
        write_text(place.path / "comparison.json", written.to_json())
        write_text(place.path / "comparison.csv", written.to_csv())
    return comparison


def compare_finished(scene: Scene, folder: ResultFolder) -> Comparison:
    """Compare what is finished under one model."""
    case = scene.case
    pairs = [(str(arm.name), str(load.name)) for arm in case.arms for load in case.loads]
    return compare(
        case.name,
        __version__,
        case.patient,
        [folder.read_result(*pair) for pair in pairs if folder.is_complete(*pair)],
        scores_of(scene),
        {str(arm.name): arm.kind for arm in case.arms},
        {str(load.name): load.kind for load in case.loads},
    )


def draw(folder: ResultFolder) -> dict[str, str]:
    """Draw what is finished; returns what failed, as pictures are no reason to lose numbers."""
    from femrisk.output.plots import draw as draw_figures

    try:
        draw_figures(folder)
    except OSError as error:
        return {"drawing": str(error)}
    return {}


def mesh_families(scene: Scene) -> dict[str, LabelledMesh]:
    """The mesh of every family of a case, by name; nothing is written.

    Raises:
        MeshError: a mesh that would spoil a result.
    """
    from femrisk.shelf import make

    return {one.name: make(mesh_task(scene, one))[0] for one in families(scene)}


def facts(jobs: int, ranks: int, seconds: float, failures: dict[str, str]) -> dict[str, Any]:
    """What made the results: versions, machine, time and memory."""
    own, below = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    libraries = ("dolfinx-solver-real", "fenics-dolfinx", "gmsh", "numpy", "scipy", "numba", "pyvista")
    return {
        "versions": {"python": platform.python_version(), **{name: _installed(name) for name in libraries}},
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "jobs": jobs,
        "ranks": ranks,
        "wall_seconds": seconds,
        "cpu_seconds": own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime,
        "peak_memory_of_one_process_MB": max(own.ru_maxrss, below.ru_maxrss) / 1024,
        "solver": "conjugate gradients; P2-P1 (or 2 h) multigrid, block SOR, GAMG below; Newton to 1e-6 of the force",
        "failures": failures,
    }


def _installed(name: str) -> str | None:
    try:
        return installed(name)
    except ModuleNotFoundError:
        return None
