"""Points with their height over a plane in, the section through cells and the lines through faces at height 0 out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.viewer.body import Floats, Ints


@dataclass(frozen=True)
class Section:
    """Corners on edges of the cells, and what they form."""

    #: (k, 2) ends of the edge each corner lies on, and (k,) how far along it is
    ends: Ints
    share: Floats
    #: (j, 3) triangles or (j, 2) lines of corners, and (j,) which tetrahedron or face each is of
    parts: Ints
    source: Ints

    def at(self, values: Floats) -> Floats:
        """(k, ...) values at the points (n, ...), at the corners."""
        share = self.share.reshape(-1, *(1,) * (values.ndim - 1))
        return np.asarray((1 - share) * values[self.ends[:, 0]] + share * values[self.ends[:, 1]])


def cut_cells(tets: Ints, height: Floats) -> Section:
    """The triangles in which tetrahedra (t, 4) are cut where the height (n,) of their points is 0."""
    above = (height > 0)[tets]
    count = above.sum(axis=1, dtype=np.int8)
    # vertices below the plane come first
    which = {number: np.flatnonzero(count == number) for number in (1, 2, 3)}
    ordered = {
        number: np.take_along_axis(tets[some], np.argsort(above[some], axis=1, kind="stable"), axis=1)
        for number, some in which.items()
    }
    alone = np.concatenate([ordered[1][:, [3, 0, 3, 1, 3, 2]], ordered[3][:, [0, 1, 0, 2, 0, 3]]]).reshape(-1, 2)
    paired = ordered[2][:, [0, 2, 0, 3, 1, 3, 1, 2]].reshape(-1, 2)
    three = np.arange(len(alone)).reshape(-1, 3)
    four = len(alone) + np.arange(len(paired)).reshape(-1, 4)
    return _section(
        np.concatenate([alone, paired]),
        height,
        np.concatenate([three, four[:, [0, 1, 2]], four[:, [0, 2, 3]]]),
        np.concatenate([which[1], which[3], which[2], which[2]]),
    )


def cut_faces(triangles: Ints, height: Floats) -> Section:
    """The lines in which triangles (f, 3) are cut where the height (n,) of their points is 0."""
    above = (height > 0)[triangles]
    count = above.sum(axis=1, dtype=np.int8)
    which = np.flatnonzero((count == 1) | (count == 2))
    ordered = np.take_along_axis(triangles[which], np.argsort(above[which], axis=1, kind="stable"), axis=1)
    lone_low = count[which] == 2
    edges = np.where(lone_low[:, None], ordered[:, [0, 1, 0, 2]], ordered[:, [2, 0, 2, 1]]).reshape(-1, 2)
    return _section(edges, height, np.arange(len(edges)).reshape(-1, 2), which)


def _section(ends: Ints, height: Floats, parts: Ints, source: Ints) -> Section:
    first, second = height[ends[:, 0]], height[ends[:, 1]]
    return Section(ends, first / (first - second), parts, source)
