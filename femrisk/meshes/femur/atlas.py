"""Landmarks and the two bone surfaces in, ash density (g/cm3) and anatomical region of any point out; no CT needed.

| place | ash density, g/cm3 | source |
|---|---|---|
| shaft cortex | 1.10 | middle of 1.0-1.2 [recalled-H] |
| neck cortex | 0.95 | middle of 0.8-1.1 [recalled-M] |
| trochanteric cortex | 0.89 | neck x 0.485 / 0.515 [derived]: ratio of their QCT compartments, Cheng 2009 [seen] |
| shell of the head | 0.80 | low end of the neck's band: no value of its own was found |
| head | 0.39 | QCT 0.353 (Haba 2012, n = 22 [seen]) x 0.877 + 0.079 (Schileo 2008 [recalled-H]) |
| principal compressive group | 0.43 | middle of 0.35-0.50 [recalled-L] |
| neck beside that group | 0.24 | areal density of the neck of men of 73, 0.79 g/cm2 (MrOS, n = 4720 [seen]) [derived] |
| trochanters, metaphysis | 0.13 | Morgan 2003, mean of cores, apparent x 0.6, band 0.08-0.17 [recalled-M] |
| Ward's triangle | 0.05 | middle of 0.02-0.08 [recalled-L] |
| marrow canal | 0.03 | low end of Ward's triangle [recalled-L] |

The neck's value makes a projection of the male preset's neck, 15 mm wide, weigh what densitometry finds; that of a
woman of 68 is then within 1 % of NHANES III (Looker 1998 [recalled-M]). Morgan's cores of the neck (mean 0.33
[recalled-M]) were taken along its trabeculae, which is the denser group.

The trochanter's value decides a sideways fall, so it can be set. Whole-trochanter QCT of 66 women over 65 is
0.21-0.22 (Cheng 2009 [seen]), but that includes the cortex.

The cores and scans behind the cancellous values came from elderly people (Morgan's donors were 67 +- 15 years old
[recalled-M]; Haba's had their hips replaced). The table therefore stands for a bone of ``DONOR_SCALE``, and a bone of
``density_scale`` s has cancellous bone s / DONOR_SCALE times as dense: age is not counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.anatomy import FemurLandmarks
from femrisk.meshes.femur.cortex import Cortex, rise
from femrisk.meshes.labelled import REGIONS, Floats
from femrisk.meshes.shapes import Shape, unit

SHAFT_CORTEX, NECK_CORTEX, TROCHANTER_CORTEX, HEAD_SHELL = 1.10, 0.95, 0.89, 0.80
HEAD, COMPRESSIVE, NECK, TROCHANTER, WARD, MARROW = 0.39, 0.43, 0.24, 0.13, 0.05, 0.03
#: lowest and highest mean trochanteric density of the source, g/cm3
TROCHANTER_BAND = (0.08, 0.17)
#: limits of the field: marrow, fully mineralised cortex
LOWEST, HIGHEST = 0.02, 1.3
#: share of the cancellous change that the cortex takes part in: life-long loss of women 25 % in cortical against
#: 55 % in cancellous bone (Riggs 2004 JBMR 19:1945 [recalled-M])
CORTICAL_SHARE = 0.45


def age_scale(sex: str, age_years: float) -> float:
    """Bone density of a person as a share of the young normal of that sex.

    Femoral-neck areal density of NHANES III falls from 0.86 g/cm2 at 25 to 0.61 over 80 in women and from 0.93 to 0.74
    in men (Looker 1998 [recalled-M]): 0.5 and 0.35 % of the young value a year. Mild: cancellous bone alone loses more
    (Riggs 2004 [recalled-M]), and single people lie 15 % (one standard deviation) to either side.
    """
    return 1 - (0.005 if sex == "female" else 0.0035) * (min(max(age_years, 25.0), 95.0) - 25)


#: density scale of the donors behind the table: women and men of 67 years, half each
DONOR_SCALE = 0.5 * (age_scale("female", 67.0) + age_scale("male", 67.0))


@dataclass(frozen=True, eq=False)
class Atlas:
    """Ash density and region of any point of one femur."""

    landmarks: FemurLandmarks
    outer: Shape
    inner: Shape
    #: 1 = young normal
    density_scale: float
    #: at DONOR_SCALE, g/cm3
    trochanter: float = TROCHANTER
    #: thickness of the cortex; None where it is drawn as thick as it is
    sheet: Cortex | None = None

    def density(self, points: Floats, cortical: NDArray[np.bool_]) -> Floats:
        """(n, 3) mm, (n,) in the cortex? -> (n,) ash density, g/cm3."""
        ratio = self.density_scale / DONOR_SCALE
        cortex = self.cortex(points) * (1 - CORTICAL_SHARE * (1 - ratio))
        if self.sheet is not None:
            cortex = cortex * self.sheet.filling(points)
        return np.asarray(np.clip(np.where(cortical, cortex, self.cancellous(points) * ratio), LOWEST, HIGHEST))

    def cortex(self, points: Floats) -> Floats:
        """(n,) cortical ash density at DONOR_SCALE."""
        in_head, in_neck, in_shaft = self.shares(points)
        value = TROCHANTER_CORTEX + (NECK_CORTEX - TROCHANTER_CORTEX) * in_neck
        value = value + (SHAFT_CORTEX - value) * in_shaft
        return np.asarray(value + (HEAD_SHELL - value) * in_head)

    def cancellous(self, points: Floats) -> Floats:
        """(n,) cancellous ash density at DONOR_SCALE."""
        marks = self.landmarks
        size = marks.head_radius / 23
        superior = unit(np.array([0.0, 0.0, 1.0]) - marks.neck_axis[2] * marks.neck_axis)
        in_head, in_neck, _ = self.shares(points)
        value = self.trochanter + (NECK - self.trochanter) * in_neck
        value = value + (HEAD - value) * in_head
        ward = marks.neck_center - 0.28 * np.linalg.norm(marks.head_center) * marks.neck_axis - 2 * size * superior
        value = value + (WARD - value) * np.exp(-np.sum(((points - ward) / (8 * size)) ** 2, axis=1))
        dome = marks.head_center + 0.9 * marks.head_radius * unit(superior + 0.5 * marks.neck_axis)
        calcar = marks.neck_center - 0.42 * marks.neck_width_si * superior - 8 * size * marks.neck_axis
        value = value + (np.maximum(COMPRESSIVE, value) - value) * np.exp(
            -((segment_distance(points, calcar, dome) / (8 * size)) ** 2)
        )
        # the canal opens below the lesser trochanter, first in the middle: cancellous bone lines the endosteum there
        below = marks.lesser_trochanter[2] - points[:, 2]
        lining = np.maximum(-self.inner.distance(points), 0)
        canal = rise(below + 1.5 * (lining - 5 * size), 5 * size)
        return np.asarray(value + (MARROW - value) * canal)

    def shares(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """(n,) each, 0 to 1: how much a point belongs to head, neck and shaft; the rest is trochanteric."""
        marks = self.landmarks
        size = marks.head_radius / 23
        along = points @ marks.neck_axis
        in_head = rise(along - head_begins(marks), 2 * size)
        in_neck = (
            rise(along - neck_begins(marks), 3 * size) * (1 - in_head) * rise(below_trochanter(marks, points), size)
        )
        in_shaft = rise(marks.lesser_trochanter[2] - 5 * size - points[:, 2], 5 * size)
        return in_head, in_neck, in_shaft

    def region(self, points: Floats) -> NDArray[np.uint8]:
        """(n, 3) mm -> (n,) index into REGIONS.

        Head and neck part where the head's sphere meets the neck, neck and trochanters across the neck axis at its
        base; the subtrochanteric region reaches from the lesser trochanter 50 mm down.
        """
        marks = self.landmarks
        along, below = points @ marks.neck_axis, marks.lesser_trochanter[2] - points[:, 2]
        in_neck = (along > neck_begins(marks)) & (below_trochanter(marks, points) > 0)
        names = np.select(
            [along > head_begins(marks), in_neck, below < 0, below < 50],
            [REGIONS.index(name) for name in ("head", "neck", "intertrochanteric", "subtrochanteric")],
            REGIONS.index("shaft"),
        )
        return names.astype(np.uint8)


def head_begins(marks: FemurLandmarks) -> float:
    """Place along the neck axis where the neck, as wide as at its narrowest, enters the head's sphere, mm."""
    half = (marks.neck_width_si + marks.neck_width_ap) / 4
    into = np.sqrt(max(marks.head_radius**2 - half**2, 0.0))
    return float(marks.head_center @ marks.neck_axis - into)


def neck_begins(marks: FemurLandmarks) -> float:
    """Place along the neck axis of the neck's base: half way from the origin to the narrowest section, mm."""
    return float(0.5 * marks.neck_center @ marks.neck_axis)


def below_trochanter(marks: FemurLandmarks, points: Floats) -> Floats:
    """(n,) mm below the height over the neck axis at which bone beside the neck belongs to the greater trochanter.

    A real trochanter may overhang the neck's base; the neck itself rises to about half its width there.
    """
    superior = unit(np.array([0.0, 0.0, 1.0]) - marks.neck_axis[2] * marks.neck_axis)
    return np.asarray(0.7 * marks.neck_width_si - points @ superior)


def segment_distance(points: Floats, start: Floats, end: Floats) -> Floats:
    """(n,) distance to the segment from ``start`` to ``end``, mm."""
    span = end - start
    share = np.clip((points - start) @ span / (span @ span), 0, 1)
    return np.asarray(np.linalg.norm(points - start - share[:, None] * span, axis=1))
