"""Every problem of known answer in one tuple; an ``Effort`` in, a printed table and what is out of bounds out."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from femrisk.errors import ComputationError
from femrisk.verification.bars import balances, cantilever, series
from femrisk.verification.beam import collapse
from femrisk.verification.checks import Check, Effort
from femrisk.verification.cracks import crack_energy, damage_curves
from femrisk.verification.cubes import manufactured, patch
from femrisk.verification.fabrics import woven_cube, woven_patch, woven_tangent
from femrisk.verification.foams import crushed_cube, crushed_tangent
from femrisk.verification.interfaces import pull_out, push_out
from femrisk.verification.laws import keyak_curves, tangents
from femrisk.verification.membranes import skin_law, skin_patch
from femrisk.verification.skins import skin_limit, skinned_sphere, stiff_skin
from femrisk.verification.specimens import layer, specimen
from femrisk.verification.spheres import cavity, inclusion, thick_sphere

Problem = Callable[[Effort], tuple[Check, ...]]

PROBLEMS: tuple[Problem, ...] = (
    patch,
    manufactured,
    series,
    cantilever,
    cavity,
    inclusion,
    thick_sphere,
    collapse,
    balances,
    keyak_curves,
    specimen,
    layer,
    tangents,
    damage_curves,
    crack_energy,
    pull_out,
    push_out,
    skin_law,
    skin_patch,
    stiff_skin,
    skin_limit,
    skinned_sphere,
    woven_cube,
    woven_patch,
    woven_tangent,
    crushed_cube,
    crushed_tangent,
)


def solve(effort: Effort, console: Console, problems: tuple[Problem, ...] = PROBLEMS) -> list[str]:
    """Solve all problems, print the table, and return a line for each check out of its bound."""
    start = time.perf_counter()
    table, wrong, count = empty_table(), [], 0
    for problem in problems:
        with console.status(f"{problem.__name__} ..."):
            try:
                checks = problem(effort)
            except ComputationError as error:
                wrong += [f"{problem.__name__}: {line}" for line in error.lines()]
                continue
        for check in checks:
            add(table, check)
            count += 1
            if not check.ok:
                wrong.append(complaint(check))
        table.add_section()
    table.title = f"femrisk verify: {count} checks in {time.perf_counter() - start:.0f} s, {len(wrong)} out of bounds"
    console.print(table)
    return wrong


def empty_table() -> Table:
    """The columns."""
    table = Table("problem", "quantity")
    for name in ("value", "exact", "error", "bound"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("ok")
    return table


def add(table: Table, check: Check) -> None:
    """A row."""
    table.add_row(
        check.problem,
        check.quantity,
        f"{check.value:.6g}",
        f"{check.exact:.6g}",
        f"{check.error:.1e}",
        f"{check.bound:.1e}",
        "[green]yes[/]" if check.ok else "[red]NO[/]",
    )


def complaint(check: Check) -> str:
    """One line about a check out of its bound."""
    return (
        f"{check.problem}: {check.quantity}: {check.value:.6g} "
        f"(exact: {check.exact:.6g}, error: {check.error:.1e}, bound: {check.bound:.1e})"
    )
