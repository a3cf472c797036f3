"""A vertebra in, the part of it that cement can reach out, on one regular grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.involvement import covered
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.sampled import lattice
from femrisk.meshes.shapes import Shape, Union

#: step of the grid, mm
STEP = 0.75
#: points of a finer grid
FINE_POINTS = 250_000
#: bone left under the surface where it is whole, mm (assumed: shell and endplates, through which cement does not pass)
WALL_MM = 1.0
#: reach of the grid beyond the body: sideways and to the front, backwards (pedicles), up and down, mm
MARGINS = (3.0, 16.0, 4.0)


@dataclass(frozen=True, eq=False)
class Ground:
    """A part of a vertebra on a grid of n = nx ny nz points."""

    anatomy: VertebraAnatomy
    #: lytic lesions, which cement fills before it enters bone
    lesions: tuple[PlacedLesion, ...]
    #: devices, which hold no cement
    taken: tuple[Shape, ...]
    #: (3,) first point, number of points along x, y, z, and their distance, mm
    origin: Floats
    counts: tuple[int, int, int]
    step: float
    #: (n, 3) mm
    points: Floats = field(repr=False)
    #: (n,) distance from the surface of the bone, mm, negative inside
    outer: Floats = field(repr=False)
    #: (n,) volume of bone that belongs to each point, mm3
    volume: Floats = field(repr=False)

    @classmethod
    def of(cls, anatomy: VertebraAnatomy, lesions: tuple[PlacedLesion, ...], taken: tuple[Shape, ...] = ()) -> Ground:
        """Body and pedicles."""
        marks = anatomy.landmarks
        side, back, tall = MARGINS
        high = max(marks.anterior_height, marks.posterior_height) / 2 + tall
        lower = np.array([-marks.body_width / 2 - side, marks.posterior_wall - back, -high])
        upper = np.array([marks.body_width / 2 + side, marks.anterior_wall + side, high])
        lytic = tuple(lesion for lesion in lesions if lesion.nature == "lytic")
        return cls.between(anatomy, lytic, taken, np.array([lower, upper]), STEP)

    @classmethod
    def between(
        cls,
        anatomy: VertebraAnatomy,
        lesions: tuple[PlacedLesion, ...],
        taken: tuple[Shape, ...],
        box: Floats,
        step: float,
    ) -> Ground:
        """What lies in a box (2, 3), mm."""
        axes = [np.arange(low, high + step, step) for low, high in zip(*box, strict=True)]
        points = lattice(axes)
        outer = anatomy.outer.distance(points)
        volume = share(outer, step) * step**3
        for shape in taken:
            volume = volume * (1 - share(shape.distance(points), step))
        counts = (len(axes[0]), len(axes[1]), len(axes[2]))
        return cls(anatomy, lesions, taken, box[0], counts, step, points, outer, volume)

    def near(self, shapes: tuple[Shape, ...]) -> Ground:
        """The same on a finer grid, around some shapes only."""
        box = Union(shapes).bounds() + np.array([[-STEP], [STEP]])
        step = min(STEP, float(np.cbrt(np.prod(box[1] - box[0]) / FINE_POINTS)))
        return Ground.between(self.anatomy, self.lesions, self.taken, box, step)

    def grid(self, values: Floats) -> Floats:
        """(n,) -> (nx, ny, nz)."""
        return values.reshape(self.counts)

    def held(self, distance: Floats) -> float:
        """Volume of bone inside a body known by its distance (n,), mm3."""
        return float((share(distance, self.step) * self.volume).sum())


def share(distance: Floats, step: float) -> Floats:
    """(n,) share of the cube around each point that a body holds."""
    return covered(distance, np.full(3, step))
