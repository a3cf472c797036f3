"""A skin on facets of quadratic tetrahedra: displacements in, stresses in its plane, forces and stiffness out.

A facet is flat and has three vertices and the middles of its sides. Its strain is the tangential part of the gradient
of the displacement, as the cell beneath it moves: B^a u_a with the operators B of its nodes. It is linear over the
facet, so that three Gauss points integrate its square exactly. The skin has no bending stiffness, and none against
motion along its normal but what its folds give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from femrisk.domain import Domain
from femrisk.element import SIDES, face_places
from femrisk.history import State
from femrisk.materials.curve import YieldCurve
from femrisk.materials.planestress import Stretch, elastic_energy, update
from femrisk.materials.plastic import dissipation
from femrisk.materials.skin import Skin
from femrisk.meshes.facets import TRIANGLE_BARYCENTRIC
from femrisk.meshes.labelled import Floats


def _gradient_table() -> Floats:
    """(3, 6, 3) gradients of the P2 functions at the Gauss points in terms of those of the vertices."""
    table = np.zeros((3, 6, 3))
    for g, weights in enumerate(TRIANGLE_BARYCENTRIC):
        table[g, :3] = np.diag(4 * weights - 1)
        for a, (i, j) in enumerate(SIDES):
            table[g, 3 + a, i], table[g, 3 + a, j] = 4 * weights[j], 4 * weights[i]
    return table


FINE_TABLE = _gradient_table()
COARSE_TABLE: Floats = np.broadcast_to(np.eye(3), (3, 3, 3))


@dataclass(frozen=True)
class Membrane:
    """The facets of a skin that this rank's cells have."""

    #: (f, 6) fine and (f, 3) coarse nodes
    nodes: NDArray[np.int64]
    vertices: NDArray[np.int64]
    #: (f, 3) volume that each Gauss point stands for, mm3
    measure: Floats
    #: (f, 3, 6, 3, 3) and (f, 3, 3, 3, 3) strain (xx, yy, 2 xy) at the points from each node's displacement, 1/mm
    fine: Floats
    coarse: Floats
    #: (f, 2, 3) the axes x and y of each facet
    frames: Floats
    curve: YieldCurve
    #: (f,) index of each facet in the skin
    original: NDArray[np.int64]

    def strain(self, displacement: Floats) -> Floats:
        """(f, 3, 3) from displacements of the fine nodes (n, 3)."""
        return np.asarray(np.einsum("fgaci,fai->fgc", self.fine, displacement[self.nodes]))

    def stretch(self, displacement: Floats, state: State, elastic: bool = False) -> Stretch:
        """What the skin does at other displacements than those of ``state``; ``elastic``: it does not yield."""
        curve = self.curve.elastic() if elastic else self.curve
        return update(curve, self.strain(displacement), state.skin_plastic_strain, state.skin_accumulated)

    def forces(self, stress: Floats, nodes: int) -> Floats:
        """(nodes, 3) forces of stresses (f, 3, 3) on the fine nodes, N."""
        out = np.zeros((nodes, 3))
        np.add.at(out, self.nodes, np.einsum("fg,fgaci,fgc->fai", self.measure, self.fine, stress, optimize=True))
        return out

    def energies(self, displacement: Floats, state: State) -> tuple[float, float]:
        """Stored energy and plastic work on this rank, J."""
        stored = elastic_energy(self.curve, self.strain(displacement) - state.skin_plastic_strain)
        spent = dissipation(self.curve, state.skin_accumulated)
        return 1e-3 * float((self.measure * stored).sum()), 1e-3 * float((self.measure * spent).sum())

    def used(self, displacement: Floats) -> float:
        """Largest share of its strength that an elastic skin takes up."""
        strain = self.strain(displacement)
        xx, yy, shear = np.moveaxis(update(self.curve.elastic(), strain, 0 * strain, 0 * self.measure).stress, -1, 0)
        return float((np.sqrt(xx**2 + yy**2 - xx * yy + 3 * shear**2) / self.curve.strength).max(initial=0.0))

    def stress(self, displacement: Floats, state: State) -> Floats:
        """(f, 3, 6) stress of a state in equilibrium, tensor components along the axes of the mesh, MPa."""
        plane = self.stretch(displacement, state, elastic=True).stress
        x, y = self.frames[:, 0], self.frames[:, 1]
        shear = np.einsum("fi,fj->fij", x, y)
        axes = np.stack([np.einsum("fi,fj->fij", x, x), np.einsum("fi,fj->fij", y, y), shear + shear.swapaxes(1, 2)])
        tensor = np.einsum("cfij,fgc->fgij", axes, plane)
        return np.asarray(tensor[..., [0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2]])


def cover(domain: Domain, skin: Skin) -> Membrane:
    """The part of a skin on the cells of this rank; the skin's facets count over the whole mesh."""
    local = np.full(max(int(skin.facets.cells.max(initial=-1)), int(domain.original.max(initial=-1))) + 1, -1)
    local[domain.original] = np.arange(len(domain.original))
    mine = np.flatnonzero(local[skin.facets.cells] >= 0)
    cells, corners = local[skin.facets.cells[mine]], skin.facets.corners[mine]
    vertices = np.take_along_axis(domain.corners[cells], corners, axis=1)
    frames, gradients, areas = _flat(domain.vertices[vertices])
    return Membrane(
        nodes=np.take_along_axis(domain.cells[cells], face_places(corners), axis=1),
        vertices=vertices,
        measure=areas[:, None] / 3 * skin.thickness[mine],
        fine=_operators(FINE_TABLE, frames, gradients),
        coarse=_operators(COARSE_TABLE, frames, gradients),
        frames=frames,
        curve=skin.curve.take(mine),
        original=mine,
    )


def _flat(corners: Floats) -> tuple[Floats, Floats, Floats]:
    """Axes (f, 2, 3), gradients of the barycentric coordinates along them (f, 3, 2) and areas (f,) of (f, 3, 3) mm."""
    sides = corners[:, 1:] - corners[:, :1]
    normal = np.cross(sides[:, 0], sides[:, 1])
    x = sides[:, 0] / np.linalg.norm(sides[:, 0], axis=1)[:, None]
    y = np.cross(normal, x)
    frames = np.stack([x, y / np.linalg.norm(y, axis=1)[:, None]], axis=1)
    inverse = np.linalg.inv(np.einsum("fsi,fci->fsc", sides, frames))
    gradients = np.empty((len(corners), 3, 2))
    gradients[:, 1:] = inverse.transpose(0, 2, 1)
    gradients[:, 0] = -gradients[:, 1:].sum(axis=1)
    return frames, gradients, np.linalg.norm(normal, axis=1) / 2


def _operators(table: Floats, frames: Floats, gradients: Floats) -> Floats:
    """(f, g, a, 3, 3) strains from the displacement of each node, for a table (g, a, 3)."""
    slope = np.einsum("gak,fkc->fgac", table, gradients)
    along = slope[..., None] * frames[:, None, None]
    shear = slope[..., 1, None] * frames[:, None, None, 0] + slope[..., 0, None] * frames[:, None, None, 1]
    return np.ascontiguousarray(np.concatenate([along, shear[..., None, :]], axis=-2))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def assemble_membrane(measure: Any, operators: Any, tangent: Any, values: Any, places: Any, kind: Any) -> Any:
    """Add the stiffness of ordinary facets to the block rows of a level; return that of the partly held.

    Args:
        measure: (f, g) mm3.
        operators: (f, g, k, 3, 3) of the level, see ``Membrane``.
        tangent: (f, g, 3, 3) MPa.
        values: (entries, 3, 3) block values, added to.
        places: (f, k, k) where each block goes.
        kind: (f,) as for ``element.assemble``.

    Returns:
        (s, k, k, 3, 3) stiffness of the facets of kind 1, in their order.
    """
    width = operators.shape[2]
    count = 0
    for e in range(len(kind)):
        if kind[e] == 1:
            count += 1
    kept = np.zeros((count, width, width, 3, 3))
    at = 0
    local, pulled = np.empty((width, width, 3, 3)), np.empty((3, 3))
    for e in range(len(kind)):
        if kind[e] == 2:
            continue
        local[:] = 0.0
        for g in range(measure.shape[1]):
            for b in range(width):
                for c in range(3):
                    for q in range(3):
                        pulled[c, q] = 0.0
                        for d in range(3):
                            pulled[c, q] += measure[e, g] * tangent[e, g, c, d] * operators[e, g, b, d, q]
                for a in range(width):
                    for p in range(3):
                        for q in range(3):
                            for c in range(3):
                                local[a, b, p, q] += operators[e, g, a, c, p] * pulled[c, q]
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
