"""How far the trochanter's density and the pad under it move a sideways fall of the example's intact femur.

The density runs over its source's band, the pad's radius from that of a narrow contact to a wide cup. Writes a table.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
from mpi4py import MPI

from femrisk.case import read_case
from femrisk.loads import SidewaysFall
from femrisk.materials.field import paint
from femrisk.meshes.femur.atlas import TROCHANTER, TROCHANTER_BAND
from femrisk.meshes.mesher import mesh
from femrisk.pair import compute
from femrisk.plan import families, mesh_task
from femrisk.preparation import prepare
from femrisk.scene import build

ROOT = Path(__file__).parents[1]
PADS_MM = (13.0, 16.0, 20.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--linear", action="store_true", help="elastic solves only")
    options = parser.parse_args()
    case = read_case(ROOT / "cases" / "femur_neck_lytic.yaml")
    print(
        "| trochanter, g/cm3 | pad radius, mm | linear load, N | fracture load, N | status | region | under contacts |"
    )
    print("|---|---|---|---|---|---|---|")
    for density in (TROCHANTER_BAND[0], TROCHANTER, TROCHANTER_BAND[1]):
        bone = case.bone.model_copy(update={"trochanter_ash_g_per_cm3": density})
        scene = build(case.model_copy(update={"bone": bone}))
        task = mesh_task(scene, next(one for one in families(scene) if one.name == "base"))
        made = mesh(task.anatomy, task.family.solids, task.size_mm, task.sizing)
        for pad in PADS_MM if density == TROCHANTER else PADS_MM[1:2]:
            boundary = SidewaysFall(kind="sideways_fall", pad_radius_mm=pad).boundary(scene.anatomy)
            ready = prepare(made, boundary, MPI.COMM_WORLD)
            result = compute(ready, paint(made, ()), options.linear, lambda increment: None)
            work = result.plastic_work
            share = work[result.contact].sum() / work.sum() if work.any() else 0.0
            load = f"{result.peak.load:.0f}" if result.peak.load and not options.linear else "-"
            region = result.site.region if result.site else "-"
            print(
                f"| {density} | {pad:g} | {result.elastic.loads[100.0]:.0f} | {load} | {result.history.status} | "
                f"{region} | {share:.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
