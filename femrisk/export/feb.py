"""FEBio 4: a problem and its lumped materials in, the text of a .feb file (XML) out; linear elastic.

FEBio always computes with large displacements. The travel is therefore small (TRAVEL), so that force over travel is the
elastic stiffness. A grip is a rigid body without a mesh of its own: a rigid material and the node set glued to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

import numpy as np

from femrisk.export.lumping import Lumped
from femrisk.export.problem import Hold, Problem, labels

#: Travel of the driven grip, mm: strains of the order of 1e-4 of those at fracture.
TRAVEL = 0.01
#: FEBio's degrees of freedom of a rigid body, in the order of ``Grip.motion``.
FREEDOMS = ("Rx", "Ry", "Rz", "Ru", "Rv", "Rw")
CONTROL = """<Module type="solid"/>
<Control>
<analysis>STATIC</analysis>
<time_steps>1</time_steps>
<step_size>1</step_size>
<solver type="solid"><symmetric_stiffness>symmetric</symmetric_stiffness></solver>
</Control>
"""


def text(problem: Problem, lumped: Lumped) -> Iterator[str]:
    """The lines of the file, each with its end."""
    names = labels(lumped.names)
    bodies = tuple(f"RIGID_{label}" for label in labels(tuple(hold.grip.name for hold in problem.holds)))
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield from _comment(problem, lumped)
    yield '<febio_spec version="4.0">\n'
    yield CONTROL
    yield from _materials(problem, lumped, names, bodies)
    yield from _mesh(problem, lumped, names, bodies)
    yield "<MeshDomains>\n"
    for name in names:
        yield f'<SolidDomain name="E_{name}" mat="{name}"/>\n'
    yield "</MeshDomains>\n<Boundary>\n"
    for body in bodies:
        yield f'<bc name="GLUE_{body}" type="rigid" node_set="NODES_{body}"><rb>{body}</rb></bc>\n'
    yield "</Boundary>\n<Rigid>\n"
    for body, hold in zip(bodies, problem.holds, strict=True):
        yield from _rigid(body, hold)
    yield "</Rigid>\n"
    yield (
        '<LoadData>\n<load_controller id="1" type="loadcurve"><interpolate>LINEAR</interpolate>'
        "<extend>CONSTANT</extend><points><pt>0,0</pt><pt>1,1</pt></points></load_controller>\n</LoadData>\n"
    )
    yield '<Output>\n<plotfile type="febio"><var type="displacement"/><var type="stress"/></plotfile>\n<logfile>\n'
    for number in range(len(bodies)):
        yield f'<rigid_body_data data="x;y;z;Fx;Fy;Fz">{len(names) + 1 + number}</rigid_body_data>\n'
    yield "</logfile>\n</Output>\n</febio_spec>\n"


def _comment(problem: Problem, lumped: Lumped) -> Iterator[str]:
    rows = "; ".join(" ".join(f"{value:.12g}" for value in row) for row in problem.boundary.axes)
    # two hyphens in a row would end an XML comment
    said = (
        f"{problem.title}, linear, exported by femrisk; mm, N, MPa. {lumped.report()}. Coordinates are those of the "
        f"machine, x_machine = A x_bone with the rows of A: {rows}. The driven grip is pushed against the third axis."
    )
    yield f"<!-- {escape(said).replace('--', '- -')} -->\n"


def _materials(problem: Problem, lumped: Lumped, names: tuple[str, ...], bodies: tuple[str, ...]) -> Iterator[str]:
    yield "<Material>\n"
    for number, name in enumerate(names):
        yield (
            f'<material id="{number + 1}" name="{name}" type="isotropic elastic"><density>1</density>'
            f"<E>{lumped.curve.young[number]:.9g}</E><v>{lumped.curve.poisson[number]:.9g}</v></material>\n"
        )
    for number, (body, hold) in enumerate(zip(bodies, problem.holds, strict=True), start=len(names) + 1):
        x, y, z = problem.in_machine(hold.grip.center)
        yield (
            f'<material id="{number}" name="{body}" type="rigid body"><density>1</density>'
            f"<center_of_mass>{x:.12g},{y:.12g},{z:.12g}</center_of_mass></material>\n"
        )
    yield "</Material>\n"


def _mesh(problem: Problem, lumped: Lumped, names: tuple[str, ...], bodies: tuple[str, ...]) -> Iterator[str]:
    yield '<Mesh>\n<Nodes name="BONE">\n'
    for number, (x, y, z) in enumerate(problem.in_machine(problem.nodes).tolist(), start=1):
        yield f'<node id="{number}">{x:.12g},{y:.12g},{z:.12g}</node>\n'
    yield "</Nodes>\n"
    for number, name in enumerate(names):
        yield f'<Elements type="tet10" name="E_{name}">\n'
        for cell in np.flatnonzero(lumped.index == number).tolist():
            yield f'<elem id="{cell + 1}">{_joined(problem.cells[cell])}</elem>\n'
        yield "</Elements>\n"
    for body, hold in zip(bodies, problem.holds, strict=True):
        yield f'<NodeSet name="NODES_{body}">{_joined(hold.nodes)}</NodeSet>\n'
    for label, mask in zip(labels(tuple(problem.cell_sets())), problem.cell_sets().values(), strict=True):
        if mask.any():
            yield f'<ElementSet name="{label}">{_joined(np.flatnonzero(mask))}</ElementSet>\n'
    yield "</Mesh>\n"


def _rigid(body: str, hold: Hold) -> Iterator[str]:
    held = [name for name, motion in zip(FREEDOMS, hold.grip.motion, strict=True) if motion == "held"]
    if held:
        flags = "".join(f"<{name}_dof>1</{name}_dof>" for name in held)
        yield f'<rigid_bc name="HOLD_{body}" type="rigid_fixed"><rb>{body}</rb>{flags}</rigid_bc>\n'
    if hold.grip.motion[2] == "driven":
        yield (
            f'<rigid_bc name="DRIVE_{body}" type="rigid_displacement"><rb>{body}</rb><dof>z</dof>'
            f'<value lc="1">{-TRAVEL:.6g}</value><relative>0</relative></rigid_bc>\n'
        )


def _joined(numbers: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    """Numbers from 0 as numbers from 1."""
    return ",".join(map(str, (numbers + 1).tolist()))
