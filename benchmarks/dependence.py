"""What mesh and step change: every arm and load of the example at several mesh sizes and at half the step.

Usage: ``python benchmarks/dependence.py [-j 2] [--kept FILE]``; two hours of one core. What is found is kept in a file
and not computed again by another call with it. The table goes between ``<!-- sizes -->`` and ``<!-- end -->`` in
``docs/dependence.md``, whose words are written by hand.
"""

from __future__ import annotations

import argparse
import multiprocessing
import pickle
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from mpi4py import MPI

from femrisk.case import Case, read_case
from femrisk.caveats import under_contact
from femrisk.materials.field import paint
from femrisk.meshes.mesher import mesh
from femrisk.output.results import summary
from femrisk.pair import compute
from femrisk.plan import families, mesh_task, solve_task
from femrisk.preparation import prepare
from femrisk.scene import build

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "dependence.md"
#: the size of the example, also marched with half the step
USUAL = 3.0
SIZES = (4.0, 3.0, 2.0)


@dataclass(frozen=True)
class Run:
    """One mesh family at one size with one step, under every load."""

    size_mm: float
    family: str
    step_share: float = 1.0


@dataclass(frozen=True)
class Point:
    """One arm under one load."""

    load: float
    status: str
    stiffness: float
    cells: int
    #: so much of its plastic work lies under a contact that a run withholds its ratios
    withheld: bool

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
    for load in scene.boundaries:
        ready = prepare(made, scene.boundaries[load], MPI.COMM_SELF)
        solved = solve_task(scene, family, load, family.arms)
        for arm in solved.arms:
            field = paint(made, arm.layers)
            result = compute(ready, field, False, lambda increment: None, step_share=run.step_share)
            peak = result.peak
            value = float(np.mean(peak.bracket)) if peak.bracket else peak.load
            found[load, arm.arm] = Point(
                float("nan") if value is None else value, result.history.status, result.stiffness, len(made.tets),
                under_contact(summary(solved, arm, made, field, result)),
            )  # fmt: skip
    return found


def change(new: float, old: float) -> str:
    """Per cent from old to new."""
    return f"{100 * (new / old - 1):+.1f} %"


Found = Mapping[Run, Mapping[tuple[str, str], Point]]


def at(found: Found, load: str, arm: str, size_mm: float, step_share: float = 1.0) -> Point:
    """The point of an arm under a load, of whichever family has it."""
    return next(
        points[load, arm]
        for run, points in found.items()
        if (run.size_mm, run.step_share) == (size_mm, step_share) and (load, arm) in points
    )


def pairs(found: Found) -> list[tuple[str, str]]:
    """Loads and arms, each once."""
    return list(dict.fromkeys(pair for run in runs() for pair in found[run]))


def of_sizes(found: Found) -> Iterator[str]:
    """The table of all pairs as markdown."""
    columns = " | ".join(f"{size:g} mm" for size in SIZES)
    yield f"| load | arm | {columns} | {SIZES[-2]:g} to {SIZES[-1]:g} | its ratio | half step | at 0 mm |"
    yield "|" + "---|" * (len(SIZES) + 6)
    gain = (SIZES[-2] / SIZES[-1]) ** 2 - 1
    for load, arm in pairs(found):
        points = [at(found, load, arm, size) for size in SIZES]
        coarse, fine = (point.load for point in points[-2:])
        whole = [at(found, load, "intact", size) for size in SIZES[-2:]]
        ratio = change(fine / whole[1].load, coarse / whole[0].load)
        if any(point.withheld for point in (*points[-2:], *whole)):
            ratio = f"({ratio})"
        half = change(at(found, load, arm, USUAL, 0.5).load, coarse)
        yield (
            f"| {load} | {arm} | {' | '.join(point.text() for point in points)} | {change(fine, coarse)} | "
            f"{ratio} | {half} | {fine + (fine - coarse) / gain:.0f} |"
        )


def runs() -> list[Run]:
    """What the table needs, long ones first."""
    every = sorted(families(build(sized(USUAL))), key=lambda one: -len(one.arms))
    names = [one.name for one in every]
    steps = sorted([(size, 1.0) for size in SIZES] + [(USUAL, 0.5)])
    return [Run(size, name, share) for size, share in steps for name in names]


def inserted(page: Path, mark: str, table: str) -> None:
    """Put a table between its marks in a page."""
    block = re.compile(rf"<!-- {mark} -->\n.*?<!-- end -->", flags=re.DOTALL)
    text, count = block.subn(lambda _: f"<!-- {mark} -->\n{table}\n<!-- end -->", page.read_text())
    assert count == 1, f"{page}: no place for the table"
    page.write_text(text)


def main() -> None:
    """Measure and write."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("-j", type=int, default=2)
    reader.add_argument("--kept", type=Path, help="pickled points of earlier calls, of the same code")
    asked = reader.parse_args()
    found: dict[Run, dict[tuple[str, str], Point]] = {}
    if asked.kept and asked.kept.exists():
        found = pickle.loads(asked.kept.read_bytes())
    with ProcessPoolExecutor(asked.j, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(measured, run): run for run in runs() if run not in found}
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
            for (load, arm), point in done.result().items():
                print(waiting[done], load, arm, point, flush=True)
            if asked.kept:
                asked.kept.write_bytes(pickle.dumps(found))
    table = "\n".join(of_sizes(found))
    print(table)
    inserted(PAGE, "sizes", table)


if __name__ == "__main__":
    main()
