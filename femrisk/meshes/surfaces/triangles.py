"""A soup of triangles in, a closed surface with outward normals out; small defects are mended, others refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.spatial import cKDTree

from femrisk.errors import GeometryError
from femrisk.meshes.labelled import Floats

Integers = NDArray[np.int64]

logger = logging.getLogger(__name__)

#: vertices closer than this are one vertex, mm (a few times the rounding of a float32 file at 400 mm)
SAME_VERTEX_MM = 1e-3
#: holes up to this wide are closed, mm: the default edge length of a mesh, which cannot see them
TINY_HOLE_MM = 3.0
#: a second piece with more than this share of the largest one's volume makes the bone ambiguous
COMPARABLE_SHARE = 0.2
#: more pieces than this are no bone with specks beside it
MOST_PIECES = 1000


@dataclass(frozen=True, eq=False)
class Triangles:
    """Triangles that share vertices."""

    #: (n, 3) mm
    points: Floats
    #: (m, 3) vertex indices, counter-clockwise seen from outside
    faces: Integers

    def corners(self) -> Floats:
        """(m, 3, 3) mm, corner by corner."""
        return np.asarray(self.points[self.faces])

    def area_vectors(self) -> Floats:
        """(m, 3) outward normals whose lengths are the areas, mm2."""
        a, b, c = np.moveaxis(self.corners(), 1, 0)
        return np.asarray(np.cross(b - a, c - a) / 2)

    def volume(self) -> float:
        """Enclosed volume, mm3; negative when the normals point inwards."""
        return float(self.volume_shares().sum())

    def volume_shares(self) -> Floats:
        """(m,) mm3, volume of the cone from each face to the middle of the surface."""
        center = self.points[self.faces].mean(axis=(0, 1))
        return np.asarray(np.einsum("mi,mi->m", self.corners()[:, 0] - center, self.area_vectors()) / 3)

    def only(self, kept: NDArray[np.bool_]) -> Triangles:
        """The faces of the mask (m,), without the vertices nobody uses."""
        used, faces = np.unique(self.faces[kept], return_inverse=True)
        return Triangles(self.points[used], faces.reshape(-1, 3).astype(np.int64))


def close(surface: Triangles, where: str) -> Triangles:
    """Mend small defects and refuse large ones.

    Mended, with a logged message each: doubled vertices and faces, collapsed faces, holes up to ``TINY_HOLE_MM``, faces
    or whole surfaces turned inside out, pieces beside the largest one.

    Args:
        surface: any triangles, mm.
        where: what the user calls the surface, for messages.

    Raises:
        GeometryError: no triangles, open edges, edges of three faces, a one-sided surface, or two comparable pieces.
    """
    if len(surface.faces) < 4 or not np.isfinite(surface.points).all():
        raise GeometryError(where, "not a surface (allowed: at least 4 triangles with finite coordinates)")
    surface = filled(tidied(merged(surface), where), where)
    refuse_open(surface, where)
    return largest(oriented(surface, where), where)


def merged(surface: Triangles) -> Triangles:
    """Vertices within ``SAME_VERTEX_MM`` of each other become one."""
    points, inverse = np.unique(surface.points, axis=0, return_inverse=True)
    pairs = cKDTree(points).query_pairs(SAME_VERTEX_MM, output_type="ndarray")
    label = components(len(points), pairs)
    _, first = np.unique(label, return_index=True)
    return Triangles(points[first], label[inverse.ravel()[surface.faces]].astype(np.int64))


def tidied(surface: Triangles, where: str) -> Triangles:
    """Without collapsed faces and without doubles; two faces back to back cancel each other."""
    faces = surface.faces
    sound = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    if not sound.all():
        logger.warning("%s: dropped %d collapsed triangles", where, np.count_nonzero(~sound))
    faces = faces[sound]
    _, first, inverse = np.unique(np.sort(faces, axis=1), axis=0, return_index=True, return_inverse=True)
    turn = np.where(is_cyclic(faces), 1, -1)
    net = np.zeros(len(first), dtype=np.int64)
    np.add.at(net, inverse.ravel(), turn)
    copies = np.bincount(inverse.ravel())
    kept = first[(net != 0) | (copies == 1)]
    if len(kept) < len(faces):
        logger.warning("%s: dropped %d doubled triangles", where, len(faces) - len(kept))
    return Triangles(surface.points, faces[np.sort(kept)])


def is_cyclic(faces: Integers) -> NDArray[np.bool_]:
    """(m,) True where the face is an even permutation of its sorted corners."""
    return np.asarray(np.argmin(faces, axis=1) == (np.argmax(faces, axis=1) + 1) % 3)


def filled(surface: Triangles, where: str) -> Triangles:
    """Tiny holes closed by a fan."""
    edges, _, count = edge_table(surface)
    rim = edges[count == 1]
    if not len(rim):
        return surface
    label = components(len(surface.points), rim)[rim[:, 0]]
    for loop in np.unique(label):
        ends = rim[label == loop]
        corners = surface.points[np.unique(ends)]
        if np.ptp(corners, axis=0).max() > TINY_HOLE_MM or not (np.bincount(ends.ravel())[np.unique(ends)] == 2).all():
            continue
        center = corners.mean(axis=0)
        fan = np.column_stack([ends, np.full(len(ends), len(surface.points))])
        surface = Triangles(np.vstack([surface.points, center]), np.vstack([surface.faces, fan]))
        logger.warning("%s: closed a hole of %d edges at %s", where, len(ends), place(center))
    return surface


def refuse_open(surface: Triangles, where: str) -> None:
    """Every edge must join an even number of faces.

    Raises:
        GeometryError: some edge does not; the largest gap is named.
    """
    edges, _, count = edge_table(surface)
    bad = edges[count % 2 == 1]
    if not len(bad):
        return
    label = components(len(surface.points), bad)[bad[:, 0]]
    gap = surface.points[np.unique(bad[label == np.argmax(np.bincount(label))])]
    gaps, width = len(np.unique(label)), float(np.linalg.norm(np.ptp(gap, axis=0)))
    more = f", and {gaps - 1} more" if gaps > 1 else ""
    raise GeometryError(
        where,
        f"the surface is open: a gap of {width:.1f} mm at {place(gap.mean(axis=0))}{more} "
        f"(allowed: a closed surface; gaps up to {TINY_HOLE_MM:g} mm are closed)",
    )


def oriented(surface: Triangles, where: str) -> Triangles:
    """All faces of a piece turned the same way, outwards.

    Raises:
        GeometryError: the surface has only one side.
    """
    first, second, agree = neighbours(surface)
    size = len(surface.faces)
    label = components(size, np.column_stack([first, second]))
    if label.max() >= MOST_PIECES:
        raise GeometryError(
            where, f"in {label.max() + 1} separate pieces (allowed: one bone and up to {MOST_PIECES - 1})"
        )
    sign = np.zeros(size)
    weight = np.where(agree, 1, 2)
    graph = coo_array((np.r_[weight, weight], (np.r_[first, second], np.r_[second, first])), shape=(size, size)).tocsr()
    for seed in np.unique(label, return_index=True)[1]:
        order, before = breadth_first_order(graph, seed, directed=False)
        sign[seed] = 1
        turn = 3 - 2 * np.asarray(graph[before[order[1:]], order[1:]]).ravel()
        for face, parent, factor in zip(order[1:], before[order[1:]], turn, strict=True):
            sign[face] = sign[parent] * factor
    wrong = (sign[first] * sign[second] > 0) != agree
    if wrong.any():
        spot = surface.corners()[first[np.argmax(wrong)]].mean(axis=0)
        raise GeometryError(where, f"the surface has only one side, like a Moebius strip, near {place(spot)}")
    shares = surface.volume_shares() * sign
    sign *= np.where(np.bincount(label, shares) < 0, -1, 1)[label]
    turned = sign < 0
    if turned.any():
        logger.warning("%s: turned %d of %d triangles to face outwards", where, np.count_nonzero(turned), size)
    return Triangles(surface.points, np.where(turned[:, None], surface.faces[:, ::-1], surface.faces))


def largest(surface: Triangles, where: str) -> Triangles:
    """The piece of largest volume.

    Raises:
        GeometryError: another piece outside it is comparable.
    """
    first, second, _ = neighbours(surface)
    label = components(len(surface.faces), np.column_stack([first, second]))
    volumes = np.bincount(label, surface.volume_shares())
    main = int(np.argmax(volumes))
    result = surface.only(label == main)
    for piece in np.flatnonzero(np.arange(len(volumes)) != main):
        spot = surface.points[surface.faces[label == piece][0, 0]]
        if encloses(result, spot):
            logger.warning("%s: ignored an inner surface of %.1f ml at %s", where, volumes[piece] / 1000, place(spot))
        elif volumes[piece] > COMPARABLE_SHARE * volumes[main]:
            raise GeometryError(
                where,
                f"several pieces of comparable volume: {volumes[main] / 1000:.1f} ml, "
                f"and {volumes[piece] / 1000:.1f} ml at {place(spot)} (allowed: one bone)",
            )
        else:
            logger.warning("%s: ignored a loose piece of %.1f ml at %s", where, volumes[piece] / 1000, place(spot))
    return result


def encloses(surface: Triangles, point: Floats) -> bool:
    """True when the surface winds round the point (3,): solid angles of van Oosterom & Strackee (1983)."""
    a, b, c = np.moveaxis(surface.corners() - point, 1, 0)
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    volume = np.einsum("mi,mi->m", a, np.cross(b, c))
    ab, bc, ca = (np.einsum("mi,mi->m", u, v) for u, v in ((a, b), (b, c), (c, a)))
    return bool(np.arctan2(volume, la * lb * lc + ab * lc + bc * la + ca * lb).sum() > np.pi)


def neighbours(surface: Triangles) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """Pairs of faces (k,), (k,) across edges of two faces, and (k,) whether both face the same way."""
    _, owner, count = edge_table(surface)
    sides = np.sort(surface.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    forward = surface.faces[:, [0, 1, 2]].ravel() == sides[:, 0]
    order = np.argsort(owner, kind="stable")
    starts = np.r_[0, np.cumsum(count)[:-1]][count == 2]
    one, two = order[starts], order[starts + 1]
    return one // 3, two // 3, forward[one] != forward[two]


def edge_table(surface: Triangles) -> tuple[Integers, Integers, Integers]:
    """(e, 2) edges, (3m,) edge of each side of each face, (e,) how many faces use it."""
    sides = np.sort(surface.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    keys, owner, count = np.unique(sides @ [len(surface.points), 1], return_inverse=True, return_counts=True)
    return np.column_stack(np.divmod(keys, len(surface.points))), owner.ravel(), count


def components(size: int, pairs: Integers) -> Integers:
    """(size,) label of the connected piece of each node."""
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def place(point: Floats) -> str:
    """A point (3,) in a user's words."""
    return "({:.1f}, {:.1f}, {:.1f}) mm".format(*point)
