"""A closed surface of a real vertebra in, its anatomy in the standard frame out, like that of a parametric one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.femur.surface import WHERE, Point
from femrisk.meshes.labelled import Floats
from femrisk.meshes.surfaces.crossings import refuse_crossing
from femrisk.meshes.surfaces.soliddistance import nearest_distance, solid_distance
from femrisk.meshes.surfaces.surfacefile import read_surface
from femrisk.meshes.surfaces.triangles import Triangles, close, place
from femrisk.meshes.vertebra.atlas import VertebraAtlas, trabecular_density
from femrisk.meshes.vertebra.body import measure_body
from femrisk.meshes.vertebra.heightchange import LostHeight
from femrisk.meshes.vertebra.marks import landmarks_on
from femrisk.meshes.vertebra.means import SHELL_MM, Level
from femrisk.meshes.vertebra.orienting import Pose, find_pose
from femrisk.meshes.vertebra.reshaped import known_collapsed
from femrisk.part import Part

#: a landmark that lies farther than this from the surface is not one of it, mm
OFF_SURFACE_MM = 5.0


class VertebraSurfaceLandmarks(Part):
    """Landmarks given by hand, along the file's axes but in mm whatever its units; what is left out is found."""

    superior_endplate_mm: Point | None = None
    """Middle of the superior endplate; given with that of the inferior one."""
    inferior_endplate_mm: Point | None = None
    """Middle of the inferior endplate: the line to the superior one is the way up, its middle the origin."""
    spinous_tip_mm: Point | None = None
    """Tip of the spinous process: from the body it gives the way back."""

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if (self.superior_endplate_mm is None) != (self.inferior_endplate_mm is None):
            raise ValueError("superior_endplate_mm and inferior_endplate_mm are given together, or neither")
        if self.ends is not None and np.linalg.norm(self.ends[0] - self.ends[1]) < 10:
            raise ValueError("superior_endplate_mm and inferior_endplate_mm lie closer than 10 mm to each other")
        return self

    @property
    def ends(self) -> tuple[Floats, Floats] | None:
        """(3,) middles of both endplates."""
        if self.superior_endplate_mm is None or self.inferior_endplate_mm is None:
            return None
        return np.array(self.superior_endplate_mm), np.array(self.inferior_endplate_mm)


class SurfaceVertebra(LostHeight):
    """A whole thoracolumbar vertebra from a file of triangles; its density comes from the atlas."""

    kind: Literal["surface"] = "surface"
    """Kind of bone."""
    anatomy: Literal["vertebra"]
    """What the surface shows."""
    level: Level
    """Which vertebra; scores read it, its form is the surface's."""
    file: Path
    """STL, PLY, OBJ or VTP file with a closed surface; a relative path starts at the case file's folder."""
    units: Literal["mm", "cm", "m"]
    """Units of the file's coordinates."""
    landmarks: VertebraSurfaceLandmarks | None = None
    """Places on the vertebra given by hand, where those found are wrong."""
    rounding_mm: Annotated[float, Field(ge=0, le=2)] = 1.0
    """Blur that rounds the edges of coarse triangles; the volume is kept."""
    trabecular_density_mg_per_cm3: Annotated[float, Field(ge=20, le=350)] | None = None
    """Mean density of the trabecular bone of the body in quantitative CT, K2HPO4 equivalent (default: from age and
    sex)."""
    shell_thickness_mm: Annotated[float, Field(ge=0, le=1.5)] = SHELL_MM
    """Thickness of the walls of the body and of the bony endplates (0: no shell)."""

    def resolved(self, sex: str, age_years: float) -> SurfaceVertebra:
        """The same bone with every default that does not come from the file filled in."""
        density = self.trabecular_density_mg_per_cm3 or round(trabecular_density(sex, age_years), 1)
        return self.model_copy(update={"trabecular_density_mg_per_cm3": density})

    def built(self) -> VertebraAnatomy:
        """Surface, density and landmarks; of a resolved bone.

        Raises:
            GeometryError: no readable, closed surface of a vertebra in these units; with the place.
        """
        surface = close(read_surface(self.file, self.units, WHERE, "vertebra"), WHERE)
        refuse_crossing(surface, WHERE)
        return self.on(surface)

    def on(self, surface: Triangles, where: str = WHERE) -> VertebraAnatomy:
        """Surface, density and landmarks, on triangles in mm whatever the file holds.

        Raises:
            GeometryError: it is not that of a vertebra.
        """
        pose = self.placed(surface, where)
        standing = Triangles(pose.local(surface.points), surface.faces)
        box = np.array([standing.points.min(axis=0), standing.points.max(axis=0)])
        outer, feet = solid_distance(standing, box, self.rounding_mm)
        body = measure_body(outer.distance, pose.depth, where)
        density = self.trabecular_density_mg_per_cm3 or 0.0
        atlas = VertebraAtlas.of_mean(body, density / 1000)
        seen = VertebraAnatomy(
            outer=outer,
            inner=None,
            density=atlas.density,
            landmarks=landmarks_on(standing, outer.distance, body, pose.local(pose.canal[None])[0], where),
            surface_points=feet,
            to_source=np.column_stack([pose.axes, pose.origin]),
            region=atlas.region,
            endplates=body.endplates,
            shell_mm=self.shell_thickness_mm,
            trabecular_mg_per_cm3=density,
            height_loss_share=self.height_loss_share,
        )
        if self.collapse_kind is None:
            return seen
        return known_collapsed(seen, self.collapse_kind, self.height_loss_share or 0.0)

    def placed(self, surface: Triangles, where: str = WHERE) -> Pose:
        """The standard frame, given or found, in the file's axes (mm).

        Raises:
            GeometryError: it cannot be found, or a given landmark does not lie on the surface.
        """
        given = self.landmarks or VertebraSurfaceLandmarks()
        refuse_off_surface(surface, given)
        tip = None if given.spinous_tip_mm is None else np.array(given.spinous_tip_mm)
        return find_pose(surface, where, given.ends, tip)


def refuse_off_surface(surface: Triangles, given: VertebraSurfaceLandmarks) -> None:
    """Landmarks given by hand must lie on the bone.

    Raises:
        GeometryError: one does not.
    """
    for name, point in given.model_dump(exclude_none=True).items():
        gap = float(nearest_distance(surface, np.array([point]), 1.0)[0])
        if gap > OFF_SURFACE_MM:
            raise GeometryError(
                f"bone.landmarks.{name}",
                f"{place(np.array(point))} lies {gap:.1f} mm from the surface (allowed: up to {OFF_SURFACE_MM:g} mm)",
            )
