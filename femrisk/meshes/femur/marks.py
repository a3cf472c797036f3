"""A femur's surface in the standard frame in, its landmarks out, and a refusal where it is of the other side."""

from __future__ import annotations

import logging

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import FemurLandmarks
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import unit
from femrisk.meshes.surfaces.sections import Section, section_at
from femrisk.meshes.surfaces.soliddistance import scattered
from femrisk.meshes.surfaces.triangles import Triangles

logger = logging.getLogger(__name__)

UP = np.array([0.0, 0.0, 1.0])
#: shortest bone that has a shaft to cast into a pot, from the top of the head, mm
SHORTEST_MM = 130.0
#: the lesser trochanter is looked for in this box about the origin, head radii: along the neck, and up the shaft
LESSER_X, LESSER_Z = (-0.25, 1.1), (-2.6, -0.6)
#: below this height, head radii, there is only shaft
SHAFT_BELOW = -2.1
#: way out of the lesser trochanter, and how far from its middle its tip may lie, head radii
LESSER_WAY, LESSER_REACH = unit(np.array([13.0, -11.0, -4.5])), 9 / 23
#: least height of the lesser trochanter over the shaft's front-to-back mirror image, mm
LESSER_LEAST = 2.0


def landmarks_on(
    surface: Triangles, head: Floats, radius: float, neck: Section, length: float, where: str
) -> FemurLandmarks:
    """Landmarks of a surface in the standard frame.

    Args:
        surface: closed, outward, standard frame, mm.
        head: (3,) centre of the head.
        radius: of the head, mm.
        neck: the narrowest section of the neck, standard frame.
        length: wanted from the top of the head to the distal cut, mm; less where the surface ends before.
        where: what the user calls the surface.

    Raises:
        GeometryError: too short, or its lesser trochanter lies in front: the other side, or the wrong frame.
    """
    axis = unit(head)
    superior = unit(UP - axis[2] * axis)
    distal = distal_cut(surface, float(head[2]) + radius, length, where)
    owner, shares = scattered(surface, 1.0)
    spots = np.einsum("kc,kci->ki", shares, surface.corners()[owner])
    lateral = spots[(spots @ axis < 0.3 * np.linalg.norm(head)) & (spots[:, 2] > 0)]
    shaft = section_at(surface, np.array([0.0, 0.0, distal]), UP)
    if shaft is None or not len(lateral):
        raise GeometryError(where, "no greater trochanter or no shaft where a femur has them (or give its landmarks)")
    return FemurLandmarks(
        head_center=head,
        head_radius=radius,
        neck_axis=axis,
        neck_center=neck.center,
        neck_width_si=neck.width(superior),
        neck_width_ap=neck.width(np.cross(axis, superior)),
        shaft_axis=UP,
        shaft_diameter_ml=shaft.width(np.array([1.0, 0.0, 0.0])),
        shaft_diameter_ap=shaft.width(np.array([0.0, 1.0, 0.0])),
        greater_trochanter=lateral[np.argmax(lateral[:, 2])],
        lesser_trochanter=lesser_trochanter(spots, head, radius, where),
        distal_z=distal,
    )


def distal_cut(surface: Triangles, top: float, length: float, where: str) -> float:
    """Height z of the cut: ``length`` below ``top``, or just above the end of the surface.

    Raises:
        GeometryError: the surface is too short.
    """
    bottom = float(surface.points[:, 2].min())
    if bottom < top - length - 3:
        return top - length
    # a sawn end need not be square to the shaft: go up until sections no longer grow
    heights = bottom + np.arange(1.0, 40.0)
    found = [section_at(surface, z * UP, UP) for z in heights]
    areas = np.array([section.area if section else 0.0 for section in found])
    full = np.flatnonzero(areas[:-5] > 0.95 * areas[5:])
    cut = float(heights[full[0] if len(full) else 0]) + 1
    if top - cut < SHORTEST_MM:
        raise GeometryError(
            where,
            f"the bone ends {top - cut:.0f} mm below the top of the head (allowed: at least {SHORTEST_MM:g} mm)",
        )
    logger.warning("%s: cut %.0f mm below the top of the head, where the surface ends", where, top - cut)
    return cut


def lesser_trochanter(spots: Floats, head: Floats, radius: float, where: str) -> Floats:
    """(3,) its tip: where, seen along the neck, the medial side below it bulges farther to one side than to the other.

    Behind the neck lies the back of every femur, whatever its anteversion, so this tells the sides apart.

    Args:
        spots: (k, 3) points on the surface about 1 mm apart, standard frame.
        head: (3,) centre of the head.
        radius: of the head, mm.
        where: what the user calls the surface.

    Raises:
        GeometryError: the bulge lies in front, or there is none.
    """
    along = unit(np.array([head[0], head[1], 0.0]))
    seen = np.column_stack([spots @ along, spots @ np.cross(UP, along), spots[:, 2]])
    bulge, at = fore_and_aft(seen, radius)
    behind, before = (np.unravel_index(np.argmax(sign * bulge), bulge.shape) for sign in (-1, 1))
    if -bulge[behind] < max(bulge[before], LESSER_LEAST):
        found = "in front" if bulge[before] >= LESSER_LEAST else "nowhere"
        raise GeometryError(
            where,
            f"the lesser trochanter lies {found}, where a femur of this side has it behind: is this the other side? "
            f"(bulges: {max(-bulge[behind], 0):.1f} mm behind, {max(bulge[before], 0):.1f} mm in front)",
        )
    x, z = at[behind]
    column = (np.hypot(seen[:, 0] - x, seen[:, 2] - z) < 2) & (seen[:, 1] < 0)
    tip = spots[column][np.argmin(seen[column, 1])]
    for _ in range(3):
        near = spots[np.linalg.norm(spots - tip, axis=1) < LESSER_REACH * radius]
        tip = near[np.argmax(near @ LESSER_WAY)]
    return np.asarray(tip)


def fore_and_aft(spots: Floats, radius: float, step: float = 2.0) -> tuple[Floats, Floats]:
    """How much farther the bone reaches forwards than backwards on the medial side.

    The same of the lateral side at each height is subtracted, so that bow and a tilted shaft do not count; then that of
    the shaft below the trochanters, so that a shaft of oblique section does not count.

    Returns:
        (nz, nx) mm, 0 where there is no bone; (nz, nx, 2) the x and z of its columns.
    """
    zs = np.arange(LESSER_Z[0] * radius, LESSER_Z[1] * radius, step)
    xs = np.arange(-0.8 * radius, LESSER_X[1] * radius, step)
    difference = np.full((len(zs), len(xs)), np.nan)
    for i, z in enumerate(zs):
        level = spots[np.abs(spots[:, 2] - z) < step]
        for j, x in enumerate(xs):
            column = level[np.abs(level[:, 0] - x) < step, 1]
            if len(column) > 1 and np.ptp(column) > 0.3 * radius:
                difference[i, j] = column.max() + column.min()
    medial = xs > LESSER_X[0] * radius
    middle = np.array([median(row[~medial]) for row in difference])
    bulge = (difference - middle[:, None])[:, medial]
    bulge = np.nan_to_num(bulge - median(bulge[zs < SHAFT_BELOW * radius]))
    return bulge, np.stack(np.meshgrid(xs[medial], zs), axis=-1)


def median(values: Floats) -> float:
    """Median of what is not nan; 0 of nothing."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0
