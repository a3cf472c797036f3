"""Signed distances: points in, millimetres out, negative inside; every solid femrisk meshes is one of these.

Balls, ellipsoids, cylinders, capsules, round cones and half-spaces are true distances. ``Union``, ``Intersection`` and
``Difference`` of true distances keep the sign and the zero level, stay 1-Lipschitz, and are never larger in magnitude
than the true distance. ``SmoothUnion`` is no distance any more: ``femrisk.meshes.sampled.resample`` makes one of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from femrisk.meshes.labelled import Floats
from femrisk.meshes.quadric import quadric_distance


class Shape(Protocol):
    """Anything with a signed distance and a box around it."""

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, negative inside, at most 1-Lipschitz (close to a true distance near the surface)."""
        ...

    def bounds(self) -> Floats:
        """(2, 3) mm, lower and upper corner of a box that holds the shape."""
        ...


@dataclass(frozen=True)
class Solid:
    """A named shape that the mesher cuts into the mesh as a sheet, and an arm may paint with a material."""

    #: unique in its mesh: bone, endosteum, lesion name, cement name, screw_1, nail, lag_screw, locking_screw
    name: str
    shape: Shape
    #: bone | endosteum | lesion | cement | device
    role: str
    #: edge length wanted on and inside it, mm
    size_mm: float
    #: cut only inside this other solid (cement that fills part of a lesion shares the lesion's sheet)
    within: str | None = None
    #: how far from it cells are to be as small, mm
    around_mm: float = 0.0


@dataclass(frozen=True, eq=False)
class Ball:
    """All points nearer than ``radius`` (mm) to ``center`` (3,)."""

    center: Floats
    radius: float

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, exact."""
        return np.asarray(np.linalg.norm(points - self.center, axis=1) - self.radius)

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        return np.array([np.asarray(self.center) - self.radius, np.asarray(self.center) + self.radius])


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """Ellipsoid with ``semi_axes`` (3,) mm along the orthonormal rows of ``axes`` (3, 3)."""

    center: Floats
    semi_axes: Floats
    axes: Floats

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, exact to 1e-6 mm."""
        local = (points - self.center) @ np.asarray(self.axes).T
        return quadric_distance(local, np.broadcast_to(self.semi_axes, local.shape))

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        half = np.sqrt(np.sum((np.asarray(self.semi_axes)[:, None] * np.asarray(self.axes)) ** 2, axis=0))
        return np.array([self.center - half, self.center + half])


@dataclass(frozen=True, eq=False)
class Cylinder:
    """Cylinder of ``radius`` with flat ends at ``start`` and ``end`` (3,), mm."""

    start: Floats
    end: Floats
    radius: float

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, exact."""
        along, across, length = axial(points, self.start, self.end)
        radial = across - self.radius
        axial_distance = np.maximum(-along, along - length)
        outside = np.hypot(np.maximum(radial, 0), np.maximum(axial_distance, 0))
        return np.asarray(outside + np.minimum(np.maximum(radial, axial_distance), 0))

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        axis = unit(np.subtract(self.end, self.start))
        half = self.radius * np.sqrt(np.maximum(1 - axis**2, 0))
        return np.array([np.minimum(self.start, self.end) - half, np.maximum(self.start, self.end) + half])


@dataclass(frozen=True, eq=False)
class RoundCone:
    """Convex hull of two balls: ``start_radius`` at ``start`` and ``end_radius`` at ``end``, mm."""

    start: Floats
    end: Floats
    start_radius: float
    end_radius: float

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, exact: the nearest of all balls of linearly varying centre and radius."""
        along, across, length = axial(points, self.start, self.end)
        slope = np.clip((self.start_radius - self.end_radius) / max(length, 1e-12), -1, 1)
        place = np.clip(along - across * slope / np.sqrt(max(1 - slope**2, 1e-12)), 0, length)
        radius = self.start_radius - slope * place
        return np.asarray(np.hypot(along - place, across) - radius)

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        balls = Ball(self.start, self.start_radius).bounds(), Ball(self.end, self.end_radius).bounds()
        return np.array([np.minimum(balls[0][0], balls[1][0]), np.maximum(balls[0][1], balls[1][1])])


@dataclass(frozen=True, eq=False)
class Capsule:
    """All points nearer than ``radius`` to the segment from ``start`` to ``end`` (3,), mm."""

    start: Floats
    end: Floats
    radius: float

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, exact."""
        return RoundCone(self.start, self.end, self.radius, self.radius).distance(points)

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        return RoundCone(self.start, self.end, self.radius, self.radius).bounds()


@dataclass(frozen=True, eq=False)
class EllipticTube:
    """Straight tube with flat ends whose elliptic section varies along it.

    ``first_radii`` and ``second_radii`` (k,) mm are evenly spaced from ``start`` to ``end``, in between by straight
    lines; ``first_axis`` (3,) points along the first radius, and is made perpendicular to the tube.
    """

    start: Floats
    end: Floats
    first_axis: Floats
    first_radii: Floats
    second_radii: Floats

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm; exact across for a tube of constant section, a lower bound where it tapers."""
        axis = unit(np.subtract(self.end, self.start))
        first = unit(self.first_axis - axis * np.dot(self.first_axis, axis))
        length = float(np.linalg.norm(np.subtract(self.end, self.start)))
        local = (points - self.start) @ np.array([first, np.cross(axis, first), axis]).T
        stations = np.linspace(0, length, len(self.first_radii))
        radii = np.stack([np.interp(local[:, 2], stations, r) for r in (self.first_radii, self.second_radii)], axis=1)
        slope = max(float(np.abs(np.gradient(r, stations)).max()) for r in (self.first_radii, self.second_radii))
        side = quadric_distance(local[:, :2], radii) / np.hypot(1, slope)
        return np.asarray(np.maximum(side, np.maximum(-local[:, 2], local[:, 2] - length)))

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        return Capsule(self.start, self.end, float(max(np.max(self.first_radii), np.max(self.second_radii)))).bounds()


@dataclass(frozen=True, eq=False)
class HalfSpace:
    """Everything behind the plane through ``point`` (3,) with outward ``normal`` (3,)."""

    point: Floats
    normal: Floats

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, exact."""
        return np.asarray((points - self.point) @ unit(self.normal))

    def bounds(self) -> Floats:
        """(2, 3) mm, infinite but for the plane of a normal along an axis."""
        axis, box = unit(self.normal), np.array([[-np.inf] * 3, [np.inf] * 3])
        box[0, axis == -1], box[1, axis == 1] = np.asarray(self.point)[axis == -1], np.asarray(self.point)[axis == 1]
        return box


@dataclass(frozen=True, eq=False)
class Union:
    """In any of ``shapes``."""

    shapes: tuple[Shape, ...]

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, exact outside."""
        return np.asarray(np.min([shape.distance(points) for shape in self.shapes], axis=0))

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        boxes = np.array([shape.bounds() for shape in self.shapes])
        return np.array([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])


@dataclass(frozen=True, eq=False)
class Intersection:
    """In all of ``shapes``."""

    shapes: tuple[Shape, ...]

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, exact inside."""
        return np.asarray(np.max([shape.distance(points) for shape in self.shapes], axis=0))

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        boxes = np.array([shape.bounds() for shape in self.shapes])
        return np.array([boxes[:, 0].max(axis=0), boxes[:, 1].min(axis=0)])


@dataclass(frozen=True, eq=False)
class Difference:
    """In ``shape`` but not in ``tool``."""

    shape: Shape
    tool: Shape

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm."""
        return np.asarray(np.maximum(self.shape.distance(points), -self.tool.distance(points)))

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        return self.shape.bounds()


@dataclass(frozen=True, eq=False)
class SmoothUnion:
    """Union whose concave edge is filled over a width of about ``blend`` mm (polynomial smooth minimum)."""

    first: Shape
    second: Shape
    blend: float

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm; sign and Lipschitz bound hold, the magnitude is off by up to blend / 4."""
        return smooth_minimum(self.first.distance(points), self.second.distance(points), self.blend)

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        box = Union((self.first, self.second)).bounds()
        return np.array([box[0] - self.blend / 4, box[1] + self.blend / 4])


@dataclass(frozen=True, eq=False)
class Offset:
    """``shape`` grown outwards by ``by`` mm (negative shrinks it)."""

    shape: Shape
    by: float

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm."""
        return np.asarray(self.shape.distance(points) - self.by)

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        box = self.shape.bounds()
        return np.array([box[0] - self.by, box[1] + self.by])


def smooth_minimum(first: Floats, second: Floats, blend: float) -> Floats:
    """min(first, second) - max(blend - |first - second|, 0)^2 / (4 blend), elementwise."""
    return np.asarray(np.minimum(first, second) - np.maximum(blend - np.abs(first - second), 0) ** 2 / (4 * blend))


def unit(vector: Floats) -> Floats:
    """(3,) ``vector`` scaled to length one."""
    return np.asarray(vector, float) / np.linalg.norm(vector)


def axial(points: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats, float]:
    """Distance along (n,) and across (n,) the axis from ``start`` to ``end``, and its length, mm."""
    length = float(np.linalg.norm(np.subtract(end, start)))
    relative = points - start
    axis = np.subtract(end, start) / length
    along = relative @ axis
    across = np.linalg.norm(relative - along[:, None] * axis, axis=1)
    return np.asarray(along), np.asarray(across), length
