"""Where cement is let out in a vertebra in, the plume that grows from there out.

The front is that of a fluid which the bone resists: its arrival T solves |grad T| = density / mean density of the body
(assumed: in proportion to the ash density); an open lesion is reached all at once. So it goes round in uniform bone, further in the
weak anterior and lower parts than in dense ones, and hardly into a pedicle. The surface of the bone holds it back. What
is left out: the cement's viscosity, which decides how ragged the front is, its pressure, and the marrow it displaces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from femrisk.meshes.eikonal import arrival
from femrisk.meshes.flooding import Openings
from femrisk.meshes.ground import STEP, WALL_MM, Ground
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import GridDistance, resample
from femrisk.meshes.shapes import Shape, smooth_minimum
from femrisk.meshes.vertebra_involvement import body

#: the front is smoothed over this standard deviation, mm: the mesh could not follow it finer
SMOOTHING_MM = 1.0
#: rounding of the edge where the front meets the wall, mm
WALL_BLEND_MM = 2.0
#: the front is known this far to either side, mm
BAND_MM = 4.0
#: step of the grid on which the finished shape's distance is kept, mm
SHAPE_STEP = 0.8


@dataclass(frozen=True, eq=False)
class Plume:
    """Cement from one or more places at once, each pressed alike."""

    ground: Ground
    #: where it is let out
    start: Shape
    #: (n,) resistance of the bone, 1 on average in the body
    resistance: Floats
    limit: float = np.inf

    @classmethod
    def of(cls, ground: Ground, start: Shape) -> Plume:
        """The plume in a vertebra."""
        inside = ground.outer < 0
        density = np.full(len(ground.points), np.inf)
        density[inside] = ground.anatomy.density(ground.points[inside], np.zeros(int(inside.sum()), dtype=bool))
        in_body = inside & body(ground.anatomy, ground.points)
        return cls(ground, start, density / float(density[in_body].mean()))

    def arrival(self, opened: Openings) -> Floats:
        """(n,) level at which each point is reached, in mm of bone of mean density."""
        near = self.start.distance(self.ground.points)
        start = np.where(near < 2 * STEP, np.maximum(near, 0) * self.resistance, np.inf)
        for one in opened:
            inside = (one.depth(self.ground.points) < 0) & np.isfinite(self.resistance)
            start[inside] = np.minimum(start[inside], one.level)
        grid = self.ground.grid
        return arrival(grid(start), grid(self.resistance), STEP).ravel()

    def distance(self, level: float, opened: Openings) -> Floats:
        """(n,) about mm: the plume of a level at the points of the ground."""
        front = self._front(level, opened)
        return -smooth_minimum(-front, -(self.ground.outer + WALL_MM), WALL_BLEND_MM)

    def bodies(self, level: float, opened: Openings) -> tuple[Shape, ...]:
        """One smooth body."""
        ground = self.ground
        front = GridDistance.of_samples(
            ground.origin, STEP, ground.grid(self._front(level, opened)), np.array([ground.points[0], ground.points[-1]])
        )

        def implicit(points: Floats) -> Floats:
            return -smooth_minimum(-front.distance(points), -(ground.anatomy.outer.distance(points) + WALL_MM), WALL_BLEND_MM)

        held = ground.points[self.distance(level, opened) < STEP]
        box = np.array([held.min(axis=0), held.max(axis=0)])
        return (resample(implicit, box, SHAPE_STEP)[0],)

    def _front(self, level: float, opened: Openings) -> Floats:
        """(n,) about mm from the front, smooth, as if there were no wall."""
        time = self.arrival(opened)
        ahead = (time - level) / np.where(np.isfinite(self.resistance), self.resistance, 1.0)
        for one in opened:
            depth = one.depth(self.ground.points)
            # behind the front by the depth in the lesion: as steep there as in bone
            ahead = np.where(depth < 0, np.minimum(ahead, one.level - level + depth), ahead)
        ahead = np.clip(ahead, -BAND_MM, BAND_MM)
        outside = self.ground.outer >= 0
        nearest = ndimage.distance_transform_edt(
            self.ground.grid(outside), return_distances=False, return_indices=True
        )
        filled = self.ground.grid(ahead)[tuple(nearest)]
        return ndimage.gaussian_filter(filled, SMOOTHING_MM / STEP, mode="nearest").ravel()
