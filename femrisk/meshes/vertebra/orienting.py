"""A vertebra's closed surface in, its standard frame out, however it lies in space.

The canal leads to the body, which lies where the bone is deepest. Its two faces give the way up (the bisector of their
planes), the mirror plane of the whole bone gives left and right, and pedicles stand higher than the arch behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from femrisk.errors import GeometryError
from femrisk.meshes.frames import exits
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import thinned
from femrisk.meshes.shapes import unit
from femrisk.meshes.surfaces.triangles import Triangles
from femrisk.meshes.vertebra.canal import STEP, Seen, find_canal, look_at, refuse_without_hole, standing_axes

#: bone of this share of the greatest depth is the middle of the body
DEEP_SHARE = 0.8
#: faces of the body are looked for within this many depths of its middle, sideways and upwards
FACE_REACH, FACE_HEIGHT = 1.15, 1.8
#: a face's normals point this close to the axis (cosine)
FACE_COSINE = 0.75
#: the rim of a face lies over its mean plane as high as this percentile of its points
RIM_PERCENTILE = 90.0
#: share of mirrored points kept in each fit of the mirror plane: a process may be longer on one side
MIRRORED_SHARE = 0.75
#: least difference in height between the pedicles' and the arch's middle, mm (3 to 7 in parametric vertebrae, 8 and 12
#: in two real ones)
LEAST_HIGHER_MM = 1.0


@dataclass(frozen=True, eq=False)
class Pose:
    """The standard frame of a vertebra in its surface's coordinates."""

    #: (3,) middle of the body, mm
    origin: Floats
    #: (3, 3) columns: right, anterior, up
    axes: Floats
    #: (3,) a point in the canal, mm
    canal: Floats
    #: depth of the bone in the middle of the body, about half of its height, mm
    depth: float

    def local(self, points: Floats) -> Floats:
        """(n, 3) mm from the surface's coordinates into the standard frame."""
        return np.asarray((points - self.origin) @ self.axes)


def find_pose(
    surface: Triangles, where: str, ends: tuple[Floats, Floats] | None = None, tip: Floats | None = None
) -> Pose:
    """The standard frame of a vertebra: right, anterior, up, from the middle of the body.

    Args:
        surface: closed, outward, mm.
        where: what the user calls the surface.
        ends: (3,) middles of the superior and of the inferior endplate, mm, where they are known: they give origin and
            way up.
        tip: (3,) tip of the spinous process, mm, where it is known: it gives the way back.

    Raises:
        GeometryError: it has no canal, no body in front of it, or looks alike upside down.
    """
    refuse_without_hole(surface, where)
    seen = look_at(surface)
    along, canal = find_canal(seen.solid, where)
    middle = seen.solid[seen.depth > DEEP_SHARE * seen.depth.max()].mean(axis=0)
    if ends is not None:
        along, middle = ends[0] - ends[1], (ends[0] + ends[1]) / 2
    pose = Pose(middle, standing_axes(along, middle - (canal if tip is None else tip)), canal, float(seen.depth.max()))
    for _ in range(6):
        pose = refined(seen, pose, where, ends is not None, tip)
    return pose if ends is not None else upright(seen, pose, where)


def refined(seen: Seen, pose: Pose, where: str, up_is_given: bool, tip: Floats | None) -> Pose:
    """The pose a step nearer to the body's faces and the bone's mirror plane; what is given stays."""
    up = pose.axes[:, 2] if up_is_given else face_bisector(seen, pose, where)
    if tip is None:
        right, offset = mirror(thinned(seen.spots, STEP), pose)
    else:
        right = standing_axes(up, pose.origin - tip)[:, 0]
        offset = float(tip @ right)
    if up_is_given:
        return replace(pose, axes=standing_axes(up, np.cross(up, right)))
    up = unit(up - (up @ right) * right)
    axes = np.column_stack([right, np.cross(up, right), up])
    pose = replace(pose, axes=axes, origin=pose.origin + (offset - pose.origin @ right) * right)
    return replace(pose, origin=centered(seen, pose, where))


def face_bisector(seen: Seen, pose: Pose, where: str) -> Floats:
    """(3,) unit vector half way between the normals of the planes through the body's two faces."""
    normals = [face(seen, pose, side, where)[1] for side in (1.0, -1.0)]
    return unit(unit(normals[0]) - unit(normals[1]))


def face(seen: Seen, pose: Pose, side: float, where: str) -> tuple[Floats, Floats]:
    """(3,) point at the rims' height and (3,) outward normal of the upper (side 1) or lower (-1) face of the body.

    Raises:
        GeometryError: there is no such face.
    """
    local = pose.local(seen.spots)
    reach = np.hypot(local[:, 0], local[:, 1]) < FACE_REACH * pose.depth
    near = reach & (side * local[:, 2] > 0) & (np.abs(local[:, 2]) < FACE_HEIGHT * pose.depth)
    kept = seen.spots[near & (side * (seen.normals @ pose.axes[:, 2]) > FACE_COSINE)]
    if len(kept) < 50:
        raise GeometryError(where, "no body with two endplates in front of the canal (or give its landmarks)")
    found = kept
    for _ in range(4):
        point = kept.mean(axis=0)
        normal = np.linalg.svd(kept - point, full_matrices=False)[2][2]
        normal = normal * np.sign(side * (normal @ pose.axes[:, 2]))
        off = np.abs((kept - point) @ normal)
        kept = kept[off <= max(float(np.percentile(off, 90)), 0.5)]
    return point + float(np.percentile((found - point) @ normal, RIM_PERCENTILE)) * normal, normal


def mirror(spots: Floats, pose: Pose) -> tuple[Floats, float]:
    """(3,) unit normal, to the right, and offset, mm, of the plane in which the surface's points (k, 3) mirror best."""
    tree = cKDTree(spots)
    normal, offset = pose.axes[:, 0], float(pose.origin @ pose.axes[:, 0])
    for _ in range(3):
        image = spots - 2 * (spots @ normal - offset)[:, None] * normal
        gap, nearest = tree.query(image)
        kept = gap <= np.percentile(gap, 100 * MIRRORED_SHARE)
        one, other = spots[kept], spots[nearest[kept]]
        middle = (one + other) / 2
        ways = one - other
        # least squares: long ways from points to their partners lie along the normal, the middles of all in the plane
        spread = middle - middle.mean(axis=0)
        found = np.linalg.eigh(ways.T @ ways / 4 - spread.T @ spread)[1][:, -1]
        normal = found * np.sign(found @ normal)
        offset = float((middle @ normal).mean())
    return normal, offset


def centered(seen: Seen, pose: Pose, where: str) -> Floats:
    """(3,) the middle of the body: half way between its faces and between its walls in the mirror plane."""
    up, anterior = pose.axes[:, 2], pose.axes[:, 1]
    heights = []
    for side in (1.0, -1.0):
        point, normal = face(seen, pose, side, where)
        heights.append(float((point - pose.origin) @ normal / (up @ normal)))
    low, high = sorted(heights)
    levels = np.linspace(low + 0.15 * (high - low), high - 0.15 * (high - low), 9)
    starts = pose.origin + levels[:, None] * up
    walls = [np.median(exits(seen.distance.distance, starts, side * anterior, 40.0)) for side in (1.0, -1.0)]
    if not np.isfinite(walls).all():
        raise GeometryError(where, "no body with a wall in front of the canal (or give its landmarks)")
    return np.asarray(pose.origin + (low + high) / 2 * up + (walls[0] - walls[1]) / 2 * anterior)


def upright(seen: Seen, pose: Pose, where: str) -> Pose:
    """The pose, or the same upside down: bone beside the canal, the pedicles, stands higher than the arch behind it.

    Raises:
        GeometryError: there is no bone beside or behind the canal, or one stands as high as the other.
    """
    local = pose.local(seen.solid)
    canal = pose.local(pose.canal[None])[0, 1]
    wall = -float(exits(seen.distance.distance, pose.origin[None], -pose.axes[:, 1], 40.0)[0])
    beside = (local[:, 1] < wall - 1) & (local[:, 1] > canal)
    behind = local[:, 1] < canal - 4
    if not (beside.any() and behind.any()):
        raise GeometryError(where, "no arch behind the body (or give its landmarks)")
    higher = float(local[beside, 2].mean() - local[behind, 2].mean())
    if abs(higher) < LEAST_HIGHER_MM:
        raise GeometryError(
            where,
            f"pedicles and arch stand {abs(higher):.1f} mm apart in height, too little to tell top from bottom "
            f"(allowed: at least {LEAST_HIGHER_MM:g} mm in a vertebra; or give its landmarks)",
        )
    turned = pose.axes * np.array([-1.0, 1, -1]) if higher < 0 else pose.axes
    return replace(pose, axes=turned)
