"""Bone of a vertebra: ash density in, elastic constants and a yield curve without softening out (MPa).

Trabecular bone keeps its strength after yield: isotropic, elastic and perfectly plastic, as in the models of vertebrae
with metastases by Costa 2019 and Ghosh 2026 [seen]. What real bone loses past its ultimate strain (softening, damage)
is left out, so a fracture load is the plateau of a force that no longer rises, not a peak passed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.density import DensityLaw
from femrisk.meshes.labelled import Floats

#: Poisson's ratio of trabecular bone; published models of vertebrae use 0.2 to 0.38 (assumed).
POISSON = 0.3
#: Yield strains of vertebral trabecular bone in tension and compression (Morgan and Keaveny 2001 [recalled-H]).
YIELD_STRAINS = (0.0070, 0.0077)
#: Pedicles and arch, shell and core together: modulus, MPa, and Poisson's ratio (table of a published model [seen]).
ARCH_YOUNG, ARCH_POISSON = 3500.0, 0.25


def yield_curve(density: Floats, body: NDArray[np.bool_], law: DensityLaw) -> YieldCurve:
    """The body by a law of density, pedicles and arch as one material.

    The arch yields at the compressive yield strain of trabecular bone (assumed: no strength of its own was found).

    Args:
        density: ash density, g/cm3, any shape.
        body: True in the body, same shape.
        law: modulus and strength of the body.
    """
    shape = density.shape
    young, strength = law.modulus(density), law.strength(density)
    trabecular = YieldCurve(
        young=young,
        poisson=np.full(shape, POISSON),
        strength=strength,
        plateau=np.full(shape, np.inf),
        softening=np.zeros(shape),
        residual=strength,
    )
    return constant(shape, ARCH_YOUNG, ARCH_POISSON, ARCH_YOUNG * YIELD_STRAINS[1]).where(body, trabecular)
