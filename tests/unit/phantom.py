"""A femur of a few tubes and balls, with the closed forms that a real one lacks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.anatomy import FemurAnatomy, FemurLandmarks
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Ball, Capsule, Cylinder, Shape, Union


def phantom(
    shaft: float = 14.0,
    canal: float = 8.0,
    neck: float = 16.0,
    head: float = 23.0,
    length: float = 54.0,
    cortex: float = 2.0,
    distal_z: float = -180.0,
) -> FemurAnatomy:
    """Pipe of ``shaft`` and ``canal`` radii along z, a neck tube at 127 degrees to it, a head; no trochanters (mm).

    The surface points lie on the shaft and neck tubes only, 1 mm apart, without those inside the bone.
    """
    axis = np.array([np.cos(np.radians(37)), 0.0, np.sin(np.radians(37))])
    up, center = np.array([0.0, 0.0, 1.0]), length * axis
    outer = Union(
        (
            Cylinder(distal_z * up, 10 * up, shaft),
            Ball(10 * up, shaft),
            Capsule(np.zeros(3), center, neck),
            Ball(center, head),
        )
    )
    inner = Union(
        (
            Cylinder((distal_z - 20) * up, 10 * up, canal),
            Capsule(np.zeros(3), center, neck - cortex),
            Ball(center, head - cortex),
        )
    )
    surface = np.concatenate(
        [_tube(distal_z * up, 10 * up, shaft), _tube(np.zeros(3), center, neck), _ball(center, head)]
    )
    surface = surface[np.abs(outer.distance(surface)) < 1e-6]
    marks = FemurLandmarks(
        head_center=center,
        head_radius=head,
        neck_axis=axis,
        neck_center=0.55 * center,
        neck_width_si=2 * neck,
        neck_width_ap=2 * neck,
        shaft_axis=up,
        shaft_diameter_ml=2 * shaft,
        shaft_diameter_ap=2 * shaft,
        greater_trochanter=np.array([-6.0, -2.0, 22.0]),
        lesser_trochanter=np.array([12.0, -12.0, -30.0]),
        distal_z=distal_z,
    )
    return FemurAnatomy(
        outer=outer,
        inner=inner,
        density=lambda points, cortical: np.where(cortical, 1.1, 0.3),
        landmarks=marks,
        surface_points=surface,
        to_source=np.eye(4)[:3],
        region=lambda points: _region(points, marks),
    )


def _region(points: Floats, marks: FemurLandmarks) -> NDArray[np.uint8]:
    """Head beyond 0.7 of the neck, neck beyond 0.3 of it, then by height."""
    along = points @ marks.neck_axis / np.linalg.norm(marks.head_center)
    z = points[:, 2]
    below = np.where(z > -30, 2, np.where(z > -80, 3, 4))
    return np.where(along > 0.7, 0, np.where((along > 0.3) & (z > 0), 1, below)).astype(np.uint8)


def _tube(start: Floats, end: Floats, radius: float) -> Floats:
    shape: Shape = Cylinder(start, end, radius)
    axis = (end - start) / np.linalg.norm(end - start)
    first = np.cross(axis, [0.0, 1.0, 0.0])
    second = np.cross(axis, first)
    count = round(2 * np.pi * radius)
    angle, along = np.meshgrid(
        2 * np.pi * np.arange(count) / count, np.arange(0.5, np.linalg.norm(end - start)), indexing="ij"
    )
    points = start + along.ravel()[:, None] * axis
    points = points + radius * (np.cos(angle.ravel())[:, None] * first + np.sin(angle.ravel())[:, None] * second)
    return points[np.abs(shape.distance(points)) < 1e-6]


def _ball(center: Floats, radius: float) -> Floats:
    count = round(4 * np.pi * radius**2)
    index = np.arange(count) + 0.5
    z, azimuth = 1 - 2 * index / count, np.pi * (1 + 5**0.5) * index
    ring = np.sqrt(1 - z**2)
    return center + radius * np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), z], axis=1)
