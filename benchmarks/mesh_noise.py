"""What a mesh of its own does to an arm: bare femurs on the example's base, screws and nail meshes.

Devices are painted as host bone, so every difference is mesh noise. The second mesh is the base of the example without
the arms that have devices: what adding such an arm to a case changes. Writes a table to stdout.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
from mpi4py import MPI

from femrisk.case import read_case
from femrisk.materials.field import paint
from femrisk.meshes.mesher import mesh
from femrisk.pair import compute
from femrisk.plan import families, mesh_task
from femrisk.preparation import prepare
from femrisk.scene import build

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--linear", action="store_true", help="elastic solves only")
    options = parser.parse_args()
    case = read_case(ROOT / "cases" / "femur_neck_lytic.yaml")
    scene = build(case)
    plain = build(case.model_copy(update={"arms": case.arms[:3]}))
    lesion = tuple((one.name, f"tumour_{one.nature}") for one in scene.lesions)
    made_for = {one.name: mesh_task(scene, one) for one in families(scene)}
    meshes = [("base", made_for.pop("base"))]
    meshes += [("base, no devices in the case", mesh_task(plain, one)) for one in families(plain)]
    meshes += sorted(made_for.items())
    base: dict[tuple[str, str], tuple[float, float, float]] = {}
    print("| bone | load | mesh | stiffness | linear load | fracture load, N (status) |")
    print("|---|---|---|---|---|---|")
    for name, task in meshes:
        made = mesh(task.anatomy, task.family.solids, task.size_mm, task.sizing)
        for bone, layers in (("intact", ()), ("untreated", lesion)):
            for load, boundary in scene.boundaries.items():
                ready = prepare(made, boundary, MPI.COMM_WORLD)
                result = compute(ready, paint(made, layers), options.linear, lambda increment: None)
                numbers = (result.stiffness, result.elastic.loads[100.0], result.peak.load or float("nan"))
                first = base.setdefault((bone, load), numbers)
                moved = [f"{100 * (new / old - 1):+.2f} %" for new, old in zip(numbers, first, strict=True)]
                loads = "" if options.linear else f"{numbers[2]:.0f} {moved[2]} ({result.history.status})"
                print(f"| {bone} | {load} | {name} | {moved[0]} | {moved[1]} | {loads} |", flush=True)


if __name__ == "__main__":
    main()
