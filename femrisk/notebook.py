"""What a notebook shows: a result folder in; its table, a figure or its report out, each as the last line of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from femrisk.comparison import Row
from femrisk.errors import InputError
from femrisk.output.atomic import read_json
from femrisk.output.charts import load_text
from femrisk.output.folder import ResultFolder

#: columns of the table: title, key of a row, how the number is written
COLUMNS = (
    ("/intact", "ratio_to_intact", "{:.2f}"),
    ("/untreated", "ratio_to_untreated", "{:.2f}"),
    ("factor of risk", "factor_of_risk", "{:.2f}"),
    ("stiffness, N/mm", "stiffness_N_per_mm", "{:.0f}"),
    ("failure", "failure_region", "{}"),
    ("cement, mL", "cement_volume_ml", "{:.1f}"),
)


@dataclass(frozen=True)
class Answer:
    """The comparison of one result folder or more, one row per case, arm and load."""

    #: (case, row) pairs, in the order of the folders
    rows: tuple[tuple[str, Row], ...]
    #: case -> name of a score -> the score as ``comparison.json`` has it
    scores: Mapping[str, Mapping[str, Any]]
    #: what to know before using the numbers, each once
    caveats: tuple[str, ...]

    def lines(self) -> tuple[tuple[str, ...], ...]:
        """Titles, then the cells of each row; loads say their status, what does not exist is a dash."""
        titles = ("case", "arm", "load", "fracture load", *(title for title, *_ in COLUMNS))
        return (titles, *((case, row.arm, row.load, *_cells(row)) for case, row in self.rows))

    def __str__(self) -> str:
        lines = self.lines()
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        aligned = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join(line.rstrip() for line in aligned)

    def _repr_html_(self) -> str:
        titles, *rows = self.lines()
        head = "".join(f"<th>{escape(title)}</th>" for title in titles)
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in rows)
        caveats = "".join(f"<li>{escape(one)}</li>" for one in self.caveats)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"{table}<details><summary>What to know first</summary><ul>{caveats}</ul></details>"


@dataclass(frozen=True)
class Picture:
    """A figure, where it lies on the disk; a notebook shows it with 256 colours, so as to stay small."""

    path: Path

    def _repr_png_(self) -> bytes:
        from PIL import Image

        small = BytesIO()
        with Image.open(self.path) as image:
            image.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE).save(small, "png", optimize=True)
        return small.getvalue()


@dataclass(frozen=True)
class Page:
    """A report, where it lies on the disk, and what a notebook shows of it."""

    path: Path
    #: HTML of the page
    text: str = field(repr=False)
    height_px: int = 640

    def _repr_html_(self) -> str:
        style = f"width: 100%; height: {self.height_px}px; border: 1px solid #ccc"
        return f'<iframe title="femrisk report" style="{style}" srcdoc="{escape(self.text)}"></iframe>'


def answer_of(folders: tuple[ResultFolder, ...]) -> Answer:
    """What was compared in each folder.

    Raises:
        InputError: a folder that holds no comparison.
    """
    rows: list[tuple[str, Row]] = []
    scores: dict[str, Any] = {}
    caveats: list[str] = []
    for folder in folders:
        file = folder.path / "comparison.json"
        if not file.is_file():
            what = "has no comparison.json (allowed: a folder that femrisk run has finished)"
            raise InputError(str(folder.path), what)
        content = read_json(file)
        rows += [(content["case"], Row(**row)) for row in content["rows"]]
        scores[content["case"]] = content["scores"]
        caveats += content["caveats"]
    return Answer(tuple(rows), scores, tuple(dict.fromkeys(caveats)))


def _cells(row: Row) -> list[str]:
    load = {"fracture_load_N": row.fracture_load_N, "fracture_load_bracket_N": row.fracture_load_bracket_N}
    cells = [f"{load_text({'status': row.status, **load})}, {row.status.replace('_', ' ')}"]
    for _, key, form in COLUMNS:
        value = getattr(row, key)
        cells.append("-" if value is None else form.format(value).replace("_", " "))
    return cells
