"""Bone that is stiffer along one axis than across: cubes and strain paths in, moduli, strengths and tangents out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from femrisk.domain import Domain
from femrisk.element import TABLE, cell_stiffness, internal_forces, strains
from femrisk.equilibrium import Equilibrium
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.fabric import RATIOS, Fabric
from femrisk.materials.orthotropic import update
from femrisk.meshes.labelled import Floats
from femrisk.verification.blocks import NEAR, block
from femrisk.verification.checks import Check, Effort, absolute, relative
from femrisk.verification.cubes import GRADIENT, SOLVED
from femrisk.verification.prescribed import alone, prescribe, symmetric

#: MPa, and mm
YOUNG, POISSON, STRENGTH, SIDE = 1000.0, 0.3, 10.0, 6.0
#: Moduli along x, y and z over the one along z: all different.
RATIO = np.array(RATIOS["orthotropic"])
AXES = "xyz"
#: Components of a six-vector in a tensor, and the reverse.
TENSOR = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2]])
VECTOR = ([0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2])
#: Angle of a load to z in the plane of x and z.
ANGLE = np.radians(35.0)
#: Out-of-balance force over the machine's at which Newton stops here.
BALANCED = 1e-9


@dataclass(frozen=True)
class Constants:
    """Engineering constants of the bone, as they are documented."""

    young: Floats
    #: (3, 3) contraction along j over stretch along i
    poisson: Floats
    #: (3, 3) shear moduli
    shear: Floats

    def strain(self, stress: Floats) -> Floats:
        """(3, 3) from a stress (3, 3), by Hooke's law in its textbook form."""
        coupling = -(self.poisson / self.young[:, None]).T
        np.fill_diagonal(coupling, 1 / self.young)
        return np.asarray(np.diag(coupling @ np.diag(stress)) + (stress - np.diag(np.diag(stress))) / (2 * self.shear))

    def stress(self, strain: Floats) -> Floats:
        """(3, 3) from a strain (3, 3): the same law solved."""
        basis = np.eye(9).reshape(9, 3, 3)
        table = np.stack([self.strain(one).ravel() for one in basis], axis=1)
        return np.asarray(np.linalg.solve(table, strain.ravel()).reshape(3, 3))

    def distorting(self, stress: Floats) -> Floats:
        """A stress (3, 3) less the pressure that leaves it, in energy, at right angles to every pressure."""
        spread = self.strain(np.eye(3))
        return np.asarray(stress - (stress * spread).sum() / np.trace(spread) * np.eye(3))

    def limit(self, direction: Floats) -> float:
        """Multiple of a stress (3, 3), MPa, at which its distorting energy is that of a bar along z at its strength."""
        bar, other = (
            float((part * self.strain(part)).sum())
            for part in map(self.distorting, (np.diag([0.0, 0.0, STRENGTH]), direction))
        )
        return float(np.sqrt(bar / other))


def constants() -> Constants:
    """Of a bone of YOUNG along z whose sides spread by POISSON in the geometric mean under a load along z."""
    behind = POISSON * (RATIO[0] * RATIO[1]) ** 0.25
    shear = YOUNG / (2 * (1 + behind))
    outer = np.sqrt(np.outer(RATIO, RATIO))
    return Constants(YOUNG * RATIO, behind * np.sqrt(np.divide.outer(RATIO, RATIO)), shear * outer)


def fabric(cells: int) -> Fabric:
    """RATIO in all cells."""
    return Fabric(np.broadcast_to(RATIO, (cells, 4, 3)).copy())


def curve(cells: int, strength: float = STRENGTH) -> YieldCurve:
    """Ideally plastic along z."""
    return constant((cells, 4), YOUNG, POISSON, strength)


def cube(count: int) -> Domain:
    """SIDE mm from the origin, its inside distorted."""
    return alone(block((count,) * 3, np.zeros(3), np.full(3, SIDE), jitter=0.2))


def woven_cube(effort: Effort) -> tuple[Check, ...]:
    """A cube pressed between smooth plates along each axis in turn, past its strength: all is uniform and known.

    Bounds: the solver leaves 1e-12 of the first residual before a condition of about 1e2, Newton 1e-9 of the force.
    """
    domain, exact = cube(4 if effort.full else 3), constants()
    name = "bone with a fabric, pressed along its axes"
    strain, measured = np.zeros((3, 3)), np.zeros(3)
    forces, energies = np.zeros(3), np.zeros((3, 2))
    limits = np.array([exact.limit(one) for one in np.eye(3)[:, None] * np.eye(3)])
    yields = limits / exact.young
    for axis in range(3):
        pressed = between_plates(domain, axis, effort.given(curve(len(domain.cells))))
        elastic = pressed.linear(SOLVED)
        measured[axis] = elastic.force / SIDE
        moved = pressed.displacement(elastic)
        strain[axis] = [moved[domain.nodes[:, k] > SIDE - NEAR, k].mean() for k in range(3)]
        travel = 3 * yields[axis] * SIDE
        state = pressed.attempt(pressed.rest(), elastic.unknowns * travel, travel, BALANCED).state
        forces[axis], energies[axis] = (np.nan, np.nan) if state is None else (state.force, pressed.energies(state))
    spread = -strain / np.diag(strain)[:, None]
    lack = spread / measured[:, None]
    stored, plastic = (1e-3 * limits * yields * SIDE**3 * share for share in (0.5, 2.0))
    strongest = np.abs(energies / np.stack([stored, plastic], axis=1) - 1)
    return (
        *(relative(name, f"modulus along {AXES[i]}, MPa", measured[i], exact.young[i], 1e-10) for i in range(3)),
        *(
            relative(name, f"Poisson's ratio {AXES[i]}{AXES[j]}", spread[i, j], exact.poisson[i, j], 1e-10)
            for i, j in ((2, 0), (2, 1), (0, 1))
        ),
        absolute(name, "nu_ij / E_i - nu_ji / E_j, largest over 1 / E_z", np.abs(lack - lack.T).max() * YOUNG, 0, 1e-9),
        *(relative(name, f"strength along {AXES[i]}, MPa", forces[i] / SIDE**2, limits[i], 1e-8) for i in range(3)),
        absolute(name, "energies stored and dissipated, largest error / exact", strongest.max(), 0.0, 1e-8),
    )


def between_plates(domain: Domain, axis: int, bone: YieldCurve) -> Equilibrium:
    """The cube between smooth plates, the outer one driven inwards along ``axis``; three of its sides stay plane."""
    end = domain.nodes[:, axis] > SIDE - NEAR
    free, values = symmetric(domain), np.zeros_like(domain.nodes)
    free[end, axis], values[end, axis] = False, -1.0
    return Equilibrium(domain, prescribe(domain, free, values), bone, fabric=fabric(len(domain.cells)))


def woven_patch(effort: Effort) -> tuple[Check, ...]:
    """Linear displacements of a distorted cube's faces give the stress of the engineering constants everywhere.

    One is a stretch with shear and rotation, the other that of a stress along a line 35 degrees off z. Bounds as in
    ``patch``.
    """
    domain, exact = cube(5 if effort.full else 4), constants()
    name = "bone with a fabric, patch test"
    strain = 0.5 * (GRADIENT + GRADIENT.T)
    stress = exact.stress(strain)
    patched, displaced, stored = uniform(domain, GRADIENT, effort)
    along = np.array([np.sin(ANGLE), 0.0, np.cos(ANGLE)])
    pushed = exact.strain(np.outer(along, along))
    sloped, _, _ = uniform(domain, pushed, effort)
    shares = np.array([along[2] ** 4, along[0] ** 4, along[0] ** 2 * along[2] ** 2])
    compliances = np.array(
        [1 / exact.young[2], 1 / exact.young[0], 1 / exact.shear[0, 2] - 2 * exact.poisson[2, 0] / exact.young[2]]
    )
    modulus = along @ sloped.mean(axis=0) @ along / (along @ pushed @ along)
    return (
        absolute(name, "displacement, largest error / largest", displaced, 0.0, 1e-10),
        absolute(name, "stress, largest error / largest", _worst(patched, stress), 0.0, 1e-10),
        relative(name, "stored energy, J", stored, 0.5e-3 * SIDE**3 * float((stress * strain).sum()), 1e-10),
        relative(name, "modulus 35 degrees off z, MPa", modulus, 1 / float(shares @ compliances), 1e-10),
        absolute(name, "stress then, largest error / largest", _worst(sloped, np.outer(along, along)), 0.0, 1e-10),
        relative(
            name,
            "strength 35 degrees off z, MPa",
            sloped_strength(along, effort),
            exact.limit(np.outer(along, along)),
            1e-12,
        ),
    )


def _worst(found: Floats, exact: Floats) -> float:
    return float(np.abs(found - exact).max() / np.abs(exact).max())


def uniform(domain: Domain, gradient: Floats, effort: Effort) -> tuple[Floats, float, float]:
    """Stresses (n, 3, 3), the worst error of the displacement and the stored energy, J, under a linear one."""
    wanted = domain.nodes @ gradient.T
    free = np.repeat(((domain.nodes > NEAR) & (domain.nodes < SIDE - NEAR)).all(axis=1)[:, None], 3, axis=1)
    cells = len(domain.cells)
    problem = Equilibrium(domain, prescribe(domain, free, wanted), effort.given(curve(cells)), fabric=fabric(cells))
    state = problem.linear(SOLVED)
    displaced = float(np.abs(problem.displacement(state) - wanted).max() / np.abs(wanted).max())
    return state.stress.reshape(-1, 6)[:, TENSOR], displaced, problem.energies(state)[0]


def sloped_strength(along: Floats, effort: Effort) -> float:
    """Stress, MPa, at a strain that grows elastically up to the strength along a unit vector (3,), then by its flow."""
    exact, line = constants(), np.outer(along, along)
    limit = exact.limit(line) * line
    strain = exact.strain(limit) + 5 * exact.strain(exact.distorting(limit))
    rest = (np.zeros((1, 4, 6)), np.zeros((1, 4)))
    weave = fabric(1)
    bone = weave.law(effort.given(curve(1)))
    stress = update(weave, bone, np.broadcast_to(strain[VECTOR], (1, 4, 6)), *rest)[0]
    return float(along @ stress[0, 0][TENSOR] @ along)


def woven_tangent(effort: Effort) -> tuple[Check, ...]:
    """The stiffness of a cell is the derivative of its forces, elastic, on the plateau and where the bone softens.

    Central differences over 1e-4 of the displacement err by its square, and by the round-off of the forces over it.
    """
    domain = cube(1)
    random = np.random.default_rng(5)
    bone = replace(curve(1), plateau=np.full((1, 4), 0.02), softening=np.full((1, 4), -50.0), residual=np.ones((1, 4)))
    worst = {}
    for state, size in (("elastic", 0.003), ("plateau", 0.02), ("softening", 0.1)):
        errors = []
        for cell in range(6 if effort.full else 2):
            moved, step = size * SIDE * random.normal(size=(2, 10, 3))
            fine = stiffness(domain, cell, bone, moved)
            change = [forces_of(domain, cell, bone, moved + sign * 1e-4 * step) for sign in (1, -1)]
            derivative = effort.factor * np.einsum("abpq,bq->ap", fine, 1e-4 * step)
            errors.append(np.abs((change[0] - change[1]) / 2 - derivative).max() / np.abs(derivative).max())
        worst[state] = max(errors)
    name = "bone with a fabric, tangent of a cell"
    return tuple(
        absolute(name, f"{state}: largest error / tangent", error, 0.0, 1e-6) for state, error in worst.items()
    )


def responded(domain: Domain, cell: int, bone: YieldCurve, moved: Floats) -> tuple[Floats, Floats, Floats]:
    """Stress of the bone (1, 4, 6), and moduli and flow of the law behind, of a cell whose nodes moved by (10, 3)."""
    weave, own = fabric(1), np.arange(10)[None]
    strain = strains(own, domain.gradients[cell : cell + 1], moved, TABLE)
    stress, _, _, moduli, normal = update(weave, weave.law(bone), strain, np.zeros((1, 4, 6)), np.zeros((1, 4)))
    return stress, moduli, normal


def forces_of(domain: Domain, cell: int, bone: YieldCurve, moved: Floats) -> Floats:
    """(10, 3) forces on the nodes, N."""
    one = slice(cell, cell + 1)
    stress = responded(domain, cell, bone, moved)[0]
    forces = internal_forces(np.arange(10)[None], domain.gradients[one], domain.volumes[one], stress, 10, TABLE)
    return np.asarray(forces)


def stiffness(domain: Domain, cell: int, bone: YieldCurve, moved: Floats) -> Floats:
    """(10, 10, 3, 3) N/mm."""
    _, moduli, normal = responded(domain, cell, bone, moved)
    fine, coarse = np.empty((10, 10, 3, 3)), np.empty((4, 4, 3, 3))
    cell_stiffness(
        domain.gradients[cell], domain.volumes[cell], moduli[0], normal[0], fabric(1).stretch[0], TABLE, fine, coarse
    )
    return fine
