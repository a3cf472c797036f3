"""A folder in, a ``Store`` out: where the cases of sweeps lie, which are finished, and which points they answer.

::

    DIR/cases/ab/cdef0123456789/   one case: its result folder, attempt_1.log ..., outcome.json written last, by rename
    DIR/meshes/                    meshes that cases share
    DIR/sweeps/NAME/               sweep.yaml, base.yaml and points.jsonl of each sweep
    DIR/table.parquet, table.csv   what all sweeps found; DIR/figures/NAME/ the pictures

Cases lie in 256 folders, about 400 in each of them at 100,000 cases.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from femrisk.errors import InputError
from femrisk.output.atomic import replacing, write_text
from femrisk.sweep.outcome import Outcome, read_outcome
from femrisk.sweep.points import Point


@dataclass(frozen=True)
class Store:
    """Everything sweeps leave behind."""

    path: Path

    @property
    def meshes(self) -> Path:
        """Folder of the meshes that cases share."""
        return self.path / "meshes"

    def case(self, case_id: str) -> Path:
        """Folder of one case."""
        return self.path / "cases" / case_id[:2] / case_id[2:]

    def outcome(self, case_id: str) -> Outcome | None:
        """How the case ended; None while it has not, or was left half-written."""
        return read_outcome(self.case(case_id))

    def sweep(self, name: str) -> Path:
        """Folder of what one sweep asked."""
        return self.path / "sweeps" / name

    def figures(self, name: str) -> Path:
        """Folder of what one sweep found."""
        return self.path / "figures" / name

    def sweeps(self) -> tuple[str, ...]:
        """Names of the sweeps whose points are known."""
        return tuple(sorted(file.parent.name for file in self.path.glob("sweeps/*/points.jsonl")))

    def write_points(self, name: str, header: dict[str, Any], points: Iterable[Point]) -> None:
        """Keep what a sweep asks: a line that describes it, then a line per point."""
        with replacing(self.sweep(name) / "points.jsonl") as temporary, temporary.open("w", encoding="utf-8") as file:
            file.write(json.dumps(header) + "\n")
            for point in points:
                file.write(json.dumps([point.index, list(point.values), point.case_id, point.reason]) + "\n")

    def read_points(self, name: str) -> tuple[dict[str, Any], Iterator[Point]]:
        """What ``write_points`` was given; an empty description and no point where there is nothing."""
        file = self.sweep(name) / "points.jsonl"
        if not file.is_file():
            return {}, iter(())
        stream = file.open(encoding="utf-8")
        header: dict[str, Any] = json.loads(stream.readline())

        def points() -> Iterator[Point]:
            with stream:
                for line in stream:
                    index, values, case_id, reason = json.loads(line)
                    yield Point(index, tuple(values), case_id, reason)

        return header, points()


def opened(path: Path) -> Store:
    """The store at ``path``, made if need be.

    Raises:
        InputError: it cannot be written, or holds the results of a single case.
    """
    try:
        (path / "cases").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"-o {path}", f"cannot be written ({error.strerror})") from None
    if not os.access(path, os.W_OK):
        raise InputError(f"-o {path}", "cannot be written")
    if (path / "provenance.json").exists():
        raise InputError(f"-o {path}", "holds the results of one case (use another -o)")
    return Store(path)


def remember(store: Store, name: str, sweep_text: str, base_text: str) -> None:
    """Keep the two files of a sweep as they were run."""
    write_text(store.sweep(name) / "sweep.yaml", sweep_text)
    write_text(store.sweep(name) / "base.yaml", base_text)
