"""How a bone is pushed: an anatomy in, the contacts that hold and drive it out."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from femrisk.contacts import STIFF_DEPTH, Boundary, Cap, Grip, Pot, machine_axes
from femrisk.meshes.anatomy import Anatomy, FemurAnatomy, femur_of
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import unit
from femrisk.part import Part
from femrisk.vertebra_loads import AxialCompression, Flexion


class Stance(Part):
    """Single-leg stance: the head is pushed down and outwards, the shaft is cast into a pot."""

    bones: ClassVar[tuple[str, ...]] = ("proximal_femur",)

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

    def direction(self, anatomy: FemurAnatomy) -> Floats:
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
        anatomy = femur_of(anatomy)
        direction = self.direction(anatomy)
        axes = machine_axes(direction, np.array([0.0, 1.0, 0.0]))
        pot = Pot(anatomy.landmarks.distal_z + self.pot_mm, anatomy.landmarks.distal_z + self.pot_mm - STIFF_DEPTH)
        center = np.array([0.0, 0.0, anatomy.landmarks.distal_z])
        held = Grip("distal_pot", pot, center, ("held",) * 6)
        return Boundary(axes, (head_cap(anatomy, direction, self.cap_radius_mm), held))


class SidewaysFall(Part):
    """Fall on the side: the head is pushed towards the trochanter lying in a cup, the distal pot turns on a hinge."""

    bones: ClassVar[tuple[str, ...]] = ("proximal_femur",)

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

    def direction(self, anatomy: FemurAnatomy) -> Floats:
        """(3,) unit vector of the force on the head: laterally, to the back and, as the knee is up, proximally."""
        adduction, rotation = np.radians(self.adduction_deg), np.radians(self.internal_rotation_deg)
        return np.array(
            [-np.cos(adduction) * np.cos(rotation), -np.cos(adduction) * np.sin(rotation), np.sin(adduction)]
        )

    def boundary(self, anatomy: Anatomy) -> Boundary:
        """Head cap driven, trochanter cup held along the force and else free, pot on a hinge across shaft and force."""
        anatomy = femur_of(anatomy)
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


Load = Annotated[Stance | SidewaysFall | AxialCompression | Flexion, Field(discriminator="kind")]


def head_cap(anatomy: FemurAnatomy, direction: Floats, radius: float) -> Grip:
    """The cap on the head, driven along ``direction`` (3,) through a pivot: free to slide sideways and to turn."""
    marks = anatomy.landmarks
    pole = marks.head_center - direction * marks.head_radius
    pole = pole - direction * float(anatomy.outer.distance(pole[None])[0])
    cap = Cap(anatomy.outer, np.asarray(pole), direction, radius)
    return Grip("head_cap", cap, np.asarray(pole), ("free", "free", "driven", "free", "free", "free"))
