"""Keyak's post-yield law of bone: ash density in, elastic constants and a piecewise-linear yield curve out.

Source: Keyak et al., Clin Orthop Relat Res 437:219-228 (2005), coefficients as published with the voxel models of
Sas et al., Bone Reports 12:100263 (2020). Densities are ash densities in g/cm3, stresses in MPa.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from femrisk.materials.curve import YieldCurve
from femrisk.materials.density import LAWS, USED_FOR, DensityLaw
from femrisk.meshes.labelled import Floats

#: Poisson's ratio of bone (Miura et al. 2017).
POISSON = 0.3
#: Specimen lengths of the tests behind the post-yield strains, mm.
TRABECULAR_LENGTH, CORTICAL_LENGTH = 15.0, 5.0
#: Residual stress a rho^b, MPa.
RESIDUAL = (43.1, 1.81)


def tested_lengths(cortical: NDArray[np.bool_]) -> Floats:
    """Length of the specimens behind the curves, mm, same shape."""
    return np.where(cortical, CORTICAL_LENGTH, TRABECULAR_LENGTH)


def yield_curve(
    density: Floats, cortical: NDArray[np.bool_], size: Floats, law: DensityLaw = LAWS["keyak_2005"]
) -> YieldCurve:
    """Plateau, softening and residual stress, scaled to the element.

    A test of length L with one band of width h that softens while the rest unloads gives the band a plateau L/h times
    longer and a softening modulus Ep = h E Ep0 / (L E - (L - h) Ep0) (springs in series). The result is expressed over
    plastic strain: a modulus Ep over total strain is E Ep / (E - Ep) over plastic strain, h / L times what it is in a
    specimen that yields all over. It is kept under E in size, which keeps the stress unique; that touches only cortical
    curves of densities no cortex has.

    Args:
        density: ash density, g/cm3, any shape.
        cortical: True where the cortical test applies, same shape.
        size: width h of the band, mm, same shape; of one that lies in one layer of cells their edge.
        law: modulus and strength; with another law than Keyak's the residual keeps its share of the strength.
    """
    density = density.clip(*USED_FOR)
    young, strength = law.modulus(density), law.strength(density)
    residual = RESIDUAL[0] * density ** RESIDUAL[1] * strength / LAWS["keyak_2005"].strength(density)
    length = tested_lengths(cortical)
    plateau = np.where(cortical, 0.0184 - 0.0100 * density, 0.00189 + 0.0241 * density).clip(min=0.0) * length / size
    slope = np.where(cortical, -1000.0, -2080.0 * density**1.45)
    element_slope = size * young * slope / (length * young - (length - size) * slope)
    return YieldCurve(
        young=young,
        poisson=np.full_like(young, POISSON),
        strength=strength,
        plateau=plateau,
        softening=np.maximum(young * element_slope / (young - element_slope), -young),
        residual=residual,
    )
