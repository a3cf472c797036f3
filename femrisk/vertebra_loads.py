"""How a vertebra is pressed: its anatomy in, the plates that hold and drive it out, in resin or through discs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from femrisk.contacts import PMMA_MODULUS, Boundary, Embedding, Grip, Motion, Plate, Pressed, machine_axes
from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import Anatomy, VertebraAnatomy, vertebra_of
from femrisk.part import Part

#: Height of a disc where it is lowest, mm (assumed: cells lower than that would be slivers).
THINNEST = 1.0

Turn = tuple[Motion, Motion, Motion]


class BetweenPlates(Part):
    """What every load of a vertebral body has: two rigid plates, of which the upper one is driven down."""

    bones: ClassVar[tuple[str, ...]] = ("vertebra",)

    name: str | None = None
    """Name of the load; its kind when left out."""
    endplates: Literal["potted", "discs"] = "potted"
    """What lies between plates and endplates: potted casts both endplates into resin, as in most tests of single
    vertebrae; discs puts an elastic layer of 8 MPa there (Yang 2012), whose rim is free to bulge."""
    disc_height_mm: Annotated[float, Field(ge=3, le=15)] = 7.5
    """Mean height of each layer; used with endplates discs (7 to 8 mm under L1, recalled)."""

    def between_plates(self, anatomy: VertebraAnatomy, line: float, slides: Motion, turn: Turn) -> Boundary:
        """The inferior plate is held, the superior one driven along the body's axis.

        Args:
            anatomy: the vertebra.
            line: y of the point that is driven, about which the plate turns, mm.
            slides: whether the plate may slide forwards and backwards.
            turn: how it may turn about the axes to the right, to the front and upwards.
        """
        zones = [self.zone(anatomy, superior) for superior in (True, False)]
        levels = [
            zone.level if isinstance(zone, Plate) else sign * anatomy.landmarks.height / 2
            for zone, sign in zip(zones, (1, -1), strict=True)
        ]
        upper = Grip("superior_plate", zones[0], np.array([0.0, line, levels[0]]), ("held", slides, "driven", *turn))
        lower = Grip("inferior_plate", zones[1], np.array([0.0, 0.0, levels[1]]), ("held",) * 6)
        axes = machine_axes(np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0]))
        return Boundary(axes, (upper, lower), layer_MPa=PMMA_MODULUS, pressed=Pressed(anatomy, line))

    def zone(self, anatomy: VertebraAnatomy, superior: bool) -> Embedding | Plate:
        """What takes hold of an endplate.

        Raises:
            GeometryError: a disc too thin for this endplate.
        """
        face = Embedding(anatomy, superior)
        if self.endplates == "potted":
            return face
        heights = anatomy.surface_points[face.core(anatomy.surface_points), 2]
        level = float(heights.mean()) + (self.disc_height_mm if superior else -self.disc_height_mm)
        thinnest = float(np.abs(level - heights).min())
        if thinnest < THINNEST:
            raise GeometryError(
                "disc_height_mm",
                f"leaves a disc of {thinnest:.1f} mm where the endplate is highest (allowed: at least "
                f"{self.disc_height_mm + THINNEST - thinnest:.1f} with this bone, got: {self.disc_height_mm:g})",
            )
        return Plate(face, level)


class AxialCompression(BetweenPlates):
    """Axial compression: the upper of two plates is driven down on the lower one."""

    kind: Literal["axial_compression"]
    upper: Literal["clamped", "pivot"] = "clamped"
    """How the upper plate is held but for its travel: clamped moves it straight down, as in tests of potted vertebrae
    under uniform displacement (Yang 2012); pivot lets it tilt about the middle of the endplate."""

    def boundary(self, anatomy: Anatomy) -> Boundary:
        """The superior endplate is driven along the body's axis, the inferior one is held."""
        turn: Turn = ("held", "held", "held") if self.upper == "clamped" else ("free", "free", "held")
        return self.between_plates(vertebra_of(anatomy), 0.0, "held", turn)


class Flexion(BetweenPlates):
    """Flexion under compression: the upper plate is driven down through a ball joint in front of the body's middle."""

    kind: Literal["flexion"]
    eccentricity: Annotated[float, Field(ge=0, le=0.4)] = 0.15
    """How far in front of the body's middle the ball joint lies, as a share of the body's depth; tests that make
    wedge fractures put it at the anterior third, or 10 to 20 % of the depth in front of the middle (recalled)."""

    def boundary(self, anatomy: Anatomy) -> Boundary:
        """The plate tilts about the joint, which slides forwards and backwards.

        So the force stays upright and bends every section alike, whatever the joint's height over the endplate
        (assumed: a joint that cannot slide would push back, and the more the closer it lies).
        """
        anatomy = vertebra_of(anatomy)
        line = self.eccentricity * anatomy.landmarks.body_depth
        return self.between_plates(anatomy, line, "free", ("free", "free", "held"))
