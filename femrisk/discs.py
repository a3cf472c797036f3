"""Elastic layers on the endplates: a mesh and a load in, the mesh with the layers' cells behind the bone's out.

The outer faces of an endplate are extruded along the body's axis to a rigid plate. Each prism becomes three tetrahedra
by the order of its vertices' numbers, so that neighbours agree on the diagonal they share (Dompierre et al. 1999).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from femrisk.contacts import DISC_MODULUS, DISC_POISSON, Boundary, Plate
from femrisk.errors import SolverError
from femrisk.materials.curve import constant
from femrisk.materials.field import MaterialField
from femrisk.meshes.facets import Facets, outer_facets
from femrisk.meshes.labelled import LabelledMesh, signed_volumes

#: Height of a disc's cells over the edge of the faces they stand on (assumed), and how many there are at least.
SLENDER, FEWEST = 1.5, 2


def with_discs(mesh: LabelledMesh, boundary: Boundary) -> LabelledMesh:
    """The same cells, and behind them those of the discs that the load wants, which belong to no solid.

    Raises:
        SolverError: no face of the mesh lies on an endplate, or a plate lies under its own.
    """
    plates = [(one.name, one.zone) for one in boundary.grips if isinstance(one.zone, Plate)]
    if not plates:
        return mesh
    outer, made = outer_facets(mesh), mesh
    for name, plate in plates:
        facets = outer.take(plate.face.faces(mesh, outer))
        if not len(facets.cells):
            raise SolverError(name, "finds no face of the mesh on its endplate; the mesh is too coarse there")
        room = (plate.level - mesh.points[facets.vertices(mesh), 2]) * (1 if plate.face.superior else -1)
        if room.min() <= 0:
            raise SolverError(name, "lies under its endplate")
        made = extruded(made, facets, plate.level)
    return made


def extruded(mesh: LabelledMesh, facets: Facets, level: float) -> LabelledMesh:
    """A mesh with prisms from ``facets`` to the plane z = ``level``, three tetrahedra each, in layers."""
    triangles = np.sort(facets.vertices(mesh), axis=1)
    base, local = np.unique(triangles, return_inverse=True)
    local = local.reshape(triangles.shape)
    feet = mesh.points[base]
    edge = np.sqrt(4 / np.sqrt(3) * np.median(facets.areas(mesh)))
    layers = max(FEWEST, int(np.ceil(np.abs(level - feet[:, 2]).mean() / (SLENDER * edge))))
    shares = np.arange(1, layers + 1)[:, None, None] / layers
    added = feet + shares * np.array([0.0, 0.0, 1.0]) * (level - feet[:, 2:])
    added[-1, :, 2] = level
    floors = np.vstack([base, len(mesh.points) + np.arange(layers * len(base)).reshape(layers, -1)])
    a, b = floors[:-1][:, local], floors[1:][:, local]
    tets = np.concatenate(
        [
            np.concatenate([a, b[..., 2:]], axis=-1),
            np.concatenate([a[..., :2], b[..., 1:]], axis=-1),
            np.concatenate([a[..., :1], b], axis=-1),
        ],
        axis=None,
    ).reshape(-1, 4)
    points = np.concatenate([mesh.points, added.reshape(-1, 3)])
    inverted = signed_volumes(points, tets) < 0
    tets[inverted] = tets[inverted][:, [1, 0, 2, 3]]
    return replace(
        mesh,
        points=points,
        cells=np.concatenate([mesh.tets, tets]),
        membership=np.pad(mesh.membership, (0, len(tets))),
        region=np.pad(mesh.region, (0, len(tets))),
        density=np.pad(mesh.density, ((0, len(tets)), (0, 0))),
    )


def disc_painted(field: MaterialField, cells: int) -> MaterialField:
    """The field of a mesh of ``cells`` cells: those behind the bone's are disc."""
    more = cells - len(field.index)
    if not more:
        return field
    layer = constant((more, *field.curve.young.shape[1:]), DISC_MODULUS, DISC_POISSON)
    return replace(
        field,
        names=(*field.names, "disc"),
        index=np.pad(field.index, (0, more), constant_values=len(field.names)),
        curve=field.curve.combine(lambda bone, disc: np.concatenate([bone, disc]), layer),
        fabric=field.fabric and field.fabric.padded(more),
        foam=field.foam and field.foam.padded(more),
    )
