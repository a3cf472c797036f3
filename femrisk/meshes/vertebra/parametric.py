"""A level and a few measures in, the anatomy of a parametric thoracolumbar vertebra out."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import VertebraAnatomy, VertebraLandmarks
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import resample
from femrisk.meshes.vertebra.atlas import VertebraAtlas, trabecular_density
from femrisk.meshes.vertebra.heightchange import Collapse
from femrisk.meshes.vertebra.means import (
    INFERIOR_DISH_MM,
    KEYS,
    PEDICLE_ANGLES,
    SCALED,
    SEX_SCALE,
    SHELL_MM,
    SPINOUS,
    SUPERIOR_DISH_MM,
    TABLE,
    WAIST,
    WEDGES,
    Level,
)
from femrisk.meshes.vertebra.reshaped import collapsed
from femrisk.meshes.vertebra.shape import ISTHMUS, VertebraShape
from femrisk.part import Part


class Vertebra(Part):
    """A thoracolumbar vertebra from its level; measures that are not given are the means of the sex."""

    anatomy: ClassVar[str] = "vertebra"

    kind: Literal["vertebra"] = "vertebra"
    """Kind of bone."""
    level: Level
    """Which vertebra; T10 and T11 are drawn as T12 by scale."""
    preset: Literal["female", "male"] | None = None
    """Where measures that are not given come from (default: the patient's sex)."""
    superior_width_mm: Annotated[float, Field(ge=24, le=65)] | None = None
    """Width of the superior endplate."""
    superior_depth_mm: Annotated[float, Field(ge=18, le=50)] | None = None
    """Depth of the superior endplate in the midsagittal plane."""
    inferior_width_mm: Annotated[float, Field(ge=24, le=68)] | None = None
    """Width of the inferior endplate."""
    inferior_depth_mm: Annotated[float, Field(ge=18, le=50)] | None = None
    """Depth of the inferior endplate in the midsagittal plane."""
    posterior_height_mm: Annotated[float, Field(ge=14, le=38)] | None = None
    """Height of the posterior wall."""
    wedge_deg: Annotated[float, Field(ge=-15, le=12)] | None = None
    """Angle between the endplates, positive where the anterior wall is lower."""
    canal_width_mm: Annotated[float, Field(ge=14, le=36)] | None = None
    """Width of the canal between the pedicles."""
    canal_depth_mm: Annotated[float, Field(ge=10, le=28)] | None = None
    """Depth of the canal in the midsagittal plane."""
    pedicle_width_mm: Annotated[float, Field(ge=4, le=26)] | None = None
    """Width of the narrowest section of a pedicle."""
    pedicle_height_mm: Annotated[float, Field(ge=8, le=22)] | None = None
    """Height of that section."""
    pedicle_angle_deg: Annotated[float, Field(ge=-15, le=40)] | None = None
    """Angle by which the pedicles converge forwards."""
    transverse_span_mm: Annotated[float, Field(ge=36, le=125)] | None = None
    """Outer distance of the tips of the transverse processes."""
    trabecular_density_mg_per_cm3: Annotated[float, Field(ge=20, le=350)] | None = None
    """Mean density of the trabecular bone of the body in quantitative CT, K2HPO4 equivalent (default: from age and
    sex)."""

    shell_thickness_mm: Annotated[float, Field(ge=0, le=1.5)] = SHELL_MM
    """Thickness of the walls of the body and of the bony endplates (0: no shell)."""
    collapse: Collapse | None = None
    """How the body has lost height from the measures above: in front (wedge), in the middle (biconcave) or everywhere
    (crush); default: it is upright."""

    def resolved(self, sex: str, age_years: float) -> Vertebra:
        """The same vertebra with every measure filled in, from level, preset, age and sex."""
        preset = self.preset or ("male" if sex == "male" else "female")
        source, share = SCALED.get(self.level, (self.level, 1.0))
        scale = SEX_SCALE[preset] * share
        size = {key: round(value * scale, 2) for key, value in zip(KEYS, TABLE[source], strict=True)}
        size |= {
            "wedge_deg": WEDGES[preset][source],
            "pedicle_angle_deg": PEDICLE_ANGLES[source],
            "trabecular_density_mg_per_cm3": round(trabecular_density(sex, age_years), 1),
        }
        given = {name: value for name, value in self.model_dump().items() if value is not None}
        return Vertebra.model_validate({**size, **given, "preset": preset})

    def built(self) -> VertebraAnatomy:
        """Surface, density and landmarks; of a resolved vertebra.

        Raises:
            GeometryError: the measures do not fit together.
        """
        size = {name: value for name, value in self.model_dump().items() if isinstance(value, float)}
        wanted = self.shape(size)
        shape = fitted(wanted)
        outer, feet = resample(shape, shape.box(), spacing=0.8)
        atlas = VertebraAtlas.of_mean(shape, size["trabecular_density_mg_per_cm3"] / 1000)
        upright = VertebraAnatomy(
            outer=outer,
            inner=None,
            density=atlas.density,
            landmarks=landmarks_of(wanted, feet),
            surface_points=feet,
            to_source=np.eye(3, 4),
            region=atlas.region,
            endplates=shape.endplates,
            shell_mm=self.shell_thickness_mm,
            trabecular_mg_per_cm3=size["trabecular_density_mg_per_cm3"],
            height_loss_share=0.0,
        )
        return upright if self.collapse is None else collapsed(upright, self.collapse)

    def shape(self, size: dict[str, float]) -> VertebraShape:
        """The outer form these measures ask for.

        Raises:
            GeometryError: an anterior wall that would be too low, a canal and pedicles wider than the body.
        """
        depths = size["superior_depth_mm"], size["inferior_depth_mm"]
        height = size["posterior_height_mm"]
        anterior = height - float(np.tan(np.radians(size["wedge_deg"])) * np.mean(depths))
        if anterior < 0.5 * height:
            raise GeometryError(
                "bone.wedge_deg",
                f"leaves an anterior wall of {anterior:.1f} mm (allowed: at least half of the posterior one, "
                f"{height / 2:.1f} mm)",
            )
        # where their axes enter the body the pedicles must still lie behind it
        inwards = 2 * float(np.tan(np.radians(size["pedicle_angle_deg"]))) * 2 * ISTHMUS
        widest = 0.9 * min(size["superior_width_mm"], size["inferior_width_mm"]) - size["pedicle_width_mm"] + inwards
        if size["canal_width_mm"] > widest:
            raise GeometryError(
                "bone.canal_width_mm",
                f"puts the pedicles beside the body (allowed: up to {widest:.1f} with this body and these pedicles, "
                f"got: {size['canal_width_mm']:g})",
            )
        scale = SEX_SCALE[self.preset or "female"] * SCALED.get(self.level, ("", 1.0))[1]
        reach, hang = SPINOUS[self.level]
        return VertebraShape(
            widths=(size["superior_width_mm"], size["inferior_width_mm"]),
            depths=depths,
            wall=-float(np.mean(depths)) / 2,
            heights=(height, anterior),
            waist=WAIST,
            dishes=(SUPERIOR_DISH_MM, INFERIOR_DISH_MM),
            canal=(size["canal_width_mm"], size["canal_depth_mm"]),
            pedicle=(size["pedicle_width_mm"], size["pedicle_height_mm"]),
            convergence=float(np.radians(size["pedicle_angle_deg"])),
            span=size["transverse_span_mm"],
            spinous=(reach * scale, hang * scale),
        )


def fitted(wanted: VertebraShape) -> VertebraShape:
    """The same vertebra drawn larger, and with more of a waist, by what the rounding of its rims takes away."""
    shape, aims = wanted, np.array([*wanted.widths, *wanted.depths])
    for _ in range(5):
        found = rims(shape)
        sizes = np.array([*shape.widths, *shape.depths]) + aims - found
        waist = 1 - 2 * half_extent(shape, np.zeros(1), np.array([1.0, 0.0, 0.0])) / float(np.mean(found[:2]))
        shape = replace(
            shape, widths=(sizes[0], sizes[1]), depths=(sizes[2], sizes[3]), waist=shape.waist + wanted.waist - waist
        )
    return shape


def rims(shape: VertebraShape) -> Floats:
    """(4,) widths of the body across its superior and inferior rim, then midsagittal depths, mm."""
    sides = [side * np.linspace(0.25, 0.5, 12) * shape.heights[0] for side in (1.0, -1.0)]
    right, front, back = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), np.array([0.0, -1.0, 0.0])
    widths = [2 * half_extent(shape, heights, right) for heights in sides]
    depths = [half_extent(shape, heights, front) + half_extent(shape, heights, back) for heights in sides]
    return np.array([*widths, *depths])


def half_extent(shape: VertebraShape, heights: Floats, way: Floats) -> float:
    """Farthest that the body reaches from its axis along ``way`` (3,), at any of ``heights`` (k,), mm."""
    steps = np.arange(0.0, 45.0, 0.25)
    points = heights[:, None, None] * np.array([0.0, 0.0, 1.0]) + steps[:, None] * way
    values = np.column_stack([shape.body(points.reshape(-1, 3)).reshape(len(heights), -1), np.ones(len(heights))])
    # the last place inside, and from there to the surface by a straight line
    last = np.where((values < 0).any(axis=1), values.shape[1] - 1 - np.argmax(values[:, ::-1] < 0, axis=1), 0)
    row = np.arange(len(heights))
    share = values[row, last] / np.minimum(values[row, last] - values[row, last + 1], -1e-9)
    return float((0.25 * (last + np.clip(share, 0, 1))).max())


def landmarks_of(shape: VertebraShape, feet: Floats) -> VertebraLandmarks:
    """Landmarks of the vertebra asked for; ``feet`` (k, 3) are points on its surface."""
    beside = (shape.canal[0] + shape.pedicle[0]) / 2
    behind, level = shape.wall - ISTHMUS * shape.size, shape.pedicle_height
    inwards, forwards = np.sin(shape.convergence), np.cos(shape.convergence)
    return VertebraLandmarks(
        anterior_wall=-shape.wall,
        posterior_wall=shape.wall,
        body_width=float(np.mean(shape.widths)),
        anterior_height=shape.heights[1],
        posterior_height=shape.heights[0],
        right_pedicle=np.array([beside, behind, level]),
        right_pedicle_axis=np.array([-inwards, forwards, 0.0]),
        left_pedicle=np.array([-beside, behind, level]),
        left_pedicle_axis=np.array([inwards, forwards, 0.0]),
        pedicle_width=shape.pedicle[0],
        pedicle_height=shape.pedicle[1],
        canal_width=shape.canal[0],
        canal_depth=shape.canal[1],
        spinous_tip=np.asarray(feet[np.argmin(feet[:, 1])]),
    )
