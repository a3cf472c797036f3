"""A femur's surface and its head in, its shaft and neck axes and the way into the standard frame out."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from femrisk.errors import GeometryError
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import unit
from femrisk.meshes.surfaces.sections import Section, section_at
from femrisk.meshes.surfaces.triangles import Triangles, place

logger = logging.getLogger(__name__)

#: the shaft's axis is fitted from this far below the origin, head radii (45 mm for a head of 46 mm)
SHAFT_BEGINS = 45 / 23
#: and over at least this length, head radii
SHAFT_LEAST = 1.0
#: neck sections are looked for at these distances from the head's centre, head radii
NECK_SPAN = (0.7, 2.4)
#: a section this much larger than the shaft's median belongs to the condyles or trochanters
SHAFT_AREA = 1.5
#: neck-shaft angles of adults, degrees (mean 125, standard deviation 6)
NECK_SHAFT_ANGLES = (100.0, 155.0)
#: a surface that reaches this far below the head's top ends in condyles, mm; they lie in its last share
WHOLE_FEMUR_MM, CONDYLES_SHARE = 330.0, 0.09


@dataclass(frozen=True, eq=False)
class Axes:
    """What orients a femur, in the coordinates of its surface, mm."""

    #: (3,)
    head_center: Floats
    head_radius: float
    #: (3,) centre of the narrowest neck section
    neck_center: Floats
    #: (3,) point on the shaft's axis nearest to the neck's axis
    origin: Floats
    #: (3,) unit vector up the shaft
    up: Floats

    def frame(self, medial: Floats, side: str) -> Floats:
        """(3, 4) from the standard frame to the surface's coordinates; ``medial`` (3,) is made square to the shaft.

        In a right femur anterior is medial x up, in a left one up x medial.
        """
        x = unit(medial - (medial @ self.up) * self.up)
        y = np.cross(x, self.up) if side == "right" else np.cross(self.up, x)
        return np.column_stack([x, y, self.up, self.origin])


def find_shaft(surface: Triangles, head: Floats, radius: float, length: float, where: str) -> tuple[Floats, Floats]:
    """A point (3,) on the proximal shaft's axis and the unit vector (3,) up it.

    The best line through the centres of sections from the trochanters to ``length`` mm below the top of the head,
    or to the end of the shaft.

    Raises:
        GeometryError: the surface has too little shaft.
    """
    up, origin = long_axis(surface), surface.points.mean(axis=0)
    if (head - origin) @ up < 0:
        up = -up
    # first guess of how far the origin lies below the head: a neck of 54 mm at 127 degrees for a radius of 23 mm
    drop = 32.5 / 23 * radius
    for _ in range(8):
        bottom = float((surface.points @ up).min()) + 2
        top = float(head @ up) - drop - SHAFT_BEGINS * radius
        low = max(bottom, float(head @ up) + radius - length)
        if top - low < SHAFT_LEAST * radius:
            needed = radius * (1 + SHAFT_LEAST + SHAFT_BEGINS) + drop
            raise GeometryError(
                where,
                f"too little shaft: it ends {head @ up + radius - low:.0f} mm below the head's top "
                f"(allowed: at least {np.ceil(needed):.0f} mm, or give its landmarks)",
            )
        heights = np.linspace(low, top, 30)
        found = [section_at(surface, origin + (h - origin @ up) * up, up) for h in heights]
        kept = slender([section for section in found if section is not None])
        centers = np.array([section.center for section in kept])
        origin = centers.mean(axis=0)
        line = np.linalg.svd(centers - origin)[2][0]
        up = line if line @ up > 0 else -line
    return origin, up


def slender(found: list[Section]) -> list[Section]:
    """Without the sections that belong to the ends of the bone."""
    middle = float(np.median([section.area for section in found]))
    return [section for section in found if section.area < SHAFT_AREA * middle]


def find_neck(surface: Triangles, head: Floats, radius: float, shaft: Floats, up: Floats) -> Section:
    """The narrowest section of the neck, square to the line from its centre to the head's centre."""
    across = shaft - head
    across = unit(across - (across @ up) * up)
    angle = np.radians(37.0)
    direction = np.cos(angle) * across - np.sin(angle) * up
    distances = radius * np.linspace(*NECK_SPAN, 40)
    narrowest = None
    for _ in range(12):
        found = [section_at(surface, head + t * direction, direction) for t in distances]
        kept = [section for section in found if section is not None]
        narrowest = min(kept, key=lambda section: section.area)
        near = [section.center for section in kept if section.area < 1.03 * narrowest.area]
        following = unit(np.mean(near, axis=0) - head)
        if following @ direction > np.cos(5e-4):
            break
        direction = unit(following + direction)
    assert narrowest is not None
    return narrowest


def crossing(head: Floats, neck: Floats, shaft: Floats, up: Floats, where: str) -> Floats:
    """(3,) the point of the shaft's axis nearest to the line from ``head`` through ``neck``.

    Raises:
        GeometryError: the angle between the axes is not that of a femur.
    """
    along = unit(neck - head)
    angle = 180 - np.degrees(np.arccos(np.clip(-along @ up, -1, 1)))
    if not NECK_SHAFT_ANGLES[0] <= angle <= NECK_SHAFT_ANGLES[1]:
        low, high = NECK_SHAFT_ANGLES
        raise GeometryError(
            where,
            f"a neck-shaft angle of {angle:.0f} degrees, with the head at {place(head)} and the neck at {place(neck)} "
            f"(allowed: {low:g} to {high:g}; or give its landmarks)",
        )
    offset, cosine = head - shaft, along @ up
    return np.asarray(shaft + up * ((offset @ up) - cosine * (offset @ along)) / (1 - cosine**2))


def condylar_medial(surface: Triangles, axes: Axes, side: str) -> Floats | None:
    """(3,) medial along the line that touches both condyles from behind; None where the surface has no condyles."""
    height = (surface.points - axes.head_center) @ axes.up
    if axes.head_radius - height.min() < WHOLE_FEMUR_MM:
        return None
    neck = axes.frame(axes.head_center - axes.origin, side)
    distal = surface.points[height < height.min() + CONDYLES_SHARE * np.ptp(height)]
    flat = (distal - axes.origin) @ neck[:, :2]
    hull = ConvexHull(flat)
    start, end = flat[hull.simplices[:, 0]], flat[hull.simplices[:, 1]]
    length = np.linalg.norm(end - start, axis=1)
    behind = hull.equations[:, 1] < -np.cos(np.radians(50))
    if not behind.any():
        return None
    longest = int(np.argmax(np.where(behind, length, 0)))
    line = (end[longest] - start[longest]) / length[longest]
    line = line if line[0] > 0 else -line
    if length[longest] < axes.head_radius:
        return None
    return np.asarray(neck[:, :2] @ line)


def anteverted_medial(axes: Axes, side: str, anteversion: float) -> Floats:
    """(3,) medial when the neck points ``anteversion`` radians forwards of it."""
    neck = axes.frame(axes.head_center - axes.origin, side)
    return np.asarray(np.cos(anteversion) * neck[:, 0] - np.sin(anteversion) * neck[:, 1])


def long_axis(surface: Triangles) -> Floats:
    """(3,) unit vector along which the surface, weighted by area, is longest."""
    middles = surface.corners().mean(axis=1)
    areas = np.linalg.norm(surface.area_vectors(), axis=1)
    center = np.average(middles, axis=0, weights=areas)
    return np.asarray(np.linalg.eigh(np.cov((middles - center).T, aweights=areas))[1][:, -1])
