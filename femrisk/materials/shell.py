"""The shell of a vertebra: its anatomy in, a ``Shell`` out, and from that and a painted mesh the ``Skin`` of an arm.

Walls of the body and bony endplates are one layer, too thin for cells: about 0.35 mm in L1 (n = 16, Silva 1994 [seen];
0.38 +- 0.06 mm, Eswaran 2007 [seen]), porous, and so less stiff than compact bone. Modulus by class of trabecular
density from a published model (PMC12452785, table 3 [seen]), bounds of the classes after the ACR [recalled-H]:

| trabecular density, mg/cm3 | below 80 | 80 to 120 | above 120 |
|---|---|---|---|
| Young's modulus, MPa | 4700 | 8350 | 12000 |

At a bound of a class a fracture load would jump. So moduli are joined by straight lines between the middles of the
classes, 60, 100 and 140 mg/cm3 (the outer two taken as wide as the inner one: assumed), and kept beyond.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.materials.field import VERTEBRA_HOSTS, MaterialField
from femrisk.materials.library import MATERIALS, HostTissue
from femrisk.materials.skin import Skin, skin
from femrisk.materials.vertebral import YIELD_STRAINS
from femrisk.meshes.anatomy import Anatomy, VertebraAnatomy
from femrisk.meshes.facets import outer_facets
from femrisk.meshes.labelled import Floats, LabelledMesh

#: trabecular densities, mg/cm3 K2HPO4, and moduli of the shell, MPa
DENSITIES, MODULI = (60.0, 100.0, 140.0), (4700.0, 8350.0, 12000.0)
#: Poisson's ratio of the shell in published models [seen].
POISSON = 0.3


@dataclass(frozen=True)
class Shell:
    """Cortex and bony endplates of a body: a layer under its surface that is no body of cells."""

    thickness_mm: float
    young_MPa: float

    @property
    def strength_MPa(self) -> float:
        """Yield stress: at the compressive yield strain of the bone beneath (assumed: no strength was found)."""
        return self.young_MPa * YIELD_STRAINS[1]

    def on(self, mesh: LabelledMesh, field: MaterialField) -> Skin:
        """What the materials of an arm leave of the shell.

        It lies on the outer faces of cells of the body. Tissue like bone keeps as much of it as of its host; where
        lytic tumour, cement or metal come to the surface there is none. The cells beneath reach up to the same surface:
        what they carry in its place is taken off its modulus and strength.
        """
        outside = outer_facets(mesh)
        facets = outside.take((mesh.cancellous() & (kept(field) > 0))[outside.cells])
        share, beneath = kept(field)[facets.cells], field.curve.take(facets.cells)
        young = share * self.young_MPa - beneath.young.mean(axis=1)
        strength = share * self.strength_MPa - beneath.strength.mean(axis=1)
        more = (young > 0) & (strength > 0)
        return skin(facets.take(more), self.thickness_mm, young[more], POISSON, strength[more])


def kept(field: MaterialField) -> Floats:
    """(m,) share of its stiffness and strength that the host bone of each cell keeps; 0 where something replaced it."""
    shares = np.zeros(len(field.names))
    for index, name in enumerate(field.names):
        tissue = MATERIALS.get(name)
        shares[index] = 1.0 if name in VERTEBRA_HOSTS else tissue.share if isinstance(tissue, HostTissue) else 0.0
    return np.asarray(shares[field.index])


def shell_of(anatomy: Anatomy) -> Shell | None:
    """The shell of a bone; None where it has none but its cells."""
    if not isinstance(anatomy, VertebraAnatomy) or anatomy.shell_mm == 0:
        return None
    return Shell(anatomy.shell_mm, float(np.interp(anatomy.trabecular_mg_per_cm3, DENSITIES, MODULI)))
