"""Periosteum and landmarks in, cortical thickness and endosteum out.

| place | thickness, mm | source |
|---|---|---|
| neck, superoposterior | 1.63 at 25 y to 0.33 at 85 y (women; used for men too) | Poole 2010 JBMR, n = 100 [seen] |
| neck, inferoanterior | 3.9 at 25 y to 3.3 at 85 y (women; used for men too) | the same [seen] |
| shell of head and trochanters | 0.5-1.5 | [recalled-M] |
| medial base of the neck (calcar) | 4-6 | [recalled-M] |
| below the lesser trochanter | medial 6-8, lateral 4-6 | [recalled-M] |
| mid-shaft | 6-8 | [recalled-M] |

What is thinner than ``THINNEST_MM`` is drawn that thick, since a thinner sheet cannot be meshed well, and made less
dense by as much as keeps modulus times thickness (``filling``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.meshes.anatomy import FemurLandmarks
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import GridDistance, resample
from femrisk.meshes.shapes import Shape, unit

THINNEST_MM = 1.0
#: middle of the shell's band
SHELL_MM = 1.0
#: middle of the calcar's band
CALCAR_MM = 5.0
#: modulus (and, within 4 %, strength) goes with this power of the ash density (Keyak 2005)
MODULUS_POWER = 1.86


def neck_thickness(age_years: float) -> tuple[float, float]:
    """Superoposterior and inferoanterior neck cortex at an age, mm (Poole 2010: straight lines from 25 to 85 years)."""
    share = (min(max(age_years, 25.0), 85.0) - 25) / 60
    return 1.63 - 1.30 * share, 3.9 - 0.6 * share


@dataclass(frozen=True)
class Cortex:
    """Cortical thickness as a smooth field, mm."""

    landmarks: FemurLandmarks
    superior_neck: float
    inferior_neck: float
    shaft: float
    shell: float = SHELL_MM

    def thickness(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, as drawn."""
        return np.maximum(self.true_thickness(points), THINNEST_MM)

    def filling(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) factor on the density of a cortex drawn too thick: keeps modulus times thickness."""
        return np.asarray(np.minimum(self.true_thickness(points) / THINNEST_MM, 1.0) ** (1 / MODULUS_POWER))

    def true_thickness(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, however thin."""
        marks = self.landmarks
        size = marks.head_radius / 23
        along = points @ marks.neck_axis
        reach = float(marks.neck_center @ marks.neck_axis)
        beyond = float(marks.head_center @ marks.neck_axis) - 0.75 * marks.head_radius
        past_base = rise(along - 0.45 * reach, 2.5 * size)
        in_neck = past_base * rise(beyond - along, 2.5 * size)
        superior = unit(np.array([0.0, 0.0, 1.0]) - marks.neck_axis[2] * marks.neck_axis)
        forward = np.cross(superior, marks.neck_axis) * np.sign(np.cross(superior, marks.neck_axis)[1])
        # thick below and in front, thin above and behind: Poole's sectors, 30 deg off the vertical
        thick = np.sin(np.radians(30)) * forward - np.cos(np.radians(30)) * superior
        across = points - along[:, None] * marks.neck_axis
        facing = (across @ thick) / np.maximum(np.linalg.norm(across, axis=1), 2.0)
        neck = self.superior_neck + (self.inferior_neck - self.superior_neck) * (0.5 + 0.5 * facing) ** 2
        medial = 0.5 + 0.5 * np.tanh(points[:, 0] / (8 * size))
        begins = marks.lesser_trochanter[2] - size * (14 - 24 * medial)
        # the lesser trochanter is an apophysis under a shell: the thick cortex passes beneath it
        bump = np.exp(-np.sum(((points - marks.lesser_trochanter) / (9 * size)) ** 2, axis=1))
        below = rise(begins - points[:, 2], 7 * size) * (1 - 0.75 * bump)
        calcar = medial**4 * (1 - past_base) * (1 - bump)
        above = (neck - self.shell) * in_neck + (CALCAR_MM - self.shell) * calcar
        return np.asarray(self.shell + above * (1 - below) + (self.shaft - self.shell) * below)

    def endosteum(self, outer: Shape, box: Floats) -> GridDistance:
        """The surface this thickness below ``outer``, as a true distance within ``box`` (2, 3)."""
        return resample(lambda points: outer.distance(points) + self.thickness(points), box, inside=3.0)[0]


def rise(values: Floats, width: float) -> Floats:
    """(n,) smooth step from 0 to 1 at zero; half of it within ``width`` of there."""
    return np.asarray(0.5 + 0.5 * np.tanh(values / (2 * width)))
