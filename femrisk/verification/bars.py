"""Bars between rigid grips: a mesh, a machine and materials in; stiffness, history and balances out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from femrisk.banded import BandedEquilibrium
from femrisk.bands import bands
from femrisk.contacts import EXCLUSION, Boundary, Grip, Motion, machine_axes
from femrisk.element import TABLE, internal_forces
from femrisk.equilibrium import TOLERANCE, Equilibrium
from femrisk.grips import grip
from femrisk.history import State
from femrisk.march import Rules
from femrisk.materials import keyak
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.keyak import tested_lengths
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.verification.blocks import NEAR, block
from femrisk.verification.checks import Check, Effort, absolute, relative
from femrisk.verification.prescribed import alone, marched

HELD: tuple[Motion, ...] = ("held",) * 6
#: Along the machine's axes: guided straight; pushed sideways, free to turn about the width and to come closer.
GUIDED: tuple[Motion, ...] = ("held", "held", "driven", "held", "held", "held")
HANGING: tuple[Motion, ...] = ("held", "free", "driven", "free", "held", "held")
#: MPa, mm: modulus, side and length of the bars
YOUNG, SIDE, LENGTH = 1000.0, 6.0, 24.0
ALONG_X, ALONG_Y, UP = np.eye(3)
DOWN = -UP


@dataclass(frozen=True)
class End:
    """The nodes of one end of a bar along z, in the place of a contact zone."""

    exclusion: ClassVar[float] = EXCLUSION

    #: +1 for the upper end, -1 for the lower
    sign: int
    #: of the bar about z = 0, mm
    length: float

    def core(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) the points the rigid grip takes hold of."""
        return np.asarray(self.sign * points[:, 2] > self.length / 2 - NEAR)


def bar(counts: tuple[int, int, int], length: float = LENGTH, jitter: float = 0.0, seed: int = 1) -> LabelledMesh:
    """SIDE x SIDE x length mm about the origin; ``jitter`` and ``seed`` as for a ``block``."""
    high = np.array([SIDE, SIDE, length]) / 2
    return block(counts, -high, high, jitter, seed)


def machine(
    direction: Floats,
    across: Floats,
    top: tuple[Motion, ...],
    bottom: tuple[Motion, ...] = HELD,
    length: float = LENGTH,
) -> Boundary:
    """The upper end driven along ``direction`` (3,), the lower one held; ``across`` (3,) is the first axis of both."""
    ends = [
        Grip(name, End(sign, length), np.array([0.0, 0.0, sign * length / 2]), motion)  # type: ignore[arg-type]
        for name, sign, motion in (("top", 1, top), ("bottom", -1, bottom))
    ]
    return Boundary(machine_axes(direction, across), tuple(ends))


def gripped(mesh: LabelledMesh, curve: YieldCurve, boundary: Boundary) -> Equilibrium:
    """The bar in the machine; ``curve`` (m, 4) in the order of the mesh."""
    domain = alone(mesh)
    return Equilibrium(domain, grip(domain, boundary), curve.take(domain.original))


def series(effort: Effort) -> tuple[Check, ...]:
    """Two materials behind each other share a force, and their compliances add.

    Without Poisson's effect the stress is uniform and in reach of the cells: only the solver's tolerance of 1e-12 and
    the condition of the bar (its length over a cell, squared, times five: 1e3) stand before the force.
    """
    mesh = bar((4, 4, 8) if effort.full else (3, 3, 6), jitter=0.15)
    stiff = mesh.centroids()[:, 2] > 0
    curve = constant((len(mesh.tets), 4), YOUNG, 0.0)
    curve = replace(curve, young=np.where(stiff[:, None], 5.0, 1.0) * curve.young)
    state = gripped(mesh, effort.given(curve), machine(DOWN, ALONG_X, GUIDED)).linear(1e-12)
    force = SIDE**2 / (0.5 * LENGTH / YOUNG + 0.5 * LENGTH / (5 * YOUNG))
    uneven = np.abs(state.stress[..., 2] + force / SIDE**2).max() * SIDE**2 / force
    name = "two materials in series"
    return (
        relative(name, "stiffness, N/mm", state.force, force, 1e-9),
        absolute(name, "stress, largest error / mean", float(uneven), 0.0, 1e-9),
    )


def cantilever(effort: Effort) -> tuple[Check, ...]:
    """A bar clamped below and pushed sideways at its tip, which may turn, bends and shears (Timoshenko).

    P / delta = 1 / (L^3 / 3 E I + L / (5/6 G A)), with nu = 0 so that a rigid end hinders no width. It does hinder the
    warping of its section: at most over half a depth at each end the shear is uniform, which makes its share 1 / G A
    instead of 6/5 G A; that is 0.2 (h / L) of L / G A, or 0.15 % of the whole (bending 32, shear 1.2 of L / G A). The
    cells add less than 0.05 %. Shear left out would be 3.6 %, a factor of 1 instead of 5/6 0.6 %.
    """
    mesh = bar((4, 4, 16) if effort.full else (3, 3, 10))
    curve = constant((len(mesh.tets), 4), YOUNG, 0.0)
    state = gripped(mesh, effort.given(curve), machine(ALONG_X, ALONG_Y, HANGING)).linear()
    bending = LENGTH**3 / (3 * YOUNG * SIDE**4 / 12)
    shear = LENGTH / (5 / 6 * (YOUNG / 2) * SIDE**2)
    name = "cantilever with shear (Timoshenko)"
    return (relative(name, "tip deflection, mm/kN", 1e3 / state.force, 1e3 * (bending + shear), 2e-3),)


def balances(effort: Effort) -> tuple[Check, ...]:
    """A cantilever of bone (0.5 g/cm3), which yields in bands, pushed until its force falls: nothing is lost.

    Out of balance: the norm of the forces on all free unknowns, over the machine's force, is what Newton stops at.
    Work: the machine's is a trapezium per increment, which misses step^2 / 12 times the change of the slope; once the
    slope has fallen by the stiffness K, the work is K times the square of the travel of first yield or more. What is
    stored and dissipated is exact at the end of each step.
    """
    mesh = bar((3, 3, 10) if effort.full else (2, 2, 8))
    shape = (len(mesh.tets), 4)
    bone = keyak.yield_curve(np.full(shape, 0.5), np.zeros(shape, dtype=bool), np.full(shape, 3.0))
    domain, every = alone(mesh), np.ones(len(mesh.tets), dtype=bool)
    measured = bands(mesh, every, tested_lengths(~every), domain)
    unknowns = grip(domain, machine(ALONG_X, ALONG_Y, HANGING))
    equilibrium = BandedEquilibrium(domain, unknowns, effort.given(bone).take(domain.original), measured)
    # a beam's edge yields at a tip deflection of 2/3 eps L^2 / h
    first = 2 / 3 * float(bone.strength[0, 0] / bone.young[0, 0]) * LENGTH**2 / SIDE
    steps = 8 if effort.full else 4
    step = first / steps
    elastic = equilibrium.linear()
    history, found = marched(equilibrium, Rules(step, step, 14 * first, elastic.force, plateau_tangent=0.0), elastic)
    force = np.array([out_of_balance(equilibrium, one.state) for one in found])
    lost = [
        abs(one.increment.external_work - one.increment.elastic_energy - one.increment.plastic_work)
        / one.increment.external_work
        for one in found
    ]
    last = found[-1].increment
    share = f"{len(found)} increments, {last.plastic_work / last.external_work:.0%} dissipated, {history.status}"
    name = "balances of a plastic march"
    return (
        absolute(name, "out-of-balance force / force, largest", float(force.max()), 0.0, TOLERANCE),
        absolute(name, f"unaccounted work / work, largest ({share})", max(lost), 0.0, 1 / (12 * steps**2)),
    )


def out_of_balance(equilibrium: Equilibrium, state: State) -> float:
    """Forces that the stresses leave on free unknowns, over the machine's force."""
    domain, fine = equilibrium.domain, equilibrium.unknowns.fine
    nodal = internal_forces(domain.cells, domain.gradients, domain.volumes, state.stress, len(fine.slot), TABLE)
    return float(np.linalg.norm(fine.reduce(nodal) * fine.free) / abs(state.force))
