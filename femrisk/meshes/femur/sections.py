"""A blended femur in, its measured sections and landmarks out, and the femur corrected to the widths asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import FemurLandmarks
from femrisk.meshes.femur.shape import OUTGROWTHS, FemurShape
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import unit

#: at most so many corrections of the tubes; each leaves about a tenth of the error before it
CORRECTIONS = 12
WIDTHS = ("neck_width_si_mm", "neck_width_ap_mm", "shaft_diameter_ml_mm", "shaft_diameter_ap_mm")


@dataclass(frozen=True)
class NeckSection:
    """The narrowest section of the neck."""

    #: (3,)
    center: Floats
    width_si: float
    width_ap: float


def fitted(shape: FemurShape, size: dict[str, float]) -> FemurShape:
    """The same femur with its tubes changed until the blended surface has the widths of ``size``.

    Raises:
        GeometryError: a width that cannot be reached beside the other measures.
    """
    wanted = np.array([size[key] for key in WIDTHS])
    for _ in range(CORRECTIONS):
        error = wanted - widths(shape)
        if np.abs(error).max() < 0.05:
            break
        radii = np.array([*shape.neck_radii, *shape.shaft_radii]) + error / 2
        radii = np.maximum(radii, 0.3 * wanted / 2)
        shape = replace(shape, neck_radii=(radii[0], radii[1]), shaft_radii=(radii[2], radii[3]))
    found = widths(shape)
    worst = int(np.argmax(np.abs(found - wanted)))
    if abs(found[worst] - wanted[worst]) > 0.5:
        raise GeometryError(
            f"bone.{WIDTHS[worst]}",
            f"does not fit the other measures (allowed: about {found[worst]:.1f} beside them, got: {wanted[worst]:g})",
        )
    return shape


def widths(shape: FemurShape) -> Floats:
    """(4,) the measured ``WIDTHS``, mm."""
    section = neck_section(shape)
    return np.array([section.width_si, section.width_ap, *shaft_diameters(shape)])


def neck_section(shape: FemurShape) -> NeckSection:
    """The section across the neck axis with the smallest product of widths."""
    axis = shape.neck_axis
    superior = unit(np.array([0.0, 0.0, 1.0]) - axis[2] * axis)
    forward = np.cross(axis, superior)
    stations = np.linspace(0.3, 0.85, 45) * shape.neck_length
    reaches = [reach(shape, stations[:, None] * axis, way) for way in (superior, -superior, forward, -forward)]
    widths = np.array([reaches[0] + reaches[1], reaches[2] + reaches[3]])
    place = int(np.argmin(widths[0] * widths[1]))
    shift = (reaches[0] - reaches[1])[place] / 2 * superior + (reaches[2] - reaches[3])[place] / 2 * forward
    return NeckSection(stations[place] * axis + shift, float(widths[0, place]), float(widths[1, place]))


def shaft_diameters(shape: FemurShape) -> tuple[float, float]:
    """Medial-lateral and anterior-posterior diameters at the distal cut, mm."""
    center = np.array([[0.0, float(shape.bow(np.array([shape.distal_z]))[0]), shape.distal_z]])
    across = [reach(shape, center, np.array(way))[0] for way in ((1.0, 0, 0), (-1.0, 0, 0), (0, 1.0, 0), (0, -1.0, 0))]
    return float(across[0] + across[1]), float(across[2] + across[3])


def reach(shape: FemurShape, starts: Floats, way: Floats) -> Floats:
    """(n,) distance from each start (n, 3) to the surface in direction ``way`` (3,), mm."""
    steps = np.arange(0.0, 45.0, 0.5)
    values = shape((starts[:, None] + steps[None, :, None] * way).reshape(-1, 3)).reshape(len(starts), -1)
    leaves = np.maximum(np.argmax(values > 0, axis=1), 1)
    rows = np.arange(len(starts))
    low, high = values[rows, leaves - 1], values[rows, leaves]
    return np.asarray(steps[leaves - 1] + 0.5 * low / (low - high))


def landmarks_of(shape: FemurShape, feet: Floats) -> FemurLandmarks:
    """Landmarks of the finished femur; ``feet`` (k, 3) are points on its surface."""
    section = neck_section(shape)
    shaft = shaft_diameters(shape)
    trochanteric = feet[(feet @ shape.neck_axis < 0.3 * shape.neck_length) & (feet[:, 2] > 0)]
    start, end = (shape.scale * np.array(point) for point in OUTGROWTHS[4][:2])
    lesser = feet[np.linalg.norm(feet - end, axis=1) < 9 * shape.scale]
    return FemurLandmarks(
        head_center=shape.neck_length * shape.neck_axis,
        head_radius=shape.head_radius,
        neck_axis=shape.neck_axis,
        neck_center=section.center,
        neck_width_si=section.width_si,
        neck_width_ap=section.width_ap,
        shaft_axis=np.array([0.0, 0.0, 1.0]),
        shaft_diameter_ml=shaft[0],
        shaft_diameter_ap=shaft[1],
        greater_trochanter=trochanteric[np.argmax(trochanteric[:, 2])],
        lesser_trochanter=lesser[np.argmax(lesser @ unit(end - start))],
        distal_z=shape.distal_z,
    )
