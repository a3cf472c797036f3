"""Who carries a load across a plane, cells or skin: stresses of a mesh in, forces out.

A plane through a mesh is taken as a motion that is one, along the force, at every vertex beyond it, and nothing at the
others. Stresses do work on it in the cells and facets between; by virtual work, all of it together is exactly the
force of whatever pushes or pulls beyond the plane, as true as the equilibrium, whatever the mesh there looks like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.element import barycentric_gradients
from femrisk.materials.skin import Skin
from femrisk.meshes.labelled import Floats, LabelledMesh


@dataclass(frozen=True)
class SkinResult:
    """A skin at the peak; over all its facets, on every rank."""

    skin: Skin
    #: (f, 3, 6) MPa, tensor components along the axes of the mesh
    stress: Floats
    #: (f, 3) accumulated plastic strain
    accumulated: Floats
    #: (f,) energy dissipated by flow, J
    plastic_work: Floats
    #: stress before anything yields, at a travel of 1 mm: (f, 3, 6) of the skin, (m, 4, 6) of the cells, MPa
    elastic: Floats
    elastic_cells: Floats


@dataclass(frozen=True)
class Carried:
    """Forces of the stresses on a plane, N: along its normal, negative in compression."""

    cells: float
    skin: float

    @property
    def share(self) -> float:
        """That of the skin."""
        return self.skin / (self.cells + self.skin)


def carried(
    mesh: LabelledMesh,
    stress: Floats,
    skin: Skin | None,
    skin_stress: Floats | None,
    point: Floats,
    normal: Floats,
    direction: Floats | None = None,
) -> Carried:
    """The force that cells and skin carry across a plane.

    Args:
        mesh: the mesh whose cells are stressed; where the arm was cut open, the cut one.
        stress: (m, 4, 6) MPa, of the cells.
        skin: the skin, or None.
        skin_stress: (f, 3, 6) MPa, of its facets.
        point: (3,) mm, in the plane.
        normal: (3,) unit vector.
        direction: (3,) unit vector along which the force counts; by default the normal.
    """
    along = normal if direction is None else direction
    beyond = (mesh.points - point) @ normal > 0
    cells = np.flatnonzero(_cut(beyond[mesh.tets]))
    gradients, volumes = barycentric_gradients(mesh.points[mesh.tets[cells]])
    rise = np.einsum("mk,mki->mi", beyond[mesh.tets[cells]], gradients)
    inside = float(np.einsum("m,mgi,mi->", volumes / 4, _towards(stress[cells], along), rise))
    if skin is None or skin_stress is None:
        return Carried(inside, 0.0)
    vertices = skin.facets.vertices(mesh)
    facets = np.flatnonzero(_cut(beyond[vertices]))
    a, b, c = mesh.points[vertices[facets]].transpose(1, 0, 2)
    across = np.cross(b - a, c - a)
    square = (across**2).sum(axis=1)[:, None]
    slopes = np.stack([np.cross(across, side) / square for side in (c - b, a - c, b - a)], axis=1)
    rise = np.einsum("fk,fki->fi", beyond[vertices[facets]], slopes)
    measure = np.sqrt(square) / 6 * skin.thickness[facets]
    outside = float(np.einsum("fg,fgi,fi->", measure, _towards(skin_stress[facets], along), rise))
    return Carried(inside, outside)


def _cut(beyond: np.ndarray) -> np.ndarray:
    """(e, k) vertices beyond the plane -> (e,) elements on both sides of it."""
    return np.asarray(beyond.any(axis=1) & ~beyond.all(axis=1))


def _towards(stress: Floats, normal: Floats) -> Floats:
    """(..., 6) stress -> (..., 3) traction on a plane."""
    x, y, z = normal
    to = np.array([[x, 0, 0], [0, y, 0], [0, 0, z], [y, x, 0], [0, z, y], [z, 0, x]])
    return np.asarray(stress @ to)
