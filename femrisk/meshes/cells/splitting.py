"""A mesh cut open along some of its inner faces: cells and faces in, the same cells with vertices of their own out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from femrisk.meshes.labelled import Floats, LabelledMesh

#: Vertices of the faces of a tetrahedron.
FACES = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])


@dataclass(frozen=True)
class Faces:
    """Faces between two cells; they keep their meaning when the mesh is cut along them."""

    #: (f, 2) the cells on both sides
    cells: NDArray[np.int64]
    #: (f, 2, 3) which vertices of each cell they have; the same place on both sides is the same point
    corners: NDArray[np.int64]

    def take(self, wanted: NDArray[np.bool_]) -> Faces:
        """Some of them."""
        return Faces(self.cells[wanted], self.corners[wanted])

    def points(self, mesh: LabelledMesh) -> Floats:
        """(f, 3, 3) mm."""
        vertices = np.take_along_axis(mesh.tets[self.cells[:, 0]], self.corners[:, 0], axis=1)
        return np.asarray(mesh.points[vertices])


def inner_faces(mesh: LabelledMesh) -> Faces:
    """Every face between two cells of a conforming mesh."""
    vertices = mesh.tets[:, FACES]
    order = np.argsort(vertices, axis=2)
    names = np.take_along_axis(vertices, order, axis=2).reshape(-1, 3)
    corners = np.take_along_axis(np.broadcast_to(FACES, vertices.shape), order, axis=2).reshape(-1, 3)
    rank = np.lexsort(names.T)
    same = np.flatnonzero((names[rank[1:]] == names[rank[:-1]]).all(axis=1))
    pairs = np.sort(np.stack([rank[same], rank[same + 1]], axis=1), axis=1)
    return Faces(pairs // 4, corners[pairs])


def split(mesh: LabelledMesh, faces: Faces, along: NDArray[np.bool_]) -> LabelledMesh:
    """The mesh in which cells on both sides of some faces no longer share them.

    Cells round a vertex stay joined where they share a face that is not cut; each group of them gets a vertex of its
    own. On the border of a cut the cells go round it, and the vertex stays one.

    Args:
        mesh: the mesh; cells keep their order, and vertices their numbers in one of the groups.
        faces: all its inner faces.
        along: (f,) those to cut.
    """
    whole = faces.take(~along)
    ends = 4 * whole.cells[:, :, None] + whole.corners
    count = mesh.tets.size
    first, second = ends[:, 0].ravel(), ends[:, 1].ravel()
    graph = scipy.sparse.coo_matrix((np.ones(len(first), dtype=bool), (first, second)), (count, count))
    _, group = connected_components(graph, directed=False)
    touched = np.zeros(len(mesh.points), dtype=bool)
    cut = faces.take(along)
    touched[np.take_along_axis(mesh.tets[cut.cells[:, 0]], cut.corners[:, 0], axis=1)] = True

    old = mesh.tets.ravel()
    corner = np.flatnonzero(touched[old])
    groups, example, member = np.unique(group[corner], return_index=True, return_inverse=True)
    vertex = old[corner[example]]
    _, keeps = np.unique(vertex, return_index=True)
    number = np.full(len(groups), -1)
    number[keeps] = vertex[keeps]
    fresh = np.flatnonzero(number < 0)
    number[fresh] = len(mesh.points) + np.arange(len(fresh))
    tets = old.copy()
    tets[corner] = number[member]
    points = np.concatenate([mesh.points, mesh.points[vertex[fresh]]])
    return replace(mesh, points=points, cells=tets.reshape(mesh.tets.shape))
