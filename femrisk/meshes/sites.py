"""Names of places in a proximal femur in, points and directions in its standard frame out.

Every site has a local axis: the neck axis in head and neck, the shaft axis below. Sections are cut perpendicular to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import Anatomy, Landmarks
from femrisk.meshes.labelled import REGIONS, Floats
from femrisk.meshes.shapes import unit

Site = Literal[
    "head",
    "femoral_head",
    "neck",
    "femoral_neck",
    "intertrochanteric",
    "greater_trochanter",
    "subtrochanteric",
    "shaft",
    "femoral_shaft",
]
Quadrant = Literal[
    "central",
    "superior",
    "inferior",
    "anterior",
    "posterior",
    "medial",
    "lateral",
    "superomedial",
    "superolateral",
    "inferomedial",
    "inferolateral",
    "anterosuperior",
    "anteroinferior",
    "posterosuperior",
    "posteroinferior",
    "anteromedial",
    "anterolateral",
    "posteromedial",
    "posterolateral",
]

#: Length of the subtrochanteric region below the lesser trochanter, mm (its usual definition: 5 cm).
SUBTROCHANTERIC_MM = 50.0
#: The greater trochanter's centre is the deepest point this far from its tip, in head radii (18 mm for a 46 mm head).
TROCHANTER_DEPTH = 0.8

_DIRECTIONS = {
    "superior": (0, 0, 1),
    "inferior": (0, 0, -1),
    "anterior": (0, 1, 0),
    "posterior": (0, -1, 0),
    "medial": (1, 0, 0),
    "lateral": (-1, 0, 0),
}
_STEMS = {
    "supero": "superior",
    "infero": "inferior",
    "antero": "anterior",
    "postero": "posterior",
    "medio": "medial",
    "latero": "lateral",
}
_EVERY: tuple[str, ...] = get_args(Quadrant)
_ACROSS_SHAFT = tuple(word for word in _EVERY if "super" not in word and "infer" not in word)

#: Quadrants that mean something at a site. In the neck superomedial and inferolateral point along its axis; in the head
#: lateral and inferolateral point into the neck; in the shaft superior and inferior point along it; the greater
#: trochanter hangs on its inferior and medial sides.
QUADRANTS: dict[str, tuple[str, ...]] = {
    "head": tuple(word for word in _EVERY if word not in ("lateral", "inferolateral")),
    "neck": tuple(word for word in _EVERY if word not in ("superomedial", "inferolateral")),
    "intertrochanteric": _ACROSS_SHAFT,
    "greater_trochanter": tuple(word for word in _EVERY if "infer" not in word and "medial" not in word),
    "subtrochanteric": _ACROSS_SHAFT,
    "shaft": _ACROSS_SHAFT,
}
#: Sites whose quadrants are directions in space; elsewhere they are projected on the section.
SPATIAL = ("head", "greater_trochanter")


@dataclass(frozen=True, eq=False)
class Frame:
    """A point on the local axis of a site and three orthonormal directions."""

    #: (3,) mm
    origin: Floats
    #: (3, 3) rows: along the axis (towards the head), superior (neck) or medial (shaft), anterior
    axes: Floats

    def local(self, points: Floats) -> Floats:
        """(n, 3) mm in the frame."""
        return np.asarray((points - self.origin) @ self.axes.T)

    def world(self, points: Floats) -> Floats:
        """(n, 3) mm in the standard frame."""
        return np.asarray(points @ self.axes + self.origin)


@dataclass(frozen=True, eq=False)
class Section:
    """Slices of a bone perpendicular to a local axis: regular grids of points and their depth in the bone."""

    #: (k,) mm along the axis
    along: Floats
    #: (m,) mm across, the same in both directions
    across: Floats
    #: (k, m, m, 3) mm, standard frame
    points: Floats
    #: (k, m, m) signed distance of the part of the bone that the axis runs through, mm; other parts count as outside
    bone: Floats


def short(site: str) -> str:
    """``femoral_neck`` -> ``neck``."""
    return site.removeprefix("femoral_")


def direction(quadrant: str) -> Floats:
    """(3,) unit vector of a quadrant in the standard frame; zero for ``central``.

    ``anteroinferior`` is halfway between anterior and inferior.
    """
    if quadrant == "central":
        return np.zeros(3)
    for stem, first in _STEMS.items():
        if quadrant.startswith(stem) and quadrant not in _DIRECTIONS:
            return unit(np.add(_DIRECTIONS[first], _DIRECTIONS[quadrant.removeprefix(stem)]))
    return np.array(_DIRECTIONS[quadrant], float)


def spot(point: Floats) -> str:
    """``(12, -3, 40) mm``: a point in words."""
    x, y, z = (round(float(value)) for value in point)
    return f"({x}, {y}, {z}) mm"


def frame_axes(landmarks: Landmarks, site: str) -> Floats:
    """(3, 3) the directions of a site's frame (``Frame.axes``)."""
    if short(site) in ("head", "neck"):
        along = unit(landmarks.neck_axis)
        superior = unit(landmarks.shaft_axis - along * float(landmarks.shaft_axis @ along))
        return np.array([along, superior, np.cross(superior, along)])
    along = unit(landmarks.shaft_axis)
    medial = unit(np.array([1.0, 0.0, 0.0]) - along * along[0])
    return np.array([along, medial, np.cross(along, medial)])


def frame(anatomy: Anatomy, site: str) -> Frame:
    """The frame in the middle of a site.

    Raises:
        GeometryError: the bone is cut above the site.
    """
    marks, site = anatomy.landmarks, short(site)
    axes = frame_axes(marks, site)
    if site == "head":
        return Frame(marks.head_center, axes)
    if site == "neck":
        return Frame(marks.neck_center, axes)
    lesser = float(marks.lesser_trochanter[2])
    if site == "greater_trochanter":
        return Frame(_trochanter_center(anatomy), axes)
    if site == "intertrochanteric":
        return Frame(marks.shaft_axis * (lesser / 2 / marks.shaft_axis[2]), axes)
    top = lesser if site == "subtrochanteric" else lesser - SUBTROCHANTERIC_MM
    bottom = max(lesser - SUBTROCHANTERIC_MM, marks.distal_z) if site == "subtrochanteric" else marks.distal_z
    if top - bottom < 10.0:
        cut = f"the bone is cut {lesser - marks.distal_z:.0f} mm below its lesser trochanter"
        raise GeometryError("site", f"{cut}, and has no {site.replace('_', ' ')} region")
    return Frame(canal_center(anatomy, (top + bottom) / 2), axes)


def canal_center(anatomy: Anatomy, z: float) -> Floats:
    """(3,) centroid of the part of the endosteum's section at height ``z`` that surrounds the shaft axis, mm."""
    marks = anatomy.landmarks
    half = 0.75 * max(marks.shaft_diameter_ml, marks.shaft_diameter_ap)
    step = np.linspace(-half, half, 41)
    u, v = np.meshgrid(step, step, indexing="ij")
    start = marks.shaft_axis * (z / marks.shaft_axis[2])
    points = np.stack([start[0] + u.ravel(), start[1] + v.ravel(), np.full(u.size, z)], axis=1)
    weight = np.clip(0.5 - anatomy.inner.distance(points) / (step[1] - step[0]), 0, 1)
    if weight.sum() < 1:
        raise GeometryError("bone", f"has no canal around the shaft axis at z = {z:.0f} mm")
    return np.asarray(weight @ points / weight.sum())


def site_at(anatomy: Anatomy, point: Floats) -> str:
    """The site a point lies in: its region, and ``greater_trochanter`` near that tip."""
    marks = anatomy.landmarks
    lateral = float(point[0]) < 0 and float(point[2]) > float(marks.lesser_trochanter[2]) / 2
    if lateral and np.linalg.norm(point - marks.greater_trochanter) < 1.4 * TROCHANTER_DEPTH * marks.head_radius:
        return "greater_trochanter"
    return REGIONS[int(anatomy.region(np.asarray(point, float)[None])[0])]


def reach(anatomy: Anatomy, start: Floats, towards: Floats) -> float:
    """Way from ``start`` (3,) inside the bone along ``towards`` (3,) to the periosteal surface, mm (sphere tracing)."""
    way = 0.0
    for _ in range(200):
        gap = -float(anatomy.outer.distance((start + way * towards)[None])[0])
        if gap < 1e-3:
            break
        way += gap
    return way


def slices(anatomy: Anatomy, at: Frame, along: Sequence[float] | Floats, step: float, half: float = 45.0) -> Section:
    """Cut the bone perpendicular to a local axis.

    Args:
        anatomy: the bone.
        at: the frame; slices are centred on its axis.
        along: (k,) mm along the axis.
        step: spacing of the points, mm.
        half: half width of the slices, mm.
    """
    along = np.asarray(along, float)
    across = np.arange(-half, half + step / 2, step)
    t, u, v = np.meshgrid(along, across, across, indexing="ij")
    points = at.world(np.stack([t.ravel(), u.ravel(), v.ravel()], axis=1))
    bone = anatomy.outer.distance(points).reshape(t.shape)
    # tops of the trochanters that a slice through the neck may also meet are not its section
    radius = np.hypot(u[0], v[0])
    for layer in bone:
        if (layer < 0).any():
            labels, _ = ndimage.label(layer < 0)
            mine = labels.ravel()[np.argmin(np.where(layer < 0, radius, np.inf))]
            layer[(labels > 0) & (labels != mine)] = step
    return Section(along, across, points.reshape(*t.shape, 3), bone)


def _trochanter_center(anatomy: Anatomy) -> Floats:
    """(3,) the deepest point on a sphere about the tip of the greater trochanter, on its lower lateral side."""
    marks = anatomy.landmarks
    polar, azimuth = np.meshgrid(np.radians(np.arange(0, 60, 4)), np.radians(np.arange(0, 360, 10)), indexing="ij")
    rays = np.stack(
        [np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), -np.cos(polar)], axis=-1
    ).reshape(-1, 3)
    points = marks.greater_trochanter + TROCHANTER_DEPTH * marks.head_radius * rays
    points = points[points[:, 0] <= marks.greater_trochanter[0]]
    return np.asarray(points[np.argmin(anatomy.outer.distance(points))])
