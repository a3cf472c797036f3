"""A seed in, a random vertebra with lesions, cements and screws out; what does not fit is drawn again."""

from __future__ import annotations

from typing import get_args

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.ct.labellesion import Lesion
from femrisk.meshes.devices.pediclescrews import PedicleScrewSet
from femrisk.meshes.devices.spinecement import BalloonPart, PlumePart
from femrisk.meshes.lesions import EllipsoidLesion, IrregularLesion, PlacedLesion, SphereLesion
from femrisk.meshes.shapes import Solid
from femrisk.meshes.vertebra.means import KEYS, Level
from femrisk.meshes.vertebra.parametric import Vertebra

#: spread of each measure of a vertebra around its mean
SPREAD = (0.95, 1.06)


def random_vertebra(dice: np.random.Generator) -> Vertebra:
    """Any level, measures spread around the means of a random sex and age."""
    level, sex = str(dice.choice(get_args(Level))), str(dice.choice(["female", "male"]))
    plain = Vertebra.model_validate({"level": level}).resolved(sex, float(dice.uniform(40, 90)))
    scale = dice.uniform(0.94, 1.08)
    measures = {key: float(getattr(plain, key)) * scale * dice.uniform(*SPREAD) for key in KEYS}
    return Vertebra.model_validate({**plain.model_dump(), **measures})


def random_lesion(dice: np.random.Generator) -> Lesion:
    """A ball, an ellipsoid or an irregular body in the body, now and then in a pedicle."""
    if dice.uniform() < 0.2:
        side = str(dice.choice(["left", "right"]))
        along = float(dice.uniform(-2, 8))
        place: dict[str, object] = {"site": "pedicle", "quadrant": side, "along_mm": along}
        size = dice.uniform(3, 7)
    else:
        place = {"site": "vertebral_body", "along_mm": float(dice.uniform(-5, 5))}
        if dice.uniform() < 0.7:
            side = str(dice.choice(["anterior", "posterior_wall", "left", "right"]))
            place |= {"quadrant": side, "depth": float(dice.uniform(0.1, 1))}
        size = dice.uniform(4, 11)
    kind = dice.integers(3)
    if kind == 0:
        return SphereLesion.model_validate({"kind": "sphere", "radius_mm": size, **place})
    if kind == 1:
        axes = tuple(float(size * share) for share in dice.uniform(0.75, 1.3, 3))
        return EllipsoidLesion.model_validate({"kind": "ellipsoid", "semi_axes_mm": axes, **place})
    body = {"radius_mm": size, "seed": int(dice.integers(1000)), "roughness": dice.uniform(0.05, 0.2)}
    return IrregularLesion.model_validate({"kind": "irregular", **body, **place})


def random_treatments(
    dice: np.random.Generator, anatomy: VertebraAnatomy, lesions: tuple[PlacedLesion, ...]
) -> dict[str, tuple[Solid, ...]]:
    """Solids of each family: lesions, the cements of a vertebroplasty and of a kyphoplasty, screws."""
    way = {"approach": "unipedicular", "side": str(dice.choice(["left", "right"]))} if dice.uniform() < 0.3 else {}
    plume = PlumePart.model_validate({"body_fraction": float(dice.uniform(0.06, 0.3)), **way})
    balloons = BalloonPart(
        body_fraction=float(dice.uniform(0.08, 0.2)), balloon_length_mm=float(dice.choice([15.0, 20.0]))
    )
    base = tuple(lesion.solid for lesion in lesions)
    base += plume.cements(anatomy, lesions) + balloons.cements(anatomy, lesions)
    screws = PedicleScrewSet(
        diameter_mm=float(dice.choice([4.5, 5.5, 6.5])),
        length_mm=float(dice.choice([35.0, 40.0, 45.0])),
        cement_per_screw_ml=float(dice.uniform(1, 2)) if dice.uniform() < 0.3 else None,
    )
    placed = screws.placed(anatomy)
    return {
        "spine": base,
        "spine_screws": base + screws.cements(anatomy, lesions, placed) + tuple(screw.solid for screw in placed),
    }


def scene(seed: int) -> tuple[VertebraAnatomy, dict[str, tuple[Solid, ...]]]:
    """A vertebra and the solids of each family."""
    dice = np.random.default_rng(seed)
    for _ in range(20):
        try:
            anatomy = random_vertebra(dice).built()
        except GeometryError:
            continue
        for _ in range(20):
            try:
                count = 1 if dice.uniform() < 0.75 else 2
                lesions = tuple(random_lesion(dice).placed(anatomy, f"lesion_{i + 1}") for i in range(count))
                return anatomy, random_treatments(dice, anatomy, lesions)
            except (GeometryError, ValueError):
                continue
    raise RuntimeError(f"seed {seed}: nothing fits")
