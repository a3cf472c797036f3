"""Isotropic damage with a crack band: a field of materials and strains in, the share of stiffness kept out.

Stress is ``w D strain``. With k the principal tension (compression) over its onset strain e0, and the largest k so far,
w = 1 up to k = 1; w = 1 / k on a plateau up to k = p, so that uniaxial stress stays E e0; then
w = exp(-(k - p) / f) / k, an exponential fall. Tension and compression have their own k, p and f; the smaller w rules.
A band of width l that opens while the bone beside it unloads dissipates E e0^2 l (p / 2 + f) per area from the end of
the plateau on; f makes that the fracture energy, whatever the element. Unloading goes to the origin. Where bone is
crushed its sides expand, and past some 3.5 times the onset strain they crack: crushing takes its energy at the most.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from femrisk.materials.field import HOSTS, MaterialField, element_sizes
from femrisk.materials.library import BRITTLE, MATERIALS, Brittle, HostTissue
from femrisk.meshes.labelled import Floats, LabelledMesh

#: Width of a band of localised strain over the edge of the regular tetrahedron of equal volume. Bars of unstructured
#: quadratic cells with four Gauss points, 3 and 2 mm wide, took 0.62 and 0.75 times the energy of a band of one edge:
#: strain localises in a part of a cell. With this width bars of 2, 1.5 and 1.2 mm take 0.98, 0.98 and 1.05 times the
#: fracture energy from the machine. (Linear cells, which femrisk does not use, have bands of 1.1 to 1.2 edges.)
BAND = 0.7
#: Steepest fall f the secant solver follows; a band too wide for its energy is given it, and counted as clipped.
STEEPEST = 0.05
#: Share of the stiffness that a crack keeps, so that no node hangs in the air.
LEAST = 1e-4


@dataclass(frozen=True)
class DamageLaw:
    """Onset, plateau and fall at the Gauss points: arrays of one shape (..., 2), tension before compression."""

    #: principal strain at onset; infinite where nothing is damaged
    onset: Floats
    #: strain over the onset's up to which the stress is kept
    plateau: Floats
    #: strain over the onset's in which it falls to 1/e
    fall: Floats
    #: where the band was too wide for the fracture energy
    clipped: NDArray[np.bool_]

    def take(self, cells: NDArray[np.int64]) -> DamageLaw:
        """The rows of some cells."""
        return DamageLaw(**{field.name: getattr(self, field.name)[cells] for field in fields(self)})

    @property
    def breakable(self) -> NDArray[np.bool_]:
        """(...,) points that can be damaged."""
        return np.asarray(np.isfinite(self.onset).any(axis=-1))


def crack_band(material: Brittle, width: Floats) -> DamageLaw:
    """The law of one material in bands of some width, mm (any shape)."""
    shape = (*width.shape, 2)
    onset, plateau = (np.broadcast_to(np.array(pair), shape).copy() for pair in (material.onset, material.plateau))
    fall = np.array(material.energy_over_modulus_mm) / (width[..., None] * onset**2) - plateau / 2
    return DamageLaw(onset, plateau, np.maximum(fall, STEEPEST), fall < STEEPEST)


def damage_law(mesh: LabelledMesh, field: MaterialField, stiff: Floats) -> DamageLaw:
    """The law of every Gauss point, (m, 4, 2): bone, tumour that is like bone, and cement; the rest stays whole.

    Args:
        mesh: the mesh; the band is BAND edges wide, averaged over neighbours as in Keyak's law.
        field: its materials.
        stiff: (m, 4) share of the stiff layers of contacts, which cannot fail.
    """
    width = np.broadcast_to(BAND * element_sizes(mesh.points, mesh.tets)[:, None], stiff.shape)
    unharmed = np.full((*stiff.shape, 2), np.inf)
    ones = np.ones_like(unharmed)
    law = DamageLaw(unharmed, ones, ones, np.zeros(unharmed.shape, dtype=bool))
    for index, name in enumerate(field.names):
        bony = name in HOSTS or isinstance(MATERIALS[name], HostTissue)
        material = BRITTLE["bone"] if bony else BRITTLE.get(name)
        if material is not None:
            here = ((field.index == index)[:, None] & (stiff == 0))[..., None]
            painted = crack_band(material, width)
            law = DamageLaw(
                *(np.where(here, getattr(painted, part.name), getattr(law, part.name)) for part in fields(law))
            )
    return law


def grown(law: DamageLaw, strain: Floats, worst: Floats) -> Floats:
    """(m, 4, 2) largest strains over onset so far, from strains (m, 4, 6) and those before, which stay as they are."""
    new = _grown(law.onset.reshape(-1, 2), strain.reshape(-1, 6), worst.reshape(-1, 2))
    return np.asarray(new.reshape(worst.shape))


def retained(law: DamageLaw, worst: Floats) -> Floats:
    """(m, 4) share w of the stiffness that is kept after the worst strains (m, 4, 2)."""
    kept = _retained(law.plateau.reshape(-1, 2), law.fall.reshape(-1, 2), worst.reshape(-1, 2))
    return np.asarray(kept.reshape(worst.shape[:-1]))


def lost(law: DamageLaw, energy: Floats, worst: Floats, before: Floats) -> Floats:
    """(m, 4) energy per volume dissipated while w fell from ``before`` (m, 4), N/mm2; exact along proportional strains.

    Args:
        law: the law.
        energy: (m, 4) energy of the undamaged material at the strains that were reached.
        worst: (m, 4, 2) largest strains over onset by then.
        before: (m, 4) share of the stiffness kept before.
    """
    arrays = (law.plateau.reshape(-1, 2), law.fall.reshape(-1, 2), worst.reshape(-1, 2))
    return np.asarray(_lost(*arrays, energy.ravel(), before.ravel()).reshape(before.shape))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _share(k: float, plateau: float, fall: float) -> Any:
    if k <= 1.0:
        return 1.0
    if k <= plateau:
        return max(1.0 / k, LEAST)
    return max(np.exp(-(k - plateau) / fall) / k, LEAST)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _area(k: float, plateau: float, fall: float) -> Any:
    """Dissipated up to k over E e0^2: the integral of k^2 / 2 over -dw."""
    if k <= 1.0:
        return 0.0
    if k <= plateau:
        return 0.5 * (k - 1.0)
    x = k - plateau
    left = np.exp(-x / fall)
    return 0.5 * (plateau - 1.0 + (2 * fall + plateau) * (1 - left) - x * left)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _strain_of(w: float, top: float, plateau: float, fall: float) -> Any:
    """The k below ``top`` at which w is kept."""
    if w * plateau >= 1.0:
        return 1.0 / w
    low, high = plateau, top
    for _ in range(60):
        middle = 0.5 * (low + high)
        if _share(middle, plateau, fall) > w:
            low = middle
        else:
            high = middle
    return low


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _extremes(e: Any) -> Any:
    """Largest and smallest principal value of a strain (6,)."""
    mean = (e[0] + e[1] + e[2]) / 3
    a, b, c = e[0] - mean, e[1] - mean, e[2] - mean
    square = a * a + b * b + c * c + 2 * (e[3] ** 2 + e[4] ** 2 + e[5] ** 2)
    radius = np.sqrt(square / 6)
    if radius == 0.0:
        return mean, mean
    determinant = a * (b * c - e[4] ** 2) - e[3] * (e[3] * c - e[4] * e[5]) + e[5] * (e[3] * e[4] - b * e[5])
    angle = np.arccos(min(1.0, max(-1.0, 0.5 * determinant / radius**3))) / 3
    return mean + 2 * radius * np.cos(angle), mean + 2 * radius * np.cos(angle + 2 * np.pi / 3)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _grown(onset: Any, strain: Any, worst: Any) -> Any:
    out = worst.copy()
    for i in range(len(strain)):
        if not np.isfinite(onset[i, 0]):
            continue
        high, low = _extremes(strain[i])
        out[i, 0] = max(out[i, 0], high / onset[i, 0])
        out[i, 1] = max(out[i, 1], -low / onset[i, 1])
    return out


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _retained(plateau: Any, fall: Any, worst: Any) -> Any:
    out = np.ones(len(worst))
    for i in range(len(worst)):
        for mode in range(2):
            out[i] = min(out[i], _share(worst[i, mode], plateau[i, mode], fall[i, mode]))
    return out


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _lost(plateau: Any, fall: Any, worst: Any, energy: Any, before: Any) -> Any:
    out = np.zeros(len(worst))
    for i in range(len(worst)):
        shares = [_share(worst[i, mode], plateau[i, mode], fall[i, mode]) for mode in range(2)]
        mode = 0 if shares[0] <= shares[1] else 1
        if shares[mode] >= before[i]:
            continue
        k, p, f = worst[i, mode], plateau[i, mode], fall[i, mode]
        start = _strain_of(before[i], k, p, f)
        out[i] = 2 * energy[i] / k**2 * (_area(k, p, f) - _area(start, p, f))
    return out
