"""A ``Reading`` in, the question its case asks out: one sentence, and every part of the case with its measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from femrisk.report.quantity import Quantity, Sheet, joined, markup
from femrisk.report.reading import Reading, headed
from femrisk.units import bare, unit_of

NUMBERS = ("no", "one", "two", "three", "four", "five")
PERSONS = {"female": "woman", "male": "man"}


@dataclass(frozen=True)
class AskedPart:
    """A lesion, an arm, a load, or the bone itself."""

    name: str
    kind: str
    #: measures with their units, one after the other
    measures: Markup


@dataclass(frozen=True)
class Asked:
    """The question of a case."""

    sentence: Markup
    #: title and parts of each group
    groups: tuple[tuple[str, tuple[AskedPart, ...]], ...]


def asked(reading: Reading) -> Asked:
    """The question, from the case as it was run."""
    sheet = Sheet("case.yaml", reading.case)
    groups: list[tuple[str, tuple[AskedPart, ...]]] = [
        ("Patient", (_part(sheet, ("patient",), "patient", ""),)),
        ("Bone", (_bone_part(sheet),)),
        ("How its scan was read", tuple(_scan_parts(reading))),
    ]
    for title, key in (("Lesions", "lesions"), ("Arms", "arms"), ("Loads", "loads")):
        parts = reading.case.get(key) or ()
        groups.append((title, tuple(_named_part(sheet, key, i, part) for i, part in enumerate(parts))))
    groups.append(("Analysis", (_part(sheet, ("analysis",), "analysis", ""),)))
    return Asked(_sentence(reading, sheet), tuple((title, parts) for title, parts in groups if parts))


def plain(sheet: Sheet, *path: str | int) -> Quantity | None:
    """A number with as many digits as it needs, at most four that count."""
    value = sheet.number(*path)
    if value is None:
        return None
    short = f"{value.value:.4g}"
    digits = len(short.split(".")[1]) if "." in short and "e" not in short else 0
    return value.shown(1.0, digits)


def _sentence(reading: Reading, sheet: Sheet) -> Markup:
    patient, lesions = reading.case.get("patient") or {}, reading.case.get("lesions") or []
    who = markup(
        "{} of a {} of {} years ({} cm, {} kg)",
        _bone(reading.case.get("bone") or {}),
        PERSONS.get(str(patient.get("sex")), "person"),
        plain(sheet, "patient", "age_years") or "unknown",
        plain(sheet, "patient", "height_cm") or "unknown",
        plain(sheet, "patient", "mass_kg") or "unknown",
    )
    count = NUMBERS[len(lesions)] if len(lesions) < len(NUMBERS) else str(len(lesions))
    places = [_place(lesion) for lesion in lesions]
    with_lesions = markup(
        ", with {} {}: {}", count, "lesion" if len(lesions) == 1 else "lesions", joined(list(dict.fromkeys(places)))
    )
    loads = [headed(str(load["name"])).lower() for load in reading.case.get("loads") or ()]
    how = markup(". Pushed to fracture in {}.", joined(loads))
    return who + (with_lesions if lesions else Markup(", without lesions")) + how


def _bone(bone: dict[str, Any]) -> str:
    anatomy = str(bone.get("anatomy") or bone.get("kind", "bone"))
    level, side = bone.get("level"), bone.get("side")
    words = f"vertebra {level}" if level else " ".join([*([str(side)] if side else []), anatomy.replace("_", " ")])
    if bone.get("kind") in ("surface", "ct", "voxels"):
        words += {"surface": " from a surface", "ct": " from CT", "voxels": " from voxels"}[str(bone["kind"])]
    return words[:1].upper() + words[1:]


def _place(lesion: dict[str, Any]) -> str:
    site, quadrant = lesion.get("site"), lesion.get("quadrant")
    where = str(site).replace("_", " ") if site else "given place"
    side = f", {quadrant}" if quadrant and quadrant != "central" else ""
    return f"{lesion.get('nature', '')} {lesion.get('kind', '')} in the {where}{side}".strip()


def _bone_part(sheet: Sheet) -> AskedPart:
    bone = sheet.at("bone") or {}
    return _part(sheet, ("bone",), _bone(bone), str(bone.get("kind", "")).replace("_", " "))


def _scan_parts(reading: Reading) -> Iterator[AskedPart]:
    """What was done with the numbers of a scan, in order, and what to mistrust of it."""
    for key, word in (("steps", "step"), ("warnings", "doubt")):
        for number, sentence in enumerate((reading.scan or {}).get(key, ()), 1):
            yield AskedPart(f"{word} {number}", "", markup("{}", str(sentence)))


def _named_part(sheet: Sheet, key: str, index: int, part: dict[str, Any]) -> AskedPart:
    kind = str(part.get("kind", "")).replace("_", " ")
    return _part(sheet, (key, index), headed(str(part.get("name", kind))), kind)


def _part(sheet: Sheet, path: tuple[str | int, ...], name: str, kind: str) -> AskedPart:
    return AskedPart(name, kind, Markup("; ").join(_measures(sheet, path)))


def _measures(sheet: Sheet, path: tuple[str | int, ...]) -> Iterator[Markup]:
    """``semi axes 14 \u00d7 11 \u00d7 11 mm`` for every key that has a value; parts of parts are told in line."""
    for key, value in (sheet.at(*path) or {}).items():
        here, words = (*path, key), bare(key).replace("_", " ")
        if value is None or key in ("name", "kind"):
            continue
        if isinstance(value, bool):
            value = "yes" if value else "no"
        if isinstance(value, dict):
            yield from _measures(sheet, here)
        elif isinstance(value, list) and all(plain(sheet, *here, i) for i in range(len(value))):
            numbers = Markup(" \u00d7 ").join(markup("{}", plain(sheet, *here, i)) for i in range(len(value)))
            yield markup("{} {}", words, numbers) + _unit(key)
        elif number := plain(sheet, *here):
            yield markup("{} {}", words, number) + _unit(key)
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield markup("{} {}", words, shown.replace("_", " "))


def _unit(key: str) -> Markup:
    unit = unit_of(key)
    if unit == "degrees":
        return Markup("\u00b0")
    return Markup("") if unit is None else markup(" {}", unit)
