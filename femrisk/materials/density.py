"""Named relations from ash density to stiffness and strength: a law in, MPa out; unit chain and source with each.

A law is a pair that belongs together; moduli and strengths of different laws are never mixed. Densities come as ash
density in g/cm3 and are converted to what the law was stated in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.meshes.labelled import Floats

#: ash over apparent density of cancellous and cortical bone (Schileo 2008 [recalled])
ASH_PER_APPARENT = 0.60
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
    #: density the pieces are stated in: ash | apparent
    stated_in: str
    #: pieces in order of density, MPa
    modulus_pieces: tuple[Power, ...]
    strength_pieces: tuple[Power, ...]
    source: str

    def modulus(self, ash: Floats) -> Floats:
        """Young's modulus, MPa, from ash density of any shape, g/cm3."""
        return self._evaluated(self.modulus_pieces, ash)

    def strength(self, ash: Floats) -> Floats:
        """Strength, MPa, from ash density of any shape, g/cm3."""
        return self._evaluated(self.strength_pieces, ash)

    def _evaluated(self, pieces: tuple[Power, ...], ash: Floats) -> Floats:
        density = ash.clip(*USED_FOR) / (ASH_PER_APPARENT if self.stated_in == "apparent" else 1.0)
        values = [piece.a * density**piece.b + piece.c for piece in pieces]
        return np.asarray(np.select([density <= piece.upto for piece in pieces], values))


LAWS: dict[str, DensityLaw] = {
    law.name: law
    for law in (
        DensityLaw(
            "keyak_2005",
            "ash",
            (Power(np.inf, 14900.0, 1.86),),
            (Power(np.inf, 102.0, 1.80),),
            "Keyak et al. 2005, Clin Orthop Relat Res 437:219-228; coefficients read in the published code of "
            "Sas et al. 2020, Bone Reports 12:100263 [seen]",
        ),
        DensityLaw(
            "keyak_1998",
            "ash",
            (Power(0.27, 33900.0, 2.20), Power(0.60, 5307.0, 1.0, 469.0), Power(np.inf, 10200.0, 2.01)),
            (Power(0.317, 137.0, 1.88), Power(np.inf, 114.0, 1.72)),
            "Keyak et al. 1994 and 1998 [recalled]",
        ),
        DensityLaw(
            "keller_1994",
            "ash",
            (Power(np.inf, 10500.0, 2.29),),
            (Power(np.inf, 117.0, 1.93),),
            "Keller 1994, J Biomech; modulus read in the Ogo femur models [seen], strength [recalled]",
        ),
        DensityLaw(
            "morgan_2003",
            "apparent",
            (Power(np.inf, 6850.0, 1.49),),
            (Power(np.inf, 38.5, 1.48),),
            "Morgan 2003 femoral neck, modulus; Morgan and Keaveny 2001, compressive strength [recalled]",
        ),
    )
}
