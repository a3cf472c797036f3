"""A skin alone: its law beside differences and formulas, and a block whose faces it covers in a linear field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from femrisk.element import TABLE, internal_forces, strains
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.planestress import update
from femrisk.materials.plastic import update as update_cells
from femrisk.materials.skin import Skin, skin
from femrisk.membrane import cover
from femrisk.meshes.facets import Facets, outer_facets
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.verification.blocks import NEAR, block
from femrisk.verification.checks import Check, Effort, absolute, relative
from femrisk.verification.cubes import GRADIENT, SOLVED
from femrisk.verification.prescribed import Loaded, alone, prescribe

#: MPa; of cells and skin, whose thickness is in mm
YOUNG, SKIN_YOUNG, POISSON, THICKNESS = 1000.0, 10000.0, 0.3, 0.35
#: Equivalent strains in the middle of each state of the softening skin.
STATES = {"elastic": 0.005, "flowing": 0.03, "softening": 0.08, "residual": 0.4}
#: Strains (xx, yy, 2 xy) far beyond yield and the stresses, over the yield stress, that they end in.
ENDS = {
    "plane strain": ((1.0, 0.0, 0.0), (2 / 3**0.5, 1 / 3**0.5, 0.0)),
    "equal pull both ways": ((1.0, 1.0, 0.0), (1.0, 1.0, 0.0)),
    "shear": ((0.0, 0.0, 1.0), (0.0, 0.0, 1 / 3**0.5)),
}


def skin_patch(effort: Effort) -> tuple[Check, ...]:
    """A skin all round a cube in a linear displacement: its forces are known, and it leaves that displacement alone.

    On each face the skin's stress s is uniform, so no node within a face feels it, and by virtual work the forces f at
    the places x of all nodes have the moment sum f x = sum A t s over the faces. The edges are moved; all other nodes
    are free, under the forces that the cells' uniform stress asks for. Bounds: round-off; for the displacement what the
    solver leaves, as in the patch test of the cells, with ten times its ratio of moduli.
    """
    side, count = 6.0, 5 if effort.full else 4
    mesh = block((count,) * 3, np.full(3, -side / 2), np.full(3, side / 2), jitter=0.25)
    layer = given(effort, skin(outer_facets(mesh), THICKNESS, SKIN_YOUNG, POISSON))
    domain = alone(mesh)
    exact = domain.nodes @ GRADIENT.T
    planes = (np.abs(domain.nodes) > side / 2 - NEAR).sum(axis=1)
    curve = constant((len(domain.cells), 4), YOUNG, POISSON)
    free = np.repeat((planes < 2)[:, None], 3, axis=1)
    strain = strains(domain.cells, domain.gradients, exact, TABLE)
    nothing = (np.zeros_like(strain), np.zeros(strain.shape[:2]))
    pull = update_cells(curve, strain, *nothing)[0]
    loads = internal_forces(domain.cells, domain.gradients, domain.volumes, pull, len(exact), TABLE)
    cube = Loaded(domain, prescribe(domain, free, exact), curve, loads * (planes == 1)[:, None], cover(domain, layer))
    state = cube.linear(SOLVED)
    found = cube.displacement(state)

    assert cube.membrane is not None, "the cube has a skin"
    forces = cube.membrane.forces(cube.membrane.stretch(exact, state).stress, len(exact))
    moments, energy = np.zeros((3, 3)), 0.0
    for across in range(3):
        tensor, density = flat(across)
        moments += 2 * side**2 * THICKNESS * tensor
        energy += 2 * side**2 * THICKNESS * density
    error = np.abs(forces.T @ domain.nodes - moments).max() / np.abs(moments).max()
    within = np.abs(forces[planes < 2]).max() / np.abs(forces).max()
    name = "skin of a cube, patch test"
    return (
        absolute(name, "moments of its forces, largest error / moment", float(error), 0.0, 1e-12),
        absolute(name, "force on a node within a face / on an edge", float(within), 0.0, 1e-12),
        relative(name, "its energy, N mm", 1e3 * cube.membrane.energies(exact, state)[0], energy, 1e-12),
        absolute(
            name, "displacement, largest error / largest", float(np.abs(found - exact).max() / np.abs(exact).max()),
            0.0, 1e-9,
        ),
    )  # fmt: skip


def flat(across: int) -> tuple[Floats, float]:
    """Stress (3, 3), MPa, and energy per volume, N/mm2, of a skin square to an axis in the linear field."""
    along = np.delete(np.arange(3), across)
    strain = (0.5 * (GRADIENT + GRADIENT.T))[np.ix_(along, along)]
    modulus = SKIN_YOUNG / (1 - POISSON**2)
    stress = modulus * ((1 - POISSON) * strain + POISSON * np.trace(strain) * np.eye(2))
    tensor = np.zeros((3, 3))
    tensor[np.ix_(along, along)] = stress
    return tensor, float(0.5 * (stress * strain).sum())


def skin_law(effort: Effort) -> tuple[Check, ...]:
    """The tangent of a skin is the derivative of its stress, and its stress is where von Mises lets it be.

    Tangents: central differences over 1e-4 of the strain, as for the cells. Stresses: a strain of 400 times that of
    yield is plastic but for 1 / 400, and only the part of the elastic strain that points another way turns the stress.
    """
    checks = []
    for state, size in STATES.items():
        random = np.random.default_rng(5)
        worst = 0.0
        for _ in range(40 if effort.full else 10):
            strain, step = random.normal(size=(1, 3, 3)), random.normal(size=(1, 3, 3))
            strain *= size / equivalent(strain)[..., None]
            worst = max(worst, _departure(softening(), strain, 1e-4 * size * step, effort.factor))
        checks.append(absolute("law of a skin", f"tangent, {state}: largest error / tangent", worst, 0.0, 1e-6))
    ideal = effort.given(constant((1, 3), 1000.0, POISSON, 10.0))
    for name, (way, exact) in ENDS.items():
        far = np.broadcast_to(4.0 * np.array(way), (1, 3, 3))
        stress = update(ideal, far, np.zeros((1, 3, 3)), np.zeros((1, 3))).stress[0, 0] / 10.0
        place = int(np.argmax(exact))
        checks.append(relative("law of a skin", f"stress / strength, {name}", stress[place], exact[place], 1 / 400))
    return tuple(checks)


def equivalent(strain: Floats) -> Floats:
    """(...,) equivalent strain of strains (..., 3) that keep the volume."""
    xx, yy, shear = np.moveaxis(strain, -1, 0)
    return np.asarray(np.sqrt(4 / 3 * (xx**2 + yy**2 + xx * yy + shear**2 / 4)))


def softening() -> YieldCurve:
    """A skin that yields at a strain of 1 %, falls from 4 % of plastic strain on and stays from 12 % on."""
    values = (1000.0, POISSON, 10.0, 0.04, -62.5, 5.0)
    return YieldCurve(*(np.full((1, 3), value) for value in values))


def _departure(curve: YieldCurve, strain: Floats, step: Floats, factor: float) -> float:
    """Largest error of the tangent along a step (1, 3, 3), over the modulus; ``factor`` is put on it."""
    rest = (np.zeros((1, 3, 3)), np.zeros((1, 3)))
    derivative = factor * np.einsum("fgcd,fgd->fgc", update(curve, strain, *rest).tangent, step)
    ahead, behind = (update(curve, strain + sign * step, *rest).stress for sign in (1, -1))
    return float(np.abs((ahead - behind) / 2 - derivative).max() / np.abs(derivative).max())


def given(effort: Effort, layer: Skin) -> Skin:
    """The skin as the solver gets it; the cells beneath are spared, so that what is found is found by the skin."""
    return replace(layer, curve=effort.given(layer.curve))


def on_planes(mesh: LabelledMesh, distance: Floats) -> Facets:
    """Outer facets in one of the planes x, y, z = ``distance`` (3,) mm; infinite where no plane is meant."""
    facets = outer_facets(mesh)
    near = np.abs(mesh.points[facets.vertices(mesh)] - distance) < NEAR
    return facets.take(near.all(axis=1).any(axis=1))
