"""A cohort's findings: in go a sweep's rows and its ``agreement``, out come CSVs, pictures, and a table to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from femrisk.sweep.cohort import Femurs, agreement_lines, cement_lines, model_lines, truth_lines
from femrisk.sweep.cohortfigures import draw
from femrisk.sweep.lines import Line, write_lines
from femrisk.sweep.ranks import rank_lines
from femrisk.sweep.sweepfile import Sweep

#: the files of a cohort, in the order of its report
FILES = ("truths", "agreement", "ranks", "cement", "models")
#: what is told on the screen of an unknown item
SPOKEN = {"": "", "drawn": ", drawn", "telling": ", at best"}


def compare(own: Any, sweep: Sweep, folder: Path, console: Console) -> list[Path]:
    """Set the scores against the mechanics; nothing where no untreated femur has a result.

    Args:
        own: the rows of this sweep, of ``read_table``.
        sweep: its sweep file, with an ``agreement``.
        folder: where tables and pictures go.
        console: where the agreement is printed.
    """
    asked = sweep.agreement
    assert asked is not None, "only a sweep with an agreement is compared"
    femurs = Femurs.of(own, asked)
    if not len(femurs.points):
        return []
    seed = getattr(sweep.design, "seed", 0)
    lines = agreement_lines(femurs, asked, seed)
    told = (
        truth_lines(femurs, asked),
        lines,
        rank_lines(femurs, asked),
        cement_lines(femurs, asked),
        model_lines(femurs, asked),
    )
    files = [write_lines(folder / f"{name}.csv", part) for name, part in zip(FILES, told, strict=True)]
    console.print(screened(lines))
    return files + draw(femurs, asked, seed, folder)


def screened(lines: list[Line]) -> Table:
    """The agreement on the screen: shares in per cent, no intervals (``agreement.csv`` has them)."""
    shares, plain = ("sensitivity", "specificity", "PPV", "NPV"), ("kappa", "AUC")
    table = Table("load", "rule", "femurs", "break", "sens.", "spec.", *shares[2:], *plain, box=box.SIMPLE_HEAD)
    for line in lines:
        if line["among"] != "all" or line["reading"] in ("lowest", "highest"):
            continue
        cells = ["-" if line[name] is None else f"{100 * line[name]:.0f}" for name in shares]
        cells += ["-" if line[name] is None else f"{line[name]:.2f}" for name in plain]
        rule = f"{line['rule']}{SPOKEN[line['reading']]}"
        table.add_row(line["truth"], rule, f"{line['femurs']}", f"{line['break']}", *cells)
    return table
