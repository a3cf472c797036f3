"""A bone cut out of its box in, the same bone without chips that hang on it by an edge out.

Where coarse cells meet a convex surface, a cell with all its corners on the surface may stay behind on the far side of
cells that were cut away: four faces of the surface then share an edge, and no smoother can part them.
"""

from __future__ import annotations

import numpy as np

from femrisk.meshes.complex import Complex, Ints

#: most passes; a chip gone may leave another behind it
ROUNDS = 5


def unpinched(mesh: Complex) -> Complex:
    """Drop the cells that have all corners on the outer surface and lie at an edge with more than two of its faces."""
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
    return mesh


def pinched(tets: Ints) -> Ints:
    """(k, 2) edges of the outer surface that more than two of its faces share."""
    faces = np.sort(np.concatenate([np.delete(tets, corner, axis=1) for corner in range(4)]), axis=1)
    faces = faces[np.lexsort(faces.T)]
    same = np.all(faces[1:] == faces[:-1], axis=1)
    surface = faces[~(np.append(same, False) | np.insert(same, 0, False))]
    edges = np.concatenate([surface[:, [0, 1]], surface[:, [1, 2]], surface[:, [0, 2]]])
    found, counts = np.unique(edges, axis=0, return_counts=True)
    return np.asarray(found[counts > 2])
