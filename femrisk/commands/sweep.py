"""The verb of many cases: ``sweep``."""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from femrisk.commands.folders import write_report
from femrisk.commands.verb import count, result_folder, screen

if TYPE_CHECKING:
    from rich.console import Console

    from femrisk.sweep.run import Asked


def sweep_options(parser: ArgumentParser) -> None:
    """Options of ``sweep``."""
    parser.add_argument("sweep", type=Path, metavar="SWEEP.yaml", help="the sweep file: a base case and its axes")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder of the sweep (default: results/NAME)")
    parser.add_argument(
        "-j", "--jobs", type=count, metavar="N", help="cases at once on this machine (default: its cores)"
    )
    parser.add_argument(
        "--cluster", metavar="WHAT", help="local, slurm, pbs, lsf, sge, a profile file, or tcp://HOST:PORT of Dask"
    )
    parser.add_argument("--dry-run", action="store_true", help="count cases, cost and disk; run nothing")
    parser.add_argument("--collect", action="store_true", help="only make the table and the figures of what is there")


def sweep(options: Namespace) -> int:
    """Run what is missing of a sweep, then make its table and figures."""
    from femrisk.sweep.run import ask

    asked = ask(options.sweep)
    folder, console = result_folder(options.output, asked.sweep.name), screen()
    if options.dry_run:
        from femrisk.sweep.dryrun import tell

        tell(asked, folder, options.jobs or os.cpu_count() or 1, console)
        return 0
    from femrisk.sweep.gather import gather

    if options.collect:
        gather(asked, folder, console)
        return 0 if write_report(folder) else 1
    signal.signal(signal.SIGTERM, _interrupt)
    complete = conduct(asked, folder, options, console)
    gather(asked, folder, console)
    told = write_report(folder)
    if not complete:
        print(
            "femrisk: error: some cases failed; their folders hold the logs, the same command tries again",
            file=sys.stderr,
        )
    return 0 if complete and told else 1


def conduct(asked: Asked, folder: Path, options: Namespace, console: Console) -> bool:
    """Run it with the workers that were asked for; True when every case has an answer."""
    from femrisk.sweep.profile import place
    from femrisk.sweep.run import Means, command_of, run

    own = options.jobs or max(1, (os.cpu_count() or 1) // asked.sweep.each_case.cores)
    where = place(options.cluster, options.sweep.absolute().parent, own)
    return run(asked, folder, lambda store: Means(where, command_of(asked.sweep, store)), console)


def _interrupt(number: int, frame: object) -> NoReturn:
    """End as after Ctrl-C: a queueing system asks for it before it kills."""
    raise KeyboardInterrupt
