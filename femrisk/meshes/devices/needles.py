"""A vertebra and an approach in, needles pushed through its pedicles out.

A needle goes through the middle of the pedicle's narrowest section to the border of the anterior third of the body, at
mid-height: a sixth of the body's width beside the middle where there are two, in the middle where there is one. Where
the pedicle does not allow that, it ends as near to there as leaves bone around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.devices.trajectories import BEHIND_MM, SIDES, Side, Trajectory, aimed, clearance
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Ball

Approach = Literal["unipedicular", "bipedicular"]

#: radius of an 11 gauge needle, mm [recalled]
RADIUS_MM = 1.5
#: where the tip lies, as shares of depth behind the anterior wall and of width beside the middle (assumed but for the
#: anterior third, the usual teaching)
TIP_BEHIND, TIP_ASIDE = 1 / 3, 1 / 6
#: step from the wanted place outwards, mm
STEP = 0.5


@dataclass(frozen=True, eq=False)
class Needle:
    """A needle in place."""

    way: Trajectory
    #: (3,) mm
    tip: Floats

    def start(self) -> Ball:
        """Where cement is let out."""
        return Ball(self.tip, RADIUS_MM)


def needles(anatomy: VertebraAnatomy, approach: Approach, side: Side) -> tuple[Needle, ...]:
    """One needle or two, the left one first.

    Raises:
        GeometryError: a needle does not fit through its pedicle.
    """
    if approach == "unipedicular":
        return (needle(anatomy, side, 0.0),)
    return tuple(needle(anatomy, one, TIP_ASIDE) for one in SIDES)


def needle(anatomy: VertebraAnatomy, side: Side, aside: float) -> Needle:
    """The needle whose tip lies ``aside`` (a share of the body's width) of the middle, or as near to it as fits."""
    marks = anatomy.landmarks
    outwards = 1.0 if side == "right" else -1.0
    front = marks.anterior_wall - TIP_BEHIND * marks.body_depth
    places = np.arange(aside * marks.body_width, 0.5 * marks.body_width, STEP)
    found = []
    for place in places:
        tip = np.array([outwards * place, front, 0.0])
        way = aimed(anatomy, side, tip)
        left = clearance(anatomy, way, RADIUS_MM, BEHIND_MM, float(np.linalg.norm(tip - way.middle)))
        if left.bone_mm > 0:
            return Needle(way, tip)
        found.append(left)
    best = max(found, key=lambda left: left.bone_mm)
    words = best.words(anatomy, side)
    raise GeometryError("approach", f"a needle of {2 * RADIUS_MM:g} mm through the {side} pedicle {words}")
