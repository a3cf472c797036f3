"""What every cell is made of: a labelled mesh and an ordered list of paint in, one yield curve per Gauss point out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.materials import keyak
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.density import LAWS
from femrisk.materials.library import MATERIALS, HostTissue
from femrisk.meshes.labelled import Floats, LabelledMesh, signed_volumes

#: Host tissues, always the first names of a field's legend.
HOSTS = ("cancellous", "cortical", "marrow")
#: Ash density under which the tissue is marrow, not bone, and no place to look for a fracture, g/cm3.
MARROW_DENSITY = 0.1


@dataclass(frozen=True)
class MaterialField:
    """The material of each cell, and its curve at the four Gauss points."""

    #: legend; ``index`` points into it
    names: tuple[str, ...]
    #: (m,) which name
    index: NDArray[np.int64]
    #: arrays of (m, 4)
    curve: YieldCurve

    def named(self, name: str) -> NDArray[np.bool_]:
        """(m,) cells of the named material (none when the name is not in the legend)."""
        return np.asarray(self.index == (self.names.index(name) if name in self.names else -1))

    def bone(self) -> NDArray[np.bool_]:
        """(m,) cells of living bone: neither marrow, tumour, cement nor metal."""
        return np.asarray(self.index < HOSTS.index("marrow"))

    def scaled(self, factor: float) -> MaterialField:
        """All stiffnesses and strengths multiplied."""
        return MaterialField(self.names, self.index, self.curve.scaled(factor))


def element_sizes(points: Floats, tets: NDArray[np.int64]) -> Floats:
    """(m,) edge of the regular tetrahedron of equal volume, averaged over neighbours, mm.

    The average over the cells round each vertex keeps the noise of single cells out of the softening law.
    """
    edge = np.cbrt(6 * np.sqrt(2) * signed_volumes(points, tets))
    total = np.bincount(tets.ravel(), weights=np.repeat(edge, 4), minlength=len(points))
    count = np.bincount(tets.ravel(), minlength=len(points)).clip(min=1)
    return np.asarray((total / count)[tets].mean(axis=1))


def paint(mesh: LabelledMesh, layers: tuple[tuple[str, str], ...], density_law: str = "keyak_2005") -> MaterialField:
    """Host bone by Keyak's law, then each (solid, material) in turn; the last paint on a cell wins.

    Args:
        mesh: the labelled mesh.
        layers: ordered names of solids and of materials of the library; a solid the mesh does not hold is an error.
        density_law: name of the relation that gives bone its modulus and strength.

    Raises:
        KeyError: an unknown solid or material.
    """
    cortical = ~mesh.inside("endosteum")
    shape = mesh.density.shape
    size = np.broadcast_to(element_sizes(mesh.points, mesh.tets)[:, None], shape)
    in_cortex = np.broadcast_to(cortical[:, None], shape)
    host = keyak.yield_curve(mesh.density, in_cortex, size, LAWS[density_law])
    index = np.where(cortical, HOSTS.index("cortical"), HOSTS.index("cancellous"))
    index[~cortical & (mesh.density.mean(axis=1) < MARROW_DENSITY)] = HOSTS.index("marrow")
    names, curve = list(HOSTS), host
    for solid, name in layers:
        material, cells = MATERIALS[name], mesh.inside(solid)
        if name not in names:
            names.append(name)
        index[cells] = names.index(name)
        if isinstance(material, HostTissue):
            layer = host.scaled(material.share)
        else:
            strength = np.inf if material.strength_MPa is None else material.strength_MPa
            layer = constant(shape, material.young_MPa, material.poisson, strength)
        curve = curve.where(cells[:, None], layer)
    return MaterialField(tuple(names), index, curve)
