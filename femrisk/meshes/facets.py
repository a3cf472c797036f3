"""Faces on the outside of a mesh: a ``LabelledMesh`` in, the cells and corners of its ``Facets`` out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.cells.splitting import FACES, inner_faces
from femrisk.meshes.labelled import VOXEL_FACES, Floats, LabelledMesh

#: Barycentric coordinates of the three-point rule of a triangle, exact to degree 2, equal weights, (3, 3).
TRIANGLE_BARYCENTRIC: Floats = np.full((3, 3), 1 / 6) + np.eye(3) / 2


@dataclass(frozen=True)
class Facets:
    """Faces of cells; they keep their meaning when the mesh is cut open or spread over ranks."""

    #: (f,) the cell each belongs to
    cells: NDArray[np.int64]
    #: (f, 3) which vertices of the cell it has, or of a voxel (f, 4), one after the other round the face
    corners: NDArray[np.int64]

    def take(self, wanted: NDArray[np.bool_]) -> Facets:
        """Some of them."""
        return Facets(self.cells[wanted], self.corners[wanted])

    def vertices(self, mesh: LabelledMesh) -> NDArray[np.int64]:
        """(f, 3) or (f, 4) indices of points."""
        return np.asarray(np.take_along_axis(mesh.cells[self.cells], self.corners, axis=1))

    def gauss_points(self, mesh: LabelledMesh) -> Floats:
        """(f, 3, 3) mm, of triangles."""
        return np.asarray(np.einsum("gv,fvk->fgk", TRIANGLE_BARYCENTRIC, mesh.points[self.vertices(mesh)]))

    def areas(self, mesh: LabelledMesh) -> Floats:
        """(f,) mm2."""
        return np.asarray(np.linalg.norm(self._across(mesh), axis=1) / (2 if self.corners.shape[1] == 3 else 1))

    def normals(self, mesh: LabelledMesh) -> Floats:
        """(f, 3) unit vectors out of their cells."""
        normal = self._across(mesh)
        inwards = mesh.points[mesh.cells[self.cells]].mean(axis=1) - mesh.points[self.vertices(mesh)[:, 0]]
        normal *= -np.sign(np.einsum("fk,fk->f", normal, inwards))[:, None]
        return np.asarray(normal / np.linalg.norm(normal, axis=1)[:, None])

    def _across(self, mesh: LabelledMesh) -> Floats:
        """(f, 3) product of the two sides that meet in the first vertex, mm2."""
        corner = mesh.points[self.vertices(mesh)]
        return np.asarray(np.cross(corner[:, 1] - corner[:, 0], corner[:, -1] - corner[:, 0]))


def outer_facets(mesh: LabelledMesh) -> Facets:
    """Every face of a conforming mesh that only one cell has."""
    if mesh.of_voxels:
        every = np.sort(mesh.cells[:, VOXEL_FACES], axis=-1).reshape(-1, 4)
        _, face, times = np.unique(every, axis=0, return_inverse=True, return_counts=True)
        cells, faces = np.nonzero((times[face.ravel()] == 1).reshape(-1, 6))
        return Facets(cells, VOXEL_FACES[faces])
    inner = np.zeros((len(mesh.tets), 4), dtype=bool)
    shared = inner_faces(mesh)
    # a face of a tetrahedron lacks one of the vertices 0 to 3, whose numbers add up to 6
    inner[shared.cells.ravel(), 6 - shared.corners.sum(axis=-1).ravel()] = True
    cells, faces = np.nonzero(~inner)
    return Facets(cells, FACES[faces])
