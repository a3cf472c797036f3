"""A vertebra in, the part of it that cement can reach out, on one regular grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.involvement import covered
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.sampled import lattice
from femrisk.meshes.shapes import Shape

#: step of the grid, mm
STEP = 0.75
#: bone left under the surface where it is whole, mm (assumed: shell and endplates, through which cement does not pass)
WALL_MM = 1.0
#: reach of the grid beyond the body: sideways and to the front, backwards (pedicles), up and down, mm
MARGINS = (3.0, 16.0, 4.0)


@dataclass(frozen=True, eq=False)
class Ground:
    """Body and pedicles of a vertebra on a grid of n = nx ny nz points."""

    anatomy: VertebraAnatomy
    #: lytic lesions, which cement fills before it enters bone
    lesions: tuple[PlacedLesion, ...]
    #: (3,) first point, and number of points along x, y, z
    origin: Floats
    counts: tuple[int, int, int]
    #: (n, 3) mm
    points: Floats = field(repr=False)
    #: (n,) distance from the surface of the bone, mm, negative inside
    outer: Floats = field(repr=False)
    #: (n,) volume of bone that belongs to each point, mm3
    volume: Floats = field(repr=False)

    @classmethod
    def of(
        cls, anatomy: VertebraAnatomy, lesions: tuple[PlacedLesion, ...], taken: tuple[Shape, ...] = ()
    ) -> Ground:
        """The grid; what lies in ``taken`` (devices) holds no cement."""
        marks = anatomy.landmarks
        side, back, tall = MARGINS
        high = max(marks.anterior_height, marks.posterior_height) / 2 + tall
        lower = np.array([-marks.body_width / 2 - side, marks.posterior_wall - back, -high])
        upper = np.array([marks.body_width / 2 + side, marks.anterior_wall + side, high])
        axes = [np.arange(low, top + STEP, STEP) for low, top in zip(lower, upper, strict=True)]
        points = lattice(axes)
        outer = anatomy.outer.distance(points)
        volume = share(outer) * STEP**3
        for shape in taken:
            volume = volume * (1 - share(shape.distance(points)))
        lytic = tuple(lesion for lesion in lesions if lesion.nature == "lytic")
        return cls(anatomy, lytic, lower, (len(axes[0]), len(axes[1]), len(axes[2])), points, outer, volume)

    def grid(self, values: Floats) -> Floats:
        """(n,) -> (nx, ny, nz)."""
        return values.reshape(self.counts)

    def held(self, distance: Floats) -> float:
        """Volume of bone inside a body known by its distance (n,), mm3."""
        return float((share(distance) * self.volume).sum())

    def walled(self, distance: Floats) -> Floats:
        """(n,) the same body kept off the surface of the bone."""
        return np.maximum(distance, self.outer + WALL_MM)


def share(distance: Floats) -> Floats:
    """(n,) share of each point's cube that a body holds."""
    return covered(distance, np.full(3, STEP))
