"""Case files in, the page of the gallery out: `<!-- gallery -->` in a page stands for one section for each case.

The words are the header of the case file, the picture is docs/gallery/NAME.png where `scripts/gallery.py` has drawn it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from femrisk.case import Case, names, read_case

#: Sections of the page: title, and how names of cases in it begin.
SECTIONS = (
    ("Neck of the femur", ("neck_", "femur_neck")),
    ("Between the trochanters", ("intertrochanteric_",)),
    ("Under the trochanters", ("subtrochanteric_",)),
    ("Shaft", ("shaft_",)),
    ("Several lesions", ("two_lesions",)),
    ("Vertebrae", ("vertebra_",)),
)


def cases_of(folder: Path) -> list[Path]:
    """The cases of a folder; a file that names a base case is a sweep."""
    return sorted(path for path in folder.glob("*.yaml") if "\ncase:" not in path.read_text())


def gallery(cases: Path, pictures: Path) -> str:
    """Every case, section by section.

    Raises:
        ValueError: a case that no section has a place for.
    """
    files = {path.stem: path for path in cases_of(cases)}
    text = []
    for title, beginnings in SECTIONS:
        text.append(f"## {title}")
        text += [shown(files.pop(stem), pictures) for stem in list(files) if stem.startswith(beginnings)]
    if files:
        raise ValueError(f"cases without a section of the gallery: {', '.join(files)}")
    return "\n\n".join(text)


def shown(path: Path, pictures: Path) -> str:
    """One case: its question, its picture, what is in it, how to run it."""
    case, picture = read_case(path), pictures / f"{path.stem}.png"
    drawn = [f"![Arms of {path.stem} on a coarse mesh](gallery/{picture.name})"] if picture.is_file() else []
    run = f"```sh\nfemrisk run cases/{path.name} -o results/{path.stem} -j 2\n```"
    return "\n\n".join([f"### {path.stem}", "\n".join(question(path)), *drawn, inventory(case), run])


def question(path: Path) -> Iterator[str]:
    """The lines of a case's header, without ``#``."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            return
        text = line.removeprefix("#").strip()
        label, colon, rest = text.partition(": ")
        marked = colon and label in ("Compared", "Look for")
        yield f"\n**{label}**: {rest}" if marked else text


def inventory(case: Case) -> str:
    """One line: arms and loads by name."""
    arms, loads = (", ".join(f"`{name}`" for name in names(parts)) for parts in (case.arms, case.loads))
    return f"Arms: {arms}. Loads: {loads}."


def setup(app: Any) -> dict[str, bool]:
    """Sphinx asks for this."""

    def read(app: Any, name: str, source: list[str]) -> None:
        if "<!-- gallery -->" in source[0]:
            here = Path(app.srcdir)
            source[0] = source[0].replace("<!-- gallery -->", gallery(here.parent / "cases", here / "gallery"))

    app.connect("source-read", read)
    return {"parallel_read_safe": True}
