"""CalculiX and Abaqus: a problem and its lumped materials in, the text of an input file out.

Rigid grips are linear equations (``*EQUATION``) on a reference node and a rotation node, which both codes read alike
and which are femrisk's own small rotations: u = t + w x r with the lever r from the reference node.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from femrisk.export.lumping import Lumped
from femrisk.export.problem import Hold, Problem, labels
from femrisk.materials.curve import YieldCurve

#: Travel of the driven grip and number of equal steps to it; a plastic file is meant to be pushed past its peak.
LINEAR_TRAVEL, PLASTIC_TRAVEL, PLASTIC_STEPS = 1.0, 2.0, 20
#: Numbers on a line of a set.
PER_LINE = 16


def text(problem: Problem, lumped: Lumped, plastic: bool) -> Iterator[str]:
    """The lines of the file, each with its end."""
    yield from _heading(problem, lumped, plastic)
    nodes = len(problem.nodes)
    yield from _nodes(problem)
    names = labels(lumped.names)
    yield from _elements(problem, lumped, names)
    for label, mask in zip(labels(tuple(problem.cell_sets())), problem.cell_sets().values(), strict=True):
        yield from _set("ELSET", label, np.flatnonzero(mask))
    for number, name in enumerate(names):
        yield from _material(name, lumped.curve, number, plastic)
        yield f"*SOLID SECTION, ELSET=E_{name}, MATERIAL={name}\n"
    grips = labels(tuple(hold.grip.name for hold in problem.holds))
    driven = grips[[hold.grip.name for hold in problem.holds].index(problem.driven())]
    for number, (label, hold) in enumerate(zip(grips, problem.holds, strict=True)):
        yield from _grip(problem, label, hold, nodes + 1 + 2 * number)
    yield from _step(grips, driven, plastic)


def _heading(problem: Problem, lumped: Lumped, plastic: bool) -> Iterator[str]:
    yield f"*HEADING\n{problem.title}, {'plastic' if plastic else 'linear'}, exported by femrisk; mm, N, MPa\n"
    yield f"** {lumped.report()}\n"
    yield "** Coordinates are those of the machine; x_machine = A x_bone, with the bone's axes x medial, y anterior,\n"
    yield "** z proximal and the rows of A:\n"
    for row in problem.boundary.axes:
        yield f"** {row[0]:.12g} {row[1]:.12g} {row[2]:.12g}\n"
    yield "** The driven grip is pushed against the third axis. Node sets GRIP_*: what a grip holds; REF_* and ROT_*:\n"
    yield "** its translation and its rotation (radians). Element sets: E_* one material each, MATERIAL_* the legend,\n"
    yield "** SOLID_* what an element lies in, CONTACT_* where no fracture is looked for, STIFF_LAYER under contacts.\n"
    yield "** Displacements and rotations are small; edges are straight; four Gauss points per element.\n"


def _nodes(problem: Problem) -> Iterator[str]:
    """The nodes of the bone and, behind them, two for each grip: in one block, since some readers take the last one."""
    own = [point for hold in problem.holds for point in [hold.grip.center] * 2]
    yield "*NODE\n"
    for number, (x, y, z) in enumerate(problem.in_machine(np.vstack([problem.nodes, *own])).tolist(), start=1):
        yield f"{number}, {x:.12g}, {y:.12g}, {z:.12g}\n"
    yield f"*NSET, NSET=BONE_NODES, GENERATE\n1, {len(problem.nodes)}, 1\n"


def _elements(problem: Problem, lumped: Lumped, names: tuple[str, ...]) -> Iterator[str]:
    order = np.argsort(lumped.index, kind="stable")
    start = np.searchsorted(lumped.index[order], np.arange(len(names) + 1))
    for number, name in enumerate(names):
        chosen = order[start[number] : start[number + 1]]
        yield f"*ELEMENT, TYPE=C3D10, ELSET=E_{name}\n"
        for row in np.column_stack([chosen, problem.cells[chosen]]) + 1:
            yield ", ".join(map(str, row.tolist())) + "\n"


def _material(name: str, curve: YieldCurve, number: int, plastic: bool) -> Iterator[str]:
    yield f"*MATERIAL, NAME={name}\n*ELASTIC\n{curve.young[number]:.9g}, {curve.poisson[number]:.9g}\n"
    if plastic and np.isfinite(curve.strength[number]):
        yield "*PLASTIC\n"
        for strain, stress in yield_points(curve, number):
            yield f"{stress:.9g}, {strain:.9g}\n"


def yield_points(curve: YieldCurve, number: int) -> list[tuple[float, float]]:
    """Plastic strain and yield stress (MPa) at the corners of a curve; beyond the last the stress stays."""
    strength, residual = float(curve.strength[number]), float(curve.residual[number])
    plateau, softening = float(curve.plateau[number]), float(curve.softening[number])
    points = [(0.0, strength)]
    if np.isfinite(plateau) and softening < 0:
        if plateau > 0:
            points.append((plateau, strength))
        points.append((plateau + (residual - strength) / softening, residual))
    return points


def _grip(problem: Problem, label: str, hold: Hold, reference: int) -> Iterator[str]:
    """Sets, equations and what is held; ``reference`` and the number after it are the grip's own nodes."""
    center = problem.in_machine(hold.grip.center)
    yield f"*NSET, NSET=REF_{label}\n{reference}\n*NSET, NSET=ROT_{label}\n{reference + 1}\n"
    yield from _set("NSET", f"GRIP_{label}", hold.nodes)
    yield "*EQUATION\n"
    lever = problem.in_machine(problem.nodes[hold.nodes]) - center
    for node, r in zip((hold.nodes + 1).tolist(), lever.tolist(), strict=True):
        # u_i = t_i + w_j r_k - w_k r_j for (i, j, k) even
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            yield (
                f"4\n{node}, {i + 1}, 1., {reference}, {i + 1}, -1., "
                f"{reference + 1}, {j + 1}, {-r[k]:.12g}, {reference + 1}, {k + 1}, {r[j]:.12g}\n"
            )
    held = [number for number, motion in enumerate(hold.grip.motion) if motion == "held"]
    if held:
        yield "*BOUNDARY\n"
        for number in held:
            yield f"{reference + number // 3}, {number % 3 + 1}, {number % 3 + 1}\n"


def _step(grips: tuple[str, ...], driven: str, plastic: bool) -> Iterator[str]:
    travel = PLASTIC_TRAVEL if plastic else LINEAR_TRAVEL
    yield "** The travel of the machine, mm, is the number under *BOUNDARY. CalculiX gives the force on a grip as the\n"
    yield "** total over its nodes; Abaqus as RF of its reference node (and wants TOTALS=YES for ONLY).\n"
    if plastic:
        yield f"*STEP, INC=10000, NLGEOM=NO\n*STATIC\n{1 / PLASTIC_STEPS:.6g}, 1., 1e-7, {1 / PLASTIC_STEPS:.6g}\n"
    else:
        yield "*STEP\n*STATIC\n"
    yield f"*BOUNDARY\nREF_{driven}, 3, 3, {-travel:.6g}\n"
    for grip in grips:
        yield f"*NODE PRINT, NSET=REF_{grip}\nU, RF\n*NODE PRINT, NSET=GRIP_{grip}, TOTALS=ONLY\nRF\n"
    yield f"*NODE FILE\nU, RF\n*EL FILE\nS, E{', PEEQ' if plastic else ''}\n"
    yield "*END STEP\n"


def _set(kind: str, label: str, members: NDArray[np.int64]) -> Iterator[str]:
    """A named set of numbers from 0; nothing when it is empty."""
    numbers = (members + 1).tolist()
    if numbers:
        yield f"*{kind}, {kind}={label}\n"
    for begin in range(0, len(numbers), PER_LINE):
        yield ", ".join(map(str, numbers[begin : begin + PER_LINE])) + "\n"
