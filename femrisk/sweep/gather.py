"""What a sweep found: its folder in, table and figures made anew, and a summary on the screen."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from femrisk.sweep.caveats import caveats
from femrisk.sweep.figures import draw
from femrisk.sweep.findings import compare
from femrisk.sweep.lines import Line, write_lines
from femrisk.sweep.run import Asked, points_of
from femrisk.sweep.sensitivity import tornadoes
from femrisk.sweep.store import opened
from femrisk.sweep.summary import effort_lines, load_lines, state_lines
from femrisk.sweep.table import write_table


def gather(asked: Asked, folder: Path, console: Console) -> None:
    """Make the table of all sweeps in the folder and the findings of this one, and print what they say."""
    store = opened(folder)
    points_of(store, asked)
    table = write_table(store)
    own = table[table["sweep"] == asked.sweep.name]
    place = store.figures(asked.sweep.name)
    loads, states = load_lines(own), state_lines(own)
    told = (("loads", loads), ("states", states), ("effort", effort_lines(own)), ("caveats", caveats(own, asked.sweep)))
    for name, lines in told:
        write_lines(place / f"{name}.csv", lines)
    console.print(summary(loads))
    counts = [f"{line['points']} {line['state']}" for line in states if not line["reason"]]
    console.print("points: " + ", ".join(counts))
    for line in [line for line in states if line["reason"]][:10]:
        console.print(f"  {line['points']} x {line['reason']}", markup=False, soft_wrap=True)
    drawn = (*draw(own, asked.sweep, place), *(tornadoes(own, asked.sweep, place) if asked.sweep.design.random else ()))
    drawn = (*drawn, *(compare(own, asked.sweep, place, console) if asked.sweep.agreement else ()))
    console.print(f"table: {store.path / 'table.csv'} (and .parquet), {len(table)} rows", soft_wrap=True)
    if drawn:
        console.print(f"figures: {drawn[0].parent} ({', '.join(file.name for file in drawn)})", soft_wrap=True)


def summary(lines: list[Line]) -> Table:
    """One line per arm and load: how many cases gave a fracture load, and where these lie."""
    table = Table(
        "arm", "load", "cases", "with a load", "5 %", "median, kN", "95 %", "median /intact", box=box.SIMPLE_HEAD
    )
    for line in lines:
        numbers = [line[key] for key in ("kN_5", "kN_median", "kN_95", "ratio_to_intact_median")]
        cells = ["-" if value is None else f"{value:.2f}" for value in numbers]
        table.add_row(line["arm"], line["load"], f"{line['cases']}", f"{line['with_a_load']}", *cells)
    return table
