"""A closed surface of a real femur in, its anatomy in the standard frame out, like that of a parametric one."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import FemurAnatomy, FemurLandmarks
from femrisk.meshes.femur.atlas import TROCHANTER, Atlas, age_scale
from femrisk.meshes.femur.cortex import Cortex, neck_thickness
from femrisk.meshes.femur.headfit import find_head
from femrisk.meshes.femur.marks import landmarks_on
from femrisk.meshes.femur.orienting import Axes, anteverted_medial, condylar_medial, crossing, find_neck, find_shaft
from femrisk.meshes.femur.parametric import PRESETS
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import HalfSpace, Intersection, unit
from femrisk.meshes.surfaces.crossings import refuse_crossing
from femrisk.meshes.surfaces.sections import Section, section_at
from femrisk.meshes.surfaces.soliddistance import Softened, solid_distance
from femrisk.meshes.surfaces.surfacefile import read_surface
from femrisk.meshes.surfaces.triangles import Triangles, close, encloses, place
from femrisk.part import Part

logger = logging.getLogger(__name__)

#: what the user calls the surface
WHERE = "bone.file"

Point = tuple[float, float, float]


class SurfaceLandmarks(Part):
    """Landmarks given by hand, along the file's axes but in mm whatever its units; what is left out is found."""

    head_center_mm: Point | None = None
    """Centre of the femoral head."""
    head_radius_mm: Annotated[float, Field(ge=15, le=35)] | None = None
    """Radius of the femoral head; given with its centre."""
    neck_center_mm: Point | None = None
    """Centre of the narrowest section of the neck: with the head's centre it gives the neck's axis."""
    shaft_points_mm: tuple[Point, Point] | None = None
    """Two points on the axis of the proximal shaft, at least 30 mm apart, in any order."""

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if (self.head_center_mm is None) != (self.head_radius_mm is None):
            raise ValueError("head_center_mm and head_radius_mm are given together, or neither")
        if self.shaft_points_mm is not None and np.linalg.norm(np.subtract(*self.shaft_points_mm)) < 30:
            raise ValueError("shaft_points_mm lie closer than 30 mm to each other")
        return self


def known_anatomy(said: object) -> object:
    """``said``, if it is a femur: what is neither that nor a vertebra is taken for one by default, and refused here."""
    if said != "proximal_femur":
        raise ValueError(f"unknown value (allowed: proximal_femur, vertebra, got: {said})")
    return said


class SurfaceBone(Part):
    """A femur from a file of triangles, whole or cut through the shaft; cortex and density come from the atlas."""

    kind: Literal["surface"] = "surface"
    """Kind of bone."""
    anatomy: Literal["proximal_femur"] = "proximal_femur"
    """What the surface shows."""
    file: Path
    """STL, PLY, OBJ or VTP file with a closed surface; a relative path starts at the case file's folder."""
    units: Literal["mm", "cm", "m"]
    """Units of the file's coordinates."""
    side: Literal["left", "right"]
    """Side of the body; checked against the place of the lesser trochanter."""
    landmarks: SurfaceLandmarks | None = None
    """Landmarks given by hand, where those found are wrong."""
    preset: Literal["female", "male"] | None = None
    """Where length, cortical share and anteversion that are not given come from (default: the patient's sex)."""
    length_mm: Annotated[float, Field(ge=130, le=300)] | None = None
    """From the top of the head to the distal cut (default: about mid-shaft, or where the surface ends)."""
    anteversion_deg: Annotated[float, Field(ge=-10, le=40)] | None = None
    """Turn of the neck forwards out of the frontal plane (default: from the condyles if there, else the preset's)."""
    rounding_mm: Annotated[float, Field(ge=0, le=2)] = 1.0
    """Blur that rounds the edges of coarse triangles; the volume is kept."""
    superior_neck_cortex_mm: Annotated[float, Field(ge=0.3, le=4)] | None = None
    """Cortex of the neck above and behind (default from age, Poole 2010)."""
    inferior_neck_cortex_mm: Annotated[float, Field(ge=1, le=7)] | None = None
    """Cortex of the neck below and in front (default from age, Poole 2010)."""
    shaft_cortex_mm: Annotated[float, Field(ge=2, le=10)] | None = None
    """Cortex of the shaft (default: the preset's share of the diameter, as found on the surface)."""
    density_scale: Annotated[float, Field(ge=0.3, le=1.3)] | None = None
    """Bone density over that of a young normal (default from age and sex)."""
    trochanter_ash_g_per_cm3: Annotated[float, Field(ge=0.03, le=0.4)] = TROCHANTER
    """Cancellous ash density of the trochanters in donors of the source's age (band 0.08-0.17): it decides a fall."""

    _known = field_validator("anatomy", mode="before")(known_anatomy)

    def resolved(self, sex: str, age_years: float) -> SurfaceBone:
        """The same bone with every default that does not come from the file filled in."""
        preset = self.preset or ("male" if sex == "male" else "female")
        superior, inferior = neck_thickness(age_years)
        defaults: dict[str, object] = {
            "length_mm": PRESETS[preset]["length_mm"],
            "superior_neck_cortex_mm": superior,
            "inferior_neck_cortex_mm": inferior,
            "density_scale": age_scale(sex, age_years),
        }
        missing = {name: value for name, value in defaults.items() if getattr(self, name) is None}
        return self.model_copy(update={**missing, "preset": preset})

    def built(self) -> FemurAnatomy:
        """Surfaces, density and landmarks; of a resolved bone.

        Raises:
            GeometryError: no readable, closed surface of a femur of this side in these units; with the place.
        """
        surface = close(read_surface(self.file, self.units, WHERE), WHERE)
        refuse_crossing(surface, WHERE)
        return self.on(surface)

    def on(self, surface: Triangles, where: str = WHERE) -> FemurAnatomy:
        """Surfaces, density and landmarks, on triangles in mm whatever the file holds.

        Raises:
            GeometryError: it is not that of a femur of this side.
        """
        to_source, marks, standing = self.placed(surface, where)
        low, high = standing.points[standing.points[:, 2] > marks.distal_z - 6].min(axis=0), standing.points.max(axis=0)
        box = np.array([[low[0], low[1], marks.distal_z - 6], high])
        whole, feet = solid_distance(standing, box, self.rounding_mm)
        outer = Intersection((whole, HalfSpace(np.array([0, 0, marks.distal_z]), np.array([0.0, 0, -1]))))
        cortex = self.cortex(marks, standing)
        inner = cortex.endosteum(Softened.of(whole, cortex.thickness), whole.bounds())
        atlas = Atlas(marks, outer, inner, self.density_scale or 1.0, self.trochanter_ash_g_per_cm3, cortex)
        kept = feet[feet[:, 2] > marks.distal_z]
        return FemurAnatomy(outer, inner, atlas.density, marks, kept, to_source, atlas.region)

    def cortex(self, marks: FemurLandmarks, standing: Triangles) -> Cortex:
        """Cortical thickness; that of the shaft keeps the preset's share of the diameter where it is not given."""
        superior, inferior = neck_thickness(65.0)
        size = PRESETS[self.preset or "female"]
        share = 2 * size["shaft_cortex_mm"] / (size["shaft_diameter_ml_mm"] + size["shaft_diameter_ap_mm"])
        cut = section_at(standing, np.array([0.0, 0.0, marks.distal_z]), marks.shaft_axis)
        diameter = 2 * np.sqrt(cut.area / np.pi) if cut else marks.shaft_diameter_ml
        return Cortex(
            marks,
            self.superior_neck_cortex_mm or superior,
            self.inferior_neck_cortex_mm or inferior,
            self.shaft_cortex_mm or float(share * diameter),
        )

    def placed(self, surface: Triangles, where: str = WHERE) -> tuple[Floats, FemurLandmarks, Triangles]:
        """(3, 4) from the standard frame to the file's axes (mm), the landmarks, and the surface in the standard frame.

        Raises:
            GeometryError: landmarks cannot be found, are not those of a femur, or show the other side.
        """
        axes, neck = self.axes(surface, where)
        frame = axes.frame(self.medial(surface, axes, where), self.side)
        points = (surface.points - axes.origin) @ frame[:, :3]
        # the mirror of a right femur turns its triangles inside out
        faces = surface.faces if self.side == "left" else surface.faces[:, ::-1]
        standing = Triangles(points, np.ascontiguousarray(faces))
        neck = Section(
            neck.area, (neck.center - axes.origin) @ frame[:, :3], (neck.outline - axes.origin) @ frame[:, :3]
        )
        head = (axes.head_center - axes.origin) @ frame[:, :3]
        marks = landmarks_on(standing, head, axes.head_radius, neck, self.wanted_length(), where)
        return frame, marks, standing

    def axes(self, surface: Triangles, where: str = WHERE) -> tuple[Axes, Section]:
        """Head, neck and shaft in the file's axes, given or found, and the neck's narrowest section."""
        given = self.landmarks or SurfaceLandmarks()
        check_inside(surface, given)
        if given.head_center_mm is not None and given.head_radius_mm is not None:
            head, radius = np.array(given.head_center_mm), given.head_radius_mm
        else:
            head, radius = find_head(surface, where)
        if given.shaft_points_mm is not None:
            shaft = np.mean(given.shaft_points_mm, axis=0)
            up = unit(np.subtract(*given.shaft_points_mm))
            up = up if (head - shaft) @ up > 0 else -up
        else:
            shaft, up = find_shaft(surface, head, radius, self.wanted_length(), where)
        neck = find_neck(surface, head, radius, shaft, up)
        if given.neck_center_mm is not None:
            center = np.array(given.neck_center_mm)
            neck = section_at(surface, center, unit(center - head)) or neck
            neck = Section(neck.area, center, neck.outline)
        return Axes(head, radius, neck.center, crossing(head, neck.center, shaft, up, where), up), neck

    def medial(self, surface: Triangles, axes: Axes, where: str = WHERE) -> Floats:
        """(3,) medial, in the file's axes."""
        found = condylar_medial(surface, axes, self.side) if self.anteversion_deg is None else None
        if found is not None:
            return found
        angle = self.anteversion_deg
        if angle is None:
            angle = PRESETS[self.preset or "female"]["anteversion_deg"]
            logger.warning("%s: shows no condyles: an anteversion of %g degrees is assumed", where, angle)
        return anteverted_medial(axes, self.side, float(np.radians(angle)))

    def wanted_length(self) -> float:
        """From the top of the head to the distal cut, mm."""
        return self.length_mm or PRESETS[self.preset or "female"]["length_mm"]


def check_inside(surface: Triangles, given: SurfaceLandmarks) -> None:
    """Landmarks given by hand must lie inside the bone.

    Raises:
        GeometryError: one does not.
    """
    points = {"head_center_mm": given.head_center_mm, "neck_center_mm": given.neck_center_mm}
    for name, point in points.items():
        if point is not None and not encloses(surface, np.array(point)):
            raise GeometryError(
                f"bone.landmarks.{name}", f"{place(np.array(point))} lies outside the surface (allowed: a point inside)"
            )
