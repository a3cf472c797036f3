"""A vertebra and what is pushed into it through a pedicle in, its straight way and the bone left round it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.frames import spot
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import unit
from femrisk.meshes.vertebra.involvement import face_names

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
CANAL = "the canal"
#: step along a way, mm
STEP = 0.25
#: from here on, in front of the middle of the pedicle, a way must lie in the bone; behind it lies the entry, mm
BEHIND_MM = -5.0
#: a way passes the pedicle up to here and then lies in the body, mm
PEDICLE_MM = 10.0


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A straight way forwards through the middle of a pedicle's narrowest section."""

    side: Side
    #: (3,) middle of the pedicle, mm, and unit vector forwards
    middle: Floats
    axis: Floats

    def at(self, way: Floats | float) -> Floats:
        """(..., 3) the point ``way`` mm in front of the middle of the pedicle."""
        return np.asarray(self.middle + np.multiply.outer(way, self.axis))

    def entry(self, anatomy: VertebraAnatomy) -> float:
        """Where the way comes out of the bone behind, mm (negative: behind the middle of the pedicle)."""
        ways = np.arange(0.0, -60.0, -STEP)
        outside = np.flatnonzero(anatomy.outer.distance(self.at(ways)) > 0)
        return float(ways[outside[0]]) if len(outside) else float(ways[-1])


@dataclass(frozen=True, eq=False)
class Clearance:
    """The least bone round a way, and where."""

    #: between the device's surface and the bone's, mm; negative where it comes through
    bone_mm: float
    #: (3,) the place on the bone's surface
    place: Floats

    def words(self, anatomy: VertebraAnatomy, side: Side) -> str:
        """``comes 1.2 mm through the anterior wall at (3, 14, 2) mm``."""
        wall = wall_words(anatomy, self.place, side)
        if self.bone_mm >= 0:
            return f"comes within {self.bone_mm:.1f} mm of {wall} at {spot(self.place)}"
        if wall == CANAL:
            return f"enters {CANAL} by {-self.bone_mm:.1f} mm at {spot(self.place)}"
        return f"comes {-self.bone_mm:.1f} mm through {wall} at {spot(self.place)}"


def wall_words(anatomy: VertebraAnatomy, place: Floats, side: Side) -> str:
    """The part of the surface that a place (3,) beside a way through the pedicle lies on, in words."""
    name = face_names(anatomy, place[None])[0]
    if name not in ("pedicle", "posterior_elements"):
        return f"the {name.replace('_', ' ')}"
    middle = anatomy.landmarks.left_pedicle if side == "left" else anatomy.landmarks.right_pedicle
    # of the four sides of a pedicle, the canal lies on the medial one
    aside, up = abs(middle[0]) - abs(float(place[0])), float(place[2] - middle[2])
    share = aside / anatomy.landmarks.pedicle_width, up / anatomy.landmarks.pedicle_height
    if abs(share[1]) > abs(share[0]):
        return f"the {'upper' if up > 0 else 'lower'} side of the pedicle"
    return CANAL if aside > 0 else "the lateral side of the pedicle"


def clearance(anatomy: VertebraAnatomy, way: Trajectory, radius: float, first: float, last: float) -> Clearance:
    """The least bone round a round-nosed rod of ``radius`` whose axis runs from ``first`` to ``last``, mm."""
    points = way.at(np.arange(first, last + STEP / 2, STEP))
    depth = -anatomy.outer.distance(points)
    worst = int(np.argmin(depth))
    near = np.argmin(np.linalg.norm(anatomy.surface_points - points[worst], axis=1))
    return Clearance(float(depth[worst]) - radius, np.asarray(anatomy.surface_points[near]))


def pedicle(anatomy: VertebraAnatomy, side: Side) -> tuple[Floats, Floats]:
    """(3,) middle and (3,) axis of a pedicle."""
    marks = anatomy.landmarks
    if side == "left":
        return marks.left_pedicle, marks.left_pedicle_axis
    return marks.right_pedicle, marks.right_pedicle_axis


def converging(anatomy: VertebraAnatomy, side: Side, angle_deg: float) -> Trajectory:
    """The level way that converges forwards by an angle to the midsagittal plane."""
    middle, _ = pedicle(anatomy, side)
    angle, outwards = np.radians(angle_deg), 1.0 if side == "right" else -1.0
    return Trajectory(side, middle, np.array([-outwards * np.sin(angle), np.cos(angle), 0.0]))


def aimed(anatomy: VertebraAnatomy, side: Side, target: Floats) -> Trajectory:
    """The way to a point (3,) of the body."""
    middle, _ = pedicle(anatomy, side)
    return Trajectory(side, middle, unit(target - middle))
