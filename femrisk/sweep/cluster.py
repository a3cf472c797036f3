"""Workers for cases: in goes the place where they are to be, out comes a Dask client with workers on their way."""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask

from femrisk.errors import ComputationError, InputError
from femrisk.sweep.profile import SCHEDULERS, Address, Local, Place, Profile
from femrisk.sweep.sweepfile import EachCase

#: what each of them calls the account
PAYER = {"slurm": "account", "pbs": "account", "lsf": "project", "sge": "project"}
#: cases that one process of the local cluster attends: they wait for subprocesses, so a few share one
CASES_PER_WORKER = 8
#: cases a scheduler of somebody else's may be given at once, however few its workers are yet; assumed
COMING = 64
#: memory of a Dask worker itself, GB, assumed
WORKER_GB = 1.0
#: how often a case may be on a worker that dies before Dask gives it back
ALLOWED_DEATHS = 10


@dataclass(frozen=True)
class Workforce:
    """A connected client."""

    client: Any
    #: where its dashboard is seen
    dashboard: str
    #: most cases at once, as far as it is known beforehand
    cases: int


@contextmanager
def workforce(where: Place, each: EachCase, logs: Path, cases: int) -> Iterator[Workforce]:
    """Start or reach workers for so many cases, and let go of them at the end.

    Raises:
        InputError: the address is no scheduler's.
        ComputationError: the cluster could not be started.
    """
    quiet = {"distributed": "critical", "distributed.client": "critical"}
    with dask.config.set({"logging": quiet, "distributed.scheduler.allowed-failures": ALLOWED_DEATHS}):
        import distributed

        connect: Any = distributed.Client
        if isinstance(where, Address):
            try:
                client = connect(where.url, timeout="10s", set_as_default=False)
            except (OSError, ValueError, TimeoutError) as error:
                raise InputError("--cluster", f"no scheduler answers (got: {where.url}, {error})") from None
            try:
                yield Workforce(client, client.dashboard_link, max(COMING, sum(client.nthreads().values())))
            finally:
                # it may be gone
                with suppress(OSError):
                    client.close()
            return
        try:
            cluster = _local(where, cases) if isinstance(where, Local) else _queued(where, each, logs, cases)
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            said = " ".join(str(error).partition("stderr:")[2].split()) or " ".join(str(error).split())
            raise ComputationError("--cluster", f"could not be started ({said})") from error
        with cluster, connect(cluster, set_as_default=False) as client:
            most = where.cases if isinstance(where, Local) else where.jobs * where.cases_per_job
            yield Workforce(client, cluster.dashboard_link, most)


def _local(where: Local, cases: int) -> Any:
    import distributed

    start: Any = distributed.LocalCluster
    wanted = max(1, min(where.cases, cases))
    workers = math.ceil(wanted / CASES_PER_WORKER)
    with undisturbed():
        return start(
            n_workers=workers,
            threads_per_worker=math.ceil(wanted / workers),
            memory_limit=0,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:8787",
            silence_logs=logging.CRITICAL,
        )


@contextmanager
def undisturbed() -> Iterator[None]:
    """Processes that start in this block never hear Ctrl-C, as it is the driver that ends them; nor do we within it.

    Blocking the signal would not do: the multiprocessing module unblocks it before it starts a process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def _queued(profile: Profile, each: EachCase, logs: Path, cases: int) -> Any:
    import dask_jobqueue

    own = {"interface": profile.interface} if profile.interface else {}
    cluster = getattr(dask_jobqueue, SCHEDULERS[profile.kind])(**job(profile, each, logs), **own)
    try:
        # the first job by itself, waited for: where all are refused, ``adapt`` would only log it and wait for ever
        cluster.worker_spec.update(cluster.new_worker_spec())
        cluster.sync(cluster._correct_state)
    except BaseException:
        # a job that was never submitted cannot be closed
        for known in (cluster.worker_spec, cluster.workers, cluster._created):
            known.clear()
        cluster.close()
        raise
    jobs = min(profile.jobs, math.ceil(cases / profile.cases_per_job))
    # as many as asked for, and another one for each that is lost
    cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
    return cluster


def job(profile: Profile, each: EachCase, logs: Path) -> dict[str, Any]:
    """One job in dask-jobqueue's words: as large as its cases need, one worker in it that attends to all of them."""
    memory = profile.memory_GB or WORKER_GB + profile.cases_per_job * each.memory_limit_GB
    named = {"queue": profile.queue, PAYER[profile.kind]: profile.account}
    return {
        "cores": profile.cases_per_job * each.cores,
        "processes": 1,
        "memory": f"{memory:g}GB",
        # LSF knows no seconds
        "walltime": profile.walltime[:-3] if profile.kind == "lsf" else profile.walltime,
        "python": sys.executable,
        "log_directory": str(logs),
        "local_directory": os.environ.get("TMPDIR", "/tmp"),
        "job_script_prologue": list(profile.setup),
        "job_extra_directives": list(profile.directives),
        "job_directives_skip": list(profile.directives_left_out),
        # a thread per case, not per core; of two the last one counts
        "worker_extra_args": ["--nthreads", str(profile.cases_per_job)],
        **{key: value for key, value in named.items() if value},
    }
