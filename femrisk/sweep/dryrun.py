"""What a sweep would take: as read from its file, out come counts, core hours, disk and memory; nothing is run."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

from rich.console import Console

from femrisk.sweep.estimate import estimate
from femrisk.sweep.points import Questions
from femrisk.sweep.run import Asked, is_final
from femrisk.sweep.store import Store
from femrisk.sweep.watching import amount, span


def tell(asked: Asked, folder: Path, cores: int, console: Console) -> None:
    """Print what would be run, from the base case and measured rates.

    Raises:
        CaseError: the base case does not fit its bone.
    """
    sweep, store = asked.sweep, Store(folder)
    points = list(Questions.of(sweep, asked.base, asked.case).points())
    cases = {point.case_id: point for point in points if point.case_id}
    finished = sum(is_final(store, point) for point in cases.values())
    console.print(f"{sweep.name}: valid; nothing is run here. {sweep.design.kind} over {len(sweep.columns)} axes:")
    for column in sweep.columns:
        console.print(f"  {column.column}: {column.kind}{', a factor' if column.relative else ''}", markup=False)
    console.print(f"{len(points)} points, {len(cases)} different cases, {finished} of them finished in {folder}")
    reasons = Counter(point.reason for point in points if point.reason)
    for reason, count in reasons.most_common(10):
        console.print(f"  {count} points make no case: {reason}", markup=False, soft_wrap=True)
    one, left = estimate(asked.case, sweep.each_case), len(cases) - finished
    console.print(
        f"one case (as the base case): {one.pairs} pairs of arm, load and model, about {round(one.unknowns, -3):,} "
        f"degrees of freedom, {span(one.seconds)} of a core, {one.memory_GB:.1f} GB of memory",
        soft_wrap=True,
    )
    at_once = max(1, cores // sweep.each_case.cores)
    console.print(
        f"{left} cases: {span(left * one.seconds)} of a core, {span(left * one.seconds / at_once)} with {at_once} at "
        "once; half or twice as long is likely, and a mesh that cases share is made once"
    )
    place = next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
    console.print(
        f"disk: {amount(left * one.bytes_kept)} kept ({sweep.each_case.keep}), {amount(at_once * one.bytes_running)} "
        f"more while they run; {amount(shutil.disk_usage(place).free)} free. "
        "What does not fit its bone shows when it is run."
    )
