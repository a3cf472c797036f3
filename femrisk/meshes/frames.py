"""A bone and a local axis in, sections across the axis and ways to the surface out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import Implicit


@dataclass(frozen=True, eq=False)
class Frame:
    """A point on the local axis of a site and three orthonormal directions."""

    #: (3,) mm
    origin: Floats
    #: (3, 3) rows: along the axis; superior (neck, pedicle), medial (shaft) or right (body); square to both
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


def spot(point: Floats) -> str:
    """``(12, -3, 40) mm``: a point in words."""
    x, y, z = (round(float(value)) for value in point)
    return f"({x}, {y}, {z}) mm"


def reach(anatomy: Anatomy, start: Floats, towards: Floats) -> float:
    """Way from ``start`` (3,) inside the bone along ``towards`` (3,) to the periosteal surface, mm (sphere tracing)."""
    way = 0.0
    for _ in range(200):
        gap = -float(anatomy.outer.distance((start + way * towards)[None])[0])
        if gap < 1e-3:
            break
        way += gap
    return way


def exits(distance: Implicit, starts: Floats, way: Floats, longest: float, step: float = 0.5) -> Floats:
    """(k,) way from each of ``starts`` (k, 3) along ``way`` (3,) or (k, 3) to where it first leaves the bone, mm.

    0 where it starts outside, infinite where it stays inside up to ``longest``.
    """
    steps = np.arange(0.0, longest + step, step)
    ways = np.broadcast_to(way, starts.shape)
    points = starts[:, None] + steps[:, None] * ways[:, None]
    values = distance(points.reshape(-1, 3)).reshape(len(starts), -1)
    outside = values >= 0
    first = np.argmax(outside, axis=1)
    row = np.arange(len(starts))
    before, after = values[row, np.maximum(first - 1, 0)], values[row, first]
    share = before / np.minimum(before - after, -1e-9)
    found = steps[np.maximum(first - 1, 0)] + step * np.clip(share, 0, 1)
    return np.asarray(np.where(first > 0, found, np.where(outside[:, 0], 0.0, np.inf)))


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
