"""What a bone knows about itself: shapes, density atlas and landmarks, in its standard frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from femrisk.errors import GeometryError
from femrisk.meshes.ct.scan import Scan
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Shape
from femrisk.meshes.vertebra.heightchange import HeightChange


@dataclass(frozen=True)
class FemurLandmarks:
    """Landmarks of a proximal femur, mm.

    Standard frame: x medial, y anterior, z proximal, origin where neck and shaft axes cross.
    """

    #: (3,)
    head_center: Floats
    head_radius: float
    #: (3,) unit vector from the origin to the head centre
    neck_axis: Floats
    #: (3,) centre of the narrowest neck section
    neck_center: Floats
    #: superior-inferior and anterior-posterior outer widths of that section
    neck_width_si: float
    neck_width_ap: float
    #: (3,) unit vector up the shaft (0, 0, 1 in the standard frame)
    shaft_axis: Floats
    #: outer medial-lateral and anterior-posterior diameters of the shaft
    shaft_diameter_ml: float
    shaft_diameter_ap: float
    #: (3,) tip of the greater trochanter
    greater_trochanter: Floats
    #: (3,) tip of the lesser trochanter
    lesser_trochanter: Floats
    #: z of the distal cut
    distal_z: float


@dataclass(frozen=True)
class VertebraLandmarks:
    """Landmarks of a thoracolumbar vertebra, mm.

    Standard frame: x right, y anterior, z up, origin at the centre of the body.
    """

    #: y of the anterior and of the posterior wall in the midsagittal plane, between the rims of the endplates
    anterior_wall: float
    posterior_wall: float
    #: width of the body across its rims, mean of the endplates
    body_width: float
    #: heights of the anterior and the posterior wall
    anterior_height: float
    posterior_height: float
    #: (3,) centre of the right pedicle's narrowest section, and the unit vector forwards along its axis
    right_pedicle: Floats
    right_pedicle_axis: Floats
    #: (3,) the same of the left one
    left_pedicle: Floats
    left_pedicle_axis: Floats
    #: of that section
    pedicle_width: float
    pedicle_height: float
    canal_width: float
    canal_depth: float
    #: (3,) tip of the spinous process
    spinous_tip: Floats

    @property
    def height(self) -> float:
        """Height of the body in its middle, from rim to rim."""
        return (self.anterior_height + self.posterior_height) / 2

    @property
    def body_depth(self) -> float:
        """Midsagittal depth of the body across its rims."""
        return self.anterior_wall - self.posterior_wall


@dataclass(frozen=True)
class Anatomy:
    """A bone ready to be meshed, loaded, and measured."""

    #: periosteal surface
    outer: Shape
    #: endosteal surface (inside it: cancellous bone and marrow canal); None where the shell is too thin to be cells
    inner: Shape | None
    #: (n, 3) points, (n,) cortical? -> (n,) ash density, g/cm3
    density: Callable[[Floats, NDArray[np.bool_]], Floats]
    landmarks: FemurLandmarks | VertebraLandmarks
    #: (k, 3) points on the periosteal surface about 1 mm apart
    surface_points: Floats
    #: (3, 4) affine from the standard frame to the coordinates the bone came in (a mirror for the other side)
    to_source: Floats
    #: (n, 3) points -> (n,) index into REGIONS
    region: Callable[[Floats], NDArray[np.uint8]]
    #: where the bone was scanned and how its density was read; None without a scan
    scan: Scan | None = field(default=None, kw_only=True)

    def farthest(self, direction: Floats) -> Floats:
        """(3,) the surface point farthest along ``direction`` (3,)."""
        return np.asarray(self.surface_points[np.argmax(self.surface_points @ direction)])


@dataclass(frozen=True)
class FemurAnatomy(Anatomy):
    """A proximal femur."""

    inner: Shape
    landmarks: FemurLandmarks


@dataclass(frozen=True)
class VertebraAnatomy(Anatomy):
    """A vertebra; its shell is no body of cells."""

    landmarks: VertebraLandmarks
    #: (n, 3) points -> (n,) height over the superior and (n,) depth under the inferior endplate, mm, negative between
    endplates: Callable[[Floats], tuple[Floats, Floats]]
    #: thickness of the shell round the body, 0 without one, and mean trabecular density (K2HPO4) inside
    shell_mm: float = 0.0
    trabecular_mg_per_cm3: float = 0.0
    #: share of its height that the body has lost where it has lost most, None where that is not known; and from the
    #: upright body to this one, None where it is not known how, or nothing is lost
    height_loss_share: float | None = None
    collapse: HeightChange | None = None


def femur_of(anatomy: Anatomy) -> FemurAnatomy:
    """``anatomy``, if it is a femur's.

    Raises:
        GeometryError: it is another bone's.
    """
    if not isinstance(anatomy, FemurAnatomy):
        raise GeometryError("", "belongs in a proximal femur (allowed: proximal_femur, got: vertebra)")
    return anatomy


def vertebra_of(anatomy: Anatomy) -> VertebraAnatomy:
    """``anatomy``, if it is a vertebra's.

    Raises:
        GeometryError: it is another bone's.
    """
    if not isinstance(anatomy, VertebraAnatomy):
        raise GeometryError("", "belongs in a vertebra (allowed: vertebra, got: proximal_femur)")
    return anatomy
