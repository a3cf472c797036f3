"""The mesh as the solver sees it: a ``LabelledMesh`` in, this rank's cells, nodes and numbering out (DOLFINx).

The only room, beside ``multigrid``, that knows about ranks. Cells are owned by one rank each; nodes on a border
appear on several ranks, and are owned by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import femrisk.wheel  # noqa: F401

# isort: split
import basix.ufl
import dolfinx
import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from femrisk.element import EDGES, TABLE, assemble, barycentric_gradients, internal_forces, strains
from femrisk.meshes.labelled import Floats, LabelledMesh


@dataclass(frozen=True)
class Numbering:
    """Nodes of one level: the first ``owned`` are this rank's, the rest are ghosts."""

    owned: int
    #: (n,) global number of each local node, int64
    to_global: NDArray[np.int64]

    def extended(self, extra: NDArray[np.int64]) -> Numbering:
        """The same with more ghosts at the end (global numbers, none of them local yet)."""
        return Numbering(self.owned, np.concatenate([self.to_global, extra]))


@dataclass(frozen=True)
class Domain:
    """This rank's share of a mesh of quadratic tetrahedra."""

    comm: MPI.Comm
    #: (m, 10) local nodes of the cells: four vertices, then six edges in the order of ``element.EDGES``
    cells: NDArray[np.int64]
    #: (m, 4) local coarse nodes (vertices)
    corners: NDArray[np.int64]
    #: (n, 3) and (c, 3) positions of the fine and the coarse nodes, mm
    nodes: Floats
    vertices: Floats
    #: fine nodes (P2) and coarse nodes (P1)
    fine: Numbering
    coarse: Numbering
    #: (n, 2) the coarse nodes in whose middle each fine node lies; twice the same for a vertex
    parents: NDArray[np.int64]
    #: (s, 2) a coarse node, and a fine node with which it is held: the one at its place
    seats: NDArray[np.int64]
    #: (m, 4, 3) gradients of the barycentric coordinates, 1/mm; (m,) volumes, mm3
    gradients: Floats
    volumes: Floats
    #: (m,) index of each cell in the LabelledMesh
    original: NDArray[np.int64]

    @property
    def dofs(self) -> int:
        """Displacement components of the whole mesh, over all ranks."""
        return 3 * int(self.comm.allreduce(self.fine.owned))

    @property
    def weights(self) -> Floats:
        """(m, 1) volume each Gauss point of a cell stands for, mm3."""
        return np.asarray(self.volumes[:, None] / 4)

    def strains(self, displacement: Floats) -> Floats:
        """(m, 4, 6) strain at the Gauss points from nodal displacements (n, 3)."""
        return np.asarray(strains(self.cells, self.gradients, displacement, TABLE))

    def internal_forces(self, stress: Floats, nodes: int) -> Floats:
        """(nodes, 3) forces that the stresses (m, 4, 6) exert on the nodes, N."""
        return np.asarray(internal_forces(self.cells, self.gradients, self.volumes, stress, nodes, TABLE))

    def assemble(
        self, moduli: Floats, normals: Floats, stretch: Floats,
        fine: Floats, fine_places: NDArray[np.int32], coarse: Floats, coarse_places: NDArray[np.int32],
        kind: NDArray[np.int8],
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """See ``element.assemble``."""
        kept_fine, kept_coarse = assemble(
            self.cells, self.corners, self.gradients, self.volumes, moduli, normals, stretch, TABLE,
            fine, fine_places, coarse, coarse_places, kind,
        )  # fmt: skip
        return kept_fine, kept_coarse

    def sum(self, value: float) -> float:
        """Sum over ranks."""
        return float(self.comm.allreduce(value))

    def total(self, values: Floats) -> Floats:
        """Elementwise sum of an array over ranks."""
        return np.asarray(self.comm.allreduce(values))


def distribute(mesh: LabelledMesh, comm: MPI.Comm) -> Domain:
    """Spread the cells over the ranks of ``comm``; every rank passes the whole mesh.

    Raises:
        RuntimeError: DOLFINx returned cells whose vertices differ from those given.
    """
    element: Any = basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,))
    chunk = np.array_split(np.arange(len(mesh.tets)), comm.size)[comm.rank]
    points = np.array_split(np.arange(len(mesh.points)), comm.size)[comm.rank]
    grid = dolfinx.mesh.create_mesh(comm, mesh.tets[chunk].astype(np.int64), element, mesh.points[points])
    # original_cell_index counts over all ranks in the order the chunks were passed
    original = np.asarray(grid.topology.original_cell_index, dtype=np.int64)
    vertices = np.asarray(grid.geometry.input_global_indices)[grid.geometry.dofmaps[0]]
    if not np.array_equal(vertices, mesh.tets[original]):
        raise RuntimeError("the order of a cell's vertices was changed while the mesh was distributed")

    fine_map = dolfinx.fem.functionspace(grid, ("Lagrange", 2)).dofmap
    coarse_map = dolfinx.fem.functionspace(grid, ("Lagrange", 1)).dofmap
    cells = np.ascontiguousarray(fine_map.list, dtype=np.int64)
    corners = np.ascontiguousarray(coarse_map.list, dtype=np.int64)
    fine, coarse = _numbering(fine_map.index_map), _numbering(coarse_map.index_map)

    parents = np.empty((len(fine.to_global), 2), dtype=np.int64)
    for a in range(4):
        parents[cells[:, a]] = corners[:, [a, a]]
    for a, (i, j) in enumerate(EDGES):
        parents[cells[:, 4 + a]] = corners[:, [i, j]]
    vertex = np.flatnonzero(parents[:, 0] == parents[:, 1])
    seats = np.column_stack([parents[vertex, 0], vertex])
    positions = np.zeros((len(coarse.to_global), 3))
    positions[corners.ravel()] = mesh.points[mesh.tets[original].ravel()]
    gradients, volumes = barycentric_gradients(mesh.points[mesh.tets[original]])
    nodes = positions[parents].mean(axis=1)
    return Domain(comm, cells, corners, nodes, positions, fine, coarse, parents, seats, gradients, volumes, original)


def everywhere(domain: Domain, local: NDArray[Any], original: NDArray[np.int64] | None = None) -> Floats:
    """A cell array over the whole mesh in its own order, from the ranks' shares; likewise of other ``original``s."""
    parts = domain.comm.allgather((domain.original if original is None else original, local))
    whole = np.empty((sum(len(index) for index, _ in parts), *local.shape[1:]))
    for index, values in parts:
        whole[index] = values
    return whole


def _numbering(index_map: dolfinx.common.IndexMap) -> Numbering:
    local = np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
    return Numbering(index_map.size_local, np.asarray(index_map.local_to_global(local), dtype=np.int64))
