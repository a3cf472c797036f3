"""How wide the bands are in which bone yields: plastic strain of all cells in, a width per cell out.

A test of a length L tells how much its specimen got shorter, not where. If a band of a width b yields while the rest
unloads, strain in it is L / b times what the test says; if all of it yields, it is what the test says. So the width is
measured: L times the mean of plastic strain over a length L, over a cell's own; at least the cell's size, at most L.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

from femrisk.domain import Domain, everywhere
from femrisk.element import barycentric_gradients
from femrisk.errors import SolverError
from femrisk.materials.field import element_sizes
from femrisk.meshes.labelled import Floats, LabelledMesh

Ints = NDArray[np.int64]
#: A voxel as six tetrahedra round its diagonal: neighbours' diagonals agree.
SIX = np.array([(0, 1, 3, 7), (0, 1, 5, 7), (0, 2, 3, 7), (0, 2, 6, 7), (0, 4, 5, 7), (0, 4, 6, 7)])
#: Share of the right-hand side that the mean may leave.
TOLERANCE = 1e-8


@dataclass(frozen=True)
class Bands:
    """The mean of plastic strain over the bone that softens.

    It solves ``mean - div(L^2 / 4 grad mean) = strain`` without flux through the border of that bone. In one dimension
    that weighs strain by ``exp(-2 |x| / L) / L``: in the middle of a band of width b that yields evenly in bone that
    does not, the mean is ``1 - exp(-b / L)`` of its strain (b / L if it is narrow), and all of it in bone that yields
    all over.
    """

    domain: Domain
    #: (m,) size of this rank's cells, and of the widest band they may lie in, mm
    sizes: Floats
    lengths: Floats
    #: (c,) the cells of the whole mesh that soften; (t, 4) vertices, (t,) place in ``cells`` and (t,) volume (mm3) of
    #: their simplices
    cells: Ints
    simplices: Ints
    owners: Ints
    volumes: Floats
    #: mass and diffusion of linear simplices, mm3
    operator: scipy.sparse.csr_matrix

    def measured(self, accumulated: Floats) -> Floats:
        """(m,) widths, mm, from the accumulated plastic strain (m, 4) of this rank's cells.

        Where nothing has yielded yet a band is taken to be as wide as any.

        Raises:
            SolverError: the mean was not found.
        """
        whole = everywhere(self.domain, accumulated.mean(axis=1))
        own, spread = whole[self.cells], np.ones(len(whole))
        if own.any():
            right = _onto_vertices(own[self.owners] * self.volumes, self.simplices)
            inverse = scipy.sparse.diags(1 / self.operator.diagonal())
            mean, failed = scipy.sparse.linalg.cg(self.operator, right, rtol=TOLERANCE, M=inverse)
            if failed:
                raise SolverError("mean plastic strain", "conjugate gradients did not converge")
            share = self.volumes * mean[self.simplices].mean(axis=1)
            around = np.bincount(self.owners, share) / np.bincount(self.owners, self.volumes)
            spread[self.cells] = np.divide(around, own, out=np.ones_like(own), where=own > 0)
        return np.clip(self.lengths * spread[self.domain.original], self.sizes, self.lengths)


def bands(mesh: LabelledMesh, softens: NDArray[np.bool_], lengths: Floats, domain: Domain) -> Bands:
    """The bands of a whole mesh, which every rank passes: of cells (m,) that soften, of tests as long as (m,) mm."""
    sizes = element_sizes(mesh.points, mesh.cells)
    lengths = np.where(softens, np.maximum(lengths, sizes), sizes)
    cells = np.flatnonzero(softens)
    shapes = SIX if mesh.of_voxels else np.arange(4)[None]
    corners = mesh.cells[cells][:, shapes].reshape(-1, 4)
    owners = np.repeat(np.arange(len(cells)), len(shapes))
    gradients, volumes = barycentric_gradients(mesh.points[corners])
    volumes = np.abs(volumes)
    used, simplices = np.unique(corners, return_inverse=True)
    simplices = simplices.reshape(-1, 4)
    diffusivity = lengths[cells][owners] ** 2 / 4
    blocks = np.einsum("t,tai,tbi->tab", volumes * diffusivity, gradients, gradients)
    rows, columns = np.broadcast_arrays(simplices[:, :, None], simplices[:, None, :])
    shape = (len(used), len(used))
    diffusion = scipy.sparse.coo_matrix((blocks.ravel(), (rows.ravel(), columns.ravel())), shape)
    operator = (diffusion.tocsr() + scipy.sparse.diags(_onto_vertices(volumes, simplices))).tocsr()
    here = domain.original
    return Bands(domain, sizes[here], lengths[here], cells, simplices, owners, volumes, operator)


def _onto_vertices(values: Floats, simplices: Ints) -> Floats:
    """Values of simplices (t,) in four shares on their vertices."""
    return np.bincount(simplices.ravel(), weights=np.repeat(values / 4, 4))
