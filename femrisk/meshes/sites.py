"""Names of places in a bone in, points and directions in its standard frame out; the words belong to the case file."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from femrisk.meshes.anatomy import Anatomy, VertebraAnatomy, femur_of
from femrisk.meshes.femur import sites as femur_sites
from femrisk.meshes.frames import Frame
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import unit
from femrisk.meshes.vertebra import sites as vertebra_sites

Site = Literal[
    "head",
    "femoral_head",
    "neck",
    "femoral_neck",
    "intertrochanteric",
    "greater_trochanter",
    "subtrochanteric",
    "shaft",
    "femoral_shaft",
    "vertebral_body",
    "pedicle",
]
Quadrant = Literal[
    "central",
    "superior",
    "inferior",
    "anterior",
    "posterior",
    "medial",
    "lateral",
    "superomedial",
    "superolateral",
    "inferomedial",
    "inferolateral",
    "anterosuperior",
    "anteroinferior",
    "posterosuperior",
    "posteroinferior",
    "anteromedial",
    "anterolateral",
    "posteromedial",
    "posterolateral",
    "posterior_wall",
    "left",
    "right",
]
#: Sites of a vertebra; all others are a femur's.
VERTEBRA_SITES = ("vertebral_body", "pedicle")
FEMUR_SITES = tuple(site for site in get_args(Site) if site not in VERTEBRA_SITES)

_DIRECTIONS = {
    "superior": (0, 0, 1),
    "inferior": (0, 0, -1),
    "anterior": (0, 1, 0),
    "posterior": (0, -1, 0),
    "medial": (1, 0, 0),
    "lateral": (-1, 0, 0),
    "posterior_wall": (0, -1, 0),
    "right": (1, 0, 0),
    "left": (-1, 0, 0),
}
_STEMS = {
    "supero": "superior",
    "infero": "inferior",
    "antero": "anterior",
    "postero": "posterior",
    "medio": "medial",
    "latero": "lateral",
}
_IN_VERTEBRA = ("posterior_wall", "left", "right")
_EVERY: tuple[str, ...] = tuple(word for word in get_args(Quadrant) if word not in _IN_VERTEBRA)
_ACROSS_SHAFT = tuple(word for word in _EVERY if "super" not in word and "infer" not in word)

#: Quadrants that mean something at a site. In the neck superomedial and inferolateral point along its axis; in the head
#: lateral and inferolateral point into the neck; in the shaft superior and inferior point along it; the greater
#: trochanter hangs on its inferior and medial sides. A pedicle has a side of the body, and no other quadrant.
QUADRANTS: dict[str, tuple[str, ...]] = {
    "head": tuple(word for word in _EVERY if word not in ("lateral", "inferolateral")),
    "neck": tuple(word for word in _EVERY if word not in ("superomedial", "inferolateral")),
    "intertrochanteric": _ACROSS_SHAFT,
    "greater_trochanter": tuple(word for word in _EVERY if "infer" not in word and "medial" not in word),
    "subtrochanteric": _ACROSS_SHAFT,
    "shaft": _ACROSS_SHAFT,
    "vertebral_body": ("central", "anterior", *_IN_VERTEBRA),
    "pedicle": ("left", "right"),
}
#: Depth of a lesion's centre where none is given: half way from the axis, but close to the wall that it is named by.
USUAL_DEPTH = {"posterior_wall": 0.25}
#: Sites whose quadrants are directions in space; elsewhere they are projected on the section.
SPATIAL = ("head", "greater_trochanter")


def short(site: str) -> str:
    """``femoral_neck`` -> ``neck``."""
    return site.removeprefix("femoral_")


def direction(quadrant: str) -> Floats:
    """(3,) unit vector of a quadrant in the standard frame; zero for ``central``.

    ``anteroinferior`` is halfway between anterior and inferior.
    """
    if quadrant == "central":
        return np.zeros(3)
    if quadrant in _DIRECTIONS:
        return np.array(_DIRECTIONS[quadrant], float)
    for stem, first in _STEMS.items():
        if quadrant.startswith(stem):
            return unit(np.add(_DIRECTIONS[first], _DIRECTIONS[quadrant.removeprefix(stem)]))
    raise KeyError(quadrant)


def frame_axes(anatomy: Anatomy, site: str) -> Floats:
    """(3, 3) the directions of a site's frame (``Frame.axes``)."""
    if isinstance(anatomy, VertebraAnatomy):
        return vertebra_sites.frame_axes(anatomy.landmarks, site)
    return femur_sites.frame_axes(femur_of(anatomy).landmarks, short(site))


def frame(anatomy: Anatomy, site: str) -> Frame:
    """The frame in the middle of a site.

    Raises:
        GeometryError: the bone is cut above the site, or has no such site.
    """
    if isinstance(anatomy, VertebraAnatomy):
        return vertebra_sites.frame(anatomy.landmarks, site)
    return femur_sites.frame(femur_of(anatomy), short(site))


def site_at(anatomy: Anatomy, point: Floats) -> str:
    """The site a point lies in, as finely as frames know it."""
    if isinstance(anatomy, VertebraAnatomy):
        return vertebra_sites.site_at(anatomy, point)
    return femur_sites.site_at(femur_of(anatomy), point)


def least_section(anatomy: Anatomy, site: str) -> float:
    """Area under which a section across a site is one near its end, mm2; infinite where a lesion may take all of one.

    Slices near the pole of the head are smaller than the lesion that erodes it from there. A pedicle may be destroyed.
    """
    if isinstance(anatomy, VertebraAnatomy):
        body = 0.8 * np.pi / 4 * anatomy.landmarks.body_width * anatomy.landmarks.body_depth
        return float(body) if site == "vertebral_body" else np.inf
    marks = femur_of(anatomy).landmarks
    narrowest = min(marks.neck_width_si * marks.neck_width_ap, marks.shaft_diameter_ml * marks.shaft_diameter_ap)
    return float(0.8 * np.pi / 4 * narrowest)
