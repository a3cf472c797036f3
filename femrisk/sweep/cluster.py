"""Where cases are run: in goes a word or a small profile file, out comes a Dask cluster with workers on their way."""

from __future__ import annotations

import logging
import math
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import dask
from pydantic import AfterValidator, Field, ValidationError

from femrisk.casefile import read_document
from femrisk.document import suggest
from femrisk.errors import CaseError, ComputationError, InputError
from femrisk.mistakes import translate
from femrisk.part import Part
from femrisk.sweep.sweepfile import EachCase

#: schedulers of clusters by the class of dask-jobqueue that speaks to each
SCHEDULERS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
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


def _clock(text: str) -> str:
    """``text``, if each scheduler takes it for the same time: 12:00 is twelve minutes to Slurm, half a day to PBS."""
    if not re.fullmatch(r"[0-9]{1,4}:[0-5][0-9]:[0-5][0-9]", text):
        raise ValueError(f"must be hours:minutes:seconds (got: {text})")
    return text


class Profile(Part):
    """How a cluster wants its jobs: the little that differs from place to place."""

    kind: Literal["slurm", "pbs", "lsf", "sge"]
    """Its scheduler."""
    jobs: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Most jobs at once; a job that ends early is replaced."""
    cases_per_job: Annotated[int, Field(ge=1, le=1024)] = 1
    """Cases side by side in one job, which is as large as they need."""
    walltime: Annotated[str, AfterValidator(_clock)] = "24:00:00"
    """How long a job may last, hours:minutes:seconds; what is in flight then is repeated in the next one."""
    memory_GB: Annotated[float, Field(gt=0)] | None = None
    """Memory of a job (default: what its cases may take, and 1 GB)."""
    queue: str | None = None
    """Partition or queue."""
    account: str | None = None
    """Who pays."""
    interface: str | None = None
    """Network interface that all nodes see, such as ib0."""
    setup: tuple[str, ...] = ()
    """Shell lines at the beginning of a job, such as module load."""
    directives: tuple[str, ...] = ()
    """Further options of the scheduler, as in its scripts but without the #SBATCH before them."""
    directives_left_out: tuple[str, ...] = ()
    """Parts of lines of the job's head that this cluster refuses, such as --mem."""


@dataclass(frozen=True)
class Local:
    """This machine."""

    #: cases at once
    cases: int


@dataclass(frozen=True)
class Address:
    """A Dask scheduler that somebody else has started, on Kubernetes for instance."""

    url: str


Place = Local | Profile | Address


@dataclass(frozen=True)
class Workforce:
    """A connected client."""

    client: Any
    #: where its dashboard is seen
    dashboard: str
    #: most cases at once, as far as it is known beforehand
    cases: int


def place(word: str | None, beside: Path, local_cases: int) -> Place:
    """What ``--cluster`` means: nothing, ``local``, an address, a profile file, or a name.

    ``slurm`` is ``slurm.yaml`` beside the sweep file, else in ``~/.config/femrisk``, else that scheduler's defaults.

    Raises:
        CaseError: mistakes of the profile.
        InputError: no such profile.
    """
    if word in (None, "local"):
        return Local(local_cases)
    assert word is not None
    if "://" in word:
        return Address(word)
    if word.endswith((".yaml", ".yml")):
        return read_profile(Path(word))
    looked_up = [folder / f"{word}.yaml" for folder in (beside, Path.home() / ".config" / "femrisk")]
    for file in looked_up:
        if file.is_file():
            return read_profile(file)
    if word in SCHEDULERS:
        return Profile(kind=word)  # type: ignore[arg-type]
    known = ("local", *SCHEDULERS)
    close = suggest(word, known)
    hint = f"; did you mean {close}?" if close else ""
    there = " or ".join(str(file) for file in looked_up)
    raise InputError(
        "--cluster",
        f"unknown{hint} (allowed: {', '.join(known)}, tcp://HOST:PORT, a profile file or its name, got: {word}; "
        f"no {there})",
    )


def read_profile(file: Path) -> Profile:
    """A profile file.

    Raises:
        CaseError: every mistake, each with its line.
    """
    document = read_document(file)
    try:
        return Profile.model_validate_json(document.json(), strict=True)
    except ValidationError as error:
        raise CaseError(translate(error, document, Profile)) from error


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
    """Processes that start in this block never hear Ctrl-C, as it is the driver that ends them; we hear it after it."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


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
