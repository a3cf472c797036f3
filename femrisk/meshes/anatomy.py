"""What a bone knows about itself: shapes, density atlas and landmarks, in the standard frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Shape


@dataclass(frozen=True)
class Landmarks:
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
class Anatomy:
    """A bone ready to be meshed, loaded, and measured."""

    #: periosteal surface
    outer: Shape
    #: endosteal surface (inside it: cancellous bone and marrow canal)
    inner: Shape
    #: (n, 3) points, (n,) cortical? -> (n,) ash density, g/cm3
    density: Callable[[Floats, NDArray[np.bool_]], Floats]
    landmarks: Landmarks
    #: (k, 3) points on the periosteal surface about 1 mm apart
    surface_points: Floats
    #: (3, 4) affine from the standard frame to the coordinates the bone came in (a mirror for the other side)
    to_source: Floats
    #: (n, 3) points -> (n,) index into REGIONS
    region: Callable[[Floats], NDArray[np.uint8]]

    def farthest(self, direction: Floats) -> Floats:
        """(3,) the surface point farthest along ``direction`` (3,)."""
        return np.asarray(self.surface_points[np.argmax(self.surface_points @ direction)])
