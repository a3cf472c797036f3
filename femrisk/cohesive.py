"""Interface elements of no thickness between quadratic tetrahedra: jumps out of displacements, forces and stiffness in.

A face has the six nodes of one side and then the six of the other, each three vertices and the middles of ``SIDES``.
Six Gauss points integrate the product of two quadratic functions exactly, so that every node has its share of the
stiffness. Nodes that both sides share (on the border of the interface) have no jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from femrisk.domain import Domain
from femrisk.element import SIDES, face_places
from femrisk.errors import SolverError
from femrisk.materials import interface
from femrisk.materials.interface import Interface, tractions
from femrisk.meshes.cells.splitting import Faces
from femrisk.meshes.labelled import Floats

#: Six-point rule of a triangle, exact to degree 4 (Dunavant 1985): barycentric points (6, 3) and weights (6,).
_NEAR, _FAR = 0.445948490915965, 0.091576213509771
POINTS: Floats = np.array([np.roll([1 - 2 * a, a, a], k) for a in (_NEAR, _FAR) for k in range(3)])
WEIGHTS: Floats = np.repeat([0.223381589678011, 0.109951743655322], 3)


def _signed(values: Floats) -> Floats:
    """(q, 2 k) what gives the jump from the nodes of both sides."""
    return np.hstack([-values, values])


#: (6, 12) and (6, 6) the functions whose sum over the nodes is the jump, on the fine and the coarse level.
FINE = _signed(
    np.hstack([POINTS * (2 * POINTS - 1), np.stack([4 * POINTS[:, i] * POINTS[:, j] for i, j in SIDES], axis=1)])
)
COARSE = _signed(POINTS)


@dataclass(frozen=True)
class Pull:
    """What the interfaces do at some displacement."""

    #: (f, 6, 3) MPa, see ``interface.tractions``
    traction: Floats
    #: (f, 6) largest separation so far
    opened: Floats
    #: (f, 6, 3, 3) MPa/mm, and the same with zero where it is negative
    tangent: Floats
    flat: Floats


@dataclass(frozen=True)
class Joints:
    """The interface elements of a domain."""

    #: (f, 12) fine and (f, 6) coarse nodes
    nodes: NDArray[np.int64]
    vertices: NDArray[np.int64]
    #: (f, 3) unit normals, from the first side to the second; (f,) mm2
    normals: Floats
    areas: Floats
    law: Interface

    def jumps(self, displacement: Floats) -> Floats:
        """(f, 6, 3) mm, from displacements of the fine nodes (n, 3)."""
        return np.asarray(np.einsum("qa,fai->fqi", FINE, displacement[self.nodes]))

    def pull(self, displacement: Floats, opened: Floats, elastic: bool = False) -> Pull:
        """The tractions after a history of separations (f, 6); ``elastic``: what holds, holds for ever."""
        law = self.law.elastic() if elastic else self.law
        return Pull(*tractions(law, self.normals, self.jumps(displacement), opened))

    def forces(self, traction: Floats, nodes: int) -> Floats:
        """(nodes, 3) forces of tractions (f, 6, 3) on the fine nodes, N, signed as those of stresses."""
        out = np.zeros((nodes, 3))
        shares = np.einsum("f,q,qa,fqi->fai", self.areas, WEIGHTS, FINE, traction, optimize=True)
        np.add.at(out, self.nodes, shares)
        return out

    def energies(self, displacement: Floats, opened: Floats) -> tuple[float, float]:
        """Stored and dissipated energy, J."""
        measure = self.areas[:, None] * WEIGHTS
        stored, spent = interface.energies(self.law, self.normals, self.jumps(displacement), opened)
        return 1e-3 * float((measure * stored).sum()), 1e-3 * float((measure * spent).sum())

    def failing(self, opened: Floats) -> float | None:
        """Share of the area of what can fail that is past its strength; None where nothing can."""
        measure = self.areas[:, None] * WEIGHTS * (np.isfinite(self.law.strength) & (self.law.strength > 0))[:, None]
        return float(measure[opened > 1].sum() / measure.sum()) if measure.any() else None


def join(domain: Domain, faces: Faces, law: Interface) -> Joints:
    """Put interface elements on faces of a domain whose mesh was split along them.

    Raises:
        SolverError: the domain lies on several ranks.
    """
    if domain.comm.size > 1:
        raise SolverError("weak interfaces", f"are computed on one rank only (got: {domain.comm.size})")
    local = np.argsort(domain.original)[faces.cells]
    nodes = np.take_along_axis(domain.cells[local], face_places(faces.corners), axis=2)
    vertices = np.take_along_axis(domain.corners[local], faces.corners, axis=2)
    corners = domain.vertices[vertices[:, 0]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(normals, axis=1) / 2
    normals /= 2 * areas[:, None]
    outward = corners.mean(axis=1) - domain.vertices[domain.corners[local[:, 0]]].mean(axis=1)
    normals *= np.sign(np.einsum("fi,fi->f", normals, outward))[:, None]
    count = len(faces.cells)
    return Joints(nodes.reshape(count, 12), vertices.reshape(count, 6), normals, areas, law)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def assemble_joints(areas: Any, weights: Any, shapes: Any, tangent: Any, values: Any, places: Any, kind: Any) -> Any:
    """Add the stiffness of ordinary interface elements to the block rows of a level; return that of the partly held.

    Args:
        areas: (f,) mm2.
        weights: (q,) of the points.
        shapes: (q, k) ``FINE`` or ``COARSE``.
        tangent: (f, q, 3, 3) MPa/mm.
        values: (entries, 3, 3) block values, added to.
        places: (f, k, k) where each block goes.
        kind: (f,) as for ``element.assemble``.

    Returns:
        (s, k, k, 3, 3) stiffness of the elements of kind 1, in their order.
    """
    width = shapes.shape[1]
    count = 0
    for e in range(len(areas)):
        if kind[e] == 1:
            count += 1
    kept = np.zeros((count, width, width, 3, 3))
    at = 0
    local = np.empty((width, width, 3, 3))
    for e in range(len(areas)):
        if kind[e] == 2:
            continue
        local[:] = 0.0
        for g in range(len(weights)):
            for a in range(width):
                for b in range(width):
                    both = areas[e] * weights[g] * shapes[g, a] * shapes[g, b]
                    for p in range(3):
                        for q in range(3):
                            local[a, b, p, q] += both * tangent[e, g, p, q]
        if kind[e] == 1:
            kept[at] = local
            at += 1
            continue
        for a in range(width):
            for b in range(width):
                for p in range(3):
                    for q in range(3):
                        values[places[e, a, b], p, q] += local[a, b, p, q]
    return kept
