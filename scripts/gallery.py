"""Cases in, each run coarsely in a folder of its own, and a small picture of its arms out: `python scripts/gallery.py`.

It draws the pictures of the gallery, docs/gallery/NAME.png, and is what `make gallery` runs without pictures.
"""

from __future__ import annotations

import sys
from pathlib import Path

from femrisk.case import Case, read_case
from femrisk.comparison import Comparison
from femrisk.run import run

ROOT = Path(__file__).parents[1]
CASES, PICTURES = ROOT / "cases", ROOT / "docs" / "gallery"
#: Cells of a coarse run, mm. Larger ones are no cheaper: around a device cells stay small, and the mesher has to grade.
CELLS_MM = {"proximal_femur": 8.0, "vertebra": 5.0}
#: Most bytes of a picture.
HEAVIEST = 60_000

#: Arms of a coarse run where not all of a case are needed to show what it asks.
ARMS = {
    "femur_neck_lytic": ("untreated", "pop", "pop_screws"),
    "intertrochanteric_large_breach": ("untreated", "nail_titanium", "cement_nail_titanium"),
    "intertrochanteric_medium": ("untreated", "pop", "pop_nail"),
    "neck_large_breach": ("untreated", "nail", "pop_nail"),
    "neck_screws": ("untreated", "three_hollow_screws"),
    "shaft_large": ("untreated", "nail", "pop_nail"),
    "shaft_medium": ("untreated", "nail"),
    "subtrochanteric_large_breach": ("untreated", "nail_12"),
    "subtrochanteric_medium": ("untreated", "pop", "nail"),
    "two_lesions": ("untreated", "pop_neck_alone", "pop_nail"),
    "vertebra_L1_lytic": ("untreated", "pvp", "pvp_screws"),
    "vertebra_mixed_pedicle": ("untreated", "pvp_screws"),
}


def files() -> tuple[Path, ...]:
    """Every case of the gallery."""
    return tuple(sorted(CASES.glob("*.yaml")))


def coarse(case: Case) -> Case:
    """The same question on large cells, elastic, under its first load, of the arms in ARMS."""
    case = case.resolved()
    analysis = case.analysis.model_copy(
        update={"model": "linear", "models": None, "mesh_size_mm": CELLS_MM[case.bone.anatomy]}
    )
    wanted = ARMS.get(case.name, tuple(str(arm.name) for arm in case.arms))
    arms = tuple(arm for arm in case.arms if arm.name in wanted)
    return case.model_copy(update={"analysis": analysis, "loads": case.loads[:1], "arms": arms})


def answer(path: Path, folder: Path) -> Comparison:
    """What a coarse run of a case says; nothing is drawn."""
    return run(coarse(read_case(path)), folder)


def picture(folder: Path, file: Path) -> Path:
    """Every arm of a result folder, small."""
    from io import BytesIO

    from PIL import Image

    from femrisk.output.folder import ResultFolder
    from femrisk.output.plots import scene_figure

    drawn = BytesIO()
    scene_figure(ResultFolder(folder)).savefig(drawn, format="png", dpi=80)
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(128).save(file, optimize=True)
    if file.stat().st_size > HEAVIEST:
        raise SystemExit(f"{file}: {file.stat().st_size} bytes (allowed: {HEAVIEST})")
    return file


def main(names: list[str]) -> None:
    """Run and draw the named cases, or all."""
    PICTURES.mkdir(exist_ok=True)
    for path in files():
        if not names or path.stem in names:
            folder = ROOT / "build" / "gallery" / path.stem
            rows = answer(path, folder).rows
            print(
                picture(folder, PICTURES / f"{path.stem}.png"), *(f"{row.arm}:{row.status}" for row in rows), flush=True
            )


if __name__ == "__main__":
    main(sys.argv[1:])
