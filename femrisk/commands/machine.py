"""Verbs about femrisk itself and the machine it is on: ``verify``, ``doctor``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from rich.table import Table

from femrisk.commands.verb import screen


def verify_options(parser: ArgumentParser) -> None:
    """Options of ``verify``."""
    parser.add_argument("--full", action="store_true", help="finer meshes and tighter bounds")


def verify(options: Namespace) -> int:
    """Solve problems of known answer and print the errors; 1 when one is out of its bound."""
    from femrisk.verification.catalogue import solve
    from femrisk.verification.checks import Effort

    wrong = solve(Effort(full=options.full), screen())
    for line in wrong:
        print(f"femrisk: error: {line}", file=sys.stderr)
    return 1 if wrong else 0


def doctor(options: Namespace) -> int:
    """Print what the machine has and lacks; 1 when something needed is missing."""
    from femrisk.doctor import examine

    table = Table("", "state", "found", "how to get it", title="femrisk doctor")
    missing = []
    for finding in examine():
        color = {"ok": "green", "warning": "yellow", "missing": "red"}[finding.state]
        table.add_row(finding.what, f"[{color}]{finding.state}[/]", finding.detail, finding.cure)
        if finding.state == "missing":
            missing.append(f"femrisk: error: {finding.what}: {finding.detail} ({finding.cure})")
    screen().print(table)
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0
