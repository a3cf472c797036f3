"""Pedicle screws of a case file and a vertebra in, their places through both pedicles out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.devices.flooding import solids
from femrisk.meshes.devices.ground import Ground
from femrisk.meshes.devices.plume import Plume
from femrisk.meshes.devices.screws import PROUD_MM, Metal
from femrisk.meshes.devices.spinecement import number
from femrisk.meshes.devices.trajectories import (
    BEHIND_MM,
    PEDICLE_MM,
    SIDES,
    Clearance,
    Side,
    Trajectory,
    clearance,
    converging,
    pedicle,
)
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import Capsule, Solid, Union
from femrisk.part import Part

#: Bone left round a screw in the pedicle and in the body, mm: least (assumed).
PEDICLE_BONE_MM, BODY_BONE_MM = 0.5, 1.0
#: A screw is turned inwards from the pedicle's own axis by up to this, in steps of 1 deg, until it fits (assumed).
MOST_TURN_DEG = 20
#: Length of a screw from its tip that has holes for cement, mm (assumed).
PERFORATED_MM = 12.0


@dataclass(frozen=True, eq=False)
class PlacedScrew:
    """A screw in its pedicle."""

    way: Trajectory
    #: its shape, from behind the entry to the nose
    shape: Capsule

    @property
    def solid(self) -> Solid:
        """``screw_left`` or ``screw_right``."""
        return Solid(f"screw_{self.way.side}", self.shape, "device", self.shape.radius / 1.25)


class PedicleScrewSet(Part):
    """Two screws through the middle of the pedicles' narrowest sections, level, into the body.

    Each converges as its pedicle does, or by as much more as it needs to leave 1 mm of bone in the body. It is a solid
    round-nosed cylinder of its thread's diameter, flush with the bone where it enters: core and thread are not told
    apart, and heads and rods are left out, so that no load goes through them to other vertebrae.
    """

    diameter_mm: Annotated[float, Field(ge=3.5, le=10)] = 6.5
    """Thread diameter, mm."""
    length_mm: Annotated[float, Field(ge=20, le=70)] = 45.0
    """From the entry through the surface of the bone to the tip, mm."""
    convergence_deg: Annotated[float, Field(ge=-15, le=45)] | None = None
    """Angle to the midsagittal plane, forwards and inwards (default: as the pedicle, or as much more as fits)."""
    cement_per_screw_ml: Annotated[float, Field(ge=0.2, le=5)] | None = None
    """Cement for each screw, mL, let out of holes in its front 12 mm (published: 1 to 2.5); none when left out. Both
    are pressed alike, so that one beside a lesion lets out more."""
    metal: Metal = "ti6al4v"
    """What they are made of."""

    def placed(self, anatomy: VertebraAnatomy) -> tuple[PlacedScrew, ...]:
        """The left, then the right screw.

        Raises:
            GeometryError: a screw wider than its pedicle, or one that comes out of the bone; it says where.
        """
        room = anatomy.landmarks.pedicle_width - 2 * PEDICLE_BONE_MM
        if self.diameter_mm > room:
            raise GeometryError(
                "screws.diameter_mm",
                f"is too wide for the pedicle of {anatomy.landmarks.pedicle_width:.1f} mm (allowed: up to {room:.1f}, "
                f"got: {self.diameter_mm:g})",
            )
        return tuple(self._screw(anatomy, side) for side in SIDES)

    def cements(
        self, anatomy: VertebraAnatomy, lesions: tuple[PlacedLesion, ...], screws: tuple[PlacedScrew, ...]
    ) -> tuple[Solid, ...]:
        """Cement let out of the screws' front parts; the volume counts around the screws.

        Raises:
            GeometryError: it does not fit.
        """
        if self.cement_per_screw_ml is None:
            return ()
        ground = Ground.of(anatomy, lesions, tuple(screw.shape for screw in screws))
        fronts = Union(tuple(_front(screw) for screw in screws))
        volume = 2000 * self.cement_per_screw_ml
        turned = "" if self.convergence_deg is None else f"_{number(self.convergence_deg)}deg"
        name = f"cement_mantle_{number(self.diameter_mm)}_{number(self.length_mm)}_{number(volume)}{turned}"
        try:
            return solids(ground, Plume.of(ground, fronts), volume, name)
        except GeometryError as error:
            raise GeometryError("screws.cement_per_screw_ml", error.mistakes[0].what) from error

    def _screw(self, anatomy: VertebraAnatomy, side: Side) -> PlacedScrew:
        """The screw that converges least of those that fit."""
        screw, worst = self._tried(anatomy, side, self.length_mm)
        if screw is not None:
            return screw
        shorter = np.arange(np.ceil(self.length_mm) - 1, 19, -1)
        fitting = next((length for length in shorter if self._tried(anatomy, side, float(length))[0]), None)
        least = f"least bone round it: {PEDICLE_BONE_MM} mm in the pedicle, {BODY_BONE_MM} mm in the body"
        allowed = least if fitting is None else f"allowed: up to {fitting:g} of this diameter, got: {self.length_mm:g}"
        key = "length_mm" if self.convergence_deg is None or fitting else "convergence_deg"
        size = f"{self.diameter_mm:g} x {self.length_mm:g} mm"
        raise GeometryError(f"screws.{key}", f"the {side} screw of {size} {worst.words(anatomy, side)} ({allowed})")

    def _tried(self, anatomy: VertebraAnatomy, side: Side, length: float) -> tuple[PlacedScrew | None, Clearance]:
        """The screw of a length, if one fits, and the least bone at the convergence that leaves most."""
        axis, radius = pedicle(anatomy, side)[1], self.diameter_mm / 2
        own = float(np.degrees(np.arctan2(-axis[0] if side == "right" else axis[0], axis[1])))
        angles = own + np.arange(MOST_TURN_DEG + 1.0) if self.convergence_deg is None else [self.convergence_deg]
        found = []
        for angle in angles:
            way = converging(anatomy, side, float(angle))
            entry = way.entry(anatomy)
            last = entry + length - radius
            zones = (
                (clearance(anatomy, way, radius, BEHIND_MM, PEDICLE_MM), PEDICLE_BONE_MM),
                (clearance(anatomy, way, radius, PEDICLE_MM, max(last, PEDICLE_MM)), BODY_BONE_MM),
            )
            spare, left = min(((left.bone_mm - least, left) for left, least in zones), key=lambda pair: pair[0])
            if spare >= 0:
                return PlacedScrew(way, Capsule(way.at(entry - PROUD_MM), way.at(last), radius)), left
            found.append((spare, left))
        return None, max(found, key=lambda pair: pair[0])[1]


def _front(screw: PlacedScrew) -> Capsule:
    """The perforated part of a screw."""
    shape = screw.shape
    return Capsule(shape.end - (PERFORATED_MM - shape.radius) * screw.way.axis, shape.end, shape.radius)
