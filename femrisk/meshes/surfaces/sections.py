"""A closed surface and a plane in, the outlines of the section out: area, centre and widths of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.meshes.labelled import Floats
from femrisk.meshes.surfaces.triangles import Triangles, components


@dataclass(frozen=True, eq=False)
class Section:
    """One closed outline of a plane section."""

    #: mm2
    area: float
    #: (3,) centre of the area, mm
    center: Floats
    #: (k, 3) points of the outline, mm
    outline: Floats

    def width(self, direction: Floats) -> float:
        """Extent along a unit vector (3,), mm."""
        return float(np.ptp(self.outline @ direction))


def sections(surface: Triangles, point: Floats, normal: Floats) -> list[Section]:
    """Every outline in the plane through ``point`` (3,) square to the unit vector ``normal`` (3,)."""
    height = (surface.points - point) @ normal
    above = height > 0
    first, second, third = above[surface.faces.T]
    cut = np.flatnonzero((first != second) | (second != third))
    faces = surface.faces[cut]
    corner = above[faces]
    if not len(faces):
        return []
    following = np.roll(corner, -1, axis=1)
    ends = []
    for side in (np.argmax(corner & ~following, axis=1), np.argmax(~corner & following, axis=1)):
        pair = np.column_stack([np.take_along_axis(faces, (side[:, None] + i) % 3, axis=1) for i in (0, 1)])
        ends.append(np.sort(pair, axis=1))
    keys = np.concatenate(ends) @ np.array([len(surface.points), 1])
    _, crossing = np.unique(keys, return_inverse=True)
    start, end = crossing.ravel().reshape(2, -1)
    label = components(int(crossing.max()) + 1, np.column_stack([start, end]))[start]
    spots = []
    for pair in ends:
        low, high = height[pair[:, 0]], height[pair[:, 1]]
        share = (low / (low - high))[:, None]
        spots.append(surface.points[pair[:, 0]] * (1 - share) + surface.points[pair[:, 1]] * share)
    return [outlined(spots[0][label == i], spots[1][label == i], normal) for i in range(label.max() + 1)]


def outlined(start: Floats, end: Floats, normal: Floats) -> Section:
    """A closed outline from its directed pieces (k, 3) to (k, 3)."""
    middle = start.mean(axis=0)
    twice = np.cross(start - middle, end - middle) @ normal
    total = twice.sum()
    center = middle if total == 0 else middle + twice @ (start + end - 2 * middle) / (3 * total)
    return Section(float(abs(total) / 2), np.asarray(center), start)


def section_at(surface: Triangles, point: Floats, normal: Floats) -> Section | None:
    """The outline whose centre is nearest to ``point``, of those not far smaller than the largest."""
    found = sections(surface, point, normal)
    if not found:
        return None
    largest = max(section.area for section in found)
    return min(
        (section for section in found if section.area > 0.1 * largest),
        key=lambda section: float(np.linalg.norm(section.center - point)),
    )
