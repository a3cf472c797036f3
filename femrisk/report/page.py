"""A result folder in, ``report.html`` out: one file with everything in it, which a browser opens without a network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from femrisk.output.atomic import write_text
from femrisk.output.folder import ResultFolder
from femrisk.output.stresscut import ROLES, is_vertebra
from femrisk.report import tables, vtkjs
from femrisk.report.advice import advices, among_themselves
from femrisk.report.answer import LoadAnswer, answers
from femrisk.report.asked import asked
from femrisk.report.curves import chart
from femrisk.report.cuts import Cuts, band, cuts_of, grids_of, legend, scenes_of
from femrisk.report.headline import headline, left_of_intact
from femrisk.report.laws import laws
from femrisk.report.quantity import joined, markup
from femrisk.report.reading import Reading, headed, read
from femrisk.report.surfaces import first_view, surfaces

#: a report is mailed and kept beside its data: no larger than this, bytes
LARGEST = 15_000_000

CONTENTS = {
    "answer": "answer",
    "scores": "scores",
    "caveats": "caveats",
    "case": "case",
    "scene": "scene",
    "stress": "stress",
    "curves": "curves",
    "share": "load share",
    "body": "deformation",
    "sensitivity": "sensitivity",
    "mesh": "mesh",
    "materials": "materials",
    "provenance": "provenance",
    "cite": "cite",
}
#: sections that a brief report has
FIRST = ("answer", "scores", "caveats")

#: what ``_pictures`` gives where there is nothing to show
NO_PICTURES: Mapping[str, Any] = {
    **dict.fromkeys(("scene", "code", "licence", "band")),
    **dict.fromkeys(("cuts", "scenes", "roles", "scene_arms", "scene_loads"), ()),
    "flat": False,
    "scene_first": "",
}

#: what is called otherwise in a femur and in a vertebra; see ``plan.section`` for where shares of load are read
FEMUR_WORDS = {
    "side_word": "medial side",
    "plane_words": "Cut in the plane of shaft axis and head, medial to the left.",
    "axes_words": "x medial, y to the front, z proximal, from the crossing of neck and shaft axes.",
    "share_words": "the first lesion, or else the neck",
}
SPINE_WORDS = {
    "side_word": "right",
    "plane_words": "Cut midsagittally, the front to the left.",
    "axes_words": "x right, y to the front, z up, from the middle of the body.",
    "share_words": "the first lesion, or else mid-height of the body",
}


def write(folder: ResultFolder, version: str) -> Path:
    """Write the report of a folder into it.

    Args:
        folder: results of a finished run.
        version: of femrisk, which the report says it was written by.

    Raises:
        InputError: the folder holds no finished run.
        OSError: the report could not be written.
    """
    text = text_of(folder, version)
    path = folder.path / "report.html"
    write_text(path, text)
    return path


def text_of(folder: ResultFolder, version: str, brief: bool = False) -> str:
    """The report of a folder; a brief one holds answer, scores and caveats alone, in some kB instead of some MB.

    Raises:
        InputError: the folder holds no finished run.
    """
    reading = read(folder)
    content = {**_words(reading, version), **(NO_PICTURES if brief else _pictures(reading)), "brief": brief}
    text = _rendered(content)
    return text if len(text.encode()) <= LARGEST else _rendered({**content, "scene": None})


def templates() -> Environment:
    """The pages' templates: whatever goes in is escaped, and a name that nothing fills is an error."""
    return Environment(
        loader=PackageLoader("femrisk.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _rendered(content: Mapping[str, Any]) -> str:
    environment = templates()
    names = [name for name in CONTENTS if name in _sections(content) and (name in FIRST or not content["brief"])]
    return environment.get_template("report.html.j2").render(
        **content,
        contents=[(name, CONTENTS[name]) for name in names],
        style=Markup(environment.get_template("style.css").render()),
        script=Markup(environment.get_template("scene.js").render()),
    )


def _sections(content: Mapping[str, Any]) -> set[str]:
    """The sections that have something in them."""
    optional = {"scores": "advices", "scene": "scene", "stress": "cuts", "share": "shares", "body": "bodies"}
    return {name for name in CONTENTS if name not in optional or content[optional[name]]}


def _words(reading: Reading, version: str) -> dict[str, Any]:
    """Everything but the pictures."""
    found = answers(reading)
    told = advices(reading, found)
    apart = [one.name for one in told if one.disagrees]
    shares, bands = tables.load_shares(reading), tables.bands(reading)
    strengths = [one for answer in found for one in answer.strengths]
    return {
        "version": version,
        "made_by": str(reading.provenance.at("version")),
        "case_id": str(reading.provenance.at("case_id")),
        "name": str(reading.case.get("name")),
        "title": str(reading.case.get("name", "case")).replace("_", " "),
        "asked": asked(reading),
        "answers": found,
        "headlines": {answer.load: headline(reading, answer) for answer in found},
        "any_open": any(one.at_least and one.at_strain is None for one in strengths),
        "any_withheld": any("withheld" in (one.of_intact.words, one.of_untreated.words) for one in strengths),
        "any_strain": any(answer.by_strain for answer in found),
        "advices": told,
        "disagreeing": joined(apart) if apart else "",
        "one_disagrees": len(apart) == 1,
        "compared": any(one.beside for one in told),
        "themselves": among_themselves(told),
        "left": left_of_intact(reading, found),
        "caveats": reading.comparison.at("caveats") or (),
        "left_out": joined([f"{headed(arm)} / {headed(load)}" for arm, load in reading.left_out])
        if reading.left_out
        else "",
        "charts": {answer.load: chart(reading, answer) for answer in found},
        "sites": tables.sites(reading),
        "details": tables.details(reading),
        "shares": shares,
        "carriers": tables.carriers(shares),
        "models": tables.models(reading),
        "bands": bands,
        "band_volumes": tuple(dict.fromkeys(volume for line in bands for volume in line.cells)),
        "bodies": tables.bodies(reading),
        "meshes": tables.meshes(reading),
        "solves": tables.solves(reading),
        "laws": laws(reading, version),
        "sources": tuple(dict.fromkeys(one.source.split(" (")[0].split(", Clin")[0] for one in told if one.source)),
        "case_text": reading.case_text,
        **(SPINE_WORDS if _is_spine(reading) else FEMUR_WORDS),
        **_provenance(reading),
    }


def _is_spine(reading: Reading) -> bool:
    bone = reading.case.get("bone") or {}
    return "vertebra" in (bone.get("kind"), bone.get("anatomy"))


def _provenance(reading: Reading) -> dict[str, Any]:
    at, number = reading.provenance.at, reading.provenance.number
    parts = [
        markup("{} s of wall time", wall) if (wall := number("wall_seconds", digits=0)) else None,
        markup("{} s of processors", used) if (used := number("cpu_seconds", digits=0)) else None,
        markup("{} MB in the largest process", peak)
        if (peak := number("peak_memory_of_one_process_MB", digits=0))
        else None,
    ]
    machine = at("machine") or {}
    return {
        "versions": [(name, value) for name, value in (at("versions") or {}).items() if value],
        "machine": ", ".join(f"{key} {value}" if key == "cores" else str(value) for key, value in machine.items()),
        "solver": at("solver") or "",
        "effort": Markup(", ").join(part for part in parts if part),
        "failures": list((at("failures") or {}).items()),
    }


def _pictures(reading: Reading) -> dict[str, Any]:
    """Pictures and the scene; empty where no pair left fields."""
    grids = grids_of(reading)
    if not grids:
        return dict(NO_PICTURES)
    cuts = {load: one for load in reading.loads if (one := cuts_of(reading, load, grids))}
    found = {one.load: one for one in answers(reading)}
    roles = {int(role) for grid in grids.values() for role in set(grid.cell_data["role"])}
    return {
        "cuts": [_cut(one, found[load]) for load, one in cuts.items()],
        "scenes": [(headed(arm), picture) for arm, picture in scenes_of(grids).items()],
        "roles": [ROLES[role] for role in sorted(roles)],
        "flat": is_vertebra(next(iter(grids.values()))),
        "scene_arms": [(arm, headed(arm)) for arm in dict.fromkeys(arm for arm, _ in grids)],
        "scene_first": reading.first("untreated", next(iter(grids))[1]) or next(iter(grids))[0],
        "scene_loads": [(load, headed(load)) for load in dict.fromkeys(load for _, load in grids)],
        "band": Markup(band()),
        "scene": Markup(_scene(reading, grids, cuts)),
        "code": Markup(vtkjs.code()),
        "licence": Markup(vtkjs.licence().replace("--", "- -")),
    }


def _scene(reading: Reading, grids: Mapping[tuple[str, str], Any], cuts: Mapping[str, Cuts]) -> str:
    places = {}
    for pair in grids:
        row = reading.row(*pair)
        place = None if row is None else reading.comparison.at("rows", row, "failure_centroid_mm")
        places[pair] = tuple(place) if place else None
    shown = surfaces(grids, {load: one.top_MPa for load, one in cuts.items()}, places)
    return b64encode(vtkjs.packed(shown, first_view(grids))).decode()


def _cut(cut: Cuts, answer: LoadAnswer) -> dict[str, Any]:
    """What the page shows of the sections of one load."""
    sections = []
    for one in cut.sections:
        strength = answer.of(one.arm)
        words = strength.spoken() if strength else Markup("")
        alt = (
            f"Section of {headed(one.arm)} in {answer.name.lower()}, coloured by von Mises stress; {words.striptags()}"
        )
        if strength and one.off_plane_mm is not None:
            alt += f"; it fails in the {strength.fails_in}"
        sections.append({"name": headed(one.arm), "words": words, "picture": Markup(one.picture), "alt": alt + "."})
    return {
        "load": cut.load,
        "name": headed(cut.load),
        "sections": sections,
        "top": cut.top_MPa,
        "ruler": f"{100 * cut.ruler:.2f}",
        "legend": legend(cut.top_MPa, cut.load),
    }
