"""Sizes of a proximal femur in, its blended outer form out: an implicit function, zero on the periosteum.

Standard frame (x medial, y anterior, z proximal). Head, neck and shaft follow the sizes asked for; trochanters, crest,
fossa and linea aspera keep their proportions to the head, drawn by eye after real femora (no measured shape model).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Ball, RoundCone, smooth_minimum, unit

#: head diameter the proportions below were drawn for, mm
DRAWN_HEAD_MM = 46.0
#: the narrowest section of the neck, as a share of the way from the origin to the head centre
NARROWEST = 0.60
#: widening of the neck towards its ends, superior-inferior and anterior-posterior, in drawn mm
NECK_FLARE = (16.0, 10.0)
#: the shaft's bow is fitted from here to the cut, drawn mm below the origin
SHAFT_BEGINS = 45.0

#: (start, end, radii, blend) in drawn mm: body, shoulder and tip of the greater trochanter, its anterior ridge, the
#: lesser trochanter, the intertrochanteric crest
OUTGROWTHS = (
    ((-5.0, -2.0, -26.0), (-13.0, -4.5, 4.0), (11.5, 12.0), 12.0),
    ((-13.5, -6.0, 2.0), (-13.0, -7.5, 19.5), (11.5, 9.0), 9.0),
    ((-12.0, -10.0, 22.0), (-5.5, -16.0, 19.5), (7.5, 5.0), 9.0),
    ((-13.5, 4.0, 10.0), (-8.5, 4.0, -20.0), (7.5, 8.0), 12.0),
    ((3.0, -5.0, -25.0), (16.0, -16.0, -29.5), (10.0, 4.5), 9.0),
    ((-6.5, -16.0, 18.0), (10.0, -15.0, -25.0), (4.5, 4.5), 7.0),
)
#: (center, radius, blend) in drawn mm: the piriformis fossa
FOSSAE = (((3.5, -14.5, 20.0), 8.0, 8.0),)


@dataclass(frozen=True)
class FemurShape:
    """Outer form of a proximal femur without its distal cut, mm."""

    head_radius: float
    #: (3,)
    neck_axis: Floats
    #: origin to head centre
    neck_length: float
    #: half widths of the neck's tube at its narrowest, superior-inferior and anterior-posterior
    neck_radii: tuple[float, float]
    #: half diameters of the shaft's tube at the cut, medial-lateral and anterior-posterior
    shaft_radii: tuple[float, float]
    #: z of the distal cut
    distal_z: float
    bow_radius: float

    @cached_property
    def scale(self) -> float:
        """Size relative to the drawn femur."""
        return 2 * self.head_radius / DRAWN_HEAD_MM

    def __call__(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) about mm, negative inside."""
        scale = self.scale
        straight = points - self.bow(points[:, 2])[:, None] * np.array([0.0, 1.0, 0.0])
        value = smooth_minimum(self.shaft(straight), self.neck(points), 16 * scale)
        for start, end, radii, blend in OUTGROWTHS:
            cone = RoundCone(scale * np.array(start), scale * np.array(end), scale * radii[0], scale * radii[1])
            value = smooth_minimum(value, cone.distance(straight), blend * scale)
        value = smooth_minimum(value, self.aspera(straight), 6 * scale)
        for center, radius, blend in FOSSAE:
            hollow = Ball(scale * np.array(center), scale * radius).distance(straight)
            value = -smooth_minimum(-value, hollow, blend * scale)
        head = Ball(self.neck_length * self.neck_axis, self.head_radius).distance(points)
        return smooth_minimum(value, head, 6 * scale)

    def box(self) -> Floats:
        """(2, 3) mm, holds the femur down to a little below its cut."""
        head = self.neck_length * self.neck_axis
        side = max(34 * self.scale, max(self.shaft_radii) + 12)
        low = np.minimum(head - self.head_radius, [-side, -side, self.distal_z - 6])
        return np.array([low, np.maximum(head + self.head_radius, [side, side, 34 * self.scale])])

    def bow(self, z: Floats) -> Floats:
        """(n,) anterior offset of the shaft's centre line: an arc whose best straight line is the z axis."""
        top = -SHAFT_BEGINS * self.scale
        half = max((top - self.distal_z) / 2, 1.0)
        along = np.asarray(z) - (top + self.distal_z) / 2
        knee = 12 * self.scale
        held = half + knee - knee * np.logaddexp(0, (half + knee - along) / knee)
        return np.asarray((half**2 / 3 - held**2) / (2 * self.bow_radius))

    def neck(self, points: Floats) -> Floats:
        """(n,) waisted elliptic tube from inside the trochanter to inside the head."""
        superior = unit(np.array([0.0, 0.0, 1.0]) - self.neck_axis[2] * self.neck_axis)
        frame = np.array([superior, np.cross(superior, self.neck_axis), self.neck_axis])
        local = points @ frame.T
        share = np.clip(local[:, 2] / self.neck_length, -0.2, 1) - NARROWEST
        widths = [r + flare * self.scale * share**2 for r, flare in zip(self.neck_radii, NECK_FLARE, strict=True)]
        cap = np.maximum(-12 * self.scale - local[:, 2], local[:, 2] - self.neck_length)
        return rounded_tube(local, widths[0], widths[1], cap, 22 * self.scale)

    def shaft(self, straight: Floats) -> Floats:
        """(n,) elliptic tube up to the trochanters, flared upwards, medial-lateral more than anterior-posterior."""
        depth = np.maximum(-straight[:, 2] / self.scale, 0)
        first = self.shaft_radii[0] * (1 + 0.24 * np.exp(-((depth / 52) ** 2)))
        second = self.shaft_radii[1] * (1 + 0.14 * np.exp(-((depth / 45) ** 2)))
        return rounded_tube(straight, first, second, straight[:, 2] - 8 * self.scale, 16 * self.scale)

    def aspera(self, straight: Floats) -> Floats:
        """(n,) the linea aspera: a low ridge along the back of the shaft that rises below the lesser trochanter."""
        radius = 3.0 * self.scale
        rising = 4 * self.scale / (1 + np.exp((-straight[:, 2] / self.scale - 65) / 8))
        back = -self.shaft_radii[1] + 0.3 * radius + rising
        ridge = np.hypot(straight[:, 0] + 2 * self.scale, straight[:, 1] - back) - radius
        return np.asarray(np.maximum(ridge, straight[:, 2] + 30 * self.scale))


def rounded_tube(local: Floats, first: Floats, second: Floats, cap: Floats, rounding: float) -> Floats:
    """(n,) about mm: ellipse of radii first, second (n,) round the third local axis, its ends ``cap`` rounded off."""
    radii = np.stack([first, second], axis=1)
    reach = np.linalg.norm(local[:, :2] / radii, axis=1)
    steepness = np.linalg.norm(local[:, :2] / radii**2, axis=1)
    side = np.where(reach > 0.3, reach * (reach - 1) / np.maximum(steepness, 1e-9), (reach - 1) * radii.min(axis=1))
    return -smooth_minimum(-side, -cap, rounding)
