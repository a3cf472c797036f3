"""Where cases are to be run: in goes a word or a profile file, out comes this machine, a cluster, or an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from femrisk.casefile import read_document
from femrisk.document import suggest
from femrisk.errors import CaseError, InputError
from femrisk.mistakes import translate
from femrisk.part import Part

#: schedulers of clusters by the class of dask-jobqueue that speaks to each
SCHEDULERS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}


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
