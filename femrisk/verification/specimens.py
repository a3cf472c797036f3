"""Columns of trabecular bone sheared all over and in one layer: what Keyak's test says is exact of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from femrisk.banded import BandedEquilibrium
from femrisk.bands import bands
from femrisk.errors import SolverError
from femrisk.history import State
from femrisk.materials import keyak
from femrisk.materials.curve import YieldCurve
from femrisk.materials.field import element_sizes
from femrisk.materials.keyak import TRABECULAR_LENGTH, tested_lengths
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.verification.bars import SIDE, bar
from femrisk.verification.blocks import NEAR
from femrisk.verification.checks import Check, Effort, relative
from femrisk.verification.prescribed import alone, prescribe

#: Ash density, g/cm3.
DENSITY = 0.3
#: Strength of the bone beside a layer, over that of the layer.
STRONGER = 1.05
#: Length of a column round a layer, mm: the mean over the test's length does not see its ends.
COLUMN = 3 * TRABECULAR_LENGTH
#: Strains at which the path is cut, over the plateau; the first within a plateau L / h times shorter, since a band is
#: looked for as one of the test's length L until it has been seen. Forces are compared at PLACES.
PATH = np.array([0.1, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0])
PLACES = {1: "half-way along the plateau", 3: "at its end", 7: "at twice its length"}
#: Of a force: means of plastic strain, and widths with them, are found to 1e-8.
BALANCED, BOUND = 1e-7, 1e-6


def specimen(effort: Effort) -> tuple[Check, ...]:
    """A specimen as long as the test's that yields all over gives back the test's own line, whatever its cells."""
    mesh = bar((3, 3, 8) if effort.full else (2, 2, 5), TRABECULAR_LENGTH, jitter=0.15)
    curve, whole = (_bone(mesh, size) for size in (element_sizes(mesh.points, mesh.tets), TRABECULAR_LENGTH))
    return _compared("bone that yields all over", mesh, effort.given(curve), TRABECULAR_LENGTH, whole)


def layer(effort: Effort) -> tuple[Check, ...]:
    """A layer of cells that is weaker than the rest of a column falls as the test does over how far it slides.

    The layer is a band one cell wide, and a cell's size is the edge of the regular tetrahedron of its volume: 1.12
    layers. So layers of any thickness take the same work per area. The rest stays elastic.
    """
    checks: tuple[Check, ...] = ()
    for layers in (27, 45) if effort.full else (15, 27):
        thick = COLUMN / layers
        mesh = bar((2, 2, layers), COLUMN)
        curve = _bone(mesh, element_sizes(mesh.points, mesh.tets))
        within = np.abs(mesh.centroids()[:, 2]) < thick / 2
        strengths = np.where(within[:, None], 1.0, STRONGER) * curve.strength
        weak = curve.take(np.flatnonzero(within))
        given = effort.given(replace(curve, strength=strengths))
        checks += _compared(f"bone that yields in a layer of {thick:.3g} mm", mesh, given, thick, weak)
    return checks


def _compared(name: str, mesh: LabelledMesh, given: YieldCurve, thick: float, exact: YieldCurve) -> tuple[Check, ...]:
    """Forces of a column of which a thickness yields, beside those of its curve.

    Nodes move along x alone, so the stress is the same all along and shear strain in the two parts: Y / sqrt(3) once it
    yields, and sqrt(3) times the plastic strain at which Y is read. That displacement, where Newton's method starts,
    has to be in balance.
    """
    plastic = float(exact.plateau[0, 0]) * PATH
    stress = _yields_at(exact, plastic) / np.sqrt(3)
    elastic = stress / (float(exact.young[0, 0]) / 2)
    forces = sheared(mesh, given, thick, elastic, np.sqrt(3) * plastic)
    return tuple(
        relative(name, f"force {place}, N", float(forces[number]), float(stress[number]) * SIDE**2, BOUND)
        for number, place in PLACES.items()
    )


def sheared(mesh: LabelledMesh, curve: YieldCurve, thick: float, elastic: Floats, plastic: Floats) -> Floats:
    """(k,) forces of a bar, N, whose shear strain is ``elastic`` (k,), and in the middle ``plastic`` (k,) more.

    Raises:
        SolverError: that is no equilibrium, nor is one near it.
    """
    domain, cells = alone(mesh), len(mesh.tets)
    top, height, along = mesh.points[:, 2].max(), domain.nodes[:, 2], np.array([1.0, 0.0, 0.0])
    free = (np.abs(height) < top - NEAR)[:, None] & (along > 0)
    unknowns = prescribe(domain, free, (height > top - NEAR)[:, None] * along)
    measured = bands(mesh, np.ones(cells, dtype=bool), tested_lengths(np.zeros(cells, dtype=bool)), domain)
    problem = BandedEquilibrium(domain, unknowns, curve.take(domain.original), measured)
    state: State = problem.rest()
    forces = []
    for stretch, slide in zip(elastic, plastic, strict=True):
        moved = stretch * (height + top) + slide * np.clip(height + thick / 2, 0, thick)
        found = problem.attempt(state, moved[:, None] * along, float(moved.max()), BALANCED).state
        if found is None:
            raise SolverError("sheared bar", f"no equilibrium at a travel of {moved.max():.3g} mm")
        state = found
        forces.append(state.force)
    return np.array(forces)


def _bone(mesh: LabelledMesh, size: Floats | float) -> YieldCurve:
    """Trabecular bone in bands of a width, mm, of all cells or of each (m,), without Poisson's effect."""
    shape = (len(mesh.tets), 4)
    width = np.broadcast_to(np.asarray(size).reshape(-1, 1), shape)
    curve = keyak.yield_curve(np.full(shape, DENSITY), np.zeros(shape, dtype=bool), width)
    return replace(curve, poisson=np.zeros(shape))


def _yields_at(curve: YieldCurve, plastic: Floats) -> Floats:
    """(k,) yield stress, MPa, at plastic strains (k,) of a curve that is the same everywhere, before its residual."""
    strength, plateau, softening = (float(one[0, 0]) for one in (curve.strength, curve.plateau, curve.softening))
    stress = strength + softening * (plastic - plateau).clip(min=0)
    assert (stress > curve.residual[0, 0]).all(), "a point of the fall"
    return np.asarray(stress)
