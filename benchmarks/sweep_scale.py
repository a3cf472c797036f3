"""What a sweep costs by itself: cases of a stub that takes no time, through the real path (see ``sweep_scale.md``).

``python benchmarks/sweep_scale.py run 10000`` runs that many on this machine and prints seconds per case, memory of the
driver and the largest folder. ``... table 10000`` writes the folders of as many finished cases with three arms each and
times the table made of them. Neither meshes nor solves anything.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from femrisk.commands.verb import screen
from femrisk.sweep.outcome import Outcome
from femrisk.sweep.profile import Local
from femrisk.sweep.run import Asked, Means, ask, points_of, run
from femrisk.sweep.store import Store, opened
from femrisk.sweep.table import read_table

BASE = """\
name: base
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur}
lesions: [{kind: sphere, site: femoral_neck, quadrant: inferomedial, radius_mm: 10}]
arms: [{kind: intact}, {kind: untreated}, {kind: pop}]
loads: [{kind: stance}]
"""


def asked(folder: Path, cases: int) -> Asked:
    """A sweep of so many cases; ``cases`` is a multiple of 100."""
    (folder / "base.yaml").write_text(BASE)
    file = folder / "sweep.yaml"
    file.write_text(
        "name: scale\ncase: base.yaml\ndesign: {kind: grid}\naxes:\n"
        f"  - {{kind: range, path: patient.mass_kg, first: 40, last: 120, count: {cases // 100}}}\n"
        "  - {kind: range, path: patient.height_cm, first: 140, last: 200, count: 100}\n"
    )
    return ask(file)


def megabytes() -> float:
    """Most memory this process has held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def core_seconds() -> np.ndarray:
    """(2,) what this process has used, and those it has waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return np.array([one.ru_utime + one.ru_stime for one in both])


def largest_folder(path: Path) -> tuple[int, str]:
    """Entries of the fullest folder below ``path``, and which it is."""
    sizes = ((len(folders) + len(files), where) for where, folders, files in os.walk(path))
    count, where = max(sizes)
    return count, str(Path(where).relative_to(path))


def run_stubs(folder: Path, cases: int, at_once: int) -> None:
    """The real path with ``true`` for a case."""
    what = asked(folder, cases)
    start = time.perf_counter()
    points_of(opened(folder / "out"), what)
    listed = time.perf_counter() - start
    before, spent = megabytes(), -core_seconds()
    start = time.perf_counter()
    run(what, folder / "out", lambda store: Means(Local(at_once), ("true",)), screen())
    seconds = time.perf_counter() - start
    spent += core_seconds()
    start = time.perf_counter()
    run(what, folder / "out", lambda store: Means(Local(at_once), ("true",)), screen())
    again = time.perf_counter() - start
    print(f"{cases} cases, {at_once} at once: {1000 * listed / cases:.2f} ms per case to list and name them")
    own, others = 1000 * spent / cases
    print(f"{1000 * seconds / cases:.1f} ms per case to run them, {seconds:.0f} s in all")
    print(f"of a core: {own:.1f} ms per case in the driver, {others:.1f} ms in the worker and what it starts")
    print(f"{again:.1f} s to find all of them finished")
    print(f"driver: {before:.0f} MB before, {megabytes():.0f} MB at most")
    print("fullest folder: {} entries ({})".format(*largest_folder(folder / "out")))


def finish(store: Store, case_id: str) -> None:
    """Write what a case with three arms leaves, without the care for crashes that takes most of the time."""
    folder = store.case(case_id)
    rows = [
        {"arm": arm, "load": "stance", "status": "collapsed", "fracture_load_N": 5000.0 + place}
        | dict.fromkeys(("ratio_to_intact", "ratio_to_untreated", "stiffness_N_per_mm", "factor_of_risk"), 0.5)
        for place, arm in enumerate(("intact", "untreated", "pop"))
    ]
    for row in rows:
        place = folder / "arms" / str(row["arm"]) / "stance"
        place.mkdir(parents=True)
        (place / "result.json").write_text(json.dumps({**row, "seconds": 60.0}, indent=2))
    scores = {"mirels": {"value": [9, 11], "band": "as pain is unknown"}}
    (folder / "comparison.json").write_text(json.dumps({"rows": rows, "scores": scores}, indent=2))
    done = Outcome("done", None, 1, 60.0, 900.0, "here")
    (folder / "outcome.json").write_text(json.dumps(vars(done), indent=2))


def names(cases: int) -> Iterator[str]:
    """Names like those of cases, evenly spread as those of a hash are."""
    for index in range(cases):
        yield f"{(index * 0x9E3779B97F4A7C15) % 2**64:016x}"


def time_table(folder: Path, cases: int) -> None:
    """The table of finished cases."""
    from femrisk.sweep.points import Point

    store = opened(folder / "out")
    start = time.perf_counter()
    points = [Point(index, (float(index),), name) for index, name in enumerate(names(cases))]
    store.write_points("scale", {"digest": "", "columns": ["mass_kg"]}, points)
    for point in points:
        finish(store, str(point.case_id))
    print(f"{cases} folders written in {time.perf_counter() - start:.0f} s")
    start = time.perf_counter()
    table = read_table(store)
    print(f"table of {len(table)} rows: {time.perf_counter() - start:.1f} s, {megabytes():.0f} MB at most")
    print("fullest folder: {} entries ({})".format(*largest_folder(folder / "out")))


def main() -> None:
    """Run what is asked; without words, a small one of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("run", "table", "both"), default="both")
    parser.add_argument("cases", nargs="?", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where (default: a temporary folder)")
    options = parser.parse_args()
    for what in ("run", "table") if options.what == "both" else (options.what,):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            if what == "run":
                run_stubs(Path(folder), options.cases, options.at_once)
            else:
                time_table(Path(folder), options.cases)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
