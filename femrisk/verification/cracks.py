"""The law of damage alone: strain paths in, stresses and dissipated energies beside their formulas out."""

from __future__ import annotations

import numpy as np

from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.damage import DamageLaw, crack_band, grown, lost, retained
from femrisk.materials.library import BRITTLE, Brittle
from femrisk.materials.plastic import elastic_energy, update
from femrisk.meshes.labelled import Floats
from femrisk.verification.checks import Check, Effort, absolute, relative

#: MPa; the law is one of strains
YOUNG, POISSON = 10000.0, 0.3
#: Width of the band of the curves, and those of the energies by material: over what a steepest fall allows none, mm.
WIDTH = 2.0
WIDTHS = {"bone": (1.0, 2.0, 3.0), "pmma": (0.25, 0.5, 1.0)}
MODES = {"tension": (0, 1.0), "compression": (1, -1.0)}


def damage_curves(effort: Effort) -> tuple[Check, ...]:
    """Bone and cement strained in uniaxial stress keep their stress over the plateau and lose it as stated.

    With the lateral strain - nu e the undamaged stress is E e, and so w E e the damaged one; the sides that expand
    under compression may rule w. Their strain is a double principal one, known to the root of round-off, 1e-8, and the
    steepest fall makes that 20 times as much.
    """
    points = 400 if effort.full else 100
    checks = []
    for name, material in BRITTLE.items():
        for mode, (index, sign) in MODES.items():
            law = crack_band(material, np.full((1, 4), WIDTH))
            path = sign * material.onset[index] * np.linspace(0, 2 * material.plateau[index], points + 1)[1:]
            stress, _ = driven(effort.given(whole()), law, path)
            exact = np.array([published(material, strain) for strain in path])
            errors = np.abs(stress - exact) / np.abs(exact).max()
            worst = int(errors.argmax())
            quantity = f"{name} in {mode}, worst of {points} strains, MPa"
            checks.append(
                Check("damage in uniaxial stress", quantity, float(stress[worst]), float(exact[worst]),
                      float(errors[worst]), 1e-6)
            )  # fmt: skip
    return tuple(checks)


def crack_energy(effort: Effort) -> tuple[Check, ...]:
    """A band of any width takes the same energy per area to open, from the end of its plateau on.

    The law keeps 1e-4 of its stiffness, which leaves at most 0.8 % of the energy undissipated in the widest fall; a
    strain that grows in proportion is integrated exactly.
    """
    points = 400 if effort.full else 100
    checks = []
    for name, widths in WIDTHS.items():
        material = BRITTLE[name]
        onset, plateau = material.onset[0], material.plateau[0]
        energies = []
        for width in widths:
            law = crack_band(material, np.full((1, 4), width))
            last = plateau + 12 * float(law.fall[0, 0, 0])
            _, dissipated = driven(effort.given(whole()), law, onset * np.linspace(0, last, points + 1)[1:])
            energies.append(width * (dissipated[-1] - 0.5 * (plateau - 1) * YOUNG * onset**2))
            exact = YOUNG * material.energy_over_modulus_mm[0]
            quantity = f"{name}, band of {width:g} mm, N/mm"
            checks.append(relative("energy of a crack", quantity, float(energies[-1]), exact, 0.01))
        spread = (max(energies) - min(energies)) / min(energies)
        checks.append(absolute("energy of a crack", f"{name}, spread over the widths", float(spread), 0.0, 0.01))
    return tuple(checks)


def whole() -> YieldCurve:
    """(1, 4) the undamaged material."""
    return constant((1, 4), YOUNG, POISSON)


def published(material: Brittle, strain: float) -> float:
    """Stress in uniaxial stress by the formulas of the law, MPa."""
    strains = (strain, -POISSON * strain) if strain > 0 else (-POISSON * strain, strain)
    shares = []
    for i, one in enumerate(strains):
        onset, plateau, energy = material.onset[i], material.plateau[i], material.energy_over_modulus_mm[i]
        k, fall = max(abs(one) / onset, 1.0), energy / (WIDTH * onset**2) - plateau / 2
        shares.append(np.exp(-max(k - plateau, 0.0) / max(fall, 0.05)) / k)
    return float(YOUNG * strain * max(min(shares), 1e-4))


def driven(curve: YieldCurve, law: DamageLaw, path: Floats) -> tuple[Floats, Floats]:
    """Stress (k,) MPa and energy dissipated so far (k,) N/mm2 along axial strains (k,) with free sides."""
    worst, kept, energy = np.zeros((1, 4, 2)), np.ones((1, 4)), np.zeros((1, 4))
    stresses, energies = [], []
    for axial in path:
        strain = np.broadcast_to(np.array([1.0, -POISSON, -POISSON, 0, 0, 0]) * axial, (1, 4, 6))
        stress = update(curve, strain, np.zeros((1, 4, 6)), np.zeros((1, 4)))[0]
        worst = grown(law, strain, worst)
        energy = energy + lost(law, elastic_energy(curve, stress), worst, kept)
        kept = retained(law, worst)
        stresses.append(kept[0, 0] * stress[0, 0, 0])
        energies.append(energy[0, 0])
    return np.array(stresses), np.array(energies)
