"""Random bones with lesions, cements and devices in, the distribution of mesh quality per family out (a table).

Usage: ``python benchmarks/mesh_quality.py --seeds 0:100 [--bone vertebra] [--family base] [--output FILE.md]``
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import spine_scenes

from femrisk.errors import GeometryError, MeshError
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.cells.extents import parts_of
from femrisk.meshes.ct.labellesion import Lesion
from femrisk.meshes.devices.cement import CementPart
from femrisk.meshes.devices.nail import CephalomedullaryNail
from femrisk.meshes.devices.screws import ScrewSet
from femrisk.meshes.femur.parametric import ProximalFemur
from femrisk.meshes.lesions import EllipsoidLesion, IrregularLesion, PlacedLesion, SphereLesion
from femrisk.meshes.mesher import mesh
from femrisk.meshes.quality import MeshQuality, assess, gate
from femrisk.meshes.shapes import Solid

FAMILIES = ("base", "screws", "nail")
SPINE_FAMILIES = ("spine", "spine_screws")
SITES = ("head", "neck", "neck", "neck", "intertrochanteric", "greater_trochanter", "subtrochanteric", "shaft")
#: the usual edge lengths of a femur and of a vertebra
SIZE_MM, SPINE_SIZE_MM = 3.0, 2.0
#: cells along each side of the box of a solid, each with one random point
SIDE = 60


@dataclass(frozen=True)
class Scene:
    """One random patient: the bone, and the solids of each family."""

    anatomy: Anatomy
    families: dict[str, tuple[Solid, ...]]
    size_mm: float = SIZE_MM

    def sizing(self) -> tuple[Solid, ...]:
        """Every solid once."""
        return tuple({solid.name: solid for solids in self.families.values() for solid in solids}.values())


@dataclass(frozen=True)
class Row:
    """One mesh of the benchmark."""

    seed: int
    family: str
    quality: MeshQuality
    #: largest share by which a solid's volume is off, bone, lesions and cements; and devices
    solid_error: float
    device_error: float
    seconds: float
    fault: str

    @property
    def valid(self) -> bool:
        """Passed the gate, every solid within 2 %, devices within 4 %."""
        return not self.fault and self.solid_error <= 0.02 and self.device_error <= 0.04


def random_femur(dice: np.random.Generator) -> ProximalFemur:
    """Measures spread around the preset of a random sex and age."""
    sex = str(dice.choice(["female", "male"]))
    plain = ProximalFemur(kind="proximal_femur").resolved(sex, float(dice.uniform(40, 90)))
    scale = dice.uniform(0.93, 1.08)
    spread = {
        name: float(getattr(plain, name)) * scale * dice.uniform(0.96, 1.04)
        for name in ("head_diameter_mm", "neck_width_si_mm", "neck_width_ap_mm", "shaft_diameter_ml_mm")
    }
    return plain.model_copy(
        update={
            **spread,
            "shaft_diameter_ap_mm": spread["shaft_diameter_ml_mm"] * float(dice.uniform(0.95, 1.05)),
            "neck_shaft_angle_deg": float(dice.uniform(116, 136)),
            "anteversion_deg": float(dice.uniform(0, 30)),
            "neck_length_mm": None,
            "side": str(dice.choice(["left", "right"])),
        }
    ).resolved(sex, 65.0)


def random_lesion(dice: np.random.Generator) -> Lesion:
    """A ball, ellipsoid or irregular body anywhere in the femur."""
    place: dict[str, object] = {"site": str(dice.choice(SITES)), "along_mm": float(dice.uniform(-6, 6))}
    if dice.uniform() < 0.7:
        side = "medial" if place["site"] not in ("greater_trochanter",) else "lateral"
        place |= {"quadrant": str(dice.choice(["anterior", "posterior", side])), "depth": float(dice.uniform(0, 1))}
    kind = dice.integers(3)
    if kind == 0:
        return SphereLesion.model_validate({"kind": "sphere", "radius_mm": dice.uniform(5, 14), **place})
    if kind == 1:
        axes = tuple(float(axis) for axis in dice.uniform(5, 16, 3))
        return EllipsoidLesion.model_validate({"kind": "ellipsoid", "semi_axes_mm": axes, **place})
    body = {"radius_mm": dice.uniform(6, 13), "seed": int(dice.integers(1000)), "roughness": dice.uniform(0.05, 0.2)}
    return IrregularLesion.model_validate({"kind": "irregular", **body, **place})


def random_devices(
    dice: np.random.Generator, anatomy: Anatomy, lesions: tuple[PlacedLesion, ...]
) -> dict[str, tuple[Solid, ...]]:
    """Solids of each family: lesions, cement (part of the lesion, or with a plume), devices."""
    plume = float(dice.uniform(0.5, 5)) if dice.uniform() < 0.35 else 0.0
    part = CementPart(fill_fraction=1.0 if plume else float(dice.uniform(0.6, 1)), plume_mm=plume)
    base = tuple(lesion.solid for lesion in lesions) + part.cements(anatomy, lesions)
    screws = ScrewSet(
        diameter_mm=float(dice.choice([6.5, 7.3])),
        tip_to_surface_mm=float(dice.uniform(4, 10)),
        hollow_perforated=bool(dice.uniform() < 0.2),
    )
    placed = screws.placed(anatomy)
    nail = CephalomedullaryNail(
        proximal_diameter_mm=float(dice.uniform(14, 16)),
        distal_diameter_mm=float(dice.uniform(9, 12)),
        length_mm=float(dice.uniform(150, 170)),
        neck_angle_deg=float(dice.choice([125, 130])),
        tip_apex_distance_mm=float(dice.uniform(15, 30)),
    )
    return {
        "base": base,
        "screws": base + screws.mantle(placed) + placed,
        "nail": base + nail.placed(anatomy),
    }


def scene(seed: int) -> Scene:
    """A scene in which everything fits; what does not fit its bone is drawn again."""
    dice = np.random.default_rng(seed)
    for _ in range(20):
        try:
            anatomy = random_femur(dice).built()
        except GeometryError:
            continue
        for _ in range(20):
            try:
                count = 1 if dice.uniform() < 0.75 else 2
                lesions = tuple(random_lesion(dice).placed(anatomy, f"lesion_{i + 1}") for i in range(count))
                return Scene(anatomy, random_devices(dice, anatomy, lesions))
            except GeometryError:
                continue
    raise RuntimeError(f"seed {seed}: nothing fits")


def monte_carlo(parts: tuple[Solid, ...], index: int, dice: np.random.Generator) -> float:
    """Volume of a part inside the bone and inside its holder by one random point in each cell of a grid, mm3."""
    part = parts[index]
    holder = part if part.within is None else next(other for other in parts if other.name == part.within)
    bone = parts[0].shape.bounds()
    boxes = np.array([bone, part.shape.bounds(), holder.shape.bounds()])
    lower, upper = boxes[:, 0].max(axis=0), boxes[:, 1].min(axis=0)
    index_of_cell = np.stack(np.unravel_index(np.arange(SIDE**3), (SIDE,) * 3), axis=1)
    points = lower + (upper - lower) * (index_of_cell + dice.random((SIDE**3, 3))) / SIDE
    for shape in (part.shape, holder.shape, parts[0].shape):
        points = points[shape.distance(points) < 0]
    return float(np.prod(upper - lower) * len(points) / SIDE**3)


def measured(seed: int, family: str, made: Scene) -> Row:
    """Mesh one family of a scene and measure it."""
    solids = made.families[family]
    start = time.process_time()
    labelled = mesh(made.anatomy, solids, made.size_mm, made.sizing())
    seconds = time.process_time() - start
    quality = assess(labelled, made.anatomy, solids)
    device = np.array([part.role == "device" for part in parts_of(made.anatomy, solids, made.size_mm)])
    dice, parts = np.random.default_rng(seed), parts_of(made.anatomy, solids, made.size_mm)
    counted = np.array([monte_carlo(parts, index, dice) for index in range(len(parts))])
    errors = np.abs(replace(quality, expected_volumes=counted).volume_errors())
    try:
        gate(quality)
        fault = ""
    except MeshError as error:
        fault = str(error)
    return Row(
        seed, family, quality, float(errors[~device].max()), float(errors[device].max(initial=0.0)), seconds, fault
    )


def rows(seeds: range, families: tuple[str, ...]) -> Iterator[Row]:
    """Every mesh in turn."""
    for seed in seeds:
        made = scene(seed) if families[0] in FAMILIES else Scene(*spine_scenes.scene(seed), SPINE_SIZE_MM)
        for family in families:
            yield measured(seed, family, made)


def line(row: Row) -> str:
    """What is printed while the benchmark runs."""
    low = " ".join(str(count) for count in row.quality.below)
    return (
        f"{row.seed:4d} {row.family:12s} {row.quality.cells:7d} cells {row.seconds:5.1f} s  worst "
        f"{row.quality.worst_mean_ratio:.4f} ({low})  solids {100 * row.solid_error:.2f} %  "
        f"devices {100 * row.device_error:.2f} %  {row.fault}"
    )


def table(found: list[Row]) -> str:
    """The distribution as markdown."""
    head = (
        "| family | scenes | valid | worst mean ratio: least | 5th percentile | median | >= 0.05 | "
        "cells (median, most) | "
        "s per mesh (median, most) | s per 80k cells | largest volume error: solids, devices |\n"
    )
    text = head + "|" + "---|" * 11 + "\n"
    for family in FAMILIES + SPINE_FAMILIES:
        mine = [row for row in found if row.family == family]
        if not mine:
            continue
        worst = np.array([row.quality.worst_mean_ratio for row in mine])
        cells = np.array([row.quality.cells for row in mine])
        seconds = np.array([row.seconds for row in mine])
        text += (
            f"| {family} | {len(mine)} | {sum(row.valid for row in mine)} | {worst.min():.4f} | "
            f"{np.percentile(worst, 5):.3f} | {np.median(worst):.3f} | {(worst >= 0.05).sum()} | "
            f"{np.median(cells):.0f}, {cells.max()} | {np.median(seconds):.1f}, {seconds.max():.1f} | "
            f"{np.median(seconds / cells) * 80_000:.1f} | {100 * max(row.solid_error for row in mine):.2f} %, "
            f"{100 * max(row.device_error for row in mine):.2f} % |\n"
        )
    return text


def main() -> None:
    """Run and write the table."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    reader.add_argument("--seeds", default="0:100", help="first:last+1")
    reader.add_argument("--bone", choices=("femur", "vertebra"), default="femur")
    reader.add_argument("--family", choices=FAMILIES + SPINE_FAMILIES, action="append")
    reader.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"))
    asked = reader.parse_args()
    first, last = (int(number) for number in asked.seeds.split(":"))
    found = []
    for row in rows(range(first, last), tuple(asked.family or (FAMILIES if asked.bone == "femur" else SPINE_FAMILIES))):
        print(line(row), flush=True)
        found.append(row)
    size = SIZE_MM if asked.bone == "femur" else SPINE_SIZE_MM
    text = f"# Mesh quality, seeds {first} to {last - 1}, mesh_size_mm = {size:g}\n\n{table(found)}"
    asked.output.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
