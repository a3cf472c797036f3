"""Cannulated screws of a case file and a bone in, their places along the neck out."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import FemurAnatomy
from femrisk.meshes.femur.sites import frame
from femrisk.meshes.frames import Frame, spot
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Capsule, Solid, Union
from femrisk.part import Part

Metal = Literal["ti6al4v", "steel_316l", "cocr"]

#: Bone left between a screw and the surface of the neck, mm: wanted (usual teaching: within 3 mm), least, step between.
GAPS_MM = (3.0, 1.5, 0.25)
#: Bone left between two screws, mm.
BRIDGE_MM = 1.5
#: Bone left between a device and the joint's surface, mm.
JOINT_MM = 1.0
#: Way from the entry through the lateral cortex after which a screw must lie deep in the bone, mm.
ENTRY_MM = 14.0
#: A device ends this far outside the bone where it enters it; the mesher drops what is outside, mm.
PROUD_MM = 3.0


class ScrewSet(Part):
    """Cannulated screws along the neck axis.

    One lies in the middle; two lie one above the other; three form the usual inverted triangle: one low on the calcar,
    two high, in front and behind, as wide apart as the neck allows with about 3 mm of bone (at least 1.5 mm) to its
    surface. They are parallel to the neck axis and enter through the lateral cortex, flush. Each is a solid round-nosed
    cylinder of its thread's diameter: core, thread and bore are not told apart.
    """

    count: Annotated[int, Field(ge=1, le=3)] = 3
    """How many."""
    diameter_mm: Annotated[float, Field(ge=4.5, le=8.5)] = 7.3
    """Thread diameter, mm (usual: 6.5 or 7.3)."""
    tip_to_surface_mm: Annotated[float, Field(ge=-20, le=60)] = 5.0
    """From the tip on along the screw to the head's surface, mm; a screw that comes through it is refused."""
    hollow_perforated: bool = False
    """Hollow screws with side holes: with cement, a mantle of it surrounds their front part."""
    mantle_mm: Annotated[float, Field(ge=0.5, le=6)] = 2.0
    """Thickness of that mantle, mm."""
    perforated_mm: Annotated[float, Field(ge=5, le=100)] = 40.0
    """Length of the perforated part from the tip, mm."""
    metal: Metal = "ti6al4v"
    """What they are made of."""

    def placed(self, anatomy: FemurAnatomy) -> tuple[Solid, ...]:
        """``screw_1`` (low), ``screw_2`` (high in front), ``screw_3`` (high behind).

        Raises:
            GeometryError: they do not fit the neck, or come through the joint; the message says where, by how many mm.
        """
        at = frame(anatomy, "neck")
        lanes = self._lanes(anatomy, at)
        size = self.diameter_mm / 2.5
        return tuple(
            Solid(f"screw_{i + 1}", self._screw(anatomy, at, lane, f"screw_{i + 1}"), "device", size)
            for i, lane in enumerate(lanes)
        )

    def mantle(self, screws: tuple[Solid, ...]) -> tuple[Solid, ...]:
        """Cement around the front parts of hollow perforated screws, bounded by the endosteum."""
        if not self.hollow_perforated:
            return ()
        parts = []
        for screw in screws:
            assert isinstance(screw.shape, Capsule)
            tip, axis = screw.shape.end, _axis(screw.shape)
            length = min(self.perforated_mm, float((tip - screw.shape.start) @ axis))
            parts.append(Capsule(tip - length * axis, tip, screw.shape.radius + self.mantle_mm))
        name = f"cement_mantle_{self.count}x{self.diameter_mm:g}_{self.mantle_mm:g}_{self.perforated_mm:g}"
        return (Solid(name.replace(".", "p"), Union(tuple(parts)), "cement", self.diameter_mm / 2.5, "endosteum"),)

    def _lanes(self, anatomy: FemurAnatomy, at: Frame) -> list[Floats]:
        """[(2,)] offsets from the neck axis of each screw, mm: superior, anterior."""
        lanes, clearance = _clearance(anatomy, at)
        radius, deficit = self.diameter_mm / 2, np.inf
        for gap in np.arange(GAPS_MM[0], GAPS_MM[1] - 1e-9, -GAPS_MM[2]):
            free = lanes[clearance >= radius + gap]
            if not len(free):
                deficit = min(deficit, radius + gap - float(clearance.max()))
                continue
            chosen, short = _arranged(free, self.count, self.diameter_mm + BRIDGE_MM)
            if short <= 0:
                return chosen
            deficit = min(deficit, short)
        raise GeometryError(
            "screws",
            f"{self.count} of {self.diameter_mm:g} mm do not fit the neck at {spot(at.origin)}: {deficit:.1f} mm are "
            f"missing for {BRIDGE_MM} mm of bone between them and {GAPS_MM[1]} mm to its surface",
        )

    def _screw(self, anatomy: FemurAnatomy, at: Frame, lane: Floats, name: str) -> Capsule:
        axis, radius = at.axes[0], self.diameter_mm / 2
        base = at.origin + lane @ at.axes[1:]
        entry = exit_point(anatomy, base, -axis)
        tip = exit_point(anatomy, base, axis) - self.tip_to_surface_mm * axis
        nose = tip - radius * axis
        gap = -float(anatomy.outer.distance(nose[None])[0]) - radius
        if gap < JOINT_MM:
            raise GeometryError("screws.tip_to_surface_mm", f"{name} {through_joint(gap, tip)}")
        return Capsule(entry - (radius + PROUD_MM) * axis, nose, radius)


def through_joint(gap: float, point: Floats) -> str:
    """What is wrong with a tip that leaves ``gap`` mm of bone."""
    if gap <= 0:
        return f"comes through the joint surface of the head by {abs(gap):.1f} mm at {spot(point)}"
    return f"comes within {gap:.1f} mm of the joint surface of the head at {spot(point)} (least: {JOINT_MM} mm)"


def exit_point(anatomy: FemurAnatomy, start: Floats, towards: Floats, farthest: float = 150.0) -> Floats:
    """(3,) the last point of the bone on the line from ``start`` along ``towards``, mm."""
    way = np.arange(0, farthest, 0.5)
    distance = anatomy.outer.distance(start + way[:, None] * towards)
    last = int(np.flatnonzero(distance < 0)[-1])
    step = 0.5 * distance[last] / (distance[last] - distance[last + 1])
    return np.asarray(start + (way[last] + step) * towards)


def _clearance(anatomy: FemurAnatomy, at: Frame) -> tuple[Floats, Floats]:
    """Lines parallel to the neck axis: their offsets (n, 2) mm, and how deep each stays in the bone (n,) mm.

    From ``ENTRY_MM`` behind the entry through the lateral cortex to the level of the head's centre.
    """
    side = np.arange(-16.0, 16.25, 0.5)
    superior, anterior = np.meshgrid(side, side, indexing="ij")
    lanes = np.stack([superior.ravel(), anterior.ravel()], axis=1)
    marks = anatomy.landmarks
    lanes = lanes[np.hypot(*lanes.T) < 0.5 * max(marks.neck_width_si, marks.neck_width_ap)]
    end = float((marks.head_center - at.origin) @ at.axes[0])
    along = np.arange(end, end - 140, -1.5)
    local = np.concatenate([np.repeat(along, len(lanes))[:, None], np.tile(lanes, (len(along), 1))], axis=1)
    distance = anatomy.outer.distance(at.world(local)).reshape(len(along), len(lanes))
    entry = len(along) - 1 - np.argmax(distance[::-1] < 0, axis=0)
    # a line that meets bone only beyond the narrowest neck passes beside the neck
    ahead = along[:, None] >= np.minimum(along[entry] + ENTRY_MM, 0.0)[None, :]
    return lanes, np.asarray(np.where(ahead, -distance, np.inf).min(axis=0))


def _arranged(free: Floats, count: int, apart: float) -> tuple[list[Floats], float]:
    """Screws among the free offsets (n, 2), and by how many mm they are too near to each other."""
    low = free[np.lexsort((np.abs(free[:, 1]), free[:, 0]))[0]]
    if count == 1:
        return [free[np.argmin(np.hypot(*free.T))]], 0.0
    if count == 2:
        high = free[np.lexsort((np.abs(free[:, 1]), -free[:, 0]))[0]]
        return [low, high], apart - float(np.hypot(*(high - low)))
    # the largest triangle: the affine image of the equilateral one when the free region is an ellipse
    rise = free[:, 0] - low[0]
    front, back = (free[np.argmax(rise * np.maximum(sign * (free[:, 1] - low[1]), 0))] for sign in (1, -1))
    pairs = ((low, front), (low, back), (front, back))
    return [low, front, back], apart - min(float(np.hypot(*(a - b))) for a, b in pairs)


def _axis(capsule: Capsule) -> Floats:
    along = capsule.end - capsule.start
    return np.asarray(along / np.linalg.norm(along))
