"""Sizes of a thoracolumbar vertebra in, its blended outer form out: an implicit function, zero on the surface.

Standard frame (x right, y anterior, z up, origin at the centre of the body). Body, canal, pedicles and the span of the
transverse processes follow the sizes asked for; laminae, articular and spinous processes keep their proportions to the
body, drawn by eye after real lumbar vertebrae (no measured shape model). Both sides are alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import smooth_minimum

#: volume of the box around the body (width, depth, height of an average L2) for which the arch was drawn, mm3
DRAWN_BOX = 42.6 * 34.6 * 24.3
#: exponent of the body's superellipse, in front and behind: a rounded front, square posterolateral corners
FRONT_EXPONENT, BACK_EXPONENT = 2.2, 2.9
#: hollow of the posterior wall in a transverse section (the kidney), as a share of the body's depth
KIDNEY = 0.06
#: rounding of the rims, share of the drawn size in mm
RIM_ROUNDING = 3.5
#: the hollow of an endplate reaches so far towards its rim, as a share of the way from its middle
DISH_REACH = 0.85
#: thickness of the laminae, drawn mm
LAMINA = 6.5
#: place of the pedicle's narrowest section behind the posterior wall, drawn mm
ISTHMUS = 4.5


@dataclass(frozen=True)
class VertebraShape:
    """Outer form of a vertebra, mm and radians."""

    #: outer widths and midsagittal depths of the endplates: superior, inferior
    widths: tuple[float, float]
    depths: tuple[float, float]
    #: y of the posterior wall, between the endplates' rims
    wall: float
    #: height of the posterior and of the anterior wall
    heights: tuple[float, float]
    #: narrowing at mid-height, as a share of width and depth
    waist: float
    #: depth of the hollow of the endplates: superior, inferior
    dishes: tuple[float, float]
    #: width and depth
    canal: tuple[float, float]
    #: width and height of the narrowest section, and the angle by which the axis converges forwards
    pedicle: tuple[float, float]
    convergence: float
    #: outer span of the transverse processes
    span: float
    #: from the posterior wall to the tip of the spinous process, and how far the tip hangs below its root
    spinous: tuple[float, float]

    @cached_property
    def size(self) -> float:
        """Size relative to the drawn vertebra."""
        box = np.mean(self.widths) * np.mean(self.depths) * self.heights[0]
        return float(np.cbrt(box / DRAWN_BOX))

    @cached_property
    def pedicle_height(self) -> float:
        """Height of the pedicles' axes: their upper borders lie a little below the superior rim."""
        return self.heights[0] / 2 - self.pedicle[1] / 2 - 1.5 * self.size

    def __call__(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) about mm, negative inside."""
        return smooth_minimum(self.body(points), self.arch(points), 4 * self.size)

    def box(self) -> Floats:
        """(2, 3) mm, holds the vertebra."""
        side = max(self.span / 2, max(self.widths) / 2) + 3
        front, back = -self.wall + 6, self.wall - self.spinous[0] - 4
        tall = max(self.heights) / 2
        return np.array([[-side, back, -tall - 24 * self.size - self.spinous[1]], [side, front, tall + 12 * self.size]])

    def radius(self, points: Floats) -> Floats:
        """(n,) distance from the middle of the body's section as a share of the way to its outline."""
        share = np.clip(points[:, 2] / self.heights[0] + 0.5, -0.1, 1.1)
        narrowing = 1 - self.waist * (1 - (2 * share - 1) ** 2)
        width = (self.widths[1] + (self.widths[0] - self.widths[1]) * share) * narrowing / 2
        depth = (self.depths[1] + (self.depths[0] - self.depths[1]) * share) * narrowing / 2
        hollow = KIDNEY * 2 * depth
        y = points[:, 1] + hollow / 2
        half = depth + hollow / 2
        back = 0.5 - 0.5 * np.tanh(y / (0.35 * half))
        y = y - hollow * np.exp(-((points[:, 0] / (0.45 * width)) ** 2)) * back**2
        power = FRONT_EXPONENT + (BACK_EXPONENT - FRONT_EXPONENT) * back
        across, along = np.abs(points[:, 0]) / width, np.abs(y) / half
        return np.asarray((across**power + along**power) ** (1 / power))

    def endplates(self, points: Floats) -> tuple[Floats, Floats]:
        """(n,) each: height over the superior and under the inferior endplate, mm, negative inside the body."""
        share = (points[:, 1] - self.wall) / (-2 * self.wall)
        half = (self.heights[0] + (self.heights[1] - self.heights[0]) * np.clip(share, -0.5, 1.5)) / 2
        hollow = 0.5 + 0.5 * np.cos(np.pi * np.minimum(self.radius(points) / DISH_REACH, 1))
        return points[:, 2] - half + self.dishes[0] * hollow, -points[:, 2] - half + self.dishes[1] * hollow

    def body(self, points: Floats) -> Floats:
        """(n,) the body: a waisted superellipse, hollow behind, between two dished endplates."""
        side = (self.radius(points) - 1) * min(*self.widths, *self.depths) / 2
        upper, lower = self.endplates(points)
        rounding = RIM_ROUNDING * self.size
        return -smooth_minimum(-side, -np.maximum(upper, lower), rounding)

    def arch(self, points: Floats) -> Floats:
        """(n,) pedicles, laminae and processes with the canal left free; they do not know the body."""
        mirrored = np.column_stack([np.abs(points[:, 0]), points[:, 1], points[:, 2]])
        value = self.pedicles(mirrored)
        for part, blend in (
            (self.laminae(mirrored), 5.0),
            (self.superior_articular(mirrored), 4.0),
            (self.inferior_articular(mirrored), 4.0),
            (self.transverse(mirrored), 5.0),
            (self.spinous_process(mirrored), 5.0),
        ):
            value = smooth_minimum(value, part, blend * self.size)
        return -smooth_minimum(-value, self.canal_section(points), 1.5 * self.size)

    def canal_section(self, points: Floats, grown: float = 0.0, lean: float = 0.0) -> Floats:
        """(n,) the canal, narrower behind, ``grown`` outwards and leaning backwards below by ``lean``."""
        half = np.array([self.canal[0] / 2, self.canal[1] / 2]) + grown
        middle = self.wall - self.canal[1] / 2 + lean * points[:, 2]
        along = (points[:, 1] - middle) / half[1]
        narrower = 1 - 0.22 * np.clip(-along, 0, 1) ** 2
        reach = np.hypot(points[:, 0] / (half[0] * narrower), along)
        return np.asarray((reach - 1) * half.min())

    def pedicles(self, mirrored: Floats) -> Floats:
        """(n,) elliptic tubes from inside the body to the pars, widening away from their narrowest section."""
        size, isthmus = self.size, self.wall - ISTHMUS * self.size
        behind = isthmus - mirrored[:, 1]
        middle = (self.canal[0] + self.pedicle[0]) / 2 + np.tan(self.convergence) * behind
        away = np.clip(behind / (12 * size), -1, 1)
        # towards the body only wider: the superior rim stands free
        wide, tall = 1 + 0.3 * away**2, 1 + 0.15 * away * np.abs(away)
        reach = np.hypot(
            (mirrored[:, 0] - middle) * np.cos(self.convergence) / (self.pedicle[0] / 2 * wide),
            (mirrored[:, 2] - self.pedicle_height) / (self.pedicle[1] / 2 * tall),
        )
        side = (reach - 1) * min(self.pedicle) / 2
        ends = np.abs(behind - 1.5 * size) - 12.5 * size
        return -smooth_minimum(-side, -ends, 4 * size)

    def laminae(self, mirrored: Floats) -> Floats:
        """(n,) the posterior half of a shell round the canal, shingled, notched above in the middle."""
        size, height = self.size, self.heights[0]
        shell = np.maximum(self.canal_section(mirrored, LAMINA * size, 0.2), -self.canal_section(mirrored))
        behind = mirrored[:, 1] - (self.wall - 0.62 * self.canal[1])
        lateral = np.minimum(mirrored[:, 0] / (self.canal[0] / 2), 1.2)
        upper = mirrored[:, 2] - (0.10 + 0.25 * lateral) * height
        lower = -mirrored[:, 2] - (0.68 - 0.28 * lateral) * height
        return -smooth_minimum(-shell, -np.maximum(behind, np.maximum(upper, lower)), 3 * size)

    def superior_articular(self, mirrored: Floats) -> Floats:
        """(n,) upright plates beside the canal, a little turned outwards behind, with the mammillary process."""
        size, top = self.size, self.heights[0] / 2
        middle = np.array([self.canal[0] / 2 + 4.3 * size, self.wall - 15.5 * size, top - 0.5 * size])
        return blade(mirrored, middle, np.array([4.2, 7.5, 8.5]) * size, turn=-0.25, lean=0.15)

    def inferior_articular(self, mirrored: Floats) -> Floats:
        """(n,) plates that hang from the laminae below the body, nearer to the middle than the superior ones."""
        size, low = self.size, -self.heights[0] / 2
        middle = np.array([self.canal[0] / 2 - 1.2 * size, self.wall - 19.5 * size, low - 2.5 * size])
        return blade(mirrored, middle, np.array([5.2, 5.8, 11.0]) * size, turn=0.5, lean=0.08)

    def transverse(self, mirrored: Floats) -> Floats:
        """(n,) flat blades outwards and a little backwards from the pars."""
        size, end = self.size, self.span / 2
        start = self.canal[0] / 2 + 2 * size
        middle = np.array([(start + end) / 2, self.wall - 14.5 * size, self.pedicle_height + 1.5 * size])
        share = np.clip((mirrored[:, 0] - start) / (end - start), 0, 1)
        tall = np.interp(share, [0, 0.45, 1], [5.6, 4.4, 4.0]) * size
        local = mirrored - middle
        along = np.abs(local[:, 0]) - (end - start) / 2
        y = local[:, 1] + 0.18 * local[:, 0]
        reach = np.hypot(y / (2.7 * size), (local[:, 2] - 0.06 * local[:, 0]) / tall)
        side = (reach - 1) * 2.7 * size
        return -smooth_minimum(-side, -along, 4 * size)

    def spinous_process(self, mirrored: Floats) -> Floats:
        """(n,) an upright plate backwards from the laminae, taller and thicker towards its end."""
        size, height = self.size, self.heights[0]
        root, tip = self.wall - self.canal[1] - 1 * size, self.wall - self.spinous[0]
        share = np.clip((root - mirrored[:, 1]) / (root - tip), 0, 1)
        middle = -0.22 * height - self.spinous[1] * share - 0.06 * height * share
        tall = height * np.interp(share, [0, 0.3, 0.8, 1], [0.36, 0.34, 0.44, 0.44])
        thick = size * np.interp(share, [0, 0.5, 1], [3.2, 2.6, 4.0])
        flat = np.abs(mirrored[:, 2] - middle) - tall
        ends = np.abs(mirrored[:, 1] - (root + tip) / 2) - (root - tip) / 2
        plate = -smooth_minimum(-flat, -ends, 9 * size)
        return -smooth_minimum(-(mirrored[:, 0] - thick), -plate, 3.5 * size)


def blade(points: Floats, middle: Floats, half: Floats, turn: float, lean: float) -> Floats:
    """(n,) about mm: ellipsoid of half axes ``half`` (3,), turned about z and then leaning outwards at the top."""
    local = points - middle
    x = local[:, 0] - lean * local[:, 2]
    cosine, sine = np.cos(turn), np.sin(turn)
    turned = np.column_stack([cosine * x + sine * local[:, 1], -sine * x + cosine * local[:, 1], local[:, 2]])
    reach = np.linalg.norm(turned / half, axis=1)
    steepness = np.linalg.norm(turned / half**2, axis=1)
    distance = reach * (reach - 1) / np.maximum(steepness, 1e-9)
    return np.asarray(np.where(reach > 0.3, distance, (reach - 1) * half.min()))
