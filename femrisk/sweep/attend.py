"""One case seen through to its end: in goes an ``Order``, out comes a ``Report``; what Dask's workers do.

Only who holds the case's lock works on it; the lock goes with its process. Attempts that fail are repeated, each goes
on where the last one stopped, and ``outcome.json``, written last and by rename, makes the case count.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from femrisk.output.atomic import sweep, write_text
from femrisk.sweep import leash
from femrisk.sweep.outcome import Outcome, State, read_outcome, write_outcome

#: exit code of the command line for bad input, and for numbers that could not be computed while others could
REFUSED, LACKING = 2, 1
#: what of a case's folder is large, and left out unless everything is kept
LARGE = ("meshes/*", "mesh*.vtu", "**/fields.vtu", "**/fields.pvd", "**/fields/*.vtu", "**/shell.vtu")


@dataclass(frozen=True)
class Order:
    """A case to be run."""

    case_id: str
    folder: str
    #: text of its case file
    text: str
    #: ``{python}``, ``{case}`` and ``{folder}`` are filled in where it runs
    command: tuple[str, ...]
    #: variables it gets beside those of the worker
    environment: dict[str, str]
    #: pairs of arm and load, under each model
    pairs: int
    time_s: float
    memory_bytes: float
    attempts: int
    keep_all: bool


@dataclass(frozen=True)
class Report:
    """What became of an order."""

    case_id: str
    #: as in ``Outcome``; busy: another process is at work on the case; no room: nothing could be written
    state: State | Literal["busy", "no room"]
    reason: str | None = None
    seconds: float = 0.0


def attend(order: Order) -> Report:
    """Run a case to its end, unless it is finished or somebody else is at it."""
    folder = Path(order.folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with held(folder / ".attended") as lock:
            if lock is None:
                return Report(order.case_id, "busy")
            known = read_outcome(folder)
            if known is None or not known.final:
                sweep(folder)
                (folder / "outcome.json").unlink(missing_ok=True)
                known = attempts(order, folder, lock)
                if not order.keep_all:
                    lighten(folder)
                write_outcome(folder, known)
            return Report(order.case_id, known.state, known.reason, known.seconds)
    except OSError as error:
        room = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return Report(order.case_id, "no room" if room else "failed", f"{error.filename}: {error.strerror}")


def attempts(order: Order, folder: Path, lock: int) -> Outcome:
    """Try until the case is computed or refused, or no attempt is left."""
    seconds, peak = 0.0, None
    begun = (folder / "provenance.json").exists()
    for attempt in range(1, order.attempts + 1):
        write_text(folder / "case.yaml", order.text)
        log = folder / f"attempt_{attempt}.log"
        log.unlink(missing_ok=True)
        news = on_a_leash(order, folder, log, lock)
        seconds += news["seconds"]
        peak = max(peak or 0.0, news["peak_memory_MB"]) if news["peak_memory_MB"] else peak
        state, reason = judge(order, folder, log, news)
        if state == "refused" and begun:
            # what lay there may be what it refused
            empty(folder, log)
            begun = False
        elif state != "failed":
            break
    return Outcome(state, reason, attempt, seconds, peak, platform.node())


def on_a_leash(order: Order, folder: Path, log: Path, lock: int) -> dict[str, Any]:
    """Run the command once; how it ended.

    The leash ends the command when we are gone, and shares our lock until it has: nobody else begins before.
    """
    known = {"python": sys.executable, "case": str(folder / "case.yaml"), "folder": str(folder)}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PMI")}
    what = {
        "command": [word.format(**known) for word in order.command],
        "environment": {**inherited, **order.environment},
        "log": str(log),
        "time_s": order.time_s,
        "memory_bytes": order.memory_bytes,
    }
    watcher = subprocess.Popen(
        [sys.executable, leash.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        pass_fds=(lock,),
    )  # fmt: skip
    assert watcher.stdin is not None
    assert watcher.stdout is not None
    with watcher, watcher.stdin as holding:
        holding.write(json.dumps(what).encode() + b"\n")
        holding.flush()
        told = watcher.stdout.readline()
    lost = {"ended": "unwatched", "code": None, "seconds": 0.0, "peak_memory_MB": None}
    return json.loads(told) if told else lost


def judge(order: Order, folder: Path, log: Path, news: dict[str, Any]) -> tuple[State, str | None]:
    """What an attempt came to, and why it came to no result."""
    code, said = news["code"], last_words(log)
    if news["ended"] == "exit" and code == 0:
        return "done", None
    if news["ended"] == "exit" and code == REFUSED:
        return "refused", said
    if news["ended"] == "exit" and code == LACKING and len(list(folder.rglob("result.json"))) == order.pairs:
        return "done", said
    how = {
        "time": f"took longer than {order.time_s:g} s",
        "memory": f"held more than {order.memory_bytes / 1e9:g} GB",
        "left alone": "was ended from outside",
        "not started": f"could not be started: {news.get('what')}",
        "unwatched": "lost its watcher, which was killed",
        "exit": f"was killed by {_signal(-code)}" if code is not None and code < 0 else f"ended with exit code {code}",
    }[news["ended"]]
    return "failed", f"{how}{': ' + said if said else ''}"


def last_words(log: Path) -> str:
    """The errors a log tells, else its last line."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace")[-20_000:].splitlines() if line.strip()]
    except FileNotFoundError:
        return ""
    # the line of a case file that a sweep wrote says nothing, and equal reasons should read alike
    errors = [re.sub(r"^\S*case\.yaml:\d+: ", "", line[16:]) for line in lines if line.startswith("femrisk: error: ")]
    return "; ".join(dict.fromkeys(errors))[:1000] if errors else lines[-1][:300] if lines else ""


def empty(folder: Path, log: Path) -> None:
    """Remove what an earlier run left, all but the lock and a log."""
    for one in folder.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        elif one != log and not one.name.startswith("."):
            one.unlink(missing_ok=True)


def lighten(folder: Path) -> None:
    """Leave out what is large."""
    for pattern in LARGE:
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)


@contextmanager
def held(path: Path) -> Iterator[int | None]:
    """Hold a lock while the block runs: its descriptor, or None when somebody else has it.

    A file system that knows no locks gives every lock.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = True
        except OSError as error:
            mine = error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
        yield descriptor if mine else None
    finally:
        os.close(descriptor)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
