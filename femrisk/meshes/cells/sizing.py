"""Shapes and the edge lengths they want in, one graded size field on a regular grid out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage

from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Solid

#: spacing of the grid on which the size field is sampled, mm
SPACING = 2.0
#: gain of edge length per mm away from a solid that wants small cells: neighbouring cells grow by about 1.3
GROWTH = 0.3
#: gain of edge length per mm outside the bone, where cells are thrown away
GROWTH_OUTSIDE = 0.6


@dataclass(frozen=True)
class SizeField:
    """Edge length on a regular grid that covers the bone with a margin."""

    #: (3,) lower corner, mm
    origin: Floats
    #: spacing, mm
    spacing: float
    #: (i, j, k) edge length, mm
    values: Floats

    def corners(self) -> Floats:
        """(2, 3) lower and upper corner of the grid, mm."""
        extent = self.spacing * (np.array(self.values.shape) - 1)
        return np.array([self.origin, self.origin + extent])

    def points(self) -> Floats:
        """(n, 3) points of the grid, the last axis fastest, mm."""
        index = np.stack(np.meshgrid(*map(np.arange, self.values.shape), indexing="ij"), axis=-1)
        return np.asarray(self.origin + self.spacing * index.reshape(-1, 3))

    def at(self, points: Floats) -> Floats:
        """(n,) edge length at points (n, 3), mm."""
        places = ((points - self.origin) / self.spacing).T
        return np.asarray(scipy.ndimage.map_coordinates(self.values, places, order=1, mode="nearest"))


def grid_points(lower: Floats, upper: Floats, spacing: float) -> tuple[Floats, tuple[int, int, int]]:
    """(n, 3) points of a regular grid over a box in C order, and its shape."""
    axes = [
        low + spacing * np.arange(int(np.ceil((high - low) / spacing)) + 1)
        for low, high in zip(lower, upper, strict=True)
    ]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return points, (len(axes[0]), len(axes[1]), len(axes[2]))


def size_field(anatomy: Anatomy, solids: tuple[Solid, ...], size_mm: float) -> SizeField:
    """The edge length wanted everywhere: ``size_mm`` in the bone, each solid's own near it, graded by ``GROWTH``.

    Args:
        anatomy: the bone.
        solids: every solid of the case, whichever mesh is made, so that all meshes of a case share one field.
        size_mm: edge length in the bone, mm.
    """
    margin = 2.5 * size_mm
    lower, upper = anatomy.outer.bounds()
    points, shape = grid_points(lower - margin, upper + margin, SPACING)
    outside = anatomy.outer.distance(points)
    size = np.full(len(points), size_mm)
    for solid in solids:
        # half a cell of margin keeps both sides of a sheet at the wanted length
        near = max(0.5 * solid.size_mm, solid.around_mm)
        distance = np.maximum(solid.shape.distance(points) - near, 0.0)
        size = np.minimum(size, solid.size_mm + GROWTH * distance)
    size += GROWTH_OUTSIDE * np.maximum(outside - size, 0.0)
    return SizeField(points[0], SPACING, size.reshape(shape))
