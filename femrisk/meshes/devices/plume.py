"""Where cement is let out in a vertebra in, the plume that grows from there out.

The front is that of a fluid which the bone resists: its arrival T solves |grad T| = density / mean density of the body
(assumed: in proportion to the ash density). So it goes round in uniform bone, a little further where the body is weak,
and hardly into a pedicle. The surface of the bone holds it back. What is left out: the cement's viscosity, which
decides how ragged the front is, its pressure, and the marrow it displaces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from femrisk.meshes.devices.eikonal import arrival
from femrisk.meshes.devices.flooding import Openings
from femrisk.meshes.devices.ground import STEP, WALL_MM, Ground
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import GridDistance, resample
from femrisk.meshes.shapes import Shape, smooth_minimum
from femrisk.meshes.vertebra.involvement import body

#: the front is smoothed over this standard deviation, mm: the mesh could not follow it finer
SMOOTHING_MM = 1.0
#: rounding of the edge where the front meets the wall, mm
WALL_BLEND_MM = 2.0
#: the front is known this far to either side, mm
BAND_MM = 4.0
#: step of the grid on which the finished shape's distance is kept, mm
SHAPE_STEP = 0.8
#: and so far around it, mm: cement in a lesion is measured from where it came in
FAR_MM = 16.0


@dataclass(frozen=True, eq=False)
class Plume:
    """Cement from one or more places at once, each pressed alike."""

    ground: Ground
    #: where it is let out
    start: Shape
    #: (n,) resistance of the bone, 1 on average in the body, infinite outside the bone
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

    def front(self, sources: Openings) -> PlumeFront:
        """The plume that spreads from its start, and from each full lesion since it was opened."""
        ground, near = self.ground, self.start.distance(self.ground.points)
        start = np.where(near < 2 * STEP, np.maximum(near, 0) * self.resistance, np.inf)
        for one in sources:
            inside = (one.depth(ground.points) < 0) & np.isfinite(self.resistance)
            start[inside] = np.minimum(start[inside], one.level)
        time = arrival(ground.grid(start), ground.grid(self.resistance), STEP).ravel()
        reached, pace = time.copy(), np.where(np.isfinite(self.resistance), self.resistance, 1.0)
        for one in sources:
            depth = one.depth(ground.points)
            # in a full lesion the front lies behind by the depth: as steep there as in bone
            reached = np.where(depth < 0, np.minimum(reached, one.level + depth), reached)
            pace = np.where(depth < 0, 1.0, pace)
        outside = ground.outer.reshape(ground.counts) >= 0
        _, nearest = ndimage.distance_transform_edt(outside, return_indices=True)
        inner = np.ravel_multi_index(tuple(nearest), ground.counts).ravel()
        return PlumeFront(ground, time, reached[inner], pace[inner])


@dataclass(frozen=True, eq=False)
class PlumeFront:
    """A plume as it grows."""

    ground: Ground
    #: (n,) level at which each point is reached, in mm of bone of mean density
    time: Floats
    #: (n,) the same, lower the deeper a point lies in a full lesion, and going on outside the bone as at its surface
    reached: Floats
    #: (n,) steepness of ``reached``
    pace: Floats

    def distance(self, level: float) -> Floats:
        """(n,) about mm: the plume of a level at the points of the ground."""
        return walled(self._ahead(level), self.ground.outer)

    def bodies(self, level: float) -> tuple[Shape, ...]:
        """One smooth body."""
        ground, ahead = self.ground, self._ahead(level)
        ends = np.array([ground.points[0], ground.points[-1]])
        smooth = GridDistance.of_samples(ground.origin, STEP, ground.grid(ahead), ends)
        held = ground.points[walled(ahead, ground.outer) < STEP]
        box = np.array([held.min(axis=0), held.max(axis=0)])
        outer = ground.anatomy.outer
        shape, _ = resample(
            lambda points: walled(smooth.distance(points), outer.distance(points)), box, SHAPE_STEP, margin=FAR_MM
        )
        return (shape,)

    def _ahead(self, level: float) -> Floats:
        """(n,) about mm from the front, smooth, as if there were no wall."""
        ahead = np.clip((self.reached - level) / self.pace, -BAND_MM, BAND_MM)
        smooth = ndimage.gaussian_filter(self.ground.grid(ahead), SMOOTHING_MM / STEP, mode="nearest")
        return np.asarray(smooth).ravel()


def walled(front: Floats, outer: Floats) -> Floats:
    """(n,) a front kept off the surface of the bone, with a rounded edge."""
    return -smooth_minimum(-front, -(outer + WALL_MM), WALL_BLEND_MM)
