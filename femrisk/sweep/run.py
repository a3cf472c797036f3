"""A sweep on one page: a sweep file in, its cases run, its table and figures out.

Read what is asked, make points of it, leave out what is finished, have the rest attended to, gather everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from femrisk import __version__
from femrisk.case import Case
from femrisk.crew import SINGLE
from femrisk.document import Document
from femrisk.errors import CaseError, Mistake
from femrisk.sweep.attend import Order
from femrisk.sweep.cluster import workforce
from femrisk.sweep.engine import Room, drive
from femrisk.sweep.points import Point, Questions, identity_of, text_of
from femrisk.sweep.profile import Place
from femrisk.sweep.store import Store, opened, remember
from femrisk.sweep.sweepfile import Sweep, read_sweep
from femrisk.sweep.watching import Watching

#: MPI starts its ranks itself: a scheduler's launcher would wait for cores that the case already holds
MPI = {"HYDRA_LAUNCHER": "fork", "HYDRA_RMK": "user"}
#: free disk below which no case is begun, assumed: what a few cases in flight need to finish
SPARE_BYTES = 500e6


@dataclass(frozen=True)
class Means:
    """With what cases are run."""

    where: Place
    #: words of the command of one case; ``{python}``, ``{case}`` and ``{folder}`` are filled in
    command: tuple[str, ...]
    spare_bytes: float = SPARE_BYTES


@dataclass(frozen=True)
class Asked:
    """A sweep as read from its file."""

    sweep: Sweep
    base: Document
    case: Case
    #: texts of both files, as they were
    sweep_text: str
    base_text: str

    @property
    def names_files(self) -> bool:
        """Whether an axis names files, whose content may change without a word in ours."""
        return any(column.path.split(".")[-1] == "file" for column in self.sweep.columns)

    @property
    def digest(self) -> str:
        """Changes whenever the points may."""
        text = f"{__version__}\0{self.sweep_text}\0{self.base_text}\0{identity_of(self.case)}"
        return hashlib.sha256(text.encode()).hexdigest()


def ask(path: Path) -> Asked:
    """Read a sweep file and its base case.

    Raises:
        CaseError: every mistake of both.
    """
    sweep, base, case = read_sweep(path)
    return Asked(
        sweep, base, case, path.read_text(encoding="utf-8-sig"), Path(base.file).read_text(encoding="utf-8-sig")
    )


def command_of(sweep: Sweep, store: Store) -> tuple[str, ...]:
    """How one case is run."""
    each = sweep.each_case
    words = ["{python}", "-m", "femrisk", "run", "{case}", "-o", "{folder}", "-j", str(each.jobs)]
    shelf = str(store.meshes.absolute()).replace("{", "{{").replace("}", "}}")
    # a march to be played is for one case, not for each of thousands
    words += ["--fields", "peak", "--ranks", str(each.ranks), "--meshes", shelf]
    return (*words, *(() if each.keep == "everything" else ("--no-figures",)))


def run(asked: Asked, folder: Path, means: Callable[[Store], Means], console: Console) -> bool:
    """Run what is missing of a sweep; True when every point that makes a case has an answer.

    Raises:
        InputError: the folder is of something else, or no point makes a case.
        ComputationError: the disk is full, the cluster does not start, or its scheduler is gone.
    """
    store = opened(folder)
    points = points_of(store, asked)
    by_id = {point.case_id: point for point in points if point.case_id}
    if not by_id:
        reasons = tuple(dict.fromkeys(point.reason or "" for point in points))
        raise CaseError(tuple(Mistake("axes", f"no point makes a case: {reason}") for reason in reasons[:10]))
    missing = [point for point in by_id.values() if not is_final(store, point)]
    bad = sum(point.case_id is None for point in points)
    console.print(
        f"{asked.sweep.name}: {len(points)} points, {len(by_id)} different cases, "
        f"{len(by_id) - len(missing)} of them finished" + (f"; {bad} points make no case" if bad else "")
    )
    if not missing:
        return True
    with_what = means(store)
    room = Room(store.path, with_what.spare_bytes)
    with (
        workforce(with_what.where, asked.sweep.each_case, store.path / "logs", len(missing)) as force,
        Watching(console, len(by_id), len(by_id) - len(missing)) as watching,
    ):
        console.print(f"up to {force.cases} at once; Dask's dashboard: {force.dashboard}", soft_wrap=True)
        drive(force, orders(asked, store, missing, with_what.command), room, watching.hear)
    return not watching.counts["failed"]


def points_of(store: Store, asked: Asked) -> list[Point]:
    """The points of a sweep, made anew only where its files or the code have changed."""
    header, points = store.read_points(asked.sweep.name)
    if header.get("digest") != asked.digest or asked.names_files:
        made = list(Questions.of(asked.sweep, asked.base, asked.case).points())
        remember(store, asked.sweep.name, asked.sweep_text, asked.base_text)
        columns = [column.column for column in asked.sweep.columns]
        store.write_points(asked.sweep.name, {"digest": asked.digest, "version": __version__, "columns": columns}, made)
        return made
    return list(points)


def is_final(store: Store, point: Point) -> bool:
    """Whether nothing is left to do for a point that makes a case."""
    assert point.case_id is not None, "only points that make a case are run"
    outcome = store.outcome(point.case_id)
    return outcome is not None and outcome.final


def orders(asked: Asked, store: Store, missing: list[Point], command: tuple[str, ...]) -> Iterator[Order]:
    """One order after the other; their texts are made when they are needed, not kept."""
    questions, each = Questions.of(asked.sweep, asked.base, asked.case), asked.sweep.each_case
    for point in missing:
        assert point.case_id is not None, "only points that make a case are run"
        case = questions.case_at(point.values).resolved()
        yield Order(
            point.case_id,
            str(store.case(point.case_id).absolute()),
            text_of(case),
            command,
            {**SINGLE, **MPI},
            len(case.arms) * len(case.loads) * len(case.analysis.every_model()),
            each.time_limit_s,
            each.memory_limit_GB * 1e9,
            1 + each.retries,
            each.keep == "everything",
        )
