"""Needles in a vertebra in, the balloons of a kyphoplasty blown up along them out.

The cavities are ellipsoids of revolution around the needles, as long as the balloons, whose middles lie in the frontal
plane through the middle of the body; they are blown up alike until they hold the cement. What is left out: that the
bone they press aside is denser around them, and the height that a collapsed body may regain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.meshes.devices.flooding import Openings
from femrisk.meshes.devices.ground import STEP, WALL_MM, Ground
from femrisk.meshes.devices.needles import Needle
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Ellipsoid, Shape, Union, unit

#: radius of a balloon that is not yet blown up, mm (assumed)
SLACK_MM = 2.0


@dataclass(frozen=True, eq=False)
class Balloons:
    """Balloons of one length; their level is their radius."""

    ground: Ground
    #: (3,) middles, mm, and (3,) directions
    middles: tuple[Floats, ...]
    axes: tuple[Floats, ...]
    #: half length, mm
    half: float
    start: Shape
    #: radius at which the first of them meets the wall of the body, mm
    limit: float

    @classmethod
    def of(cls, ground: Ground, needles: tuple[Needle, ...], length: float) -> Balloons:
        """Balloons along needles."""
        ways = [needle.way for needle in needles]
        middles = tuple(way.at(-way.middle[1] / way.axis[1]) for way in ways)
        axes = tuple(way.axis for way in ways)
        start = Union(tuple(_ellipsoid(m, a, length / 2, SLACK_MM) for m, a in zip(middles, axes, strict=True)))
        free = cls(ground, middles, axes, length / 2, start, np.inf)
        beyond = ground.outer > -WALL_MM
        return cls(ground, middles, axes, length / 2, start, float(free.front(()).time[beyond].min()))

    def front(self, sources: Openings) -> BalloonFront:
        """The balloons; cement that has filled a lesion spreads no further."""
        time = np.full(len(self.ground.points), np.inf)
        for middle, axis in zip(self.middles, self.axes, strict=True):
            local = self.ground.points - middle
            along = local @ axis
            across = np.linalg.norm(local - along[:, None] * axis, axis=1)
            share = np.maximum(1 - (along / self.half) ** 2, 1e-6)
            time = np.minimum(time, np.where(share > 1e-6, across / np.sqrt(share), np.inf))
        return BalloonFront(self, time)


@dataclass(frozen=True, eq=False)
class BalloonFront:
    """Balloons as they are blown up."""

    balloons: Balloons
    #: (n,) radius at which a balloon reaches each point of the ground; infinite beyond their ends
    time: Floats

    def distance(self, level: float) -> Floats:
        """(n,) mm: the balloons of a radius; infinite at points that are not near."""
        points, shape = self.balloons.ground.points, Union(self.bodies(level))
        lower, upper = shape.bounds()
        near = np.flatnonzero(np.all((points > lower - STEP) & (points < upper + STEP), axis=1))
        found = np.full(len(points), np.inf)
        found[near] = shape.distance(points[near])
        return found

    def bodies(self, level: float) -> tuple[Shape, ...]:
        """One ellipsoid each."""
        each = zip(self.balloons.middles, self.balloons.axes, strict=True)
        return tuple(_ellipsoid(middle, axis, self.balloons.half, max(level, SLACK_MM)) for middle, axis in each)


def _ellipsoid(middle: Floats, axis: Floats, half: float, radius: float) -> Ellipsoid:
    up = unit(np.array([0.0, 0.0, 1.0]) - axis * axis[2])
    return Ellipsoid(middle, np.array([half, radius, radius]), np.array([axis, up, np.cross(axis, up)]))
