"""An arm of a placed case under one of its loads in, a file for another code out, and lines that say what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from femrisk.analysis import known
from femrisk.export import feb, inp
from femrisk.export.grids import write_vtu
from femrisk.export.lumping import lump
from femrisk.export.msh import write_msh
from femrisk.export.problem import Problem, pose
from femrisk.materials.field import paint
from femrisk.meshes.mesher import mesh
from femrisk.meshes.quality import assess, gate
from femrisk.meshes.vertebra.reshaped import moved_mesh
from femrisk.output.atomic import replacing
from femrisk.plan import families, mesh_task
from femrisk.scene import Scene


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    arm: str
    load: str
    #: inp, feb, msh or vtu
    form: str
    #: whether yield curves are written (inp)
    plastic: bool


def export(scene: Scene, wish: Wish, path: str | Path) -> list[str]:
    """Mesh the arm, write the file, and say what is in it.

    Raises:
        MeshError: the mesh is not good enough to carry a result.
        SolverError: a grip takes hold of fewer than four vertices of the mesh.
    """
    return write(posed(scene, wish), wish, path)


def posed(scene: Scene, wish: Wish) -> Problem:
    """Mesh and paint what is asked for."""
    family = next(one for one in families(scene) if wish.arm in one.arms)
    arm = next(one for one in scene.case.arms if one.name == wish.arm)
    task = mesh_task(scene, family)
    made = mesh(task.anatomy, family.solids, task.size_mm, task.sizing)
    gate(assess(made, task.anatomy, family.solids))
    analysis, layers = scene.case.analysis, arm.paint(scene.solids[wish.arm], scene.lesions)
    high = scene.raised.get(wish.arm)
    cells = made if high is None else moved_mesh(made, high.change)
    field = paint(cells, layers, known(analysis.density_law), analysis.anisotropy)
    boundary = (scene if high is None else high).boundaries[wish.load]
    return pose(f"{scene.case.name} / {wish.arm} / {wish.load}", cells, field, boundary)


def write(problem: Problem, wish: Wish, path: str | Path) -> list[str]:
    """Write ``path``, whole or not at all; returns what to print."""
    said = [f"{path}: {problem.title}, {len(problem.nodes)} nodes, {len(problem.cells)} quadratic tetrahedra"]
    if wish.form in ("inp", "feb"):
        lumped = lump(problem, wish.plastic)
        lines = inp.text(problem, lumped, wish.plastic) if wish.form == "inp" else feb.text(problem, lumped)
        _write_lines(path, lines)
        said += [lumped.report(), f"coordinates of the machine; driven against its third axis: {problem.driven()}"]
    elif wish.form == "vtu":
        write_vtu(path, problem)
    else:
        with replacing(path) as temporary:
            write_msh(temporary, problem)
    legend = ", ".join(f"{i} {problem.field.names[i]}" for i in np.unique(problem.field.index))
    grips = ", ".join(f"{hold.grip.name} ({len(hold.nodes)} nodes)" for hold in problem.holds)
    return [*said, f"materials: {legend}", f"grips: {grips}"]


def _write_lines(path: str | Path, lines: Iterable[str]) -> None:
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.writelines(lines)
