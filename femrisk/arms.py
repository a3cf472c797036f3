"""Arms of a case file in; which solids each adds to the bone, and which material wins in a cell, out.

Painting goes from left to right, the last one wins: lesion tissue, cement, device. Without cement a device inside a
lesion is metal and the rest of the lesion tumour.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from femrisk.meshes.anatomy import Anatomy, femur_of, vertebra_of
from femrisk.meshes.devices.cement import CementPart
from femrisk.meshes.devices.nail import CephalomedullaryNail
from femrisk.meshes.devices.pediclescrews import PedicleScrewSet
from femrisk.meshes.devices.screws import Metal, ScrewSet
from femrisk.meshes.devices.spinecement import BalloonPart, PlumePart
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import Solid
from femrisk.meshes.vertebra.heightchange import HeightChange
from femrisk.part import Part

Lesions = tuple[PlacedLesion, ...]
Paint = tuple[tuple[str, str], ...]


class NamedArm(Part):
    """What every arm has."""

    bones: ClassVar[tuple[str, ...]] = ("proximal_femur",)

    name: str | None = None
    """Name of the arm; its kind when left out."""

    def family(self) -> str:
        """Which mesh of the case the arm is computed on: ``base``, ``screws`` or ``nail``."""
        return "base"

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """Cements, then devices, in the order in which they are cut and painted.

        Raises:
            GeometryError: something does not fit the bone.
        """
        return ()

    def raises(self, anatomy: Anatomy) -> HeightChange | None:
        """How the arm gives a collapsed body height back; None where it leaves the bone as it is."""
        return None

    def paint(self, solids: tuple[Solid, ...], lesions: Lesions) -> Paint:
        """(solid, material) pairs; the last one wins in a cell. ``solids`` are the arm's own."""
        tissue = tuple((lesion.name, lesion.tissue) for lesion in lesions)
        cement = tuple((solid.name, "pmma") for solid in solids if solid.role == "cement")
        metal = tuple((solid.name, self.metal()) for solid in solids if solid.role == "device")
        return tissue + cement + metal

    def metal(self) -> Metal:
        """What the arm's devices are made of."""
        return "ti6al4v"


class Intact(NamedArm):
    """The bone without its lesions."""

    bones: ClassVar[tuple[str, ...]] = ("proximal_femur", "vertebra")

    kind: Literal["intact"]
    """The bone without its lesions."""

    def paint(self, solids: tuple[Solid, ...], lesions: Lesions) -> Paint:
        """Nothing: every cell keeps its host bone."""
        return ()


class Untreated(NamedArm):
    """The bone with its lesions."""

    bones: ClassVar[tuple[str, ...]] = ("proximal_femur", "vertebra")

    kind: Literal["untreated"]
    """The bone with its lesions."""


class ScrewArm(NamedArm):
    """Any arm with screws."""

    screws: ScrewSet = ScrewSet()
    """Cannulated screws along the neck."""

    def family(self) -> str:
        """``screws``."""
        return "screws"

    def metal(self) -> Metal:
        """What the screws are made of."""
        return self.screws.metal

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """The screws."""
        return self.screws.placed(femur_of(anatomy))


class NailArm(NamedArm):
    """Any arm with a nail."""

    nail: CephalomedullaryNail = CephalomedullaryNail()
    """Cephalomedullary nail with its lag screw."""

    def family(self) -> str:
        """``nail``."""
        return "nail"

    def metal(self) -> Metal:
        """What the nail is made of."""
        return self.nail.metal

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """The nail and its screws."""
        return self.nail.placed(femur_of(anatomy))


class POP(CementPart, NamedArm):
    """Percutaneous osteoplasty: cement alone."""

    kind: Literal["pop"]
    """Percutaneous osteoplasty: cement alone."""

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """The cement."""
        return self.cements(femur_of(anatomy), lesions)


class Screws(ScrewArm):
    """Screws without cement."""

    kind: Literal["screws"]
    """Cannulated screws without cement."""


class Nail(NailArm):
    """A nail without cement."""

    kind: Literal["nail"]
    """Cephalomedullary nail without cement."""


class POPScrews(CementPart, ScrewArm):
    """Cement and screws; around hollow perforated ones a mantle of cement."""

    kind: Literal["pop_screws"]
    """Cement and cannulated screws."""

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """Cement in the lesions, the screws' mantle if any, the screws."""
        screws = self.screws.placed(femur_of(anatomy))
        return self.cements(femur_of(anatomy), lesions) + self.screws.mantle(screws) + screws


class POPNail(CementPart, NailArm):
    """Cement and a nail."""

    kind: Literal["pop_nail"]
    """Cement and a cephalomedullary nail."""

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """Cement in the lesions, the nail and its screws."""
        return self.cements(femur_of(anatomy), lesions) + self.nail.placed(femur_of(anatomy))


class PVP(PlumePart, NamedArm):
    """Vertebroplasty: cement let out of needles in the body."""

    bones: ClassVar[tuple[str, ...]] = ("vertebra",)

    kind: Literal["pvp"]
    """Percutaneous vertebroplasty: cement alone."""

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """The cement."""
        return self.cements(vertebra_of(anatomy), lesions)


class BKP(BalloonPart, NamedArm):
    """Kyphoplasty: cement in cavities that balloons have made."""

    bones: ClassVar[tuple[str, ...]] = ("vertebra",)

    kind: Literal["bkp"]
    """Balloon kyphoplasty: cement in two cavities, and height given back to a collapsed body."""

    def raises(self, anatomy: Anatomy) -> HeightChange | None:
        """The height that the balloons give back."""
        return self.lift(vertebra_of(anatomy))

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """The cement."""
        return self.cements(vertebra_of(anatomy), lesions)


class PedicleScrewArm(NamedArm):
    """Any arm with pedicle screws."""

    bones: ClassVar[tuple[str, ...]] = ("vertebra",)

    screws: PedicleScrewSet = PedicleScrewSet()
    """Two pedicle screws, without heads and rods."""

    def family(self) -> str:
        """``screws``."""
        return "screws"

    def metal(self) -> Metal:
        """What the screws are made of."""
        return self.screws.metal

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """Cement around the screws, if any, and the screws."""
        screws = self.screws.placed(vertebra_of(anatomy))
        return self.screws.cements(vertebra_of(anatomy), lesions, screws) + tuple(screw.solid for screw in screws)


class PedicleScrews(PedicleScrewArm):
    """Pedicle screws, with cement around their tips if asked for."""

    kind: Literal["pedicle_screws"]
    """Pedicle screws."""


class PVPScrews(PlumePart, PedicleScrewArm):
    """Vertebroplasty, and screws pushed into the cement while it is soft."""

    kind: Literal["pvp_screws"]
    """Vertebroplasty and pedicle screws."""

    def solids(self, anatomy: Anatomy, lesions: Lesions) -> tuple[Solid, ...]:
        """The plume, cement around the screws, if any, and the screws."""
        return self.cements(vertebra_of(anatomy), lesions) + super().solids(anatomy, lesions)


Arm = Annotated[
    Intact | Untreated | POP | Screws | Nail | POPScrews | POPNail | PVP | BKP | PedicleScrews | PVPScrews,
    Field(discriminator="kind"),
]
