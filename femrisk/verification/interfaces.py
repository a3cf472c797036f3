"""Blocks with a weak interface, pulled apart and pushed out: strength and energy against closed forms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from femrisk.cohesive import join
from femrisk.equilibrium import Equilibrium
from femrisk.errors import SolverError
from femrisk.materials.curve import constant
from femrisk.materials.interface import SHEAR_OVER_TENSION, STIFFNESS, Interface
from femrisk.meshes.cells.splitting import inner_faces, split
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.verification.blocks import NEAR, block
from femrisk.verification.checks import Check, Effort, relative
from femrisk.verification.prescribed import alone, prescribe

#: Modulus of the blocks, MPa: rigid beside the interface, which so opens and slips alike all over.
YOUNG = 1e6
#: Tensile strength, MPa, and fracture energy, N/mm, of the interface.
STRENGTH, ENERGY = 1.0, 0.1
#: Side of a block and of the square plug that is pushed out of it, mm.
SIDE, PLUG = 6.0, 2.0


def pull_out(effort: Effort) -> tuple[Check, ...]:
    """A flat interface across a block is pulled: it bears its strength times its area, and takes its energy.

    The two halves part at u = f / K + f L / E, where the force is f A; beyond, it falls in proportion to the opening
    and is lost at 2 G / f. At the travels next to the first, half as far and as far again, it is lower by less than
    u / (2 G / f), 0.1 %. The machine's work is exact by the trapezium rule where a travel lies on each kink of the
    force. What is left holding, 1e-7 of the stiffness, bears 2e-4 of the strength at the end.
    """
    count = 4 if effort.full else 2
    mesh = block((count, count, 2 * count), np.full(3, -SIDE / 2), np.full(3, SIDE / 2))
    above = mesh.centroids()[:, 2] > 0
    equilibrium = weak(mesh, above, effort)
    opens = STRENGTH * (1 / STIFFNESS + SIDE / YOUNG)
    travels = _past(opens, 2 * ENERGY / STRENGTH)
    return _parted(equilibrium, "flat interface pulled apart", travels, STRENGTH * SIDE**2, SIDE**2)


def push_out(effort: Effort) -> tuple[Check, ...]:
    """A square plug is pushed out of a block: it bears its strength in shear times the area of its sides.

    The interface slips alike all over but for the compression of the plug and the pull in the block, whose sum along
    the side changes by 4 r f L^2 / (2 b E) at most, 2e-4 mm; over the slip at which nothing holds, 2 G / (r f), that
    is 0.2 %. The energy is that of tension, whichever way the faces part.
    """
    count = 12 if effort.full else 6
    mesh = block((count, count, 4), np.full(3, -SIDE / 2), np.full(3, SIDE / 2))
    plug = (np.abs(mesh.centroids()[:, :2]) < PLUG / 2).all(axis=1)
    equilibrium = weak(mesh, plug, effort)
    area = 4 * PLUG * SIDE
    strength = SHEAR_OVER_TENSION * STRENGTH
    slips = strength / (SHEAR_OVER_TENSION**2 * STIFFNESS) + 2 * strength * SIDE**2 / (PLUG * YOUNG)
    travels = _past(slips, 2 * ENERGY / strength)
    return _parted(equilibrium, "square plug pushed out of a block", travels, strength * area, area)


def weak(mesh: LabelledMesh, driven: NDArray[np.bool_], effort: Effort) -> Equilibrium:
    """Two bodies of a mesh that nothing but a weak interface holds together.

    The ``driven`` (m,) cells are moved up at their upper face, the others held at their lower one.
    """
    faces = inner_faces(mesh)
    along = driven[faces.cells[:, 0]] != driven[faces.cells[:, 1]]
    domain, seam = alone(split(mesh, faces, along)), faces.take(along)
    count = len(seam.cells)
    law = Interface(np.full(count, STRENGTH), np.full(count, ENERGY)).scaled(effort.factor)
    ours = np.zeros(len(domain.nodes), dtype=bool)
    ours[domain.cells[driven[domain.original]]] = True
    height = domain.nodes[:, 2]
    moved, held = ours & (height > SIDE / 2 - NEAR), ~ours & (height < -SIDE / 2 + NEAR)
    free = np.repeat(~(moved | held)[:, None], 3, axis=1)
    unknowns = prescribe(domain, free, moved[:, None] * np.array([0.0, 0.0, 1.0]))
    return Equilibrium(domain, unknowns, constant((len(domain.cells), 4), YOUNG, 0.0), joints=join(domain, seam, law))


def _past(first: float, last: float) -> Floats:
    """Travels from rest to where nothing holds, mm."""
    return np.concatenate([first * np.array([0.5, 1.0, 1.5, 2.0, 4.0]), last * np.array([0.25, 0.5, 0.75, 1.0, 1.2])])


def _parted(equilibrium: Equilibrium, name: str, travels: Floats, peak: float, area: float) -> tuple[Check, ...]:
    state = equilibrium.rest()
    forces = []
    for travel in travels:
        found = equilibrium.attempt(state, state.unknowns, float(travel)).state
        if found is None:
            raise SolverError(name, f"no equilibrium at {travel:.2g} mm")
        state = found
        forces.append(state.force)
    work = np.trapezoid([0.0, *forces], [0.0, *travels])
    spent = 1e3 * equilibrium.energies(state)[1]
    return (
        relative(name, "largest force, N", max(forces), peak, 2e-3),
        relative(name, "dissipated, N mm", spent, ENERGY * area, 1e-6),
        relative(name, "work of the machine, N mm", float(work), ENERGY * area, 1e-3),
    )
