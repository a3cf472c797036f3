"""What weak interfaces do to the example's treated femurs: bonded, and at several strengths between cement and bone.

Writes a table to stdout. Meshes are coarser than the example's by default: a march with weak interfaces takes three to
ten times as long as a bonded one.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
from mpi4py import MPI

from femrisk.case import read_case
from femrisk.materials.field import paint
from femrisk.meshes.devices.slides import slides
from femrisk.meshes.mesher import mesh
from femrisk.pair import compute
from femrisk.parting import Weakness, part
from femrisk.plan import families, mesh_task, solve_task
from femrisk.preparation import prepare
from femrisk.scene import build

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=4.0, metavar="MM", help="mesh size (default: 4)")
    parser.add_argument("--arm", nargs="+", default=["pop", "pop_nail"], metavar="NAME", help="default: pop pop_nail")
    parser.add_argument("--load", default="stance", metavar="NAME", help="default: stance")
    parser.add_argument(
        "--strength", type=float, nargs="*", default=[1.0], metavar="MPA", help="of cement on bone (default: 1)"
    )
    parser.add_argument("--opening", type=float, default=0.2, metavar="MM", help="that parts them (default: 0.2)")
    parser.add_argument("--no-bonded", action="store_true", help="weak interfaces only")
    options = parser.parse_args()
    case = read_case(ROOT / "cases" / "femur_neck_lytic.yaml")
    analysis = case.analysis.model_copy(update={"mesh_size_mm": options.size})
    scene = build(case.model_copy(update={"analysis": analysis}))
    boundary = scene.boundaries[options.load]
    print("| arm | tensile strength, MPa | stiffness, N/mm | fracture load, N | status | past its strength | seconds |")
    print("|---|---|---|---|---|---|---|")
    for family in families(scene):
        if not set(family.arms) & set(options.arm):
            continue
        task = mesh_task(scene, family)
        made = mesh(task.anatomy, family.solids, task.size_mm, task.sizing)
        for arm in solve_task(scene, family, options.load, family.arms).arms:
            if arm.arm not in options.arm:
                continue
            field = paint(made, arm.layers)
            for strength in [None] * (not options.no_bonded) + options.strength:
                start = time.perf_counter()
                weakness = strength and Weakness(
                    strength, strength * options.opening / 2, slides(scene.solids[arm.arm])
                )
                parting = part(made, field, weakness) if weakness else None
                ready = prepare(made, boundary, MPI.COMM_SELF, parting)
                result = compute(ready, field, False, lambda increment: None)
                load, bounds = result.peak.load, result.peak.bracket
                told = (
                    "-" if load is None else f"{load:.0f}" + (f" ({bounds[0]:.0f}-{bounds[1]:.0f})" if bounds else "")
                )
                past = "-" if result.failing is None else f"{result.failing:.0%}"
                row = (arm.arm, strength or "bonded", f"{result.stiffness:.0f}", told, result.history.status, past)
                print(f"| {' | '.join(map(str, row))} | {time.perf_counter() - start:.0f} |", flush=True)


if __name__ == "__main__":
    main()
