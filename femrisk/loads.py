"""How a bone is pushed: an anatomy in, the contacts that hold and drive it out.

Every contact of a testing machine is a small rigid grip inside a stiff layer that cannot fail, so that neither the
grip's edge nor the bone crushed under it decides the answer. Grips may turn freely where the machine has a joint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Shape
from femrisk.part import Part

Motion = Literal["free", "held", "driven"]
#: Modulus of the layer under a contact, MPa (the anti-crush zone of Sas et al. 2020).
STIFF_MODULUS = 20000.0
#: Depth of that layer and width of the rim over which it fades into bone, mm.
STIFF_DEPTH, RIM = 5.0, 2.0
#: Radius of the rigid grip inside the layer, mm.
GRIP_RADIUS = 5.0
#: Distance from a contact within which no failure is looked for, mm.
EXCLUSION = 5.0
#: Distance from a pot within which a break is the clamp's: about the diameter of a shaft (Saint-Venant), mm.
CLAMPED = 25.0


@dataclass(frozen=True)
class Cap:
    """A pad on the surface: the bone within ``radius`` of the line through the pole, down to STIFF_DEPTH."""

    outer: Shape
    #: (3,) point of the surface under the middle of the pad
    pole: Floats
    #: (3,) unit vector from the machine into the bone
    direction: Floats
    #: mm
    radius: float

    def weight(self, points: Floats, margin: float = 0.0) -> Floats:
        """(n, 3) -> (n,) 1 in the stiff layer grown by ``margin`` mm, 0 outside, smooth over RIM."""
        offset = points - self.pole
        along = offset @ self.direction
        across = np.linalg.norm(offset - along[:, None] * self.direction, axis=1)
        near = (across < self.radius + margin + RIM) & (np.abs(along) < 2 * self.radius + margin)
        result = np.zeros(len(points))
        depth = -self.outer.distance(points[near])
        result[near] = smooth_step(self.radius + margin - across[near]) * smooth_step(STIFF_DEPTH + margin - depth)
        return result

    def core(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) the points the rigid grip takes hold of."""
        return np.asarray(np.linalg.norm(points - self.pole, axis=1) < GRIP_RADIUS)


@dataclass(frozen=True)
class Pot:
    """The shaft cast into a pot: everything below a height."""

    #: z of the pot's rim, mm
    top: float
    #: z below which the bone moves with the pot, mm
    rigid_top: float

    def weight(self, points: Floats, margin: float = 0.0) -> Floats:
        """(n, 3) -> (n,) 1 in the pot grown by ``margin`` mm, 0 above, smooth over RIM."""
        return smooth_step(self.top + margin - points[:, 2])

    def core(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) the points that move with the pot."""
        return np.asarray(points[:, 2] < self.rigid_top)


@dataclass(frozen=True)
class Grip:
    """A rigid body glued to the core of a contact zone."""

    name: str
    zone: Cap | Pot
    #: (3,) point about which it turns, mm
    center: Floats
    #: translations, then rotations, along the machine's three axes
    motion: tuple[Motion, Motion, Motion, Motion, Motion, Motion]


@dataclass(frozen=True)
class Boundary:
    """The machine: axes as rows (3, 3), the third one against the driven direction, and its grips."""

    axes: Floats
    grips: tuple[Grip, ...]

    def stiffness_weight(self, points: Floats) -> Floats:
        """(n, 3) -> (n,) share of the stiff layer at each point, 0 to 1."""
        return np.asarray(np.max([grip.zone.weight(points) for grip in self.grips], axis=0))

    def contact(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) True where a fracture is not looked for: contacts, pots and EXCLUSION mm round them."""
        return np.asarray(np.max([grip.zone.weight(points, EXCLUSION) for grip in self.grips], axis=0) > 0)

    def clamped(self, point: Floats) -> bool:
        """True where a pot bends the bone: a break at this point (3,) says little of the bone above."""
        pots = [grip.zone for grip in self.grips if isinstance(grip.zone, Pot)]
        return any(bool(pot.weight(point[None], CLAMPED)[0] > 0) for pot in pots)


def smooth_step(distance: Floats) -> Floats:
    """0 below -RIM/2, 1 above RIM/2, cubic in between; distance in mm."""
    s = np.clip(distance / RIM + 0.5, 0.0, 1.0)
    return np.asarray(s * s * (3 - 2 * s))


class Stance(Part):
    """Single-leg stance: the head is pushed down and outwards, the shaft is cast into a pot."""

    kind: Literal["stance"]
    name: str | None = None
    """Name of the load; its kind when left out."""
    axis: Literal["frontal", "hip_knee"] = "frontal"
    """Direction of the force: at an angle to the shaft in the frontal plane, or from the head to the knee's centre."""
    angle_deg: Annotated[float, Field(ge=-10, le=40)] = 20.0
    """Angle between force and shaft in the frontal plane (Keyak's set-up); used with axis frontal."""
    femur_length_mm: Annotated[float, Field(ge=300, le=600)] = 442.0
    """Length of the whole femur, for the knee's centre; used with axis hip_knee (mean of a CT series: 442 mm)."""
    cap_radius_mm: Annotated[float, Field(ge=8, le=22)] = 15.0
    """Radius of the loading cap on the head."""
    pot_mm: Annotated[float, Field(ge=10, le=80)] = 30.0
    """Length of shaft cast into the pot."""

    def direction(self, anatomy: Anatomy) -> Floats:
        """(3,) unit vector of the force on the head."""
        if self.axis == "frontal":
            angle = np.radians(self.angle_deg)
            return np.array([-np.sin(angle), 0.0, -np.cos(angle)])
        marks = anatomy.landmarks
        top = marks.head_center[2] + marks.head_radius
        knee = marks.shaft_axis * (top - self.femur_length_mm) / marks.shaft_axis[2]
        return unit(knee - marks.head_center)

    def boundary(self, anatomy: Anatomy) -> Boundary:
        """The head's cap is driven along the force and else free; the pot is held."""
        direction = self.direction(anatomy)
        axes = machine_axes(direction, np.array([0.0, 1.0, 0.0]))
        pot = Pot(anatomy.landmarks.distal_z + self.pot_mm, anatomy.landmarks.distal_z + self.pot_mm - STIFF_DEPTH)
        center = np.array([0.0, 0.0, anatomy.landmarks.distal_z])
        held = Grip("distal_pot", pot, center, ("held",) * 6)
        return Boundary(axes, (head_cap(anatomy, direction, self.cap_radius_mm), held))


class SidewaysFall(Part):
    """Fall on the side: the head is pushed towards the trochanter lying in a cup, the distal pot turns on a hinge."""

    kind: Literal["sideways_fall"]
    name: str | None = None
    """Name of the load; its kind when left out."""
    adduction_deg: Annotated[float, Field(ge=0, le=40)] = 10.0
    """Angle of the shaft to the ground; the knee is the higher end."""
    internal_rotation_deg: Annotated[float, Field(ge=-15, le=45)] = 15.0
    """Rotation of the shaft that turns the back of the trochanter to the ground."""
    cap_radius_mm: Annotated[float, Field(ge=8, le=22)] = 15.0
    """Radius of the loading cap on the head."""
    pad_radius_mm: Annotated[float, Field(ge=8, le=30)] = 16.0
    """Radius of the cup under the greater trochanter. The default is the disc as wide, on average, as the surface
    within 5 % of the bone's width of the ground, the contact of the Ogo femur models: 15 to 17 mm on the presets."""
    pot_mm: Annotated[float, Field(ge=10, le=80)] = 30.0
    """Length of shaft cast into the pot."""

    def direction(self, anatomy: Anatomy) -> Floats:
        """(3,) unit vector of the force on the head: laterally, to the back and, as the knee is up, proximally."""
        adduction, rotation = np.radians(self.adduction_deg), np.radians(self.internal_rotation_deg)
        return np.array(
            [-np.cos(adduction) * np.cos(rotation), -np.cos(adduction) * np.sin(rotation), np.sin(adduction)]
        )

    def boundary(self, anatomy: Anatomy) -> Boundary:
        """Head cap driven, trochanter cup held along the force and else free, pot on a hinge across shaft and force."""
        direction = self.direction(anatomy)
        hinge = unit(np.cross(np.array([0.0, 0.0, 1.0]), direction))
        axes = machine_axes(direction, hinge)
        pole = anatomy.farthest(direction)
        cup = Cap(anatomy.outer, pole, -direction, self.pad_radius_mm)
        distal = anatomy.landmarks.distal_z
        pot = Pot(distal + self.pot_mm, distal + self.pot_mm - STIFF_DEPTH)
        return Boundary(
            axes,
            (
                head_cap(anatomy, direction, self.cap_radius_mm),
                Grip("trochanter_cup", cup, pole, ("free", "free", "held", "free", "free", "free")),
                Grip(
                    "distal_pot",
                    pot,
                    np.array([0.0, 0.0, distal + self.pot_mm / 2]),
                    ("held", "held", "held", "free", "held", "held"),
                ),
            ),
        )


Load = Annotated[Stance | SidewaysFall, Field(discriminator="kind")]


def head_cap(anatomy: Anatomy, direction: Floats, radius: float) -> Grip:
    """The cap on the head, driven along ``direction`` (3,) through a pivot: free to slide sideways and to turn."""
    marks = anatomy.landmarks
    pole = marks.head_center - direction * marks.head_radius
    pole = pole - direction * float(anatomy.outer.distance(pole[None])[0])
    cap = Cap(anatomy.outer, np.asarray(pole), direction, radius)
    return Grip("head_cap", cap, np.asarray(pole), ("free", "free", "driven", "free", "free", "free"))


def machine_axes(direction: Floats, first: Floats) -> Floats:
    """(3, 3) right-handed rows: ``first`` made square to the force, its complement, and minus the force's direction."""
    third = -direction
    across = unit(first - (first @ third) * third)
    return np.array([across, np.cross(third, across), third])


def unit(vector: Floats) -> Floats:
    """(3,) scaled to length 1."""
    return np.asarray(vector / np.linalg.norm(vector))
