"""What every cell is made of: a labelled mesh and an ordered list of paint in, one yield curve per Gauss point out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from femrisk.materials import keyak, vertebral
from femrisk.materials.crushable import Foam, foam
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.density import LAWS
from femrisk.materials.fabric import Fabric, woven
from femrisk.materials.library import COMPRESSION_LIMIT, MATERIALS, TENSION_LIMIT, HostTissue
from femrisk.meshes.labelled import Floats, LabelledMesh, signed_volumes
from femrisk.meshes.vertebra.atlas import ARCH

#: Host tissues of a femur and of a vertebra, always the first names of a field's legend.
HOSTS = ("cancellous", "cortical", "marrow")
VERTEBRA_HOSTS = ("cancellous", "posterior_elements")
LIVING = ("cancellous", "cortical", "posterior_elements")
#: Tissue of a real lesion: by the density that the scan shows there, as bone without fabric.
AS_SCANNED = "as_scanned"
#: Ash density under which the tissue is marrow, not bone, and no place to look for a fracture, g/cm3.
MARROW_DENSITY = 0.1


@dataclass(frozen=True)
class MaterialField:
    """The material of each cell, and its curve at the Gauss points."""

    #: legend; ``index`` points into it
    names: tuple[str, ...]
    #: (m,) which name
    index: NDArray[np.int64]
    #: arrays of (m, 4), or (m, 8) of voxels
    curve: YieldCurve
    #: principal strains, tension and compression, at which an elastic solve takes bone to fail
    strain_limits: tuple[float, float] = (TENSION_LIMIT, COMPRESSION_LIMIT)
    #: of the trabecular bone; None where every material is isotropic
    fabric: Fabric | None = None
    #: of trabecular bone that loses volume as it is crushed; None where nothing does
    foam: Foam | None = None

    def named(self, name: str) -> NDArray[np.bool_]:
        """(m,) cells of the named material (none when the name is not in the legend)."""
        return np.asarray(self.index == (self.names.index(name) if name in self.names else -1))

    def bone(self) -> NDArray[np.bool_]:
        """(m,) cells of living bone: neither marrow, tumour, cement nor metal."""
        return np.isin(self.index, [i for i, name in enumerate(self.names) if name in LIVING])

    def softens(self) -> NDArray[np.bool_]:
        """(m,) cells whose strength falls once they have yielded; marrow, which bears nothing, is none."""
        return np.asarray((self.curve.softening < 0).any(axis=1) & ~self.named("marrow"))

    def scaled(self, factor: float) -> MaterialField:
        """All stiffnesses and strengths multiplied."""
        return replace(self, curve=self.curve.scaled(factor))


def element_sizes(points: Floats, tets: NDArray[np.int64]) -> Floats:
    """(m,) edge of the regular tetrahedron of equal volume, averaged over neighbours, mm; of voxels (m, 8) their own.

    The average over the cells round each vertex keeps the noise of single cells out of the softening law.
    """
    if tets.shape[1] == 8:
        return np.asarray(np.cbrt(6 * signed_volumes(points, tets[:, [0, 1, 2, 4]])))
    edge = np.cbrt(6 * np.sqrt(2) * signed_volumes(points, tets))
    total = np.bincount(tets.ravel(), weights=np.repeat(edge, 4), minlength=len(points))
    count = np.bincount(tets.ravel(), minlength=len(points)).clip(min=1)
    return np.asarray((total / count)[tets].mean(axis=1))


def tested_lengths(mesh: LabelledMesh) -> Floats:
    """(m,) length of the specimens behind the curves of a femur's bone, mm."""
    return keyak.tested_lengths(~mesh.inside("endosteum"))


def host(mesh: LabelledMesh, density_law: str, anisotropy: str = "isotropic", crushable: bool = False) -> MaterialField:
    """The bone before any lesion: a femur, isotropic, by Keyak's curve, a vertebra without softening."""
    law, shape = LAWS[density_law], mesh.density.shape
    if mesh.is_vertebra:
        # by Gauss point, as the border of the arch runs through cells: by cell, left and right differed by 7 %
        body = mesh.density < ARCH
        curve, index = vertebral.yield_curve(mesh.density, body, law), np.where(mesh.cancellous(), 0, 1)
        crushed = foam(body) if crushable else None
        return MaterialField(VERTEBRA_HOSTS, index, curve, vertebral.YIELD_STRAINS, woven(anisotropy, body), crushed)
    cortical = ~mesh.inside("endosteum")
    size = np.broadcast_to(element_sizes(mesh.points, mesh.cells)[:, None], shape)
    curve = keyak.yield_curve(mesh.density, np.broadcast_to(cortical[:, None], shape), size, law)
    index = np.where(cortical, HOSTS.index("cortical"), HOSTS.index("cancellous"))
    index[~cortical & (mesh.density.mean(axis=1) < MARROW_DENSITY)] = HOSTS.index("marrow")
    return MaterialField(HOSTS, index, curve)


def paint(
    mesh: LabelledMesh,
    layers: tuple[tuple[str, str], ...],
    density_law: str = "keyak_2005",
    anisotropy: str = "isotropic",
    crushable: bool = False,
) -> MaterialField:
    """Host bone by a law of density, then each (solid, material) in turn; the last paint on a cell wins.

    Args:
        mesh: the labelled mesh.
        layers: ordered names of solids and of materials of the library; a solid the mesh does not hold is an error.
        density_law: name of the relation that gives bone its modulus and strength.
        anisotropy: name of the fabric of a vertebra's body; tumour that leaves a share of the bone leaves its fabric.
        crushable: whether that body loses volume as it is crushed; likewise.

    Raises:
        KeyError: an unknown solid or material.
    """
    bone, shape = host(mesh, density_law, anisotropy, crushable), mesh.density.shape
    names, index, curve = list(bone.names), bone.index.copy(), bone.curve
    foreign = np.zeros(len(mesh.cells), dtype=bool)
    for solid, name in layers:
        cells = mesh.inside(solid)
        if name not in names:
            names.append(name)
        index[cells] = names.index(name)
        if name == AS_SCANNED and mesh.as_scanned is not None:
            scanned = host(replace(mesh, density=mesh.as_scanned), density_law)
            curve = curve.where(cells[:, None], scanned.curve)
            foreign[cells] = True
            continue
        material = MATERIALS[name]
        foreign[cells] = not isinstance(material, HostTissue)
        if isinstance(material, HostTissue):
            layer = bone.curve.scaled(material.share)
        else:
            strength = np.inf if material.strength_MPa is None else material.strength_MPa
            layer = constant(shape, material.young_MPa, material.poisson, strength)
        curve = curve.where(cells[:, None], layer)
    fabric, crushed = bone.fabric and bone.fabric.without(foreign), bone.foam and bone.foam.without(foreign)
    return replace(bone, names=tuple(names), index=index, curve=curve, fabric=fabric, foam=crushed)
