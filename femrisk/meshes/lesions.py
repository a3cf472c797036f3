"""Lesions of a case file in, bodies placed in a bone out: ball, ellipsoid, or seeded irregular body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.frames import Frame, reach, slices, spot
from femrisk.meshes.irregular import irregular_body
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Ball, Ellipsoid, Shape, Solid
from femrisk.meshes.sites import (
    FEMUR_SITES,
    QUADRANTS,
    SPATIAL,
    USUAL_DEPTH,
    Quadrant,
    Site,
    direction,
    frame,
    frame_axes,
    least_section,
    short,
    site_at,
)
from femrisk.part import Part

Nature = Literal["lytic", "mixed", "blastic"]
Millimetres = Annotated[float, Field(gt=0, le=100)]
#: Edges to the smallest semi-axis of a lesion, and how far from it cells are as small, mm. In a femur that is through
#: the wall beside it, where bone breaks (the calcar is up to 6 mm thick); a vertebra's shell is thinner than any cell.
FEMUR_CELLS, VERTEBRA_CELLS = (6, 6.0), (4, 0.0)
Coordinate = Annotated[float, Field(ge=-600, le=600)]


@dataclass(frozen=True, eq=False)
class PlacedLesion:
    """A lesion where it lies in a bone."""

    #: name within the case
    name: str
    shape: Shape
    #: (3,) mm, standard frame
    center: Floats
    #: lytic | mixed | blastic
    nature: str
    #: head | neck | intertrochanteric | greater_trochanter | subtrochanteric | shaft, or
    #: vertebral_body | left_pedicle | right_pedicle | posterior_elements
    site: str
    #: smallest semi-axis, mm
    size_mm: float
    #: density of its tissue, as of an anatomy; None for tumour of its nature
    as_scanned: Callable[[Floats, NDArray[np.bool_]], Floats] | None = None

    @property
    def tissue(self) -> str:
        """What it is painted with where nothing treats it."""
        return f"tumour_{self.nature}" if self.as_scanned is None else "as_scanned"

    @property
    def solid(self) -> Solid:
        """The lesion as the mesher wants it: some edges to its smallest semi-axis, between 0.4 and 3 mm."""
        edges, around = FEMUR_CELLS if self.site in FEMUR_SITES else VERTEBRA_CELLS
        return Solid(self.name, self.shape, "lesion", float(np.clip(self.size_mm / edges, 0.4, 3.0)), around_mm=around)


class PlacedPart(Part):
    """What every kind of lesion shares: where it lies, and what it is made of.

    A lesion is placed either by ``center_mm`` or by ``site``. The middle of a site is the centre of the head; the
    centre of the narrowest section of the neck; the shaft axis halfway from the crossing of neck and shaft axes to the
    lesser trochanter (intertrochanteric); the deepest point under the tip of the greater trochanter; the middle of the
    canal 25 mm below the lesser trochanter (subtrochanteric) or halfway from 50 mm below it to the cut (shaft).
    From there the lesion moves ``along_mm`` along the local axis (neck axis in head and neck, shaft axis elsewhere),
    then towards the surface on the side named by ``quadrant``. Sides are those of the body; in the neck, which rises
    medially, medial is the inferior side (the calcar) and lateral the superior one.

    In a vertebra the middle is that of the body, whose axis points up, or of the narrowest section of a pedicle, whose
    axis points forwards; a pedicle is named by its side of the patient, ``left`` or ``right``.
    """

    name: str | None = None
    """Name of the lesion; its kind when left out."""
    site: Site | None = None
    """Part of the bone the lesion lies in: vertebral_body or pedicle in a vertebra, the others in a femur."""
    quadrant: Quadrant = "central"
    """Side of the bone the lesion lies on."""
    depth: Annotated[float, Field(ge=0, le=1)] | None = None
    """Depth of the lesion's centre on that side: 0 on the bone's surface, 1 on the local axis (default: 0.5, and 0.25
    at the posterior wall of a vertebra, where a lesion of some size comes through)."""
    offset_mm: Annotated[float, Field(ge=0, le=60)] | None = None
    """Instead of ``depth``: distance of the lesion's centre from the local axis, mm."""
    along_mm: Annotated[float, Field(ge=-150, le=150)] = 0.0
    """Shift along the local axis, towards the head (in a pedicle forwards), mm."""
    center_mm: tuple[Coordinate, Coordinate, Coordinate] | None = None
    """Instead of ``site``: centre in the bone's standard frame, mm.

    x medial, y anterior, z proximal; origin where neck and shaft axes cross. In a vertebra x right, y anterior, z up;
    origin in the middle of its body.
    """
    nature: Nature = "lytic"
    """What the lesion does to bone: dissolves it, adds to it, or both."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.site is None) == (self.center_mm is None):
            raise ValueError("needs either site or center_mm (not both)")
        if self.site is None:
            fields = type(self).model_fields
            keys = ("quadrant", "depth", "offset_mm", "along_mm")
            moved = [key for key in keys if getattr(self, key) != fields[key].default]
            if moved:
                raise ValueError(f"{', '.join(moved)} can only go with site, not with center_mm")
            return self
        allowed = QUADRANTS[short(self.site)]
        if self.quadrant not in allowed:
            raise ValueError(
                f"quadrant {self.quadrant} has no meaning at {self.site} (allowed: {', '.join(allowed)}); "
                "shift along the bone with along_mm"
            )
        if self.depth is not None and self.offset_mm is not None:
            raise ValueError("needs either depth or offset_mm (not both)")
        if self.site == "pedicle" and (self.depth is not None or self.offset_mm is not None):
            raise ValueError("depth and offset_mm have no meaning at pedicle; its quadrant is a side of the patient")
        if self.quadrant == "central" and (self.depth is not None or self.offset_mm is not None):
            raise ValueError("depth and offset_mm need a quadrant: towards which side?")
        return self

    def place(self, anatomy: Anatomy) -> tuple[Floats, str]:
        """(3,) centre in mm and the site of the lesion."""
        if self.center_mm is not None:
            center = np.array(self.center_mm, float)
            return center, site_at(anatomy, center)
        assert self.site is not None
        site = short(self.site)
        site = f"{self.quadrant}_{site}" if site == "pedicle" else site
        at = frame(anatomy, site)
        center = at.origin + self.along_mm * at.axes[0]
        towards = direction(self.quadrant)
        if self.quadrant != "central" and self.site != "pedicle":
            if site not in SPATIAL:
                towards = towards - at.axes[0] * float(at.axes[0] @ towards)
                towards = towards / np.linalg.norm(towards)
            offset = self.offset_mm
            if offset is None:
                depth = USUAL_DEPTH.get(self.quadrant, 0.5) if self.depth is None else self.depth
                offset = (1 - depth) * reach(anatomy, center, towards)
            center = center + offset * towards
        return np.asarray(center), site

    def fitting(self, lesion: PlacedLesion, anatomy: Anatomy, size_key: str) -> PlacedLesion:
        """``lesion`` itself when it fits the bone: it may breach the cortex, but neither miss the bone nor swallow it.

        Raises:
            GeometryError: its centre is further outside than its smallest semi-axis, or nothing of the bone is left in
                a section through it; the message says by how many mm.
        """
        beyond = float(anatomy.outer.distance(lesion.center[None])[0])
        place = spot(lesion.center)
        if beyond > lesion.size_mm:
            raise GeometryError(
                "site" if self.center_mm is None else "center_mm",
                f"lies outside the bone: its centre {place} is {beyond:.1f} mm beyond the surface, "
                f"{beyond - lesion.size_mm:.1f} mm more than its smallest semi-axis of {lesion.size_mm:.1f} mm",
            )
        at = local_frame(lesion, anatomy)
        low, high = axial_extent(lesion, at)
        section = slices(anatomy, at, np.linspace(low, high, int(np.clip((high - low) / 3, 4, 24)) + 1), 2.0, 60.0)
        depth = -lesion.shape.distance(section.points.reshape(-1, 3)).reshape(section.bone.shape)
        area = (section.bone < 0).sum(axis=(1, 2)) * 2.0**2
        whole = area > least_section(anatomy, lesion.site)
        swallowed = whole & (np.where(section.bone < 0, depth, np.inf).min(axis=(1, 2)) > 0)
        if swallowed.any():
            beyond_rim = np.where(np.abs(section.bone) < 3.0, depth + section.bone, np.inf).min(axis=(1, 2))
            raise GeometryError(
                size_key,
                f"is larger than the bone: at {place} it reaches {beyond_rim[swallowed].max():.1f} mm beyond the whole "
                f"section of the {lesion.site.replace('_', ' ')}, and nothing of the bone is left",
            )
        return lesion


class SphereLesion(PlacedPart):
    """A ball."""

    kind: Literal["sphere"]
    """A ball."""
    radius_mm: Millimetres
    """Radius, mm."""

    def placed(self, anatomy: Anatomy, name: str) -> PlacedLesion:
        """The lesion in a bone; raises GeometryError where it does not fit."""
        center, site = self.place(anatomy)
        lesion = PlacedLesion(name, Ball(center, self.radius_mm), center, self.nature, site, self.radius_mm)
        return self.fitting(lesion, anatomy, "radius_mm")


class EllipsoidLesion(PlacedPart):
    """An ellipsoid aligned with the local axis."""

    kind: Literal["ellipsoid"]
    """An ellipsoid."""
    semi_axes_mm: tuple[Millimetres, Millimetres, Millimetres]
    """Half lengths, mm: along the local axis, superior-inferior (elsewhere medial-lateral), anterior-posterior.

    The local axis is the neck axis in head and neck and the shaft axis elsewhere. In the body of a vertebra: up,
    left-right, anterior-posterior; in a pedicle: along it, up, across it.
    """

    def placed(self, anatomy: Anatomy, name: str) -> PlacedLesion:
        """The lesion in a bone; raises GeometryError where it does not fit."""
        center, site = self.place(anatomy)
        shape = Ellipsoid(center, np.array(self.semi_axes_mm), frame_axes(anatomy, site))
        lesion = PlacedLesion(name, shape, center, self.nature, site, min(self.semi_axes_mm))
        return self.fitting(lesion, anatomy, "semi_axes_mm")


class IrregularLesion(PlacedPart):
    """A seeded, smooth, star-shaped body."""

    kind: Literal["irregular"]
    """A smooth irregular body, the same for the same seed."""
    radius_mm: Millimetres
    """Radius of the ball of the same volume, mm."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Which of the irregular bodies."""
    roughness: Annotated[float, Field(ge=0, le=0.3)] = 0.15
    """Root mean square of the radius' deviation, as a share of the radius; 0 is a ball."""

    def placed(self, anatomy: Anatomy, name: str) -> PlacedLesion:
        """The lesion in a bone; raises GeometryError where it does not fit."""
        center, site = self.place(anatomy)
        shape = irregular_body(center, self.radius_mm, self.roughness, self.seed)
        lesion = PlacedLesion(name, shape, center, self.nature, site, shape.smallest_radius)
        return self.fitting(lesion, anatomy, "radius_mm")


def local_frame(lesion: PlacedLesion, anatomy: Anatomy) -> Frame:
    """The frame of the lesion's site, moved along its axis to the level of the lesion."""
    try:
        at = frame(anatomy, lesion.site)
    except GeometryError:
        at = Frame(lesion.center, frame_axes(anatomy, lesion.site))
    level = float((lesion.center - at.origin) @ at.axes[0])
    return Frame(at.origin + level * at.axes[0], at.axes)


def axial_extent(lesion: PlacedLesion, at: Frame) -> tuple[float, float]:
    """How far the lesion's box reaches along the frame's axis, mm."""
    lower, upper = lesion.shape.bounds()
    corners = np.stack(np.meshgrid(*zip(lower, upper, strict=True), indexing="ij"), axis=-1).reshape(-1, 3)
    along = at.local(corners)[:, 0]
    return float(along.min()), float(along.max())
