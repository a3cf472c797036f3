"""Verbs that read a result folder: ``report``, ``figures``."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

log = logging.getLogger(__name__)


def folder_option(parser: ArgumentParser) -> None:
    """The folder."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a result folder of femrisk run, or of femrisk sweep")


def report(options: Namespace) -> int:
    """Write ``report.html`` into the folder."""
    path = written(options.folder)
    print(f"{path} written ({path.stat().st_size / 1e6:.1f} MB)")
    return 0


def figures(options: Namespace) -> int:
    """Write every figure for a paper into ``figures/paper``."""
    from femrisk.output.folder import ResultFolder
    from femrisk.output.paper import draw

    for path in draw(ResultFolder(options.folder)):
        print(path)
    return 0


def written(folder: Path) -> Path:
    """Write the report of a run's folder, or of a sweep's."""
    from femrisk import __version__
    from femrisk.output.folder import ResultFolder
    from femrisk.report.page import write
    from femrisk.sweep.page import write as write_sweeps

    if (folder / "sweeps").is_dir():
        return write_sweeps(folder, __version__)
    return write(ResultFolder(folder), __version__)


def write_report(folder: Path) -> bool:
    """Write the report at the end of a run; whether it was: one that fails costs no numbers, and is told in a line."""
    try:
        print(f"report: {written(folder)}")
    except Exception as error:  # whatever it is, the results are there and must be told
        log.debug("report", exc_info=True)
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        print(f"femrisk: error: report: not written ({what}); try femrisk report {folder}", file=sys.stderr)
        return False
    return True
