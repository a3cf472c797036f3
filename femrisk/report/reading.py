"""A result folder in, a ``Reading`` of its files out: everything the report is made of, as it stands there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from femrisk.errors import InputError
from femrisk.output.atomic import read_json
from femrisk.output.charts import order, title
from femrisk.output.folder import ResultFolder
from femrisk.output.scan import scan_file
from femrisk.report.quantity import Sheet

#: how arms are called where their names are ours; others keep their own
TREATMENTS = {
    "pvp": "PVP",
    "bkp": "BKP",
    "pvp_screws": "PVP + screws",
    "pedicle_screws": "pedicle screws",
}


@dataclass(frozen=True)
class Reading:
    """The files of one result folder."""

    folder: ResultFolder
    comparison: Sheet
    provenance: Sheet
    #: the case as run, every default written out
    case: Mapping[str, Any]
    case_text: str
    #: ``result.json`` of every pair of the comparison, load by load, arms in the order of the case
    results: Mapping[tuple[str, str], Sheet]
    #: measures of each family's mesh
    meshes: Mapping[str, Sheet]
    #: arm and load of what was finished after the comparison was written, by a run that was then interrupted
    left_out: tuple[tuple[str, str], ...] = ()
    #: how the bone's scan was read; None for a bone that comes from none
    scan: Mapping[str, Any] | None = None

    @property
    def arms(self) -> tuple[str, ...]:
        """Arms that have a result, in the order of the case."""
        return tuple(dict.fromkeys(arm for arm, _ in self.results))

    @property
    def loads(self) -> tuple[str, ...]:
        """Loads that have a result, in the order of the case."""
        return tuple(dict.fromkeys(load for _, load in self.results))

    def kind(self, part: str, name: str) -> str:
        """Kind of an arm (part ``arms``) or a load (``loads``) by its name."""
        return next((str(one["kind"]) for one in self.case.get(part, ()) if one.get("name") == name), name)

    def first(self, kind: str, load: str) -> str | None:
        """The first arm of a kind that has a result under a load."""
        return next((arm for arm, other in self.results if other == load and self.kind("arms", arm) == kind), None)

    def row(self, arm: str, load: str) -> int | None:
        """Which row of ``comparison.json`` a pair has."""
        rows = self.comparison.at("rows") or []
        return next((i for i, row in enumerate(rows) if (row["arm"], row["load"]) == (arm, load)), None)


def read(folder: ResultFolder) -> Reading:
    """Read a folder.

    Raises:
        InputError: it holds no finished run of femrisk, or a file of it cannot be read.
    """
    for name in ("case.yaml", "provenance.json", "comparison.json"):
        if not (folder.path / name).is_file():
            what = f"has no {name} (allowed: a folder that femrisk run has finished)"
            raise InputError(str(folder.path), what)
    try:
        case_text = (folder.path / "case.yaml").read_text(encoding="utf-8")
        comparison = _sheet(folder, "comparison.json")
        told = {(row["arm"], row["load"]) for row in comparison.at("rows") or ()}
        pairs = _pairs(folder)
        return Reading(
            folder=folder,
            comparison=comparison,
            provenance=_sheet(folder, "provenance.json"),
            case=YAML(typ="safe", pure=True).load(case_text),
            case_text=case_text,
            results={pair: _sheet(folder, f"arms/{pair[0]}/{pair[1]}/result.json") for pair in pairs if pair in told},
            meshes={
                file.stem: _sheet(folder, f"meshes/{file.name}") for file in sorted(folder.path.glob("meshes/*.json"))
            },
            left_out=tuple(pair for pair in pairs if pair not in told),
            scan=read_json(scan_file(folder)) if scan_file(folder).is_file() else None,
        )
    except (OSError, ValueError) as error:
        raise InputError(str(folder.path), f"cannot be read ({error})") from error


def named(name: str) -> str:
    """An arm or a load as a reader would call it."""
    return TREATMENTS.get(name, title(name))


def headed(name: str) -> str:
    """The same at the head of a line: only its first letter grows."""
    words = named(name)
    return words[:1].upper() + words[1:]


def _pairs(folder: ResultFolder) -> tuple[tuple[str, str], ...]:
    """Arm and load of every finished pair, load by load: what is compared stands together."""
    pairs = order(folder)
    loads = list(dict.fromkeys(load for _, load in pairs))
    return tuple(sorted(pairs, key=lambda pair: loads.index(pair[1])))


def _sheet(folder: ResultFolder, name: str) -> Sheet:
    return Sheet(name, read_json(folder.path / name))
