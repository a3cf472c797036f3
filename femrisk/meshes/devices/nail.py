"""A cephalomedullary nail of a case file and a bone in; nail, lag screw and locking screw where they lie out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import FemurAnatomy
from femrisk.meshes.devices.screws import ENTRY_MM, JOINT_MM, PROUD_MM, Metal, exit_point, through_joint
from femrisk.meshes.femur.sites import canal_center
from femrisk.meshes.frames import spot
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Capsule, Shape, Solid, unit
from femrisk.part import Part

#: Bone left around nail and lag screw where they must not leave the bone, mm.
WALL_MM = 1.0
#: The nail ends at least this far above the bone's cut, mm.
END_MM = 5.0
#: The nail keeps its proximal diameter down to this far below the lag screw, then tapers over as much, mm.
TAPER_MM = 22.0
#: The nail bends this far below the lesser trochanter, mm; below it follows the canal, above it is straight.
BEND_BELOW_LESSER_MM = 15.0
#: Points on a ring round a rod.
RING = 24
#: The canal is narrow enough to guide the nail from this far below the lesser trochanter, mm.
GUIDE_BELOW_LESSER_MM = 20.0


class CephalomedullaryNail(Part):
    """A nail down the canal with a lag screw into the head.

    It follows the centre line of the canal (bow included), bends laterally below the lesser trochanter and leaves the
    bone flush beside the tip of the greater trochanter. The lag screw runs through the nail towards the centre of the
    head, from the lateral cortex, flush. Sizes are those of common short nails (15.5 / 11 mm, 125 or 130 degrees,
    lag screw 10.5 mm, 170 to 180 mm); each is solid metal, bores and threads are not told apart.
    """

    proximal_diameter_mm: Annotated[float, Field(ge=10, le=20)] = 15.5
    """Diameter at the top, mm."""
    distal_diameter_mm: Annotated[float, Field(ge=7, le=16)] = 11.0
    """Diameter in the shaft, mm."""
    length_mm: Annotated[float, Field(ge=100, le=480)] = 170.0
    """Length from the trochanter's surface to the tip, mm."""
    neck_angle_deg: Annotated[float, Field(ge=110, le=150)] = 125.0
    """Angle between shaft and lag screw, degrees (usual: 125 or 130)."""
    lag_screw_diameter_mm: Annotated[float, Field(ge=7, le=13)] = 10.5
    """Diameter of the lag screw, mm."""
    tip_apex_distance_mm: Annotated[float, Field(ge=-20, le=80)] = 20.0
    """Sum of the distances from the lag screw's tip to the apex of the head, seen from the front and from the side, mm.

    The screw is centred, so the tip lies half of it below the surface; the usual aim is under 25 mm.
    """
    bend_deg: Annotated[float, Field(ge=0, le=10)] = 4.0
    """Lateral bend of the proximal part, degrees; 0 enters at the piriform fossa."""
    ream_mm: Annotated[float, Field(ge=0, le=4)] = 2.5
    """How much wider than the canal, which is reamed for it, the nail may be in the shaft, mm of diameter."""
    distal_locking: bool = True
    """With a locking screw near the tip, from side to side."""
    locking_screw_diameter_mm: Annotated[float, Field(ge=3, le=7)] = 5.0
    """Diameter of the locking screw, mm."""
    locking_from_tip_mm: Annotated[float, Field(ge=8, le=80)] = 25.0
    """Distance of the locking screw from the nail's tip, mm."""
    metal: Metal = "ti6al4v"
    """What it is made of."""

    def placed(self, anatomy: FemurAnatomy) -> tuple[Solid, ...]:
        """``nail``, ``lag_screw`` and, when locked, ``locking_screw``.

        Raises:
            GeometryError: wider than the canal or longer than the bone, or a screw comes through the joint or the neck.
        """
        axis = nail_axis(anatomy, self.bend_deg, self.length_mm)
        lag, crossing = self._lag_screw(anatomy, axis)
        top, tip = axis.height_range
        lowest = anatomy.landmarks.distal_z + END_MM
        if tip < lowest:
            raise GeometryError(
                "nail.length_mm",
                f"the nail is {lowest - tip:.0f} mm too long: its tip must lie {END_MM:.0f} mm above the bone's cut at "
                f"z = {anatomy.landmarks.distal_z:.0f} mm",
            )
        radii = self._radii(axis.heights, crossing)
        end = tip + self.distal_diameter_mm / 2
        rod = BentRod(axis.heights, axis.centers, radii, (end, top))
        self._check(anatomy, rod)
        solids = [
            Solid("nail", rod, "device", min(self.distal_diameter_mm / 3, 3.5)),
            Solid("lag_screw", lag, "device", min(self.lag_screw_diameter_mm / 3, 3.5)),
        ]
        if self.distal_locking:
            across = self._locking_screw(anatomy, axis, tip)
            solids.append(Solid("locking_screw", across, "device", self.locking_screw_diameter_mm / 2.5))
        return tuple(solids)

    def _radii(self, heights: Floats, crossing: float) -> Floats:
        """(k,) mm: proximal radius, taper, distal radius."""
        start = crossing - TAPER_MM
        share = np.clip((start - heights) / TAPER_MM, 0, 1)
        return np.asarray((self.proximal_diameter_mm * (1 - share) + self.distal_diameter_mm * share) / 2)

    def _lag_screw(self, anatomy: FemurAnatomy, axis: NailAxis) -> tuple[Capsule, float]:
        """The screw from the lateral cortex through the nail to the head, and the height of the crossing."""
        marks, radius = anatomy.landmarks, self.lag_screw_diameter_mm / 2
        rise = -1 / np.tan(np.radians(self.neck_angle_deg))
        height = 0.0
        for _ in range(20):
            across = (marks.head_center - axis.at(height))[:2]
            height = float(marks.head_center[2] - np.linalg.norm(across) * rise)
        start = axis.at(height)
        towards = unit(marks.head_center - start)
        gap = self.tip_apex_distance_mm / 2
        tip = marks.head_center + (marks.head_radius - gap) * towards
        if gap < JOINT_MM:
            raise GeometryError("nail.tip_apex_distance_mm", f"the lag screw {through_joint(gap, tip)}")
        entry = exit_point(anatomy, start, -towards)
        deep = np.linspace(entry + ENTRY_MM * towards, marks.head_center, 60)
        check_wall(anatomy, deep, towards, np.full(60, radius), "nail.neck_angle_deg", "the lag screw")
        return Capsule(entry - (radius + PROUD_MM) * towards, tip - radius * towards, radius), height

    def _locking_screw(self, anatomy: FemurAnatomy, axis: NailAxis, tip: float) -> Capsule:
        radius, lateral = self.locking_screw_diameter_mm / 2, np.array([-1.0, 0.0, 0.0])
        center = axis.at(tip + self.locking_from_tip_mm)
        ends = [exit_point(anatomy, center, way) + (radius + PROUD_MM) * way for way in (lateral, -lateral)]
        return Capsule(ends[0], ends[1], radius)

    def _check(self, anatomy: FemurAnatomy, rod: BentRod) -> None:
        """Raise where the nail is wider than the reamed canal, or than the bone above it."""
        lesser = float(anatomy.landmarks.lesser_trochanter[2])
        inside = (rod.heights >= rod.ends[0]) & (rod.heights <= 0)
        centers, radii = rod.centers[inside], rod.radii[inside]
        # what is wider than the shaft's part has its room from the opening reamer
        canal = (centers[:, 2] < lesser - GUIDE_BELOW_LESSER_MM) & (radii < self.distal_diameter_mm / 2 + 1e-6)
        excess = 2 * protrusion(anatomy.inner, centers, anatomy.landmarks.shaft_axis, radii)
        worst = int(np.argmax(np.where(canal, excess, -np.inf)))
        if canal.any() and excess[worst] > self.ream_mm:
            raise GeometryError(
                "nail",
                f"is {excess[worst]:.1f} mm wider than the canal at {spot(centers[worst])}: {2 * radii[worst]:.1f} mm "
                f"in {2 * radii[worst] - excess[worst]:.1f} mm (ream_mm allows {self.ream_mm:g} mm)",
            )
        check_wall(anatomy, centers, anatomy.landmarks.shaft_axis, radii, "nail", "it")


@dataclass(frozen=True, eq=False)
class NailAxis:
    """Centre line of a nail: one point for each height."""

    #: (k,) mm, rising
    heights: Floats
    #: (k, 3) mm
    centers: Floats
    #: heights of the flush top and of the tip
    height_range: tuple[float, float]

    def at(self, height: float) -> Floats:
        """(3,) the point at a height, mm."""
        return np.array([np.interp(height, self.heights, self.centers[:, i]) for i in range(3)])


@dataclass(frozen=True, eq=False)
class BentRod:
    """Round rod along a gently bent, roughly vertical centre line, with ball ends."""

    #: (k,) mm, rising, evenly spaced
    heights: Floats
    #: (k, 3) mm
    centers: Floats
    #: (k,) mm
    radii: Floats
    #: heights of the centres of the lower and the upper ball
    ends: tuple[float, float]

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm; exact to 0.1 % for bends over a metre, a lower bound where it tapers."""
        height = np.clip(points[:, 2], *self.ends)
        center = np.stack([np.interp(height, self.heights, self.centers[:, i]) for i in (0, 1)], axis=1)
        tilt = np.gradient(self.centers[:, :2], self.heights, axis=0)
        slope = np.stack([np.interp(height, self.heights, tilt[:, i]) for i in (0, 1)], axis=1)
        offset = points[:, :2] - center
        beyond = points[:, 2] - height
        # a tilted rod's section across its own axis is narrower than the level one, along the tilt only
        along = np.sum(offset * slope, axis=1)
        nearest = np.sqrt(np.maximum(np.sum(offset**2, axis=1) - along**2 / (1 + np.sum(slope**2, axis=1)), 0))
        radius = np.interp(height, self.heights, self.radii)
        steep = float(np.abs(np.gradient(self.radii, self.heights)).max())
        return np.asarray((np.hypot(nearest, beyond) - radius) / np.hypot(1, steep))

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        used = (self.heights >= self.ends[0] - 2) & (self.heights <= self.ends[1] + 2)
        centers, radius = self.centers[used], float(self.radii[used].max())
        return np.array([centers.min(axis=0) - radius, centers.max(axis=0) + radius])


def nail_axis(anatomy: FemurAnatomy, bend_deg: float, length: float) -> NailAxis:
    """Centre line: a parabola through the centres of the canal, above the bend its tangent leant laterally."""
    marks = anatomy.landmarks
    lesser = float(marks.lesser_trochanter[2])
    bend = lesser - BEND_BELOW_LESSER_MM
    stations = np.arange(max(marks.distal_z + 4, bend - length), lesser - GUIDE_BELOW_LESSER_MM, 4.0)
    if len(stations) < 5:
        raise GeometryError("nail", f"the bone is cut {lesser - marks.distal_z:.0f} mm below its lesser trochanter")
    canal = np.array([canal_center(anatomy, z) for z in stations])
    curves = [np.polynomial.Polynomial.fit(stations, canal[:, i], 2) for i in (0, 1)]
    heights = np.arange(bend - length, 80.0, 1.0)
    lower, above = np.minimum(heights, bend), np.maximum(heights - bend, 0)
    lean = (-np.tan(np.radians(bend_deg)), 0.0)
    level = [curve(lower) + (curve.deriv()(bend) + tilt) * above for curve, tilt in zip(curves, lean, strict=True)]
    centers = np.stack([*level, heights], axis=1)
    inside = anatomy.outer.distance(centers) < 0
    top = float(heights[np.flatnonzero(inside & (heights > lesser))[-1]])
    return NailAxis(heights, centers, (top, top - length))


def protrusion(surface: Shape, centers: Floats, axis: Floats, radii: Floats) -> Floats:
    """(k,) how far a rod of ``radii`` (k,) about ``centers`` (k, 3) comes out of ``surface``, mm; negative inside.

    Measured on rings of points of the rod, since deep inside a bone's distance may only be a bound.
    """
    first = unit(np.cross(axis, [0.3, 1.0, 0.2]))
    second = np.cross(axis, first)
    angle = np.arange(RING) * 2 * np.pi / RING
    ring = np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second
    points = centers[:, None, :] + radii[:, None, None] * ring
    return np.asarray(surface.distance(points.reshape(-1, 3)).reshape(-1, RING).max(axis=1))


def check_wall(anatomy: FemurAnatomy, centers: Floats, axis: Floats, radii: Floats, key: str, noun: str) -> None:
    """Raise where a rod leaves less than ``WALL_MM`` of bone around it."""
    out = protrusion(anatomy.outer, centers, axis, radii)
    worst = int(np.argmax(out))
    if out[worst] > 0:
        what = f"breaks {out[worst]:.1f} mm through the surface of the bone"
    elif out[worst] > -WALL_MM:
        what = f"leaves only {-out[worst]:.1f} mm of bone (least: {WALL_MM} mm)"
    else:
        return
    raise GeometryError(key, f"{noun} {what} at {spot(centers[worst])}")
