"""Cement of a case file, lesions and a bone in, cement solids and where they might leak out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import Anatomy, FemurAnatomy, VertebraAnatomy, femur_of
from femrisk.meshes.devices.leaks import leak_in_vertebra
from femrisk.meshes.frames import spot
from femrisk.meshes.involvement import VOLUME_GRID, box_grid, covered, normals
from femrisk.meshes.labelled import REGIONS, Floats
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import HalfSpace, Intersection, Offset, Shape, Solid, Union
from femrisk.part import Part

#: Share of a lesion that is filled when neither a share nor a volume is asked for.
USUAL_FILL = 0.9
#: Cement inside a lesion is bounded by the lesion's own sheet; its shape ends this far outside it, mm.
CLEAR_MM = 2.0
#: Cement is not pressed further than this into the bone around a lesion, mm.
FARTHEST_PLUME_MM = 20.0


class CementPart(Part):
    """Cement injected into lesions.

    The needle lies along the neck axis and is withdrawn towards the lateral cortex while cement flows: the medial side
    of a lesion is filled first, and what stays empty (tumour) faces the entry.
    """

    fill_fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the lesion (inside the bone) that is filled; default 0.9."""
    volume_ml: Annotated[float, Field(gt=0, le=80)] | None = None
    """Instead of ``fill_fraction``: volume of the cement, mL.

    What does not fit into the lesions is pressed evenly into the cancellous bone around them.
    """
    plume_mm: Annotated[float, Field(ge=0, le=FARTHEST_PLUME_MM)] = 0.0
    """How far the cement is pressed into the cancellous bone around the lesion, mm."""
    fills: tuple[str, ...] | None = None
    """Names of the lesions to fill; default: every lytic one."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if self.volume_ml is not None and (self.fill_fraction is not None or self.plume_mm > 0):
            raise ValueError("needs either volume_ml or fill_fraction and plume_mm (not both)")
        return self

    def cements(self, anatomy: FemurAnatomy, lesions: tuple[PlacedLesion, ...]) -> tuple[Solid, ...]:
        """The cement as solids, named by their content so that arms with the same cement share them.

        ``Solid.within`` bounds them: cement in a lesion by the lesion, a plume by the endosteum (cement does not enter
        cortical bone).

        Args:
            anatomy: the bone.
            lesions: all lesions of the case.

        Raises:
            GeometryError: no lesion to fill, an unknown one, or more cement than fits.
        """
        filled = self._filled(lesions)
        fraction = USUAL_FILL if self.fill_fraction is None else self.fill_fraction
        plume = self.plume_mm
        if self.volume_ml is not None:
            fraction, plume = spread(self.volume_ml * 1000, filled, anatomy)
        solids = []
        for lesion in filled:
            plane = fill_plane(lesion, anatomy, fraction)
            name = f"cement_{lesion.name}_{_number(100 * fraction)}"
            shape = Intersection((plane, Offset(lesion.shape, CLEAR_MM)))
            solids.append(Solid(name, shape, "cement", lesion.solid.size_mm, lesion.name))
            if plume > 0:
                around = Intersection((plane, Offset(lesion.shape, plume)))
                solids.append(
                    Solid(f"{name}_plume_{_number(plume)}", around, "cement", lesion.solid.size_mm, "endosteum")
                )
        return tuple(solids)

    def _filled(self, lesions: tuple[PlacedLesion, ...]) -> tuple[PlacedLesion, ...]:
        names = tuple(lesion.name for lesion in lesions)
        if self.fills is None:
            filled = tuple(lesion for lesion in lesions if lesion.nature == "lytic")
            if not filled:
                raise GeometryError("fills", "there is no lytic lesion to fill with cement (name others to fill them)")
            return filled
        unknown = [name for name in self.fills if name not in names]
        if unknown or not self.fills:
            got = ", ".join(self.fills) or "nothing"
            raise GeometryError("fills", f"not a lesion of this case (allowed: {', '.join(names)}, got: {got})")
        return tuple(lesion for lesion in lesions if lesion.name in self.fills)


@dataclass(frozen=True)
class CementMeasure:
    """What is known of the cement of an arm before it is meshed."""

    #: volume inside the bone, mL
    volume_ml: float
    #: where it reaches the outside of the bone, in a vertebra also its walls (leak risk), in words, or None
    leak: str | None


def fill_plane(lesion: PlacedLesion, anatomy: FemurAnatomy, fraction: float) -> HalfSpace:
    """The half-space, medial of a plane across the neck axis, that holds ``fraction`` of a lesion inside the bone."""
    axis = anatomy.landmarks.neck_axis
    points, cell = box_grid(lesion.shape.bounds(), VOLUME_GRID)
    weight = covered(np.maximum(lesion.shape.distance(points), anatomy.outer.distance(points)), cell)
    along = points @ axis
    order = np.argsort(-along)
    filled = np.cumsum(weight[order])
    if fraction >= 1:
        level = float(along.min()) - CLEAR_MM - float(np.abs(cell).sum())
    else:
        level = float(np.interp(fraction * filled[-1], filled, along[order]))
    return HalfSpace(lesion.center + (level - float(lesion.center @ axis)) * axis, -axis)


def spread(volume_mm3: float, lesions: tuple[PlacedLesion, ...], anatomy: FemurAnatomy) -> tuple[float, float]:
    """Share of the lesions that a volume of cement fills, and how far the rest is pressed into the bone, mm.

    Raises:
        GeometryError: it does not fit within 20 mm of the lesions.
    """
    shape = Union(tuple(lesion.shape for lesion in lesions))
    box = shape.bounds() + np.array([[-1.0], [1.0]]) * FARTHEST_PLUME_MM
    points, cell = box_grid(box, 56)
    lesion, outer = shape.distance(points), anatomy.outer.distance(points)
    inner = np.maximum(anatomy.inner.distance(points), outer)

    def held(plume: float) -> float:
        body = np.minimum(np.maximum(lesion, outer), np.maximum(lesion - plume, inner)) if plume else lesion
        return float(covered(np.maximum(body, outer), cell).sum() * np.prod(cell))

    own, most = held(0.0), held(FARTHEST_PLUME_MM)
    if volume_mm3 <= own:
        return volume_mm3 / own, 0.0
    if volume_mm3 > most:
        raise GeometryError(
            "volume_ml",
            f"{volume_mm3 / 1000:.1f} mL of cement do not fit: the lesions hold {own / 1000:.1f} mL, the cancellous "
            f"bone within {FARTHEST_PLUME_MM:.0f} mm of them {(most - own) / 1000:.1f} mL",
        )
    low, high = 0.0, FARTHEST_PLUME_MM
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if held(middle) < volume_mm3 else (low, middle)
    return 1.0, high


def bounded(solid: Solid, anatomy: Anatomy, lesions: tuple[PlacedLesion, ...]) -> Shape:
    """The shape of a solid cut by the one it is ``within``, as the mesh will have it."""
    if solid.within is None:
        return solid.shape
    if solid.within == "endosteum":
        return Intersection((solid.shape, femur_of(anatomy).inner))
    holder = next(lesion.shape for lesion in lesions if lesion.name == solid.within)
    return Intersection((solid.shape, holder))


def measure_cement(
    solids: tuple[Solid, ...], anatomy: Anatomy, lesions: tuple[PlacedLesion, ...]
) -> CementMeasure | None:
    """Volume of all cement among ``solids`` (overlaps count once) and where it may leak; None without cement."""
    shapes = tuple(bounded(solid, anatomy, lesions) for solid in solids if solid.role == "cement")
    if not shapes:
        return None
    cement = Union(shapes)
    points, cell = box_grid(cement.bounds(), 64)
    distance = np.maximum(cement.distance(points), anatomy.outer.distance(points))
    volume = float(covered(distance, cell).sum() * np.prod(cell)) / 1000
    if isinstance(anatomy, VertebraAnatomy):
        return CementMeasure(volume, leak_in_vertebra(cement, anatomy))
    depth = cement.distance(anatomy.surface_points)
    worst = int(np.argmin(depth))
    leak = side(anatomy, anatomy.surface_points[worst]) if depth[worst] < 0 else None
    return CementMeasure(volume, leak)


def side(anatomy: Anatomy, point: Floats) -> str:
    """``inferior neck at (20, -3, 2) mm``: a point of the surface in words."""
    normal = normals(anatomy.outer, point[None])[0]
    main = int(np.argmax(np.abs(normal)))
    word = (("medial", "lateral"), ("anterior", "posterior"), ("superior", "inferior"))[main][int(normal[main] < 0)]
    return f"{word} {REGIONS[int(anatomy.region(point[None])[0])]} at {spot(point)}"


def _number(value: float) -> str:
    """A number as part of a name: four digits, ``p`` for the point."""
    return f"{value:.4g}".replace(".", "p")
