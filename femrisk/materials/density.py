"""Named relations from ash density to stiffness and strength: a law in, MPa out; unit chain and source with each.

A law is a pair that belongs together; moduli and strengths of different laws are never mixed. Densities come as ash
density in g/cm3 and are converted to what the law was stated in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.meshes.ct.relations import ASH_PER_APPARENT
from femrisk.meshes.labelled import Floats
from femrisk.meshes.vertebra.atlas import ASH_PER_QCT

#: Ash densities that laws are used for; values outside are clipped. Marrow below, fully mineralised cortex above; the
#: sources at hand do not state the range they tested.
USED_FOR = (0.01, 1.3)


@dataclass(frozen=True)
class Power:
    """a rho^b + c for densities up to ``upto``."""

    upto: float
    a: float
    b: float
    c: float = 0.0


@dataclass(frozen=True)
class DensityLaw:
    """Modulus and strength of bone."""

    name: str
    #: density the pieces are stated in: ash | apparent | qct (K2HPO4 equivalent)
    stated_in: str
    #: bone it was measured on, or is used for: proximal_femur | vertebra
    bone: str
    #: pieces in order of density, MPa
    modulus_pieces: tuple[Power, ...]
    strength_pieces: tuple[Power, ...]
    source: str
    #: least modulus and strength, MPa
    least: tuple[float, float] = (0.0, 0.0)

    def modulus(self, ash: Floats) -> Floats:
        """Young's modulus, MPa, from ash density of any shape, g/cm3."""
        return np.maximum(self._evaluated(self.modulus_pieces, ash), self.least[0])

    def strength(self, ash: Floats) -> Floats:
        """Strength, MPa, from ash density of any shape, g/cm3."""
        return np.maximum(self._evaluated(self.strength_pieces, ash), self.least[1])

    def _evaluated(self, pieces: tuple[Power, ...], ash: Floats) -> Floats:
        density = ash.clip(*USED_FOR) / (ASH_PER_APPARENT if self.stated_in == "apparent" else 1.0)
        if self.stated_in == "qct":
            density = (density - ASH_PER_QCT[1]) / ASH_PER_QCT[0]
        values = [piece.a * density**piece.b + piece.c for piece in pieces]
        return np.asarray(np.select([density <= piece.upto for piece in pieces], values))


#: On Kopperdahl's straight lines the yield strain falls with density, and the strength reaches zero at 30 mg/cm3. Below
#: this density, g/cm3, the yield strain that they have there is kept (assumed), so that no bone is without strength.
KOPPERDAHL_LOW = 0.05
_KOPPERDAHL_STRAIN = (24.9 * KOPPERDAHL_LOW - 0.75) / (3230.0 * KOPPERDAHL_LOW - 34.7)

LAWS: dict[str, DensityLaw] = {
    law.name: law
    for law in (
        DensityLaw(
            "keyak_2005",
            "ash",
            "proximal_femur",
            (Power(np.inf, 14900.0, 1.86),),
            (Power(np.inf, 102.0, 1.80),),
            "Keyak et al. 2005, Clin Orthop Relat Res 437:219-228; coefficients read in the published code of "
            "Sas et al. 2020, Bone Reports 12:100263 [seen]",
        ),
        DensityLaw(
            "keyak_1998",
            "ash",
            "proximal_femur",
            (Power(0.27, 33900.0, 2.20), Power(0.60, 5307.0, 1.0, 469.0), Power(np.inf, 10200.0, 2.01)),
            (Power(0.317, 137.0, 1.88), Power(np.inf, 114.0, 1.72)),
            "Keyak et al. 1994 and 1998 [recalled]",
        ),
        DensityLaw(
            "keller_1994",
            "ash",
            "proximal_femur",
            (Power(np.inf, 10500.0, 2.29),),
            (Power(np.inf, 117.0, 1.93),),
            "Keller 1994, J Biomech; modulus read in the Ogo femur models [seen], strength [recalled]",
        ),
        DensityLaw(
            "morgan_2003",
            "apparent",
            "proximal_femur",
            (Power(np.inf, 6850.0, 1.49),),
            (Power(np.inf, 38.5, 1.48),),
            "Morgan 2003 femoral neck, modulus; Morgan and Keaveny 2001, compressive strength [recalled]",
        ),
        DensityLaw(
            "kopperdahl_2002",
            "qct",
            "vertebra",
            (Power(np.inf, 3230.0, 1.0, -34.7),),
            (
                Power(KOPPERDAHL_LOW, 3230.0 * _KOPPERDAHL_STRAIN, 1.0, -34.7 * _KOPPERDAHL_STRAIN),
                Power(np.inf, 24.9, 1.0, -0.75),
            ),
            "Kopperdahl, Morgan and Keaveny 2002, J Orthop Res 20:801-805, vertebral trabecular bone along its axis, "
            "K2HPO4 equivalent density, linear forms [recalled-H]",
            least=(0.1, 0.1 * _KOPPERDAHL_STRAIN),
        ),
        DensityLaw(
            "morgan_2003_vertebra",
            "apparent",
            "vertebra",
            (Power(np.inf, 4730.0, 1.56),),
            (Power(np.inf, 32.6, 1.60),),
            "Morgan 2003, J Biomech 36:897, vertebra along its axis, modulus [seen in a table]; Morgan and Keaveny "
            "2001, J Biomech 34:569, compressive yield [recalled-M]",
        ),
        DensityLaw(
            "keller_1994_vertebra",
            "ash",
            "vertebra",
            (Power(np.inf, 1890.0, 1.92),),
            (Power(np.inf, 284.0, 2.27),),
            "Keller 1994 for the vertebra, as printed in PMC6069821, table 1; stated above 0.2 g/cm3 [seen]",
        ),
    )
}
