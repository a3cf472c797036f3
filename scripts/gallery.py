"""Cases in, each run coarsely in a folder of its own, and a small picture of its arms out: `python scripts/gallery.py`.

It draws the pictures of the gallery, docs/gallery/NAME.png, and is what `make gallery` runs without pictures.
"""

from __future__ import annotations

import resource
import sys
from dataclasses import replace
from pathlib import Path

from femrisk.case import Case, read_case
from femrisk.comparison import Comparison
from femrisk.run import run
from femrisk.scene import build

ROOT = Path(__file__).parents[1]
CASES, PICTURES = ROOT / "cases", ROOT / "docs" / "gallery"
#: Cells of a coarse run, mm. Larger ones are no cheaper: around a device cells stay small, and the mesher has to grade.
CELLS_MM = {"proximal_femur": 8.0, "vertebra": 5.0}
#: Most bytes of a picture.
HEAVIEST = 60_000

#: Arms of a coarse run where not all are needed to show what the case asks; as far as can be on one mesh, as that is
#: what takes the time.
ARMS = {
    "femur_neck_lytic": ("untreated", "pop", "pop_screws"),
    "intertrochanteric_irregular": ("untreated", "in_the_lesion", "into_the_bone"),
    "intertrochanteric_large_breach": ("nail_titanium", "cement_nail_titanium"),
    "intertrochanteric_medium": ("nail", "pop_nail"),
    "neck_large_breach": ("screws", "pop_screws"),
    "neck_screws": ("three_hollow_screws",),
    "shaft_large": ("nail", "pop_nail"),
    "shaft_medium": ("nail",),
    "subtrochanteric_large_breach": ("nail_10", "cement_nail_10"),
    "subtrochanteric_medium": ("untreated", "pop"),
    "two_lesions": ("untreated", "pop_neck_alone"),
    "vertebra_L1_collapsed": ("untreated", "bkp_raised"),
    "vertebra_L1_lytic": ("untreated", "pvp"),
    "vertebra_anterior_flexion": ("untreated", "pvp", "bkp"),
    "vertebra_cement_dose": ("untreated", "pvp_16", "pvp_16_one_needle"),
    "vertebra_mixed_pedicle": ("pvp_screws",),
    "vertebra_posterior_wall": ("untreated", "pvp"),
}


def files() -> tuple[Path, ...]:
    """Every case of the gallery; a file that names a base case is a sweep."""
    return tuple(sorted(path for path in CASES.glob("*.yaml") if "\ncase:" not in path.read_text()))


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
    """What a coarse run of a case says, all of whose arms and loads fit its bone; nothing is drawn.

    Raises:
        CaseError: a mistake in the case, or something that does not fit.
    """
    scene = build(read_case(path))
    small = coarse(scene.case)
    arms, loads = ([str(part.name) for part in parts] for parts in (small.arms, small.loads))
    placed = replace(
        scene,
        case=small,
        solids={arm: scene.solids[arm] for arm in arms},
        boundaries={load: scene.boundaries[load] for load in loads},
        raised={arm: scene.raised[arm] for arm in arms if arm in scene.raised},
    )
    return run(placed, folder, figures=False)


def picture(folder: Path, file: Path) -> Path:
    """Every arm of a result folder, small."""
    from io import BytesIO

    from PIL import Image

    from femrisk.output.folder import ResultFolder
    from femrisk.output.plots import scene_figure

    drawn = BytesIO()
    scene_figure(ResultFolder(folder)).savefig(drawn, format="png", dpi=80, bbox_inches="tight")
    with Image.open(drawn) as image:
        # the rare colours of lesion, cement and metal must not be lost in those of bone
        image.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE).save(file, optimize=True)
    if file.stat().st_size <= HEAVIEST:
        return file
    raise SystemExit(f"{file}: {file.stat().st_size} bytes (allowed: {HEAVIEST})")


def main(names: list[str]) -> None:
    """Run and draw the named cases, or all."""
    PICTURES.mkdir(exist_ok=True)
    for path in files():
        if not names or path.stem in names:
            folder = ROOT / "build" / "gallery" / path.stem
            found = answer(path, folder)
            drawn = picture(folder, PICTURES / f"{path.stem}.png")
            seconds = sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
            told = (f"{row.arm}: {row.status}" for row in found.rows)
            print(drawn.relative_to(ROOT), *told, f"{seconds:.0f} s so far", sep=", ", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
