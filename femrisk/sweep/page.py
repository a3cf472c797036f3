"""A sweep's folder in, ``report.html`` out: one file with every sweep of the folder, which opens without a network."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

from markupsafe import Markup

from femrisk.errors import InputError
from femrisk.output.atomic import write_text
from femrisk.output.charts import title
from femrisk.report.page import LARGEST, templates
from femrisk.report.quantity import Sheet
from femrisk.sweep.lines import read_lines
from femrisk.sweep.pagetables import TABLES, agreement, captioned
from femrisk.sweep.store import Store

#: pictures in the order of the page, and what they show; those of single axes follow
PLATES = {
    "roc": "ROC curves of the scores, a panel per load; the mark is the usual cut-off.",
    "strength_weight": "Strength of the untreated femur over body weight; under a line it breaks.",
    "cement": "Femurs that hold untreated, hold with cement alone, and break with it too.",
    "linear_nonlinear": "Fracture loads over those of the linear criterion.",
    "bands": "Where the fracture loads of each arm lie: median, middle half, 5 to 95 %.",
    "mirels": "Mirels' score of the untreated bone beside its factor of risk.",
    "tornado": "How far each axis moves the fracture load, and Sobol's indices.",
    "map": "Fracture load over two axes, a panel per arm.",
}
#: pictures of several panels, which take the whole width
BROAD = ("roc", "strength_weight", "cement")
SECTIONS = {
    "truths": ("agreement", "scores and mechanics"),
    "cement": ("cement", "cement alone"),
    "plates": ("figures", "figures"),
    "indices": ("indices", "what decides"),
    "caveats": ("caveats", "caveats"),
    "effort": ("provenance", "provenance"),
}


def write(folder: Path, version: str) -> Path:
    """Write the report of every sweep in a folder into it.

    Args:
        folder: of ``femrisk sweep``, whose table has been made.
        version: of femrisk, which the report says it was written by.

    Raises:
        InputError: no sweep of the folder has been gathered.
        OSError: the report could not be written.
    """
    store = Store(folder)
    names = [name for name in store.sweeps() if (store.figures(name) / "states.csv").is_file()]
    if not names:
        raise InputError(str(folder), "has no gathered sweep (make it with femrisk sweep FILE -o DIR --collect)")
    text = _rendered([_part(store, name, True) for name in names], version)
    if len(text.encode()) > LARGEST:
        text = _rendered([_part(store, name, False) for name in names], version)
    write_text(folder / "report.html", text)
    return folder / "report.html"


def _rendered(parts: list[dict[str, Any]], version: str) -> str:
    environment = templates()
    style = Markup(environment.get_template("style.css").render())
    heading = " and ".join(part["title"] for part in parts)
    return environment.get_template("sweep.html.j2").render(parts=parts, version=version, title=heading, style=style)


def _part(store: Store, name: str, every_plate: bool) -> dict[str, Any]:
    """Everything the page says of one sweep."""
    place = store.figures(name)
    sheets = {file.stem: Sheet(f"figures/{name}/{file.name}", read_lines(file)) for file in sorted(place.glob("*.csv"))}
    header, _ = store.read_points(name)
    sweep_text, base_text = ((store.sweep(name) / f"{key}.yaml").read_text("utf-8-sig") for key in ("sweep", "base"))
    axes = sorted(place.glob("strength_*.png"))
    axes = [file for file in axes if file.stem not in PLATES]
    content: dict[str, Any] = {
        "name": name,
        "id": f"sweep-{name}",
        "title": title(name).capitalize(),
        "question": question(sweep_text),
        **{key: [make(sheets[key], i) for i in range(_length(sheets, key))] for key, make in TABLES.items()},
        "caveats": [line["caveat"] for line in (sheets["caveats"].content if "caveats" in sheets else ())],
        "plates": [_plate(file, words) for file, words in _plates(place)],
        "more_plates": [_plate(file, _over(file)) for file in axes] if every_plate else [],
        "left_out": "" if every_plate else ", ".join(file.name for file in axes),
        "digest": str(header.get("digest", ""))[:16],
        "made_by": header.get("version", "of an older version"),
        "sweep_text": sweep_text,
        "base_text": base_text,
    }
    content["agreement"] = agreement(sheets["agreement"]) if "agreement" in sheets else []
    content["cement"] = captioned(sheets["cement"], content["cement"]) if "cement" in sheets else []
    content["contents"] = [entry for key, entry in SECTIONS.items() if content[key]]
    return content


def question(text: str) -> list[str]:
    """The paragraphs of the comment that a sweep file begins with: what it asks."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    return [" ".join(part.split()) for part in "\n".join(lines).split("\n\n") if part.strip()]


def _length(sheets: dict[str, Sheet], key: str) -> int:
    return len(sheets[key].content) if key in sheets else 0


def _plates(place: Path) -> list[tuple[Path, str]]:
    """The pictures there are, those of one kind side by side."""
    return [(file, words) for stem, words in PLATES.items() for file in sorted(place.glob(f"{stem}*.png"))]


def _over(file: Path) -> str:
    return f"Fracture load over {title(file.stem.removeprefix('strength_'))}: cases as marks, medians as lines."


def _plate(file: Path, words: str) -> dict[str, Any]:
    broad = file.stem in BROAD
    return {
        "broad": broad,
        "words": words,
        "picture": Markup(f"data:image/png;base64,{b64encode(file.read_bytes()).decode()}"),
    }
