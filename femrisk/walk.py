"""The walk in six lines, as ``import femrisk`` offers it: a case file in; meshes, results, table, figure, report out.

The docstring of the package shows them. `run` and `mesh` compute; the others read what a run has left.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from femrisk import __version__
from femrisk.case import Case, read_case
from femrisk.document import suggest
from femrisk.errors import InputError
from femrisk.meshes.labelled import LabelledMesh
from femrisk.notebook import Answer, Page, Picture, answer_of
from femrisk.output.folder import ResultFolder
from femrisk.run import mesh_families
from femrisk.run import run as run_case
from femrisk.scene import build

#: A case, or the file it is in.
Asked = Case | str | Path
#: A result folder, or its path.
Results = ResultFolder | str | Path
#: What ``plot`` draws; those of ``LOADED`` are of one load.
FIGURES = ("scene", "stress", "curves", "bars")
LOADED = ("stress", "curves")


def mesh(case: Asked) -> dict[str, LabelledMesh]:
    """The meshes of a case by family (``base``, ``screws``, ``nail``); nothing is solved or written.

    Each has points (n, 3) in mm, tetrahedra (m, 4), and for each cell the solids it lies in.

    Raises:
        CaseError: the case has mistakes, or does not fit its bone.
        MeshError: a mesh that would spoil a result.
    """
    return mesh_families(build(_case(case)))


def run(
    case: Asked,
    folder: Results | None = None,
    *,
    jobs: int = 1,
    ranks: int = 1,
    arms: Sequence[str] = (),
    loads: Sequence[str] = (),
    force: bool = False,
) -> ResultFolder:
    """Push every arm to fracture under every load; what the folder holds already is not done again.

    Args:
        case: the clinical question.
        folder: where results go; ``results/NAME`` when left out.
        jobs: worker processes side by side.
        ranks: MPI ranks of each worker.
        arms: names of the arms to do; empty for all.
        loads: names of the loads to do; empty for all.
        force: redo finished pairs, and replace the results of another case.

    Raises:
        CaseError: the case has mistakes, does not fit its bone, or has no arm or load of such a name.
        InputError: the folder belongs to another case.
        ComputationError: a mesh could not be made.
    """
    scene = build(_case(case))
    for what, wanted, parts in (("arms", arms, scene.case.arms), ("loads", loads, scene.case.loads)):
        _known(what, wanted, [str(part.name) for part in parts])
    place = _folder(folder if folder is not None else Path("results", scene.case.name))
    run_case(
        scene,
        place.path,
        jobs=jobs,
        ranks=ranks,
        arms=tuple(arms),
        loads=tuple(loads),
        force=force,
        figures=False,
    )
    return place


def compare(*folders: Results) -> Answer:
    """The table of one result folder, or of several under one another.

    Raises:
        InputError: a folder that holds no comparison.
    """
    return answer_of(tuple(_folder(folder) for folder in folders))


def plot(folder: Results, figure: str = "scene", load: str | None = None) -> Picture:
    """Draw a figure of a result folder into its ``figures``.

    Args:
        folder: results of a run.
        figure: ``scene`` (every arm), ``stress`` or ``curves`` (of one load), ``bars`` (every fracture load).
        load: name of the load; the first that has results when left out.

    Raises:
        InputError: no such figure or load, or nothing to draw.
    """
    from femrisk.output import charts, plots

    place = _folder(folder)
    _known("figure", [figure], list(FIGURES))
    pairs = charts.order(place) if figure in ("bars", "curves") else plots.drawable(place)
    if not pairs:
        raise InputError(str(place.path), f"has nothing to draw for {figure} (allowed: a folder of a finished run)")
    if figure not in LOADED:
        return Picture(plots.scene(place) if figure == "scene" else charts.bars(place))
    known = list(dict.fromkeys(name for _, name in pairs))
    _known("load", [load or known[0]], known)
    return Picture((plots.stress if figure == "stress" else charts.curves)(place, load or known[0]))


def show(folder: Results, *, brief: bool = False, height_px: int = 640) -> Page:
    """Write the report of a result folder, and show it in the notebook.

    Args:
        folder: results of a run.
        brief: show answer, scores and caveats alone, some kB in the notebook instead of some MB.
        height_px: height of the frame it is shown in.

    Raises:
        InputError: the folder holds no finished run.
    """
    from femrisk.report.page import text_of, write

    place = _folder(folder)
    path = write(place, __version__)
    text = text_of(place, __version__, brief=True) if brief else path.read_text(encoding="utf-8")
    return Page(path, text, height_px)


def _case(case: Asked) -> Case:
    return case if isinstance(case, Case) else read_case(case)


def _folder(folder: Results) -> ResultFolder:
    return folder if isinstance(folder, ResultFolder) else ResultFolder(Path(folder))


def _known(what: str, wanted: Sequence[str], names: list[str]) -> None:
    for name in wanted:
        if name not in names:
            close = suggest(name, tuple(names))
            hint = f"; did you mean {close}?" if close else ""
            raise InputError(what, f"there is no such name{hint} (allowed: {', '.join(names)}, got: {name})")
