"""Faces on the outside of a mesh: a ``LabelledMesh`` in, the cells and corners of its ``Facets`` out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.meshes.splitting import FACES, inner_faces

#: Barycentric coordinates of the three-point rule of a triangle, exact to degree 2, equal weights, (3, 3).
TRIANGLE_BARYCENTRIC: Floats = np.full((3, 3), 1 / 6) + np.eye(3) / 2


@dataclass(frozen=True)
class Facets:
    """Faces of cells; they keep their meaning when the mesh is cut open or spread over ranks."""

    #: (f,) the cell each belongs to
    cells: NDArray[np.int64]
    #: (f, 3) which vertices of the cell it has
    corners: NDArray[np.int64]

    def take(self, wanted: NDArray[np.bool_]) -> Facets:
        """Some of them."""
        return Facets(self.cells[wanted], self.corners[wanted])

    def vertices(self, mesh: LabelledMesh) -> NDArray[np.int64]:
        """(f, 3) indices of points."""
        return np.asarray(np.take_along_axis(mesh.tets[self.cells], self.corners, axis=1))

    def gauss_points(self, mesh: LabelledMesh) -> Floats:
        """(f, 3, 3) mm."""
        return np.asarray(np.einsum("gv,fvk->fgk", TRIANGLE_BARYCENTRIC, mesh.points[self.vertices(mesh)]))

    def areas(self, mesh: LabelledMesh) -> Floats:
        """(f,) mm2."""
        a, b, c = mesh.points[self.vertices(mesh)].transpose(1, 0, 2)
        return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)

    def normals(self, mesh: LabelledMesh) -> Floats:
        """(f, 3) unit vectors out of their cells."""
        a, b, c = mesh.points[self.vertices(mesh)].transpose(1, 0, 2)
        # the vertex a face lacks: their numbers 0 to 3 add up to 6
        inside = mesh.points[mesh.tets[self.cells, 6 - self.corners.sum(axis=1)]]
        normal = np.cross(b - a, c - a)
        normal *= -np.sign(np.einsum("fk,fk->f", normal, inside - a))[:, None]
        return np.asarray(normal / np.linalg.norm(normal, axis=1)[:, None])


def outer_facets(mesh: LabelledMesh) -> Facets:
    """Every face of a conforming mesh that only one cell has."""
    inner = np.zeros((len(mesh.tets), 4), dtype=bool)
    shared = inner_faces(mesh)
    # a face of a tetrahedron lacks one of the vertices 0 to 3, whose numbers add up to 6
    inner[shared.cells.ravel(), 6 - shared.corners.sum(axis=-1).ravel()] = True
    cells, faces = np.nonzero(~inner)
    return Facets(cells, FACES[faces])
