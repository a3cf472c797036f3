"""Names of places in a vertebra in, frames in its standard frame out.

The body's local axis points up through its centre, a pedicle's forwards along it. Sections are perpendicular to it.
"""

from __future__ import annotations

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import VertebraAnatomy, VertebraLandmarks
from femrisk.meshes.frames import Frame
from femrisk.meshes.labelled import BODY_REGIONS, REGIONS, Floats
from femrisk.meshes.shapes import unit

UP = np.array([0.0, 0.0, 1.0])
#: what a vertebra's frames are known by; a point of the arch behind the pedicles lies in the last
PLACES = ("vertebral_body", "left_pedicle", "right_pedicle", "posterior_elements")


def frame_axes(landmarks: VertebraLandmarks, site: str) -> Floats:
    """(3, 3) the directions of a place's frame (``Frame.axes``)."""
    if site.endswith("pedicle"):
        along = landmarks.left_pedicle_axis if site == "left_pedicle" else landmarks.right_pedicle_axis
        up = unit(UP - along * along[2])
        return np.array([along, up, np.cross(along, up)])
    return np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def frame(landmarks: VertebraLandmarks, site: str) -> Frame:
    """The frame in the middle of the body or of a pedicle.

    Raises:
        GeometryError: there is no such place in a vertebra.
    """
    if site not in PLACES[:3]:
        raise GeometryError("site", f"is no place in a vertebra (allowed: vertebral_body, pedicle, got: {site})")
    axes = frame_axes(landmarks, site)
    if site == "vertebral_body":
        return Frame(np.zeros(3), axes)
    return Frame(landmarks.left_pedicle if site == "left_pedicle" else landmarks.right_pedicle, axes)


def site_at(anatomy: VertebraAnatomy, point: Floats) -> str:
    """The one of PLACES that a point (3,) lies in."""
    region = REGIONS[int(anatomy.region(np.asarray(point, float)[None])[0])]
    if region in BODY_REGIONS:
        return "vertebral_body"
    if region == "pedicle":
        return "right_pedicle" if point[0] > 0 else "left_pedicle"
    return "posterior_elements"
