"""The table of a folder of sweeps: in go the folders of its cases, out come ``table.parquet`` and ``table.csv``.

One row per point, arm and load; one per point where there is no result, with its state and reason. It is made of what
lies on disk, so it can be made again at any time, also while cases are running.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from femrisk.output.atomic import read_json, replacing
from femrisk.sweep.outcome import read_outcome
from femrisk.sweep.points import Point
from femrisk.sweep.store import Store

#: rows that are held as mappings before they become columns
CHUNK = 20_000


def write_table(store: Store) -> Any:
    """Make both files anew; the table as a pandas ``DataFrame``."""
    table = read_table(store)
    with replacing(store.path / "table.parquet") as temporary:
        table.to_parquet(temporary, index=False)
    with replacing(store.path / "table.csv") as temporary:
        table.to_csv(temporary, index=False)
    return table


def read_table(store: Store) -> Any:
    """The table of all sweeps in a folder, as a pandas ``DataFrame``."""
    import pandas

    parts, chunk = [], []
    for row in rows(store):
        chunk.append(row)
        if len(chunk) == CHUNK:
            parts.append(pandas.DataFrame(chunk))
            chunk = []
    parts.append(pandas.DataFrame(chunk))
    table = pandas.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    for name in table.columns:
        kinds = {type(value) for value in table[name] if value is not None and value == value}
        if str in kinds and len(kinds) > 1:
            # a file has one type per column
            table[name] = [None if value is None or value != value else str(value) for value in table[name]]
    return table


def rows(store: Store) -> Iterator[dict[str, Any]]:
    """Every row of every sweep."""
    for name in store.sweeps():
        header, points = store.read_points(name)
        for point in points:
            yield from rows_of(store, name, header["columns"], point)


def rows_of(store: Store, name: str, columns: list[str], point: Point) -> Iterator[dict[str, Any]]:
    """The rows of one point."""
    values = {column: flat(value) for column, value in zip(columns, point.values, strict=True)}
    head: dict[str, Any] = {"sweep": name, "point": point.index, "case": point.case_id, **values}
    if point.case_id is None:
        yield {**head, "state": "invalid", "reason": point.reason}
        return
    folder = store.case(point.case_id)
    outcome = read_outcome(folder)
    if outcome is None:
        yield {**head, "state": "missing", "reason": None}
        return
    head |= {"state": outcome.state, "reason": outcome.reason, "case_seconds": outcome.seconds}
    head |= {"attempts": outcome.attempts, "peak_memory_MB": outcome.peak_memory_MB}
    head["case_cpu_seconds"] = _processor_seconds(folder)
    comparison = _comparison(folder) if outcome.state == "done" else {"rows": []}
    scores = dict(_scores(comparison.get("scores", {})))
    for row in comparison["rows"]:
        yield {**head, **_result(row), "seconds": _seconds(folder, row), **_models(comparison, row), **scores}
    if not comparison["rows"]:
        yield head


def flat(value: Any) -> Any:
    """A value as one cell: a list is joined by semicolons."""
    if isinstance(value, list):
        return ";".join(f"{item:g}" if isinstance(item, float) else str(item) for item in value)
    return json.dumps(value) if isinstance(value, dict) else value


def _comparison(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = read_json(folder / "comparison.json")
    except (FileNotFoundError, ValueError):
        return {"rows": []}
    return found


def _processor_seconds(folder: Path) -> float | None:
    """What the case's last run took of processors; None where it left no word of it."""
    try:
        seconds: float = read_json(folder / "provenance.json")["cpu_seconds"]
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return seconds


def _seconds(folder: Path, row: dict[str, Any]) -> float | None:
    try:
        seconds: float = read_json(folder / "arms" / row["arm"] / row["load"] / "result.json")["seconds"]
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return seconds


def _result(row: dict[str, Any]) -> dict[str, Any]:
    """A row of ``comparison.json`` with its lists taken apart."""
    cells = dict(row)
    low, high = cells.pop("fracture_load_bracket_N", None) or (None, None)
    x, y, z = cells.pop("failure_centroid_mm", None) or (None, None, None)
    cells |= {"fracture_load_low_N": low, "fracture_load_high_N": high}
    return cells | {"failure_x_mm": x, "failure_y_mm": y, "failure_z_mm": z}


def _models(comparison: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """Load and status under every model, where there are several."""
    pair = next(
        (one for one in comparison.get("models", ()) if (one["arm"], one["load"]) == (row["arm"], row["load"])), None
    )
    cells = {}
    for model, part in pair["by_model"].items() if pair else ():
        for key in ("status", "fracture_load_N"):
            cells[f"under_{model}_{key}"] = part and part[key]
    return cells


def _scores(scores: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Both ends of each score, equal where it is one number, and what it means."""
    for name, score in scores.items():
        value = score["value"]
        low, high = value if isinstance(value, list) else (value, value)
        yield f"{name}_low", low
        yield f"{name}_high", high
        yield f"{name}_band", score["band"]
