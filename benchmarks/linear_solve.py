"""Ratios of one run on the example's base mesh: the one-rank solver against PETSc's recipe, a pair against a solve.

The recipe is ``multigrid.Multigrid``: conjugate gradients in double precision, one symmetric SOR sweep on P2, GAMG on
the reassembled P1. Both solve the elastic problem to 1e-9 with everything built anew. Writes a table to stdout.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
from mpi4py import MPI

from femrisk import equilibrium
from femrisk.case import read_case
from femrisk.grips import grip
from femrisk.materials.field import paint
from femrisk.meshes.mesher import mesh
from femrisk.multigrid import Multigrid
from femrisk.onerank import OneRank
from femrisk.pair import compute
from femrisk.plan import families, mesh_task
from femrisk.preparation import prepare, stiffened
from femrisk.scene import build

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pairs", action="store_true", help="march the intact femur too")
    options = parser.parse_args()
    scene = build(read_case(ROOT / "cases" / "femur_neck_lytic.yaml"))
    task = mesh_task(scene, next(one for one in families(scene) if one.name == "base"))
    made = mesh(task.anatomy, task.family.solids, task.size_mm, task.sizing)
    field = paint(made, ())
    ready = prepare(made, scene.boundaries["stance"], MPI.COMM_WORLD)
    curve = stiffened(field.curve, ready.stiff).take(ready.domain.original)
    seconds: dict[str, list[float]] = {"recipe": [], "one rank": []}
    forces = {}
    for repeat in range(options.repeats + 1):
        for name, kind in (("recipe", Multigrid), ("one rank", OneRank)):
            problem = equilibrium.Equilibrium(ready.domain, grip(ready.domain, ready.boundary), curve, linear=kind)
            start = time.perf_counter()
            forces[name] = problem.linear().force
            if repeat:  # the first round compiles
                seconds[name].append(time.perf_counter() - start)
    ratios = [one / recipe for one, recipe in zip(seconds["one rank"], seconds["recipe"], strict=True)]
    print(f"dofs: {ready.domain.dofs}")
    print(f"force at 1 mm: recipe {forces['recipe']:.6f} N, one rank {forces['one rank']:.6f} N")
    print(f"linear solve, one rank over recipe: {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")
    if options.pairs:
        for load, boundary in scene.boundaries.items():
            result = compute(prepare(made, boundary, MPI.COMM_WORLD), field, False, lambda increment: None)
            share = result.seconds / statistics.median(seconds["recipe"])
            newton = result.history.linear_solves
            print(
                f"intact / {load}: {share:.1f} recipe solves of time, {newton} Newton solves, {result.history.status}"
            )


if __name__ == "__main__":
    main()
