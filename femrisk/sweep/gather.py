"""What a sweep found: its folder in, table and figures made anew, and a summary on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from femrisk.caveats import RATED
from femrisk.sweep.figures import draw
from femrisk.sweep.run import Asked, points_of
from femrisk.sweep.sensitivity import tornadoes
from femrisk.sweep.store import opened
from femrisk.sweep.table import write_table


def gather(asked: Asked, folder: Path, console: Console) -> None:
    """Make the table of all sweeps in the folder and the figures of this one, and print what they say."""
    store = opened(folder)
    points_of(store, asked)
    table = write_table(store)
    own = table[table["sweep"] == asked.sweep.name]
    console.print(summary(own))
    states = own.groupby("point")["state"].first().value_counts()
    console.print("points: " + ", ".join(f"{count} {state}" for state, count in states.items()))
    for reason, count in _reasons(own).items():
        console.print(f"  {count} x {reason}", markup=False, soft_wrap=True)
    place = store.path / "figures" / asked.sweep.name
    drawn = (*draw(own, asked.sweep, place), *(tornadoes(own, asked.sweep, place) if asked.sweep.design.random else ()))
    console.print(f"table: {store.path / 'table.csv'} (and .parquet), {len(table)} rows", soft_wrap=True)
    if drawn:
        console.print(f"figures: {drawn[0].parent} ({', '.join(file.name for file in drawn)})", soft_wrap=True)


def summary(own: Any) -> Table:
    """One line per arm and load: how many cases gave a fracture load, and where these lie."""
    lines = Table(
        "arm", "load", "cases", "with a load", "5 %", "median, kN", "95 %", "median /intact", box=box.SIMPLE_HEAD
    )
    if "arm" not in own:
        return lines
    for (arm, load), group in own.dropna(subset=["arm"]).groupby(["arm", "load"], sort=False):
        rated = group[group["status"].isin(RATED)]["fracture_load_N"].dropna() / 1000
        low, middle, high = (rated.quantile(share) for share in (0.05, 0.5, 0.95))
        ratio = group["ratio_to_intact"].astype(float).median()
        cells = (f"{low:.2f}", f"{middle:.2f}", f"{high:.2f}") if len(rated) else ("-", "-", "-")
        lines.add_row(
            str(arm), str(load), f"{len(group)}", f"{len(rated)}", *cells, "-" if ratio != ratio else f"{ratio:.2f}"
        )
    return lines


def _reasons(own: Any) -> dict[str, int]:
    """Why points have no result, the commonest first, at most ten."""
    lost = own[own["state"].isin(["invalid", "refused", "failed"])].groupby("point")["reason"].first()
    return {str(reason): int(count) for reason, count in lost.value_counts().head(10).items()}
