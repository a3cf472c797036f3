"""Values in, whole files out: a reader sees the old file or the new one, never half of one, even after a kill."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

#: What a file is called while it is being written.
UNFINISHED = ".unfinished-"


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Lend a temporary path in the same folder, with the same suffix; what is there at the end becomes ``path``.

    The content reaches the disk before the name does, so that a crash of the machine leaves no empty file either.

    Raises:
        OSError: the disk is full or the folder cannot be written; ``path`` is as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{UNFINISHED}{os.getpid()}-{path.name}")
    try:
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
        _to_disk(path.parent)
    except OSError as error:
        # a failed write does not know its file; whoever reads of it must
        error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` in UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` as JSON; numpy arrays become lists, and a number that is not finite becomes null.

    Raises:
        TypeError: something in ``value`` has no JSON form.
    """
    write_text(path, json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read what ``write_json`` wrote."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_columns(path: str | Path, columns: Mapping[str, Sequence[float] | np.ndarray[Any, Any]]) -> None:
    """Write equally long columns as CSV with one header line; floats keep every digit.

    Raises:
        ValueError: the columns differ in length.
    """
    rows = zip(*(np.asarray(column).tolist() for column in columns.values()), strict=True)
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def plain(value: Any) -> Any:
    """The same value out of dicts, lists, strings, booleans, finite numbers and None only."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    return value


def sweep(folder: Path) -> None:
    """Remove what killed writers left under ``folder``; nobody else may be writing there."""
    for leftover in folder.rglob(f"{UNFINISHED}*"):
        leftover.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
