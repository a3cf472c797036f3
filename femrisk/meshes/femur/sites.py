"""Names of places in a proximal femur in, frames in its standard frame out.

Every site has a local axis: the neck axis in head and neck, the shaft axis below. Sections are cut perpendicular to it.
"""

from __future__ import annotations

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import FemurAnatomy, FemurLandmarks
from femrisk.meshes.frames import Frame
from femrisk.meshes.labelled import REGIONS, Floats
from femrisk.meshes.shapes import unit

#: what a femur's frames are known by
PLACES = ("head", "neck", "intertrochanteric", "greater_trochanter", "subtrochanteric", "shaft")
#: Length of the subtrochanteric region below the lesser trochanter, mm (its usual definition: 5 cm).
SUBTROCHANTERIC_MM = 50.0
#: The greater trochanter's centre is the deepest point this far from its tip, in head radii (18 mm for a 46 mm head).
TROCHANTER_DEPTH = 0.8


def frame_axes(landmarks: FemurLandmarks, site: str) -> Floats:
    """(3, 3) the directions of a site's frame (``Frame.axes``)."""
    if site in ("head", "neck"):
        along = unit(landmarks.neck_axis)
        superior = unit(landmarks.shaft_axis - along * float(landmarks.shaft_axis @ along))
        return np.array([along, superior, np.cross(superior, along)])
    along = unit(landmarks.shaft_axis)
    medial = unit(np.array([1.0, 0.0, 0.0]) - along * along[0])
    return np.array([along, medial, np.cross(along, medial)])


def frame(anatomy: FemurAnatomy, site: str) -> Frame:
    """The frame in the middle of a site.

    Raises:
        GeometryError: the bone is cut above the site, or has no such site.
    """
    if site not in PLACES:
        raise GeometryError("site", f"is no place in a proximal femur (allowed: {', '.join(PLACES)}, got: {site})")
    marks = anatomy.landmarks
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


def canal_center(anatomy: FemurAnatomy, z: float) -> Floats:
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


def site_at(anatomy: FemurAnatomy, point: Floats) -> str:
    """The site a point lies in: its region, and ``greater_trochanter`` near that tip."""
    marks = anatomy.landmarks
    lateral = float(point[0]) < 0 and float(point[2]) > float(marks.lesser_trochanter[2]) / 2
    if lateral and np.linalg.norm(point - marks.greater_trochanter) < 1.4 * TROCHANTER_DEPTH * marks.head_radius:
        return "greater_trochanter"
    return REGIONS[int(anatomy.region(np.asarray(point, float)[None])[0])]


def _trochanter_center(anatomy: FemurAnatomy) -> Floats:
    """(3,) the deepest point on a sphere about the tip of the greater trochanter, on its lower lateral side."""
    marks = anatomy.landmarks
    polar, azimuth = np.meshgrid(np.radians(np.arange(0, 60, 4)), np.radians(np.arange(0, 360, 10)), indexing="ij")
    rays = np.stack(
        [np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), -np.cos(polar)], axis=-1
    ).reshape(-1, 3)
    points = marks.greater_trochanter + TROCHANTER_DEPTH * marks.head_radius * rays
    points = points[points[:, 0] <= marks.greater_trochanter[0]]
    return np.asarray(points[np.argmin(anatomy.outer.distance(points))])
