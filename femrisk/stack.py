"""Voxels as the solver sees them: a ``LabelledMesh`` in, a ``Domain`` with a grid twice as coarse behind it out.

Voxels lie on a lattice, so that the coarse level of the solver is a lattice too: its cells hold up to eight voxels, and
a node of the voxels lies in the middle of its eight parents, of which some are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from femrisk.brick import Brick, assemble_voxels, brick, octant_shares
from femrisk.domain import Domain, Numbering
from femrisk.errors import MeshError, SolverError
from femrisk.meshes.labelled import VOXEL_CORNERS, Floats, LabelledMesh

Ints = NDArray[np.int64]
#: Share of a voxel by which points may lie off the lattice.
OFF = 1e-6


@dataclass(frozen=True)
class Stack(Domain):
    """A mesh of voxels on one rank: (m, 8) cells and corners, (n, 8) parents."""

    element: Brick
    #: (m,) which octant of its coarse cell each voxel is
    octants: Ints

    @property
    def weights(self) -> Floats:
        """(m, 1) volume each Gauss point of a voxel stands for, mm3."""
        return np.asarray(self.volumes[:, None] / 8)

    def strains(self, displacement: Floats) -> Floats:
        """(m, 8, 6) strain at the Gauss points from nodal displacements (n, 3)."""
        return self.element.strains(self.cells, displacement)

    def internal_forces(self, stress: Floats, nodes: int) -> Floats:
        """(nodes, 3) forces that the stresses (m, 8, 6) exert on the nodes, N."""
        return self.element.internal_forces(self.cells, stress, nodes)

    def assemble(
        self, moduli: Floats, normals: Floats, stretch: Floats,
        fine: Floats, fine_places: NDArray[np.int32], coarse: Floats, coarse_places: NDArray[np.int32],
        kind: NDArray[np.int8],
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """See ``brick.assemble_voxels``."""
        own = self.element
        kept_fine, kept_coarse = assemble_voxels(
            own.operators, own.measure, own.pressed, own.sheared, own.coarse_pressed, own.coarse_sheared,
            octant_shares(), self.octants, moduli, normals, stretch, fine, fine_places, coarse, coarse_places, kind,
        )  # fmt: skip
        return kept_fine, kept_coarse


def stacked(mesh: LabelledMesh, comm: MPI.Comm, flows: bool = True) -> Stack:
    """Lay the coarse grid behind a mesh of voxels; ``flows`` as for a ``brick``.

    Raises:
        SolverError: several ranks.
        MeshError: cells that are not all the same parallelepiped on one lattice.
    """
    if comm.size > 1:
        raise SolverError("voxels", f"are computed on one rank only (allowed: 1, got: {comm.size})")
    corners = mesh.points[mesh.cells[0]]
    edges = corners[[1, 2, 4]] - corners[0]
    off_lattice = (mesh.points - mesh.points.min(axis=0)) @ np.linalg.inv(edges)
    off_lattice -= off_lattice.min(axis=0)
    place = np.rint(off_lattice).astype(np.int64)
    low = place[mesh.cells[:, 0]]
    if np.abs(off_lattice - place).max() > OFF or not np.array_equal(place[mesh.cells], low[:, None] + VOXEL_CORNERS):
        raise MeshError("voxels", "are not all the same parallelepiped on one lattice")

    size = place.max(axis=0) // 2 + 2
    coarse = low // 2
    number, corners_of = np.unique(_key(coarse[:, None] + VOXEL_CORNERS, size), return_inverse=True)
    where = np.stack([number % size[0], number // size[0] % size[1], number // (size[0] * size[1])], axis=-1)
    origin = mesh.points[0] - place[0] @ edges
    # along each axis a node lies on a coarse plane, or in the middle between two
    parents = np.searchsorted(number, _key(place[:, None] // 2 + (place[:, None] % 2) * VOXEL_CORNERS, size))
    nodes, vertices = len(mesh.points), len(number)
    return Stack(
        comm=comm,
        cells=mesh.cells,
        corners=corners_of.reshape(-1, 8),
        nodes=mesh.points,
        vertices=origin + 2 * where @ edges,
        fine=Numbering(nodes, np.arange(nodes)),
        coarse=Numbering(vertices, np.arange(vertices)),
        parents=parents,
        # a grip holds every coarse node that moves one of its nodes, so that coarse cells as large as it is are held
        seats=np.stack(np.divmod(np.unique(parents.T * nodes + np.arange(nodes)), nodes), axis=1),
        gradients=np.empty((0, 4, 3)),
        volumes=mesh.volumes(),
        original=np.arange(len(mesh.cells)),
        element=brick(edges, flows),
        octants=low % 2 @ np.array([1, 2, 4]),
    )


def _key(place: Ints, size: Ints) -> Ints:
    return np.asarray(place @ np.array([1, size[0], size[0] * size[1]]))
