"""How much of a fracture load is the fall of the cells: the same bones meshed in several boxes.

Usage: ``python benchmarks/boxes.py [-j 2] [--only sizes]``; two hours of one core. ``sizes``: the example in stance at
3 and 2 mm. ``scans``: a preset's femur with one lesion of the neck at a time, drawn, and scanned with blur and noise.
Each table goes between its marks in ``docs/dependence.md`` and ``docs/ct.md``, whose words are written by hand.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from dependence import ROOT, change, inserted, sized
from mpi4py import MPI

from femrisk.case import Case
from femrisk.materials.field import paint
from femrisk.meshes import ProximalFemur
from femrisk.meshes.labelled import Floats
from femrisk.meshes.mesher import mesh
from femrisk.pair import compute
from femrisk.plan import families, mesh_task, solve_task
from femrisk.preparation import prepare
from femrisk.scene import build

#: by how much each box is wider than the usual one, mm
BOXES = (0.0, 1.0, 2.0)
COARSE, FINE = 3.0, 2.0
LOAD = "stance"
#: arms of the example whose load in stance is reached on both sizes, by mesh family
ARMS = {"base": ("intact", "untreated", "pop"), "screws": ("pop_screws",)}
#: lesions of the preset's neck
LESIONS = {
    f"{radius} mm, {quadrant}": {"kind": "sphere", "radius_mm": radius, "site": "femoral_neck", "quadrant": quadrant}
    for radius, quadrant in ((11, "inferomedial"), (8, "inferomedial"), (11, "anterior"), (11, "superolateral"))
}
PRESET = {"kind": "proximal_femur", "side": "left"}


@dataclass(frozen=True)
class Run:
    """One mesh in one box."""

    #: drawn | scanned for a preset's femur, sizes for the example
    what: str
    #: mesh family, or lesion
    part: str
    size_mm: float
    wider_mm: float


def preset(what: str, lesion: str, folder: Path) -> Case:
    """A preset's femur with a lesion, or intact, drawn or read from its scan in ``folder``."""
    spot = [LESIONS[lesion]] if lesion in LESIONS else []
    calibration = {"kind": "calibrated", "unit": "mg_per_cm3_ash"}
    files = {"image": folder / "image.nii.gz", "labels": folder / "labels.nii.gz", "calibration": calibration}
    scanned = {"kind": "ct", "anatomy": "proximal_femur", "side": "left", **files}
    return Case.model_validate(
        {
            "name": "boxes",
            "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
            "bone": PRESET if what == "drawn" else scanned,
            "lesions": spot,
            "arms": [{"kind": "untreated" if spot else "intact"}],
            "loads": [{"kind": LOAD}],
            "scores": [],
            "analysis": {"mesh_size_mm": COARSE},
        }
    )


def scan(folder: Path) -> None:
    """Write the scan of the preset's femur, on turned voxels, blurred and noisy."""
    # the tests' scanner, which only this table needs
    sys.path.append(str(ROOT / "tests"))
    from scans import scan_of, write

    anatomy = ProximalFemur.model_validate(PRESET).resolved("female", 68).built()
    inner = anatomy.inner
    assert inner is not None, "a femur has an endosteum"

    def density_of(points: Floats) -> Floats:
        return 1000 * anatomy.density(points, inner.distance(points) > 0)

    image, labels = scan_of(anatomy, density_of, (0.8, 0.8, 1.0), (12, -8, 20), blur_mm=0.5, noise=20.0)
    write(image, folder / "image.nii.gz")
    write(labels, folder / "labels.nii.gz")


def measured(run: Run, folder: Path) -> dict[str, float]:
    """Fracture loads by arm, N."""
    sizes = run.what == "sizes"
    scene = build(sized(run.size_mm) if sizes else preset(run.what, run.part, folder))
    family = next(one for one in families(scene) if one.name == (run.part if sizes else "base"))
    task = mesh_task(scene, family)
    made = mesh(task.anatomy, family.solids, task.size_mm, task.sizing, run.wider_mm)
    ready = prepare(made, scene.boundaries[LOAD], MPI.COMM_SELF)
    found = {}
    for arm in solve_task(scene, family, LOAD, family.arms).arms:
        if sizes and arm.arm not in ARMS[run.part]:
            continue
        result = compute(ready, paint(made, arm.layers), False, lambda increment: None)
        peak, status = result.peak, result.history.status
        assert peak.load is not None, f"{run}, {arm.arm}: {status}"
        assert status != "limit_reached", f"{run}, {arm.arm}: the force still rose"
        found[arm.arm] = float(np.mean(peak.bracket)) if peak.bracket else peak.load
    return found


Found = Mapping[Run, Mapping[str, float]]


def loads(found: Found, what: str, part: str, size_mm: float, arm: str) -> Floats:
    """(boxes,) N."""
    return np.array([found[Run(what, part, size_mm, wider)][arm] for wider in BOXES])


def shown(values: Floats) -> str:
    """Mean, and standard deviation of one box as a share of it."""
    return f"{values.mean():.0f} ± {100 * values.std(ddof=1) / values.mean():.1f} %"


def error(*means: Floats) -> float:
    """Standard error of a product or quotient of means, as a share of it."""
    return float(np.sqrt(sum(values.var(ddof=1) / len(values) / values.mean() ** 2 for values in means)))


def of_sizes(found: Found) -> Iterator[str]:
    """Loads of the example on two sizes."""
    yield f"| arm | {COARSE:g} mm | {FINE:g} mm | {COARSE:g} to {FINE:g} | its ratio |"
    yield "|---|---|---|---|---|"
    intact, intact_fine = (loads(found, "sizes", "base", size, "intact") for size in (COARSE, FINE))
    for part, arms in ARMS.items():
        for arm in arms:
            coarse, fine = (loads(found, "sizes", part, size, arm) for size in (COARSE, FINE))
            ratio = change(fine.mean() / intact_fine.mean(), coarse.mean() / intact.mean())
            if arm != "intact":
                ratio += f" ± {100 * error(coarse, fine, intact, intact_fine):.1f} %"
            yield f"| {arm} | {shown(coarse)} | {shown(fine)} | {change(fine.mean(), coarse.mean())} | {ratio} |"


def of_scans(found: Found) -> Iterator[str]:
    """Loads of the preset's femur, drawn and scanned."""
    yield "| lesion | drawn | scanned | scanned over drawn | its ratio to intact |"
    yield "|---|---|---|---|---|"
    whole = [loads(found, what, "none", COARSE, "intact") for what in ("drawn", "scanned")]
    for part in ("none", *LESIONS):
        arm = "intact" if part == "none" else "untreated"
        drawn, read = (loads(found, what, part, COARSE, arm) for what in ("drawn", "scanned"))
        share = float(read.mean() / drawn.mean())
        ratio = share * float(whole[0].mean() / whole[1].mean())
        known = "" if part == "none" else f" ± {error(drawn, read, *whole):.3f}"
        yield f"| {part} | {shown(drawn)} | {shown(read)} | {share:.3f} | {ratio:.3f}{known} |"


TABLES = {"sizes": (ROOT / "docs" / "dependence.md", of_sizes), "scans": (ROOT / "docs" / "ct.md", of_scans)}


def runs(table: str) -> list[Run]:
    """What a table needs, long ones first."""
    if table == "sizes":
        return [Run("sizes", part, size, wider) for size in (FINE, COARSE) for part in ARMS for wider in BOXES]
    parts = ("none", *LESIONS)
    return [Run(what, part, COARSE, wider) for part in parts for what in ("drawn", "scanned") for wider in BOXES]


def main() -> None:
    """Measure and write."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("-j", type=int, default=2)
    reader.add_argument("--only", choices=list(TABLES), help="one table of the two")
    asked = reader.parse_args()
    chosen = [asked.only] if asked.only else list(TABLES)
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(asked.j, mp_context=spawn) as pool:
        folder = Path(name)
        if "scans" in chosen:
            scan(folder)
        waiting = {pool.submit(measured, run, folder): run for table in chosen for run in runs(table)}
        found = {}
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
            print(waiting[done], done.result(), flush=True)
    for table in chosen:
        page, rows = TABLES[table]
        text = "\n".join(rows(found))
        print(text)
        inserted(page, "boxes", text)


if __name__ == "__main__":
    main()
