"""A closed surface in, a refusal out where it passes through itself; exact triangle against triangle, numpy only."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from femrisk.errors import GeometryError
from femrisk.meshes.labelled import Floats
from femrisk.meshes.surfaces.triangles import Integers, Triangles, components, place

logger = logging.getLogger(__name__)

#: crossings no wider than this cannot be seen at the millimetre a surface is sampled at, mm
TINY_CROSSING_MM = 0.5
#: larger surfaces are refused: nothing on a bone is smaller than their triangles
MOST_FACES = 2_000_000
#: pairs handled at once
CHUNK = 1_000_000


def refuse_crossing(surface: Triangles, where: str) -> None:
    """Check every triangle against those near it.

    Raises:
        GeometryError: the surface passes through itself over more than ``TINY_CROSSING_MM``; the widest place is named.
    """
    if len(surface.faces) > MOST_FACES:
        raise GeometryError(where, f"too many triangles (allowed: {MOST_FACES}, got: {len(surface.faces)})")
    pairs, at = crossings(surface)
    if not len(pairs):
        return
    label = components(len(surface.faces), pairs)[pairs[:, 0]]
    spots = [at[label == piece] for piece in np.unique(label)]
    widths = [float(np.linalg.norm(np.ptp(spot, axis=0))) for spot in spots]
    widest = int(np.argmax(widths))
    text = f"over {widths[widest]:.1f} mm at {place(spots[widest].mean(axis=0))}"
    if widths[widest] <= TINY_CROSSING_MM:
        logger.warning("%s: the surface crosses itself %s in %d places, too little to matter", where, text, len(spots))
        return
    raise GeometryError(where, f"the surface crosses itself {text} (allowed: crossings up to {TINY_CROSSING_MM} mm)")


def crossings(surface: Triangles) -> tuple[Integers, Floats]:
    """Pairs (k, 2) of triangles without a common corner that cut each other, once per cut edge, and (k, 3) mm where."""
    found, spots = [np.empty((0, 2), dtype=np.int64)], [np.empty((0, 3))]
    corners = surface.corners()
    for pairs in candidates(surface):
        one, two = corners[pairs[:, 0]], corners[pairs[:, 1]]
        for first, second in ((one, two), (two, one)):
            for side in range(3):
                hit, spot = pierce(first[:, side], first[:, (side + 1) % 3], second)
                found.append(pairs[hit])
                spots.append(spot)
    return np.concatenate(found), np.concatenate(spots)


def pierce(start: Floats, end: Floats, corners: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """(k,) True where the segment passes through the triangle (k, 3, 3), (h, 3) where; Moeller & Trumbore (1997)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    along, ab, ac = end - start, b - a, c - a
    cross = np.cross(along, ac)
    det = np.einsum("ki,ki->k", ab, cross)
    scale = np.linalg.norm(ab, axis=1) * np.linalg.norm(ac, axis=1) * np.linalg.norm(along, axis=1)
    flat = np.abs(det) <= 1e-9 * scale
    inverse = 1 / np.where(flat, 1.0, det)
    offset = start - a
    u = np.einsum("ki,ki->k", offset, cross) * inverse
    across = np.cross(offset, ab)
    v = np.einsum("ki,ki->k", along, across) * inverse
    t = np.einsum("ki,ki->k", ac, across) * inverse
    hit = ~flat & (u > 0) & (v > 0) & (u + v < 1) & (t > 0) & (t < 1)
    return hit, start[hit] + t[hit, None] * along[hit]


def candidates(surface: Triangles) -> Iterator[Integers]:
    """Chunks of pairs (k, 2) of triangles whose boxes overlap and that share no corner, found on a grid of cells."""
    corners = surface.corners()
    low, high = corners.min(axis=1), corners.max(axis=1)
    size = max(2 * float(np.median(high - low)), 1e-3)
    first, last = (np.floor((box - low.min(axis=0)) / size).astype(np.int64) for box in (low, high))
    shape = last.max(axis=0) + 1
    owner, cell = spread(first, last)
    key = (cell[:, 0] * shape[1] + cell[:, 1]) * shape[2] + cell[:, 2]
    order = np.argsort(key, kind="stable")
    owner, cell, key = owner[order], cell[order], key[order]
    rank = np.searchsorted(key, key, side="right") - np.arange(len(key)) - 1
    edges = np.r_[0, np.flatnonzero(np.diff(np.cumsum(rank) // CHUNK)) + 1, len(rank)]
    for begin, stop in pairwise(edges):
        ahead = rank[begin:stop]
        left = np.repeat(np.arange(begin, stop), ahead)
        right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(ahead) - ahead, ahead)
        one, two = owner[left], owner[right]
        overlap = (low[one] <= high[two]).all(axis=1) & (low[two] <= high[one]).all(axis=1)
        # a pair that meets in several cells is taken in the first of them only
        overlap &= (np.maximum(first[one], first[two]) == cell[left]).all(axis=1)
        one, two = one[overlap], two[overlap]
        shared = (surface.faces[one][:, :, None] == surface.faces[two][:, None, :]).any(axis=(1, 2))
        yield np.column_stack([one, two])[~shared]


def spread(first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """All integer cells between ``first`` and ``last`` (m, 3): (k,) whose and (k, 3) which."""
    span = last - first + 1
    count = span.prod(axis=1)
    owner = np.repeat(np.arange(len(first)), count)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    own = span[owner]
    offset = np.column_stack([step // (own[:, 1] * own[:, 2]), step // own[:, 2] % own[:, 1], step % own[:, 2]])
    return owner, first[owner] + offset
