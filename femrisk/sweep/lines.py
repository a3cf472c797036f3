"""Small tables as files: in go lines of cells by column, out comes a CSV, and back; numbers keep every digit."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from femrisk.output.atomic import replacing

Line = dict[str, Any]


def write_lines(path: Path, lines: Sequence[Line]) -> Path:
    """Write lines of the same columns; what a line has not is empty."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]) if lines else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return path


def read_lines(path: Path) -> list[Line]:
    """The lines of a file, numbers as numbers, empty cells as None; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{key: _cell(text) for key, text in row.items()} for row in csv.DictReader(file)]


def _cell(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None
