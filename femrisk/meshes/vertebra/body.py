"""A vertebra's distance in the standard frame in, its body as measured out: outline, walls, and both endplates.

Where pedicles and processes grow out of the body, its outline goes on as a parametric one does: a superellipse from its
side to its posterior wall. Endplates are planes through their rims with the hollow measured from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes.frames import exits
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import Implicit
from femrisk.meshes.vertebra.orienting import RIM_PERCENTILE
from femrisk.meshes.vertebra.shape import BACK_EXPONENT, DRAWN_BOX

#: directions of the outline, and levels between the rims (shares of the height) at which it is measured
TURNS, LEVELS = 72, np.linspace(-0.45, 0.45, 13)
#: directions within this angle of straight ahead are free of pedicles, those within the other of straight back lie in
#: the canal, rad
FRONT_ANGLE, CANAL_ANGLE = np.radians(95.0), np.radians(20.0)
#: bone that reaches farther than this share of the superellipse belongs to a pedicle or a process
FREE_SHARE = 1.08
#: grid step of the endplates, mm, and share of the way to the outline up to which they are measured: then come rims
FACE_STEP, FACE_SHARE = 1.0, 0.85
#: no body of an adult is deeper or wider than this from its middle, mm (half of the widest that may be asked for)
LONGEST_MM = 40.0
#: heights near a rim at which walls are looked for, shares of the height
RIM_LEVELS = np.linspace(0.25, 0.5, 12)


@dataclass(frozen=True, eq=False)
class Face:
    """An endplate: a plane through its rim, and how the bone lies over or under it."""

    #: height on the axis, and slopes along x and y
    plane: Floats
    #: (2,) first grid point, mm
    low: Floats
    #: (nx, ny) z over the plane's, mm
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

    #: (LEVELS, TURNS) way from the axis to the outline, mm
    outline: Floats
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
        turn = (np.arctan2(points[:, 0], points[:, 1]) + np.pi) * TURNS / (2 * np.pi)
        level = np.interp(points[:, 2] / np.mean(self.heights), LEVELS, np.arange(len(LEVELS)))
        closed = np.column_stack([self.outline, self.outline[:, 0]])
        reach = ndimage.map_coordinates(closed, [level, turn], order=1, mode="nearest")
        return np.asarray(np.hypot(points[:, 0], points[:, 1]) / reach)

    def endplates(self, points: Floats) -> tuple[Floats, Floats]:
        """(n,) each: height over the superior and under the inferior endplate, mm, negative inside the body."""
        return points[:, 2] - self.superior.height(points), self.inferior.height(points) - points[:, 2]

    def body(self, points: Floats) -> Floats:
        """(n,) about mm, negative inside."""
        upper, lower = self.endplates(points)
        side = (self.radius(points) - 1) * (self.front - self.wall) / 2
        return np.asarray(np.max([side, upper, lower], axis=0))


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
        outline = outlined(distance, tall, where)
        superior, inferior = (face(distance, side, outline.min(axis=0), where) for side in (1.0, -1.0))
        tall = float(superior.plane[0] - inferior.plane[0])
    front, back = (rim_reach(distance, tall, np.array([0.0, side, 0.0])).mean() for side in (1.0, -1.0))
    right, left = (rim_reach(distance, tall, np.array([side, 0.0, 0.0])) for side in (1.0, -1.0))
    widths = right + left
    if not np.isfinite([front, back, *widths]).all():
        raise GeometryError(where, "no walls round the body (or give its landmarks)")
    return MeasuredBody(outline, superior, inferior, float(front), -float(back), (float(widths[0]), float(widths[1])))


def outlined(distance: Implicit, tall: float, where: str) -> Floats:
    """(LEVELS, TURNS) way from the axis to the outline of a body about ``tall`` mm high, mm."""
    turns = np.linspace(-np.pi, np.pi, TURNS, endpoint=False)
    ways = np.column_stack([np.sin(turns), np.cos(turns), np.zeros(TURNS)])
    reach = np.array(
        [exits(distance, np.tile([0.0, 0.0, level * tall], (TURNS, 1)), ways, LONGEST_MM) for level in LEVELS]
    )
    front, canal = np.abs(turns) < FRONT_ANGLE, np.abs(turns) > np.pi - CANAL_ANGLE
    # near a hollow endplate the axis is outside the bone: there the next level stands in
    held = np.flatnonzero((reach > 0).all(axis=1) & np.isfinite(reach[:, front]).all(axis=1))
    if len(held) < len(LEVELS) / 2:
        raise GeometryError(where, "no walls round the body (or give its landmarks)")
    reach = reach[held[np.argmin(np.abs(held[:, None] - np.arange(len(LEVELS))), axis=0)]]
    side = np.max(reach[:, front] * np.abs(ways[front, 0]), axis=1)
    back = np.min(reach[:, canal] * np.abs(ways[canal, 1]), axis=1)
    if not np.isfinite(back).all():
        raise GeometryError(where, "no posterior wall in front of the canal (or give its landmarks)")
    power = BACK_EXPONENT
    steep = (np.abs(ways[:, 0]) / side[:, None]) ** power + (np.abs(ways[:, 1]) / back[:, None]) ** power
    drawn = steep ** (-1 / power)
    outline = np.where(front | (reach < FREE_SHARE * drawn), reach, drawn)
    # from between the rays: the outermost of neighbours, so that the bone's own wall is never outside
    return np.asarray(ndimage.maximum_filter(outline, 3, mode=("nearest", "wrap")))


def face(distance: Implicit, side: float, reach: Floats, where: str) -> Face:
    """The upper (side 1) or lower (-1) endplate of a body whose outline is ``reach`` (TURNS,) mm from its axis."""
    turns = np.linspace(-np.pi, np.pi, TURNS, endpoint=False)
    high = np.ceil(reach.max()) + 1
    axis = np.arange(-high, high + FACE_STEP / 2, FACE_STEP)
    x, y = (part.ravel() for part in np.meshgrid(axis, axis, indexing="ij"))
    way = np.interp(np.arctan2(x, y), turns, reach, period=2 * np.pi)
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
