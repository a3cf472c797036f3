"""A vertebra's distance in the standard frame in, its body as measured out: outline, walls, and both endplates.

Processes and pedicles touch the body's sides, so its outline is that of sections in which they leave it free; in the
others it is scaled to the width in front. Endplates are planes through their rims with the hollow measured from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes.frames import exits
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import Implicit
from femrisk.meshes.vertebra_orienting import RIM_PERCENTILE
from femrisk.meshes.vertebra_shape import DRAWN_BOX

#: directions of the outline, and levels between the rims (shares of the height) at which it is measured
TURNS, LEVELS = 72, np.linspace(-0.4, 0.4, 13)
#: directions within this angle of straight ahead are free of pedicles at every level, rad
FREE_ANGLE = np.radians(100.0)
#: grid step of the endplates, mm, and share of the way to the outline up to which they are measured: then come rims
FACE_STEP, FACE_SHARE = 1.0, 0.85
#: no body of an adult is deeper or wider than this from its middle, mm (half of the widest that may be asked for)
LONGEST_MM = 40.0
#: heights near a rim at which walls are looked for, shares of the height
RIM_LEVELS = np.linspace(0.25, 0.5, 12)


@dataclass(frozen=True, eq=False)
class Face:
    """An endplate: a plane through its rim and what it lies hollow under it."""

    #: height on the axis, and slopes along x and y
    plane: Floats
    #: (2,) first grid point, mm
    low: Floats
    #: (nx, ny) height over the plane, mm; below 0 where hollow
    relief: Floats

    def height(self, points: Floats) -> Floats:
        """(n, 2 or 3) mm -> (n,) z of the face, mm."""
        index = ((points[:, :2] - self.low) / FACE_STEP).T
        relief = ndimage.map_coordinates(self.relief, index, order=1, mode="nearest")
        return np.asarray(self.rim(points) + relief)

    def rim(self, points: Floats) -> Floats:
        """(n, 2 or 3) mm -> (n,) z of the plane through the rim, mm."""
        return np.asarray(self.plane[0] + points[:, :2] @ self.plane[1:])


@dataclass(frozen=True, eq=False)
class MeasuredBody:
    """The body of a vertebra, as a parametric one knows its own (``BodyForm``)."""

    #: (TURNS,) way from the axis to the outline by angle, mm
    outline: Floats
    #: width at LEVELS over the mean
    narrowing: Floats
    superior: Face
    inferior: Face
    #: y of the anterior wall and of the posterior one
    front: float
    wall: float
    #: across the superior and the inferior rim
    widths: tuple[float, float]

    @property
    def heights(self) -> tuple[float, float]:
        """Height of the posterior and of the anterior wall."""
        ends = np.array([[0.0, self.wall], [0.0, self.front]])
        posterior, anterior = self.superior.rim(ends) - self.inferior.rim(ends)
        return float(posterior), float(anterior)

    @property
    def size(self) -> float:
        """Size relative to the drawn vertebra."""
        return float(np.cbrt(np.mean(self.widths) * (self.front - self.wall) * self.heights[0] / DRAWN_BOX))

    def radius(self, points: Floats) -> Floats:
        """(n,) distance from the axis as a share of the way to the outline."""
        angle = np.arctan2(points[:, 0], points[:, 1])
        turns = np.linspace(-np.pi, np.pi, TURNS, endpoint=False)
        reach = np.interp(angle, turns, self.outline, period=2 * np.pi)
        share = points[:, 2] / np.mean(self.heights)
        return np.asarray(np.hypot(points[:, 0], points[:, 1]) / (reach * np.interp(share, LEVELS, self.narrowing)))

    def endplates(self, points: Floats) -> tuple[Floats, Floats]:
        """(n,) each: height over the superior and under the inferior endplate, mm, negative inside the body."""
        return points[:, 2] - self.superior.height(points), self.inferior.height(points) - points[:, 2]

    def body(self, points: Floats) -> Floats:
        """(n,) about mm, negative inside."""
        upper, lower = self.endplates(points)
        return np.maximum((self.radius(points) - 1) * (self.front - self.wall) / 2, np.maximum(upper, lower))


def measure_body(distance: Implicit, depth: float, where: str) -> MeasuredBody:
    """Measure the body in a standard frame.

    Args:
        distance: of the whole bone, mm, negative inside.
        depth: about half of the body's height, mm.
        where: what the user calls the surface.

    Raises:
        GeometryError: rays from the body's axis find no walls or no endplates.
    """
    tall = 2 * depth
    # rough at first: the height is only known when the faces are
    for _ in range(2):
        outline, narrowing = outlined(distance, tall, where)
        rough = np.min(outline) * FACE_SHARE
        reach = np.append(outline, outline[0])
        superior, inferior = (face(distance, side, reach * narrowing.min(), where) for side in (1.0, -1.0))
        tall = float(superior.plane[0] - inferior.plane[0])
        if tall < rough / 2:
            raise GeometryError(where, "no body with two endplates in front of the canal (or give its landmarks)")
    front, back = (rim_reach(distance, tall, np.array([0.0, side, 0.0])).mean() for side in (1.0, -1.0))
    right, left = (rim_reach(distance, tall, np.array([side, 0.0, 0.0])) for side in (1.0, -1.0))
    widths = right + left
    if not np.isfinite([front, back, *widths]).all():
        raise GeometryError(where, "no walls round the body (or give its landmarks)")
    return MeasuredBody(
        outline, narrowing, superior, inferior, float(front), -float(back), (float(widths[0]), float(widths[1]))
    )


def outlined(distance: Implicit, tall: float, where: str) -> tuple[Floats, Floats]:
    """(TURNS,) outline, mm, and (len(LEVELS),) narrowing of a body about ``tall`` mm high."""
    turns = np.linspace(-np.pi, np.pi, TURNS, endpoint=False)
    ways = np.column_stack([np.sin(turns), np.cos(turns), np.zeros(TURNS)])
    reach = np.array(
        [exits(distance, np.tile([0.0, 0.0, level * tall], (TURNS, 1)), ways, LONGEST_MM) for level in LEVELS]
    )
    free = np.abs(turns) < FREE_ANGLE
    widths = np.median(reach[:, free], axis=1)
    if not (np.isfinite(widths).all() and (widths > 0).all()):
        raise GeometryError(where, "no walls round the body (or give its landmarks)")
    narrowing = widths / widths.mean()
    # the least of all levels: where a pedicle or a process leaves the body free
    outline = np.min(reach / narrowing[:, None], axis=0)
    known = np.isfinite(outline)
    outline = np.interp(turns, turns[known], outline[known], period=2 * np.pi)
    outline[free] = np.mean((reach / narrowing[:, None])[:, free], axis=0)
    return ndimage.median_filter(outline, 3, mode="wrap"), narrowing


def face(distance: Implicit, side: float, reach: Floats, where: str) -> Face:
    """The upper (side 1) or lower (-1) endplate of a body whose outline is ``reach`` (TURNS + 1,) mm from its axis."""
    high = np.ceil(reach.max()) + 1
    axis = np.arange(-high, high + FACE_STEP / 2, FACE_STEP)
    x, y = (part.ravel() for part in np.meshgrid(axis, axis, indexing="ij"))
    way = np.interp(np.arctan2(x, y), np.linspace(-np.pi, np.pi, TURNS + 1), reach)
    within = np.hypot(x, y) < FACE_SHARE * way
    starts = np.column_stack([x, y, np.zeros_like(x)])[within]
    height = exits(distance, starts, np.array([0.0, 0.0, side]), LONGEST_MM)
    known = np.isfinite(height) & (height > 0)
    if known.mean() < 0.8:
        raise GeometryError(where, "no body with two endplates in front of the canal (or give its landmarks)")
    matrix = np.column_stack([np.ones(known.sum()), starts[known, :2]])
    plane = np.linalg.lstsq(matrix, side * height[known], rcond=None)[0]
    above = side * (side * height[known] - matrix @ plane)
    plane[0] += side * np.percentile(above, RIM_PERCENTILE)
    relief = np.full(len(x), np.nan)
    relief[np.flatnonzero(within)[known]] = side * height[known] - matrix @ plane
    grid = relief.reshape(len(axis), len(axis))
    nearest = ndimage.distance_transform_edt(np.isnan(grid), return_distances=False, return_indices=True)
    return Face(plane, np.array([-high, -high]), grid[tuple(nearest)])


def rim_reach(distance: Implicit, tall: float, way: Floats) -> Floats:
    """(2,) farthest that the body reaches from its axis along ``way`` (3,) near its superior and inferior rim, mm."""
    sides = [side * RIM_LEVELS * tall for side in (1.0, -1.0)]
    starts = [np.column_stack([np.zeros((len(level), 2)), level]) for level in sides]
    return np.array([exits(distance, start, way, LONGEST_MM).max() for start in starts])
