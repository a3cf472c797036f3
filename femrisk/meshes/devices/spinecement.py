"""Cement of a case file for the body of a vertebra, its lesions and the bone in, cement solids out."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.devices.balloons import Balloons
from femrisk.meshes.devices.flooding import Spread, solids
from femrisk.meshes.devices.ground import Ground
from femrisk.meshes.devices.needles import Approach, needles
from femrisk.meshes.devices.plume import Plume
from femrisk.meshes.devices.trajectories import Side
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import Solid, Union
from femrisk.meshes.vertebra.heightchange import HeightChange
from femrisk.meshes.vertebra.involvement import body_volume
from femrisk.part import Part

#: Share of the body that is filled when neither a share nor a volume is asked for: the fill at which strength was back
#: on regression, 120 vertebral bodies, Molloy 2003 [seen].
USUAL_SHARE = 0.162
#: Share of the lost height that balloons give back when none is asked for: 97 % in cadavers, against 30 % with cement
#: alone, Belkoff 2001 [recalled-M]. Bodies that stand loaded or have begun to heal give less (no number was found).
USUAL_LIFT = 0.97


class BodyCementPart(Part):
    """An amount of cement for the body of a vertebra."""

    body_fraction: Annotated[float, Field(gt=0, le=0.6)] | None = None
    """Volume of the cement as a share of the volume of the body; default 0.162 (at which strength was back, Molloy
    2003)."""
    volume_ml: Annotated[float, Field(ge=0.2, le=20)] | None = None
    """Instead of ``body_fraction``: volume of the cement, mL."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if self.volume_ml is not None and self.body_fraction is not None:
            raise ValueError("needs either volume_ml or body_fraction (not both)")
        return self

    def amount(self, anatomy: VertebraAnatomy) -> tuple[float, str]:
        """Volume, mm3, and the key it comes from."""
        if self.volume_ml is not None:
            return 1000 * self.volume_ml, "volume_ml"
        fraction = USUAL_SHARE if self.body_fraction is None else self.body_fraction
        return fraction * body_volume(anatomy), "body_fraction"


class PlumePart(BodyCementPart):
    """Cement let out of needles in the anterior third of the body.

    It grows from the needles' tips through the bone, in proportion to which it is held back by its density, fills each
    lytic lesion it meets before it goes on, and stops 1 mm under the surface of the bone where no lesion breaks it.
    """

    approach: Approach = "bipedicular"
    """Through both pedicles, or through one to the middle of the body."""
    side: Side = "left"
    """Through which pedicle a unipedicular needle goes, side of the patient."""

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if self.approach == "bipedicular" and "side" in self.model_fields_set and self.side != "left":
            raise ValueError("side can only go with approach unipedicular")
        return self

    def cements(self, anatomy: VertebraAnatomy, lesions: tuple[PlacedLesion, ...]) -> tuple[Solid, ...]:
        """The plume, and what it fills of lesions; named by content, so that arms with the same cement share it.

        Raises:
            GeometryError: a needle or the cement does not fit.
        """
        ground = Ground.of(anatomy, lesions)
        volume, key = self.amount(anatomy)
        start = Union(tuple(one.start() for one in needles(anatomy, self.approach, self.side)))
        way = "both" if self.approach == "bipedicular" else self.side
        return _fitting(ground, Plume.of(ground, start), volume, f"cement_plume_{way}_{number(volume)}", key)


class BalloonPart(BodyCementPart):
    """Cement in cavities made by two balloons, and in the lesions they reach."""

    balloon_length_mm: Annotated[float, Field(ge=8, le=30)] = 20.0
    """Length of the balloons, mm (assumed; usual ones are 10 to 20 mm [recalled]); their diameter follows from the
    volume."""
    height_restored_fraction: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of the height a collapsed body has lost that the balloons give back; default 0.97 (in cadavers, Belkoff
    2001, recalled: an upper bound), 0 where it is not known how the body has collapsed."""

    def lift(self, anatomy: VertebraAnatomy) -> HeightChange | None:
        """From the body as it is to the body the balloons leave; None where they give no height back.

        Raises:
            GeometryError: height is asked for, and it is not known how it was lost.
        """
        fraction, lost = self.height_restored_fraction, anatomy.collapse
        if lost is None and fraction and anatomy.height_loss_share != 0:
            raise GeometryError(
                "height_restored_fraction",
                "needs to know how the body has collapsed: give bone.height_loss_share and bone.collapse_kind (allowed "
                f"without them: 0, got: {fraction:g})",
            )
        fraction = USUAL_LIFT if fraction is None else fraction
        return None if lost is None or fraction == 0 else lost.regaining(fraction)

    def cements(self, anatomy: VertebraAnatomy, lesions: tuple[PlacedLesion, ...]) -> tuple[Solid, ...]:
        """The cavities, and what cement fills of lesions.

        Raises:
            GeometryError: a needle, a balloon or the cement does not fit.
        """
        ground = Ground.of(anatomy, lesions)
        volume, key = self.amount(anatomy)
        balloons = Balloons.of(ground, needles(anatomy, "bipedicular", "left"), self.balloon_length_mm)
        name = f"cement_balloon_{number(self.balloon_length_mm)}_{number(volume)}"
        return _fitting(ground, balloons, volume, name, key)


def _fitting(ground: Ground, spread: Spread, volume: float, name: str, key: str) -> tuple[Solid, ...]:
    """The solids; an error in the amount gets the key it comes from."""
    try:
        return solids(ground, spread, volume, name)
    except GeometryError as error:
        raise GeometryError(key, error.mistakes[0].what) from error


def number(value: float) -> str:
    """A number as part of a name: four digits, ``p`` for the point."""
    return f"{value:.4g}".replace(".", "p").replace("-", "m")
