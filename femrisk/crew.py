"""Worker processes and what they say: tasks in, a call per piece of news while they run, failures out."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from femrisk.output.folder import ResultFolder

#: One thread per process: what runs in parallel are processes, and sums must not depend on the machine's load.
SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Job:
    """A task for one worker."""

    name: str
    task: object
    ranks: int = 1


def work(
    folder: ResultFolder, jobs: Sequence[Job], at_once: int, hear: Callable[[Job, dict[str, Any]], None]
) -> dict[str, str]:
    """Run every job, ``at_once`` at a time; returns the failure of each job that failed, by name.

    Args:
        folder: the result folder, also of the logs.
        jobs: what to do, in order.
        at_once: workers side by side.
        hear: told of every line of news, one call at a time.
    """
    failures: dict[str, str] = {}
    running: set[subprocess.Popen[str]] = set()
    lock = threading.Lock()
    stopped = threading.Event()

    def one(job: Job) -> None:
        with tempfile.TemporaryDirectory(prefix="femrisk-") as scratch:
            file = Path(scratch, "task")
            file.write_bytes(pickle.dumps(job.task))
            log = folder.path / "logs" / f"{job.name}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("w") as errors:
                with lock:
                    if stopped.is_set():
                        return
                    process = subprocess.Popen(
                        _command(job, folder, file), stdout=subprocess.PIPE, stderr=errors, text=True,
                        env={**os.environ, **SINGLE}, stdin=subprocess.DEVNULL,
                    )  # fmt: skip
                    running.add(process)
                assert process.stdout is not None
                for line in process.stdout:
                    news = _read(line)
                    with lock:
                        if "failed" in news:
                            failures[job.name] = str(news["failed"])
                        elif news:
                            hear(job, news)
                code = process.wait()
            with lock:
                running.discard(process)
                if code:
                    failures.setdefault(job.name, _ending(code, log))
            if not log.read_text(errors="replace").strip():
                log.unlink()

    try:
        with ThreadPoolExecutor(at_once) as pool:
            try:
                for future in [pool.submit(one, job) for job in jobs]:
                    future.result()
            except BaseException:
                with lock:
                    stopped.set()
                    for process in running:
                        process.terminate()
                raise
    finally:
        logs = folder.path / "logs"
        if logs.is_dir() and not any(logs.iterdir()):
            logs.rmdir()
    return failures


def _command(job: Job, folder: ResultFolder, file: Path) -> list[str]:
    worker = [sys.executable, "-m", "femrisk.worker", str(folder.path), str(file)]
    if job.ranks == 1:
        return worker
    beside = Path(sysconfig.get_path("scripts"), "mpiexec")
    launcher = str(beside) if beside.exists() else shutil.which("mpiexec") or "mpiexec"
    return [launcher, "-n", str(job.ranks), *worker]


def _read(line: str) -> dict[str, Any]:
    """The news of a line; empty for what libraries print."""
    try:
        news = json.loads(line)
    except ValueError:
        return {}
    return news if isinstance(news, dict) else {}


def _ending(code: int, log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    last = f": {lines[-1].strip()}" if lines else ""
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"the worker {how}{last}"
