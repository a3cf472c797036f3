"""What mesh and step change: every arm and load of the example at several mesh sizes and at half the step.

Usage: ``python benchmarks/dependence.py [--sizes 4 3 2] [-j 2] [--output docs/dependence.md]``. The size 3 is marched
with half the step too. About an hour and a half of one core; meshes are spread over ``-j`` processes.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from mpi4py import MPI

from femrisk.case import Case, read_case
from femrisk.materials.field import paint
from femrisk.meshes.mesher import mesh
from femrisk.pair import compute
from femrisk.plan import families, mesh_task, solve_task
from femrisk.preparation import prepare
from femrisk.scene import build

ROOT = Path(__file__).parents[1]
#: the size of the example, also marched with half the step
USUAL = 3.0
INTRODUCTION = """# What mesh and step change

Every arm and load of `cases/femur_neck_lytic.yaml` on meshes of several sizes, and on the usual one with half the step;
written by `python benchmarks/dependence.py`. Loads in N; `>=` where the force still rose when the march ended, `~` the
middle of a bracket. *3 to 2*: change of the load, and of its ratio to the intact load, from 3 to 2 mm. *Half step*:
change of the load at 3 mm. *At 0 mm*: Richardson's estimate from the last two sizes if the error falls with the square
of the size; where three sizes do not fall into line the estimate tells no more than the change itself.
"""


@dataclass(frozen=True)
class Run:
    """One mesh family at one size with one step."""

    size_mm: float
    step_share: float
    family: str


@dataclass(frozen=True)
class Point:
    """One arm under one load."""

    load: float
    status: str
    stiffness: float
    cells: int

    def text(self) -> str:
        """The load with what its status says of it."""
        mark = {"limit_reached": ">= ", "bracketed": "~"}.get(self.status, "")
        return f"{mark}{self.load:.0f}" if np.isfinite(self.load) else "stuck"


def sized(size_mm: float) -> Case:
    """The example with another mesh size."""
    case = read_case(ROOT / "cases" / "femur_neck_lytic.yaml")
    return case.model_copy(update={"analysis": case.analysis.model_copy(update={"mesh_size_mm": size_mm})})


def measured(run: Run) -> dict[tuple[str, str], Point]:
    """Loads of all arms of a family, by load and arm."""
    scene = build(sized(run.size_mm))
    family = next(one for one in families(scene) if one.name == run.family)
    task = mesh_task(scene, family)
    made = mesh(task.anatomy, family.solids, task.size_mm, task.sizing)
    found = {}
    for load, boundary in scene.boundaries.items():
        ready = prepare(made, boundary, MPI.COMM_SELF)
        for arm in solve_task(scene, family, load, family.arms).arms:
            field = paint(made, arm.layers)
            result = compute(ready, field, False, lambda increment: None, step_share=run.step_share)
            peak = result.peak
            value = float(np.mean(peak.bracket)) if peak.bracket else peak.load
            found[load, arm.arm] = Point(
                float("nan") if value is None else value, result.history.status, result.stiffness, len(made.tets)
            )
    return found


def change(new: float, old: float) -> str:
    """Per cent from old to new."""
    return f"{100 * (new / old - 1):+.1f} %"


def lines(sizes: list[float], found: dict[tuple[float, float], dict[tuple[str, str], Point]]) -> Iterator[str]:
    """The table as markdown."""
    last, before = sizes[-1], sizes[-2]
    columns = [f"{size:g} mm" for size in sizes] + [f"{before:g} to {last:g}", "its ratio", "half step", "at 0 mm"]
    yield f"| load | arm | {' | '.join(columns)} |"
    yield "|" + "---|" * (len(sizes) + 6)
    for load, arm in found[last, 1.0]:
        points = [found[size, 1.0][load, arm] for size in sizes]
        intact = [found[size, 1.0][load, "intact"].load for size in (before, last)]
        fine, coarse = points[-1].load, points[-2].load
        half = found.get((USUAL, 0.5), {}).get((load, arm))
        halved = change(half.load, found[USUAL, 1.0][load, arm].load) if half else "-"
        gain = (before / last) ** 2 - 1
        yield (
            f"| {load} | {arm} | {' | '.join(point.text() for point in points)} | {change(fine, coarse)} | "
            f"{change(fine / intact[1], coarse / intact[0])} | {halved} | {fine + (fine - coarse) / gain:.0f} |"
        )


def main() -> None:
    """Measure and write."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--sizes", type=float, nargs="+", default=[4.0, 3.0, 2.0])
    reader.add_argument("--no-half-step", action="store_true")
    reader.add_argument("-j", type=int, default=2)
    reader.add_argument("--output", type=Path, default=ROOT / "docs" / "dependence.md")
    asked = reader.parse_args()
    names = [one.name for one in families(build(sized(USUAL)))]
    steps = [(size, 1.0) for size in asked.sizes] + ([] if asked.no_half_step else [(USUAL, 0.5)])
    runs = [Run(size, share, name) for size, share in sorted(steps) for name in names]
    found: dict[tuple[float, float], dict[tuple[str, str], Point]] = {}
    with ProcessPoolExecutor(asked.j, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(measured, run): run for run in runs}
        for done in as_completed(waiting):
            run = waiting[done]
            for (load, arm), point in done.result().items():
                found.setdefault((run.size_mm, run.step_share), {})[load, arm] = point
                print(run.size_mm, run.step_share, load, arm, point, flush=True)
    text = INTRODUCTION + "\n" + "\n".join(lines(asked.sizes, found)) + "\n"
    asked.output.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
