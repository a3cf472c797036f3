"""One process of a run: a pickled task in, a mesh or results in the folder out, and a line of JSON per piece of news.

``python -m femrisk.worker FOLDER TASK``, under ``mpiexec`` for several ranks. A process of its own keeps a crash, and
the memory of the solver, away from the run that started it.
"""

from __future__ import annotations

import json
import pickle
import sys
import traceback
from pathlib import Path
from typing import Any

from femrisk.errors import FemriskError
from femrisk.output.folder import ResultFolder, add_quality, mesh_file, read_labelled, write_labelled
from femrisk.plan import MeshTask, SolveTask


def main(arguments: list[str]) -> int:
    """Do the task; every failure becomes one line of news and exit code 1."""
    folder, file = ResultFolder(Path(arguments[0])), Path(arguments[1])
    with file.open("rb") as stream:
        task = pickle.load(stream)
    try:
        if isinstance(task, MeshTask):
            make_mesh(folder, task)
        else:
            solve(folder, task)
        return 0
    except (FemriskError, OSError, MemoryError) as error:
        lines = error.lines() if isinstance(error, FemriskError) else [f"{type(error).__name__}: {error}"]
        tell(failed=" / ".join(lines))
    except Exception as error:
        traceback.print_exc()
        tell(failed=f"internal: {type(error).__name__}: {error}")
    return 1


def tell(**news: Any) -> None:
    """One line of news for the process that started this one."""
    print(json.dumps(news), flush=True)


def make_mesh(folder: ResultFolder, task: MeshTask) -> None:
    """Mesh one family, measure the mesh, and keep it if it is good enough."""
    from femrisk.meshes.vertebra.reshaped import moved_mesh
    from femrisk.output.fields import write_mesh
    from femrisk.shelf import make

    tell(doing="meshing")
    made, quality = make(task)
    for change in task.lifts:
        moved_mesh(made, change)
    write_mesh(mesh_file(folder, task.family.name), made)
    add_quality(folder, task.family.name, quality)
    write_labelled(folder, task.family.name, made)


def solve(folder: ResultFolder, task: SolveTask) -> None:
    """March every arm of the task; rank 0 writes."""
    import femrisk.wheel  # noqa: F401

    # isort: split
    from mpi4py import MPI

    from femrisk.history import Increment
    from femrisk.materials.field import paint
    from femrisk.output.results import write_result
    from femrisk.pair import compute
    from femrisk.parting import part
    from femrisk.preparation import prepare, skinned

    comm = MPI.COMM_WORLD
    made = read_labelled(folder, task.family)
    assert made is not None, "meshes are made before anything is solved on them"
    whole = None
    for arm in task.arms:

        def report(increment: Increment, name: str = arm.arm) -> None:
            if comm.rank == 0:
                tell(arm=name, displacement=increment.displacement, force=increment.force)

        if comm.rank == 0:
            tell(arm=arm.arm, displacement=0.0, force=0.0)
        here, mesh = task.under(arm, made)
        field = paint(mesh, arm.layers, task.density_law, task.anisotropy, task.model == "crushable_foam")
        parting = None if arm.weakness is None else part(mesh, field, arm.weakness)
        if parting is not None:
            ready = prepare(mesh, here.boundary, comm, parting)
        elif arm.lift is not None:
            ready = prepare(mesh, here.boundary, comm)
        else:
            ready = whole = whole or prepare(mesh, here.boundary, comm, flows=not task.linear_only)
        if task.shell is not None:
            ready = skinned(ready, task.shell.on(mesh, field))
        result = compute(
            ready,
            field,
            task.linear_only,
            report,
            damage=task.model == "damage",
            near_N=task.body_weight_N,
            most_frames=task.frames,
        )
        if comm.rank == 0:
            place = folder.beside(task.model) if task.beside else folder
            # the mesh that was cut shows the gaps
            write_result(place, here, arm, parting.mesh if parting else mesh, field, result)
            tell(arm=arm.arm, finished=result.history.status)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    if code:
        # Other ranks may wait in a collective call: end them too.
        mpi = sys.modules.get("mpi4py.MPI")
        if mpi is not None and mpi.COMM_WORLD.size > 1:
            mpi.COMM_WORLD.Abort(code)
    sys.exit(code)
