"""What the arms on one mesh share under one load: a mesh, a boundary and layers in, a ``Prepared`` out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from femrisk.cohesive import Joints, join
from femrisk.contacts import STIFF_MODULUS, Boundary
from femrisk.discs import with_discs
from femrisk.domain import Domain, distribute
from femrisk.gauge import Gauge, gauge
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.skin import Skin
from femrisk.membrane import Membrane, cover
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.parting import Parting
from femrisk.stack import stacked


@dataclass(frozen=True)
class Prepared:
    """A mesh under a load, ready for several arms where it is whole, for one where it is cut."""

    #: whole
    mesh: LabelledMesh
    boundary: Boundary
    domain: Domain
    #: (m, 4) share of the stiff layer at the Gauss points, (m, 8) at those of voxels, those of discs behind the bone's;
    #: (m,) cells in contacts
    stiff: Floats
    contact: NDArray[np.bool_]
    #: weak interfaces of the arm, or None
    joints: Joints | None = None
    #: skin on this rank's cells, or None
    membrane: Membrane | None = None
    #: the whole of it, as it is where no contact stiffens it
    skin: Skin | None = None
    #: measures a vertebral body; None in another bone
    gauge: Gauge | None = None


def prepare(
    mesh: LabelledMesh,
    boundary: Boundary,
    comm: MPI.Comm,
    parting: Parting | None = None,
    skin: Skin | None = None,
    flows: bool = True,
) -> Prepared:
    """Do once what the arms on one mesh share under one load.

    Args:
        mesh: whole.
        boundary: the load.
        comm: the ranks.
        parting: what one arm's weak interfaces make of the mesh.
        skin: a layer on facets of ``mesh``; under a contact it is as stiff as the layer of the cells, and cannot fail.
        flows: whether bone may flow, in which voxels must not lock; of tetrahedra no matter.

    Raises:
        SolverError: weak interfaces, or voxels, on several ranks.
    """
    boundary, points = boundary.cast_round(mesh), mesh.gauss_points()
    stiff = boundary.stiffness_weight(points.reshape(-1, 3)).reshape(points.shape[:2])
    whole = with_discs(mesh if parting is None else parting.mesh, boundary)
    stiff = np.pad(stiff, ((0, len(whole.cells) - len(stiff)), (0, 0)))
    domain = stacked(whole, comm, flows) if whole.of_voxels else distribute(whole, comm)
    joints = None if parting is None else join(domain, parting.faces, parting.law)
    meter = None if boundary.pressed is None else gauge(mesh, domain, boundary.pressed)
    bare = Prepared(mesh, boundary, domain, stiff, boundary.contact(mesh.centroids()), joints, gauge=meter)
    return bare if skin is None else skinned(bare, skin)


def skinned(prepared: Prepared, skin: Skin) -> Prepared:
    """The same in another skin: lesions may leave each arm its own."""
    places = skin.facets.gauss_points(prepared.mesh)
    under = prepared.boundary.stiffness_weight(places.reshape(-1, 3)).reshape(places.shape[:2])
    membrane = cover(prepared.domain, replace(skin, curve=stiffened(skin.curve, under, prepared.boundary.layer_MPa)))
    return replace(prepared, membrane=membrane, skin=skin)


def stiffened(curve: YieldCurve, weight: Floats, modulus: float = STIFF_MODULUS) -> YieldCurve:
    """Blend an elastic layer of ``modulus``, MPa, into a curve (m, 4) by its share; what it touches cannot fail."""
    layer = constant(weight.shape, modulus, 0.3)
    touched = weight > 0
    blend = replace(
        curve.elastic(),
        young=np.where(curve.young > modulus, curve.young, curve.young + weight * (layer.young - curve.young)),
    )
    return curve.where(touched, blend)
