"""Cells in, a ``Body`` out: tetrahedra and the faces between them, so that any choice of cells has a skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Faces of a positive tetrahedron, seen from outside anticlockwise.
FACES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))
#: A hexahedron (VTK's order) as six tetrahedra round its diagonal from corner 0 to 6: neighbours' diagonals agree.
SIX = ((0, 1, 2, 6), (0, 2, 3, 6), (0, 3, 7, 6), (0, 7, 4, 6), (0, 4, 5, 6), (0, 5, 1, 6))


@dataclass(frozen=True)
class Body:
    """Cells as tetrahedra, and every face once."""

    #: (n, 3) mm
    points: Floats
    #: (t, 4), and (t,) the cell each tetrahedron is of, of so many
    tets: Ints
    cell: Ints
    cells: int
    #: (f, 3) vertices, outward from the tetrahedron ``inner`` (f,); across lies ``outer``, or nothing (-1)
    faces: Ints
    inner: Ints
    outer: Ints

    def skin(self, shown: Flags) -> tuple[Ints, Ints]:
        """(k, 3) outward triangles of the cells shown (cells,), and (k,) the cell behind each."""
        inner, outer = self._cells_across()
        inside, outside = shown[inner], (self.outer >= 0) & shown[outer]
        bare = inside != outside
        triangles = self.faces[bare]
        inward = outside[bare]
        triangles[inward] = triangles[inward][:, ::-1]
        return triangles, np.where(inward, outer[bare], inner[bare])

    def between(self, kind: Ints, shown: Flags) -> Ints:
        """(k, 3) triangles between shown cells of different kind (cells,)."""
        inner, outer = self._cells_across()
        return np.asarray(self.faces[(self.outer >= 0) & (kind[inner] != kind[outer]) & shown[inner] & shown[outer]])

    def volumes(self) -> Floats:
        """(cells,) mm3."""
        corner = self.points[self.tets]
        each = np.linalg.det(corner[:, 1:] - corner[:, :1]) / 6
        return np.asarray(np.bincount(self.cell, weights=np.abs(each), minlength=self.cells))

    def centroids(self) -> Floats:
        """(cells, 3) mean of the vertices of each cell's tetrahedra, mm."""
        return self.mean(self.points)

    def mean(self, values: Floats) -> Floats:
        """(cells, k) mean over each cell of values at the points (n, k)."""
        each = values[self.tets].mean(axis=1)
        count = np.bincount(self.cell, minlength=self.cells)
        columns = [np.bincount(self.cell, weights=column, minlength=self.cells) / count for column in each.T]
        return np.stack(columns, axis=-1)

    def find(self, point: Floats) -> tuple[int, Floats, Ints] | None:
        """The cell round a point (3,), its weights (4,) and the points (4,) they belong to; None outside."""
        low, high = self.points[self.tets].min(axis=1), self.points[self.tets].max(axis=1)
        near = np.flatnonzero(np.all((low <= point) & (point <= high), axis=1))
        corner = self.points[self.tets[near]]
        edges = np.moveaxis(corner[:, 1:] - corner[:, :1], 1, 2)
        inner = np.linalg.solve(edges, (point - corner[:, 0])[..., None])[..., 0]
        weights = np.column_stack([1 - inner.sum(axis=1), inner])
        if not len(near):
            return None
        best = int(np.argmax(weights.min(axis=1)))
        if weights[best].min() < -1e-6:
            return None
        return int(self.cell[near[best]]), weights[best], self.tets[near[best]]

    def _cells_across(self) -> tuple[Ints, Ints]:
        return self.cell[self.inner], self.cell[np.maximum(self.outer, 0)]


def body_of(points: Floats, cells: Ints) -> Body:
    """The body of tetrahedra (m, 4) or hexahedra (m, 8).

    Raises:
        ValueError: a face that belongs to three cells, or more points than fit in a face's key.
    """
    if len(points) >= 1 << 21:
        raise ValueError(f"{len(points)} points (allowed: below {1 << 21})")
    count = len(cells)
    owner = np.arange(count)
    tets = cells
    if cells.shape[1] == 8:
        tets, owner = cells[:, np.array(SIX)].reshape(-1, 4), np.repeat(owner, len(SIX))
    corner = points[tets]
    inverted = np.linalg.det(corner[:, 1:] - corner[:, :1]) < 0
    tets = np.where(inverted[:, None], tets[:, [0, 1, 3, 2]], tets)
    faces = tets[:, np.array(FACES)].reshape(-1, 3)
    ordered = np.sort(faces, axis=1)
    keys = (ordered[:, 0] << 42) | (ordered[:, 1] << 21) | ordered[:, 2]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    times = np.diff(np.append(first, len(keys)))
    if times.max(initial=1) > 2:
        raise ValueError("a face belongs to more than two cells")
    inner = order[first]
    outer = np.where(times == 2, order[np.minimum(first + 1, len(order) - 1)] // 4, -1)
    return Body(points, tets, owner, count, faces[inner], inner // 4, outer)
