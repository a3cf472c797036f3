"""How much of a fracture load is the fall of the cells: the same bones meshed in several boxes.

Usage: ``python benchmarks/boxes.py [-j 2] [--only sizes]``; two hours of one core. ``sizes``: the example in stance at
3 and 2 mm. ``scans``: a preset's femur with one lesion of the neck at a time, drawn, and scanned with blur and noise.
Each table goes between its marks in ``docs/dependence.md`` and ``docs/ct.md``, whose words are written by hand.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from mpi4py import MPI

from femrisk.case import Case, read_case
from femrisk.materials.field import paint
from femrisk.meshes import ProximalFemur
from femrisk.meshes.labelled import Floats
from femrisk.meshes.mesher import mesh
from femrisk.pair import compute
from femrisk.plan import families, mesh_task, solve_task
from femrisk.preparation import prepare
from femrisk.scene import build

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests"))
from scans import scan_of, write  # noqa: E402

#: by how much each box is wider than the usual one, mm
BOXES = (0.0, 1.0, 2.0)
COARSE, FINE = 3.0, 2.0
LOAD = "stance"
#: arms of the example whose load in stance is reached on both sizes, by mesh family
ARMS = {"base": ("intact", "untreated", "pop"), "screws": ("pop_screws",)}
#: lesions of the preset's neck: radius, mm, and quadrant
LESIONS = ((11.0, "inferomedial"), (8.0, "inferomedial"), (11.0, "anterior"), (11.0, "superolateral"))
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


def example(size_mm: float) -> Case:
    """The example with another mesh size."""
    case = read_case(ROOT / "cases" / "femur_neck_lytic.yaml")
    return case.model_copy(update={"analysis": case.analysis.model_copy(update={"mesh_size_mm": size_mm})})


def preset(what: str, lesion: str, folder: Path) -> Case:
    """A preset's femur with a lesion, or intact, drawn or read from its scan in ``folder``."""
    size = next((size for size in LESIONS if named(size) == lesion), None)
    spot = (
        [] if size is None else [{"kind": "sphere", "radius_mm": size[0], "site": "femoral_neck", "quadrant": size[1]}]
    )
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


def named(lesion: tuple[float, str]) -> str:
    """How a lesion is called in a table."""
    return f"{lesion[0]:.0f} mm, {lesion[1]}"


def scan(folder: Path) -> None:
    """Write the scan of the preset's femur, on turned voxels, blurred and noisy."""
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
    scene = build(example(run.size_mm) if sizes else preset(run.what, run.part, folder))
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


def change(new: float, old: float) -> str:
    """Per cent from old to new."""
    return f"{100 * (new / old - 1):+.1f} %"


def of_sizes(found: Found) -> Iterator[str]:
    """Loads of the example on two sizes."""
    yield f"| arm | {COARSE:g} mm | {FINE:g} mm | {COARSE:g} to {FINE:g} | its ratio |"
    yield "|---|---|---|---|---|"
    intact = [loads(found, "sizes", "base", size, "intact").mean() for size in (COARSE, FINE)]
    for part, arms in ARMS.items():
        for arm in arms:
            coarse, fine = (loads(found, "sizes", part, size, arm) for size in (COARSE, FINE))
            ratio = change(fine.mean() / intact[1], coarse.mean() / intact[0])
            yield f"| {arm} | {shown(coarse)} | {shown(fine)} | {change(fine.mean(), coarse.mean())} | {ratio} |"


def of_scans(found: Found) -> Iterator[str]:
    """Loads of the preset's femur, drawn and scanned."""
    yield "| lesion | drawn | scanned | scanned over drawn | its ratio to intact |"
    yield "|---|---|---|---|---|"
    intact = 1.0
    for part in ("none", *map(named, LESIONS)):
        arm = "intact" if part == "none" else "untreated"
        drawn, read = (loads(found, what, part, COARSE, arm) for what in ("drawn", "scanned"))
        share = float(read.mean() / drawn.mean())
        intact = share if part == "none" else intact
        yield f"| {part} | {shown(drawn)} | {shown(read)} | {share:.3f} | {share / intact:.3f} |"


TABLES = {"sizes": (ROOT / "docs" / "dependence.md", of_sizes), "scans": (ROOT / "docs" / "ct.md", of_scans)}


def runs(table: str) -> list[Run]:
    """What a table needs, long ones first."""
    if table == "sizes":
        return [Run("sizes", part, size, wider) for size in (FINE, COARSE) for part in ARMS for wider in BOXES]
    parts = ("none", *map(named, LESIONS))
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
        block = re.compile(r"<!-- boxes -->\n.*?<!-- end -->", flags=re.DOTALL)
        words, count = block.subn(lambda _, text=text: f"<!-- boxes -->\n{text}\n<!-- end -->", page.read_text())
        assert count == 1, f"{page}: no place for the table"
        page.write_text(words)


if __name__ == "__main__":
    main()
