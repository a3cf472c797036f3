"""A vertebra's surface in the standard frame and its measured body in, its landmarks out; what is none is refused."""

from __future__ import annotations

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import VertebraLandmarks
from femrisk.meshes.frames import exits
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import Implicit
from femrisk.meshes.shapes import unit
from femrisk.meshes.surfaces.sections import Section, sections
from femrisk.meshes.surfaces.triangles import Triangles
from femrisk.meshes.vertebra.body import LONGEST_MM, MeasuredBody

ANTERIOR = np.array([0.0, 1.0, 0.0])
UP = np.array([0.0, 0.0, 1.0])
#: a pedicle's narrowest section is looked for so far behind the posterior wall, mm of a vertebra of the drawn size
BEHIND = (0.5, 12.0)
#: its middle lies so far from the mirror plane, shares of the body's width
OFF_MIDDLE = (0.15, 0.6)
#: sections across its axis are tried so far from the narrowest coronal one, mm
ALONG = np.linspace(-2.5, 2.5, 11)
#: sections up to this much larger than the narrowest give the axis its direction
NEAR_NARROWEST = 1.15
#: sections with less area than this are specks, mm2; a pedicle of 4 by 8 mm has 25
LEAST_AREA = 15.0
#: farthest from the mirror plane that the tip of the spinous process lies, mm
TIP_MM = 15.0
#: what landmarks of a vertebra measure, mm: what a parametric one may be asked for, widened by a quarter
RANGES: dict[str, tuple[float, float]] = {
    "body_width": (19, 85),
    "body_depth": (14, 62),
    "anterior_height": (9, 47),
    "posterior_height": (11, 47),
    "pedicle_width": (3, 32),
    "pedicle_height": (6, 28),
    "canal_width": (11, 45),
    "canal_depth": (8, 35),
}


def landmarks_on(
    surface: Triangles, distance: Implicit, body: MeasuredBody, canal: Floats, where: str
) -> VertebraLandmarks:
    """Landmarks of a surface in the standard frame.

    Args:
        surface: closed, outward, standard frame, mm.
        distance: from it, mm, negative inside.
        body: as measured.
        canal: (3,) a point in the canal, standard frame.
        where: what the user calls the surface.

    Raises:
        GeometryError: no pedicles or no arch, or sizes that no vertebra has.
    """
    found = [pedicle(surface, body, side, where) for side in (1.0, -1.0)]
    (right, right_axis, _), (left, left_axis, _) = found
    sizes = [size_of(section, axis) for _, axis, section in found]
    depth = canal_depth(distance, body, float(canal[1]))
    posterior, anterior = body.heights
    behind = surface.points[np.abs(surface.points[:, 0]) < TIP_MM]
    marks = VertebraLandmarks(
        anterior_wall=body.front,
        posterior_wall=body.wall,
        body_width=float(np.mean(body.widths)),
        anterior_height=anterior,
        posterior_height=posterior,
        right_pedicle=right,
        right_pedicle_axis=right_axis,
        left_pedicle=left,
        left_pedicle_axis=left_axis,
        pedicle_width=float(np.mean([width for width, _ in sizes])),
        pedicle_height=float(np.mean([height for _, height in sizes])),
        canal_width=canal_width(distance, body, float(right[2] + left[2]) / 2, depth),
        canal_depth=depth,
        spinous_tip=behind[np.argmin(behind[:, 1])],
    )
    refuse_sizes(marks, where)
    return marks


def refuse_sizes(marks: VertebraLandmarks, where: str) -> None:
    """Refuse landmarks whose sizes are not those of a vertebra.

    Raises:
        GeometryError: with the first of them.
    """
    for name, (low, high) in RANGES.items():
        size = float(getattr(marks, name))
        if not low <= size <= high:
            raise GeometryError(
                where,
                f"its {name.replace('_', ' ')} of {size:.1f} mm is not that of a vertebra "
                f"(allowed: {low:g} to {high:g} mm; or give its landmarks)",
            )


def pedicle(surface: Triangles, body: MeasuredBody, side: float, where: str) -> tuple[Floats, Floats, Section]:
    """(3,) centre, (3,) axis forwards, and the narrowest section of the right (side 1) or the left (-1) pedicle.

    The axis runs through the middles of coronal sections, as far as they are nearly as narrow as the narrowest one.

    Raises:
        GeometryError: there is none between the posterior wall and the arch.
    """
    coronal = [one for way in np.arange(*BEHIND, 0.5) * body.size if (one := beside(surface, body, side, way))]
    if not coronal:
        raise GeometryError(where, f"no {'right' if side > 0 else 'left'} pedicle behind the body (allowed: two)")
    narrowest = min(coronal, key=lambda one: one.area)
    centers = np.array([one.center for one in coronal if one.area < NEAR_NARROWEST * narrowest.area])
    axis = ANTERIOR
    if len(centers) > 2:
        line = np.linalg.svd(centers - centers.mean(axis=0))[2][0]
        axis = unit(line * np.sign(line @ ANTERIOR))
    around = [nearest_section(surface, narrowest.center + way * axis, axis) for way in ALONG]
    narrowest = min([one for one in around if one is not None], key=lambda one: one.area, default=narrowest)
    return narrowest.center, axis, narrowest


def beside(surface: Triangles, body: MeasuredBody, side: float, behind: float) -> Section | None:
    """The largest coronal section on one side of the canal, ``behind`` mm behind the posterior wall."""
    width, half = float(np.mean(body.widths)), np.mean(body.heights) / 2
    found = [
        one
        for one in sections(surface, np.array([0.0, body.wall - behind, 0.0]), ANTERIOR)
        if OFF_MIDDLE[0] * width < side * one.center[0] < OFF_MIDDLE[1] * width
        and abs(one.center[2]) < half
        and one.area > LEAST_AREA
    ]
    return max(found, key=lambda one: one.area, default=None)


def nearest_section(surface: Triangles, point: Floats, normal: Floats) -> Section | None:
    """The outline across ``normal`` (3,) whose centre is nearest to ``point`` (3,), specks left out."""
    found = [one for one in sections(surface, point, normal) if one.area > LEAST_AREA]
    return min(found, key=lambda one: float(np.linalg.norm(one.center - point)), default=None)


def size_of(section: Section, axis: Floats) -> tuple[float, float]:
    """Width and height of a pedicle's section, mm."""
    across = unit(np.cross(axis, UP))
    return section.width(across), section.width(np.cross(across, axis))


def canal_width(distance: Implicit, body: MeasuredBody, height: float, depth: float) -> float:
    """Largest free width of the front half of the canal at the ``height`` z of the pedicles, mm; ``depth`` its own."""
    behind = np.arange(1.0, depth / 2 + 0.25, 0.5)
    starts = np.column_stack([np.zeros_like(behind), body.wall - behind, np.full_like(behind, height)])
    sides = [exits(lambda at: -distance(at), starts, np.array([side, 0.0, 0.0]), LONGEST_MM) for side in (1.0, -1.0)]
    both = (sides[0] + sides[1])[np.isfinite(sides[0]) & np.isfinite(sides[1])]
    return float(np.max(both, initial=0.0))


def canal_depth(distance: Implicit, body: MeasuredBody, middle: float) -> float:
    """Least way from the rims of the posterior wall to the arch in the mirror plane, mm; ``middle`` is in the canal."""
    levels = np.linspace(-0.9, 0.5, 29) * np.mean(body.heights)
    starts = np.column_stack([np.zeros_like(levels), np.full_like(levels, middle), levels])
    back = exits(lambda at: -distance(at), starts, -ANTERIOR, LONGEST_MM)
    return float(body.wall - middle + np.min(np.where(back > 0, back, np.inf)))
