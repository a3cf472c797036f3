"""How strong the neck alone is: the voids of the trends in a femur whose trochanters and shaft cannot break, in stance.

A void in the neck costs nothing that shows as long as the bone would break elsewhere first. Each line is a case of
``benchmarks/trends`` on its own mesh, intact and with its void, once as it is and once with all bone below the neck
elastic. Writes a table.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from mpi4py import MPI

from femrisk.case import read_case
from femrisk.materials.field import MaterialField, paint
from femrisk.meshes.labelled import REGIONS, LabelledMesh
from femrisk.meshes.mesher import mesh
from femrisk.outcome import PairResult
from femrisk.pair import compute
from femrisk.plan import families, mesh_task, solve_task
from femrisk.preparation import prepare
from femrisk.scene import build

TRENDS = Path(__file__).parent / "trends"
CASES = ("void_inferomedial", "void_head_base", "void_superolateral")
ABOVE = ("head", "neck")


def unbreakable_below(made: LabelledMesh, field: MaterialField) -> MaterialField:
    """The same bone, elastic wherever it is neither head nor neck."""
    below = ~np.isin(made.region, [REGIONS.index(name) for name in ABOVE])
    return replace(field, curve=field.curve.where(below[:, None], field.curve.elastic()))


def told(result: PairResult) -> tuple[float, str]:
    """Fracture load, and how it is written."""
    peak = result.peak
    if peak.load is None:
        return np.nan, result.history.status
    load = float(np.mean(peak.bracket)) if peak.bracket else peak.load
    return load, f"{load:.0f} ({result.history.status}, {result.site.region if result.site else '-'})"


def measured(name: str) -> Iterator[str]:
    """The lines of one case."""
    scene = build(read_case(TRENDS / f"{name}.yaml"))
    family = next(one for one in families(scene) if one.name == "base")
    task = mesh_task(scene, family)
    made = mesh(task.anatomy, family.solids, task.size_mm, task.sizing)
    ready = prepare(made, scene.boundaries["stance"], MPI.COMM_SELF)
    arms = {arm.arm: arm for arm in solve_task(scene, family, "stance", ("intact", "untreated")).arms}
    for what in ("all bone can break", "head and neck alone"):
        loads, texts = [], []
        for arm in ("intact", "untreated"):
            field = paint(made, arms[arm].layers)
            if what != "all bone can break":
                field = unbreakable_below(made, field)
            load, text = told(compute(ready, field, False, lambda increment: None))
            loads.append(load)
            texts.append(text)
        yield f"| {name} | {what} | {' | '.join(texts)} | {loads[1] / loads[0]:.2f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=CASES, default=CASES, help="these cases alone")
    print("| case | what can break | intact, N | untreated, N | untreated / intact |")
    print("|---|---|---|---|---|")
    for name in parser.parse_args().only:
        for line in measured(name):
            print(line, flush=True)


if __name__ == "__main__":
    main()
