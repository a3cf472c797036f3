"""A path in, a ``ResultFolder`` out: where the results of one case lie, which are finished, and who may write there."""

from __future__ import annotations

import csv
import errno
import fcntl
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from femrisk.errors import InputError
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.output.atomic import read_json, replacing, sweep, write_columns, write_json, write_text

log = logging.getLogger(__name__)

#: Names of arms and loads become folders: letters, digits, ``_ . -``, not a dot first.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")

#: What a run of one case writes, and ``--force`` on a folder of another case removes.
OURS = (
    *("arms", "models", "meshes", "figures"),
    *("comparison.json", "comparison.csv", "report.html", "mesh.vtu", "scan.json", "provenance.json"),
)


@dataclass(frozen=True)
class Pair:
    """Where the result of one arm under one load lies."""

    #: ``DIR/arms/ARM/LOAD``
    path: Path

    @property
    def result(self) -> Path:
        """Written last: the pair is finished when it is there."""
        return self.path / "result.json"

    @property
    def history(self) -> Path:
        """One line per increment."""
        return self.path / "history.csv"

    @property
    def fields(self) -> Path:
        """Displacement, stress and strain where the force was largest."""
        return self.path / "fields.vtu"

    @property
    def series(self) -> Path:
        """Names ``fields/NNNN.vtu``, one for each increment that was kept to be looked at; no file where none was."""
        return self.path / "fields.pvd"

    def increment(self, number: int) -> Path:
        """Fields of an increment of the series; the number is its line in ``history.csv``."""
        return self.path / "fields" / f"{number:04d}.vtu"

    @property
    def shell(self) -> Path:
        """What the shell of the bone does there; no file where the arm has none."""
        return self.path / "shell.vtu"


@dataclass(frozen=True)
class ResultFolder:
    """Everything one case leaves behind."""

    path: Path

    @property
    def figures(self) -> Path:
        """Folder of pictures."""
        return self.path / "figures"

    def beside(self, model: str) -> ResultFolder:
        """Where the results under a further model lie, in the same order as here: ``DIR/models/MODEL``."""
        return ResultFolder(self.path / "models" / model)

    def pair(self, arm: str, load: str) -> Pair:
        """Paths of one arm under one load.

        Raises:
            InputError: a name that cannot be a folder.
        """
        for kind, name in (("arm", arm), ("load", load)):
            if not NAME.fullmatch(name):
                raise InputError(f"{kind} {name!r}", "cannot be a folder (allowed: letters, digits, _ . -)")
        return Pair(self.path / "arms" / arm / load)

    def is_complete(self, arm: str, load: str) -> bool:
        """True when nothing is left to do for this pair."""
        return self.pair(arm, load).result.is_file()

    def finished(self) -> tuple[tuple[str, str], ...]:
        """Arm and load of every finished pair, in the order of the alphabet."""
        return tuple(sorted((file.parts[-3], file.parts[-2]) for file in self.path.glob("arms/*/*/result.json")))

    def forget(self, arm: str, load: str) -> None:
        """Make a pair unfinished; the old result is gone before anything new is written."""
        self.pair(arm, load).result.unlink(missing_ok=True)

    def write_pair(
        self, arm: str, load: str, result: Mapping[str, Any], history: Mapping[str, Sequence[float] | Floats]
    ) -> None:
        """Finish a pair whose ``fields.vtu`` is already there: the history, then the result, which makes it count."""
        pair = self.pair(arm, load)
        write_columns(pair.history, history)
        write_json(pair.result, result)

    def read_result(self, arm: str, load: str) -> dict[str, Any]:
        """What ``write_pair`` was given."""
        result: dict[str, Any] = read_json(self.pair(arm, load).result)
        return result


def read_history(folder: ResultFolder, arm: str, load: str) -> dict[str, Floats]:
    """Columns of a pair's ``history.csv``, each (increments,)."""
    with folder.pair(arm, load).history.open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    values = np.array(rows, dtype=float).reshape(len(rows), len(header))
    return {name: values[:, i] for i, name in enumerate(header)}


def mesh_file(folder: ResultFolder, family: str) -> Path:
    """The VTU of a device family's mesh: ``mesh.vtu`` for the base, ``mesh_<family>.vtu`` for the others."""
    return folder.path / ("mesh.vtu" if family == "base" else f"mesh_{family}.vtu")


def write_labelled(folder: ResultFolder, family: str, mesh: LabelledMesh) -> None:
    """Keep a family's mesh, exactly, for the pairs that are solved on it."""
    with replacing(folder.path / "meshes" / f"{family}.npz") as temporary:
        mesh.save(temporary)


def read_labelled(folder: ResultFolder, family: str) -> LabelledMesh | None:
    """The family's mesh, or None when it was never kept."""
    file = folder.path / "meshes" / f"{family}.npz"
    return LabelledMesh.load(file) if file.is_file() else None


def add_quality(folder: ResultFolder, family: str, quality: Any) -> None:
    """Keep the measures (a dataclass) of a family's mesh beside it."""
    write_json(folder.path / "meshes" / f"{family}.json", asdict(quality))


def identity(case_text: str, version: str) -> str:
    """Name of a case as run by a version: the same text (every default written out) gives the same results."""
    return hashlib.sha256(f"femrisk {version}\n{case_text}".encode()).hexdigest()[:16]


def claim(
    folder: ResultFolder,
    case_text: str,
    version: str,
    force: bool = False,
    *,
    question: str | None = None,
    rivals: Mapping[str, str] | None = None,
) -> None:
    """Make the folder this case's: a new one is begun, its own is continued, another case's is refused.

    Call it inside ``locked``. With ``force`` the results of the other case are removed; files that are not ours stay.

    Args:
        folder: the folder.
        case_text: the case as run, kept as ``case.yaml``.
        version: of femrisk.
        force: replace the results of another case.
        question: the part of the text that results depend on; None for all of it.
        rivals: questions close to this one, each with what to call its results when they are found.

    Raises:
        InputError: the folder holds results of another case, or of the same one by another version.
    """
    provenance = folder.path / "provenance.json"
    known = _read_provenance(folder)
    if not known and (folder.path / "arms").exists():
        raise InputError(str(folder.path), "holds a folder 'arms' that is not of femrisk (use another -o)")
    own = identity(case_text if question is None else question, version)
    if known and known["case_id"] != own:
        if not force:
            named = {identity(text, version): words for text, words in (rivals or {}).items()}
            what = named.get(known["case_id"], "another case")
            if known["version"] != version:
                what = f"femrisk {known['version']} (this is {version})"
            raise InputError(str(folder.path), f"holds results of {what}; use another -o, or --force to replace them")
        _empty(folder)
        known = {}
    sweep(folder.path)
    if not known:
        write_json(provenance, {"case_id": own, "version": version})
    write_text(folder.path / "case.yaml", case_text)


def add_provenance(folder: ResultFolder, facts: Mapping[str, Any]) -> None:
    """Add facts to ``provenance.json``; those it has are replaced."""
    write_json(folder.path / "provenance.json", {**_read_provenance(folder), **facts})


@contextmanager
def locked(folder: ResultFolder) -> Iterator[None]:
    """Keep other runs out of the folder; the lock goes with the process, however it ends.

    Raises:
        InputError: another run is at work there, or the folder cannot be written.
    """
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise InputError(str(folder.path), f"cannot be written ({error.strerror})") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            owner = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
            os.close(descriptor)
            raise InputError(str(folder.path), f"another run is at work there (process {owner})") from None
        log.warning("%s: this file system knows no locks; see that no other run uses the folder", folder.path)
    try:
        yield
    finally:
        os.close(descriptor)


def _read_provenance(folder: ResultFolder) -> dict[str, Any]:
    """What is known of the folder's results, at least ``case_id`` and ``version``; empty where nothing was run."""
    file = folder.path / "provenance.json"
    if not file.is_file():
        return {}
    try:
        known = read_json(file)
        if isinstance(known, dict) and {"case_id", "version"} <= known.keys():
            return known
    except ValueError:
        pass
    raise InputError(str(file), "is not a provenance file of femrisk (use another -o)")


def _empty(folder: ResultFolder) -> None:
    """Remove what a run wrote; ``provenance.json`` goes last, so that the folder is known as ours until it is empty."""
    for name in (*OURS[:-1], *(file.name for file in folder.path.glob("mesh_*.vtu")), OURS[-1]):
        path = folder.path / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
