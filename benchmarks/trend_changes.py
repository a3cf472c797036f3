"""What one change at a time does to the critical lesion of the trends: the large defect low in the neck, in stance.

Each line is ``benchmarks/trends/critical_neck.yaml`` with one thing changed; finished pairs are kept. A change of the
lesion leaves the intact bone as it is, so that one is not computed again. Writes a table.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from femrisk.case import Case, read_case
from femrisk.comparison import Row
from femrisk.run import run

ROOT = Path(__file__).parents[1]
CASE, RESULTS = ROOT / "benchmarks" / "trends" / "critical_neck.yaml", ROOT / "results" / "trends"
LOAD = "stance"

Where = tuple[str | int, ...]
#: name -> where in the case, what stands there instead
CHANGES: dict[str, tuple[Where, Any]] = {
    "lesion_of_three_quarters_the_size": (("lesions", 0, "semi_axes_mm"), [10.5, 8.25, 8.25]),
    "void_of_20_mm_low_at_the_head_base": (
        ("lesions", 0),
        {
            "kind": "sphere",
            "radius_mm": 10.0,
            "site": "femoral_neck",
            "quadrant": "inferomedial",
            "along_mm": 12.0,
            "offset_mm": 6.0,
        },
    ),
    "force_to_the_knee": (("loads", 0, "axis"), "hip_knee"),
}


def changed(case: Case, where: Where, value: Any) -> Case:
    """The case with one value replaced."""
    content = case.model_dump(mode="json")
    *path, last = where
    part: Any = content
    for key in path:
        part = part[key]
    part[last] = value
    return Case.model_validate(content)


def rows_of(case: Case, folder: str, arms: tuple[str, ...]) -> dict[str, Row]:
    """The rows of some arms in stance, computed where they are missing."""
    comparison = run(case, RESULTS / folder, arms=arms, loads=(LOAD,))
    return {row.arm: row for row in comparison.rows if row.load == LOAD}


def line(name: str, untreated: Row, intact: Row) -> str:
    """One line of the table."""
    loads = [
        f"{row.fracture_load_N:.0f} ({row.status}, {row.failure_region})"
        if row.fracture_load_N
        else f"- ({row.status})"
        for row in (intact, untreated)
    ]
    above, below = untreated.fracture_load_N, intact.fracture_load_N
    return f"| {name} | {' | '.join(loads)} | {f'{above / below:.2f}' if above and below else '-'} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(CHANGES), default=list(CHANGES), help="these changes alone")
    options = parser.parse_args()
    case = read_case(CASE)
    print("| change | intact, N | untreated, N | untreated / intact |")
    print("|---|---|---|---|")
    original = rows_of(case, case.name, ("intact", "untreated"))
    print(line("none", original["untreated"], original["intact"]), flush=True)
    for name in options.only:
        where, value = CHANGES[name]
        arms = ("untreated",) if where[0] == "lesions" else ("intact", "untreated")
        rows = rows_of(changed(case, where, value), f"change_{name}", arms)
        print(line(name, rows["untreated"], rows.get("intact", original["intact"])), flush=True)


if __name__ == "__main__":
    main()
