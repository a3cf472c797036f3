"""A bone cut out of its box in, the same bone without crumbs that no face joins to it out.

Where a process is thinner than the cells, its tip may come off as a crumb. It carries nothing, so it is left out, and
that is said; a larger piece stays, and the gate refuses it.
"""

from __future__ import annotations

import logging

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from femrisk.meshes.cells.complex import Complex
from femrisk.meshes.labelled import signed_volumes

logger = logging.getLogger(__name__)

#: pieces up to this share of the bone's volume are crumbs: the tip of a transverse process
CRUMB_SHARE = 0.005


def uncrumbled(mesh: Complex) -> Complex:
    """The cells without the pieces that are crumbs beside the largest one."""
    faces = np.sort(np.concatenate([np.delete(mesh.tets, corner, axis=1) for corner in range(4)]), axis=1)
    order = np.lexsort(faces.T)
    same = np.all(faces[order][1:] == faces[order][:-1], axis=1)
    cells = np.tile(np.arange(len(mesh.tets)), 4)[order]
    joined = (cells[1:][same], cells[:-1][same])
    size = len(mesh.tets)
    count, piece = connected_components(coo_array((np.ones(same.sum()), joined), shape=(size, size)), directed=False)
    if count == 1:
        return mesh
    volumes = np.bincount(piece, np.abs(signed_volumes(mesh.points, mesh.tets)))
    crumbs = volumes < CRUMB_SHARE * volumes.sum()
    for crumb in np.flatnonzero(crumbs):
        place = "({:.0f}, {:.0f}, {:.0f})".format(*mesh.points[mesh.tets[piece == crumb]].mean(axis=(0, 1)))
        logger.warning("mesh: left out %.0f mm3 at %s mm, beyond a place thinner than its cells", volumes[crumb], place)
    return mesh.only(~crumbs[piece])
