"""Rigid grips as a change of unknowns: a ``Domain`` and a ``Boundary`` in, the reduced unknowns out.

A node held by a grip moves as ``u = A^T t + (A^T w / l) x r`` with the grip's translation t and rotation w along the
machine's axes A, the lever r from the grip's centre and a length l that makes both unknowns millimetres. The six
unknowns of a grip take the place of the displacements of two of its vertices (its masters), so that the numbering of
the mesh serves as it is; its other nodes drop out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.contacts import Boundary, Grip
from femrisk.domain import Domain, Numbering
from femrisk.errors import SolverError
from femrisk.meshes.labelled import Floats

#: Length that turns a rotation into an unknown of the size of a displacement, mm.
LEVER = 10.0


@dataclass(frozen=True)
class Level:
    """The unknowns of one level, fine (P2) or coarse (P1); three per local node."""

    numbering: Numbering
    #: (n,) row of ``maps`` for a node held by a grip, else -1
    slot: NDArray[np.int64]
    #: (k, 2) master nodes (translation, rotation) of each held node
    masters: NDArray[np.int64]
    #: (grips, 2) master nodes of each grip
    grips: NDArray[np.int64]
    #: (k, 2, 3, 3) displacement of each held node from the two masters' unknowns
    maps: Floats
    #: (n, 3) False where the unknown is prescribed or has dropped out
    free: NDArray[np.bool_]

    def expand(self, unknowns: Floats) -> Floats:
        """Displacements (n, 3) from the unknowns (n, 3)."""
        displacement = unknowns.copy()
        held = np.flatnonzero(self.slot >= 0)
        row = self.slot[held]
        displacement[held] = np.einsum("kmij,kmj->ki", self.maps[row], unknowns[self.masters[row]])
        return displacement

    def reduce(self, forces: Floats) -> Floats:
        """Forces on the unknowns (n, 3) from nodal forces (n, 3): the transpose of ``expand``."""
        reduced = forces.copy()
        held = np.flatnonzero(self.slot >= 0)
        row = self.slot[held]
        reduced[held] = 0.0
        np.add.at(reduced, self.masters[row], np.einsum("kmij,ki->kmj", self.maps[row], forces[held]))
        return reduced


@dataclass(frozen=True)
class Unknowns:
    """Both levels, and what the machine prescribes."""

    fine: Level
    coarse: Level
    #: (n, 3) value of each prescribed fine unknown per millimetre of travel
    driven: Floats
    #: the machine's axes as rows, and the grips' centres (grips, 3)
    axes: Floats
    centers: Floats

    def rigid_motion(self, level: Level, positions: Floats, translation: Floats, rotation: Floats) -> Floats:
        """(n, 3) the unknowns of a level in a rigid motion; prescribed ones and those that dropped out are zero."""
        motion = np.zeros(level.free.shape)
        motion[: len(positions)] = translation + np.cross(rotation, positions)
        motion[np.flatnonzero(level.slot >= 0)] = 0.0
        motion[level.grips[:, 0]] = (translation + np.cross(rotation, self.centers)) @ self.axes.T
        motion[level.grips[:, 1]] = LEVER * self.axes @ rotation
        return np.asarray(motion * level.free)


def grip(domain: Domain, boundary: Boundary) -> Unknowns:
    """Give every grip of the boundary its nodes.

    Raises:
        SolverError: a grip takes hold of fewer than four vertices of the mesh.
    """
    fine_held = np.full(len(domain.nodes), -1)
    for number, one in enumerate(boundary.grips):
        fine_held[one.zone.core(domain.nodes)] = number
    coarse_held = np.full(len(domain.vertices), -1)
    np.maximum.at(coarse_held, domain.seats[:, 0], fine_held[domain.seats[:, 1]])

    masters_fine, masters_coarse = [], []
    for number, one in enumerate(boundary.grips):
        mine = [
            (int(domain.coarse.to_global[i]), int(domain.fine.to_global[j]))
            for i, j in domain.seats[fine_held[domain.seats[:, 1]] == number]
            if i < domain.coarse.owned
        ]
        pairs = sorted(pair for pairs in domain.comm.allgather(mine) for pair in pairs)
        vertices, nodes = (list(dict.fromkeys(ends)) for ends in zip(*pairs, strict=True)) if pairs else ([], [])
        if len(nodes) < 4:
            raise SolverError(one.name, f"takes hold of only {len(nodes)} vertices; the mesh is too coarse there")
        masters_coarse.append(vertices[:2])
        masters_fine.append(nodes[:2])

    fine = _level(domain.fine, fine_held, domain.nodes, np.array(masters_fine), boundary)
    coarse = _level(domain.coarse, coarse_held, domain.vertices, np.array(masters_coarse), boundary)
    driven = np.zeros((len(fine.numbering.to_global), 3))
    for number, one in enumerate(boundary.grips):
        if one.motion[2] == "driven":
            driver = int(np.flatnonzero(fine.numbering.to_global == masters_fine[number][0])[0])
            # the third axis points against the force
            driven[driver, 2] = -1.0
    centers = np.array([one.center for one in boundary.grips])
    return Unknowns(fine, coarse, driven, boundary.axes, centers)


def _level(
    numbering: Numbering, held_by: NDArray[np.int64], positions: Floats, masters: NDArray[np.int64], boundary: Boundary
) -> Level:
    """``masters`` is (grips, 2) in global numbers; those this rank lacks become ghosts."""
    numbering = numbering.extended(np.setdiff1d(masters.ravel(), numbering.to_global))
    order = np.argsort(numbering.to_global)
    local = order[np.searchsorted(numbering.to_global[order], masters)]
    nodes = len(numbering.to_global)
    slot, free = np.full(nodes, -1), np.ones((nodes, 3), dtype=bool)
    held = np.flatnonzero(held_by >= 0)
    slot[held] = np.arange(len(held))
    free[held] = False
    maps = np.empty((len(held), 2, 3, 3))
    for number, one in enumerate(boundary.grips):
        mine = held_by[held] == number
        maps[mine] = _rigid_maps(positions[held[mine]], one, boundary.axes)
        for half in range(2):
            free[local[number, half]] = [motion == "free" for motion in one.motion[3 * half : 3 * half + 3]]
    return Level(numbering, slot, local[held_by[held]], local, maps, free)


def _rigid_maps(positions: Floats, one: Grip, axes: Floats) -> Floats:
    """(k, 2, 3, 3) maps of points (k, 3): axes^T for the translation, -[r]x axes^T / LEVER for the rotation."""
    lever = positions - one.center
    cross = np.zeros((len(positions), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -lever[:, 2], lever[:, 1], -lever[:, 0]
    cross -= cross.transpose(0, 2, 1)
    maps = np.empty((len(positions), 2, 3, 3))
    maps[:, 0] = axes.T
    maps[:, 1] = -cross @ axes.T / LEVER
    return maps
