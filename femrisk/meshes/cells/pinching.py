"""A bone cut out of its box in, the same bone without chips that hang on it by an edge out.

Where coarse cells meet a convex surface, a cell with all its corners on the surface may stay behind on the far side of
cells that were cut away: four faces of the surface then share an edge, and no smoother can part them. Two larger parts
that touch along an edge are parted there instead.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph

from femrisk.meshes.cells.complex import Complex, Ints

#: most passes; a chip gone may leave another behind it
ROUNDS = 5


def unpinched(mesh: Complex) -> Complex:
    """The cells without chips, all corners on the surface, that hang on by an edge; larger parts are parted there."""
    for _ in range(ROUNDS):
        edges = pinched(mesh.tets)
        if not len(edges):
            break
        chips = ((mesh.masks & np.uint32(1))[mesh.tets] == 1).all(axis=1)
        at_edge = np.zeros(len(mesh.tets), dtype=bool)
        for first, second in edges:
            at_edge |= (mesh.tets == first).any(axis=1) & (mesh.tets == second).any(axis=1)
        if not (chips & at_edge).any():
            break
        mesh = mesh.only(~(chips & at_edge))
    for edge in pinched(mesh.tets):
        mesh = _parted(mesh, edge)
    return mesh


def _parted(mesh: Complex, edge: Ints) -> Complex:
    """The mesh with one edge bisected, by a vertex of its own for each group of cells that faces join round it.

    The groups then share its ends alone, and no edge of the surface has more than two faces.
    """
    first, second = edge
    around = np.flatnonzero((mesh.tets == first).any(axis=1) & (mesh.tets == second).any(axis=1))
    others = mesh.tets[around]
    others = others[(others != first) & (others != second)].reshape(-1, 2)
    corners, ends = np.unique(others, return_inverse=True)
    ends = ends.reshape(-1, 2)
    graph = scipy.sparse.coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (len(corners),) * 2)
    count, group = scipy.sparse.csgraph.connected_components(graph, directed=False)
    middle = len(mesh.points) + group[ends[:, 0]]
    halves = [np.where(mesh.tets[around] == end, middle[:, None], mesh.tets[around]) for end in edge]
    keep = np.ones(len(mesh.tets), dtype=bool)
    keep[around] = False
    return Complex(
        np.concatenate([mesh.points, np.tile(mesh.points[edge].mean(axis=0), (count, 1))]),
        np.concatenate([mesh.tets[keep], *halves]),
        np.concatenate([mesh.membership[keep], *[mesh.membership[around]] * 2]),
        np.concatenate([mesh.masks, np.full(count, mesh.masks[first] & mesh.masks[second])]),
    )


def pinched(tets: Ints) -> Ints:
    """(k, 2) edges of the outer surface that more than two of its faces share."""
    faces = np.sort(np.concatenate([np.delete(tets, corner, axis=1) for corner in range(4)]), axis=1)
    faces = faces[np.lexsort(faces.T)]
    same = np.all(faces[1:] == faces[:-1], axis=1)
    surface = faces[~(np.append(same, False) | np.insert(same, 0, False))]
    edges = np.concatenate([surface[:, [0, 1]], surface[:, [1, 2]], surface[:, [0, 2]]])
    found, counts = np.unique(edges, axis=0, return_counts=True)
    return np.asarray(found[counts > 2])
