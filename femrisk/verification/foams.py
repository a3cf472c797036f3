"""Bone that loses volume as it is crushed: cubes and strain paths in, strengths, flow, energies and tangents out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from femrisk.domain import Domain
from femrisk.equilibrium import Equilibrium
from femrisk.materials.crushable import PLASTIC_POISSON, Foam, squared_alpha, update
from femrisk.materials.curve import YieldCurve, constant
from femrisk.meshes.labelled import Floats
from femrisk.verification.blocks import NEAR, block
from femrisk.verification.checks import Check, Effort, absolute, relative
from femrisk.verification.cubes import SOLVED
from femrisk.verification.laws import equivalent, tangent
from femrisk.verification.prescribed import alone, prescribe, symmetric

#: MPa, and mm; elastic bone spreads as it does when it flows, so that paths are straight and known
YOUNG, STRENGTH, SIDE = 1000.0, 10.0, 6.0
#: Strain of a cube over that at which it yields.
PAST = 3.0
#: Out-of-balance force over the machine's at which Newton stops here.
BALANCED = 1e-9


def foam(cells: int) -> Foam:
    """Trabecular bone in all cells."""
    return Foam(np.full((cells, 4), squared_alpha(PLASTIC_POISSON)))


@dataclass(frozen=True)
class Pressed:
    """A cube whose outer sides are driven inwards along some axes and held along others."""

    driven: tuple[int, ...]
    held: tuple[int, ...]

    def path(self) -> Floats:
        """(3,) strain per strain of a driven side; sides that are free spread by PLASTIC_POISSON."""
        free = [axis for axis in range(3) if axis not in self.driven + self.held]
        strain = np.zeros(3)
        strain[list(self.driven)], strain[free] = -1.0, PLASTIC_POISSON
        return strain

    def limit(self) -> Floats:
        """(3,) stress, MPa, at which it yields: Hooke's law along the path, its energy that of a bar at STRENGTH."""
        strain, ratio = self.path(), PLASTIC_POISSON
        stress = YOUNG / (1 + ratio) * (strain + ratio / (1 - 2 * ratio) * strain.sum())
        return np.asarray(stress * STRENGTH / np.sqrt(YOUNG * stress @ strain))

    def solved(self, domain: Domain, bone: YieldCurve) -> tuple[Floats, Floats, tuple[float, float]]:
        """Mean stress (3,), MPa, mean plastic strain (3,) and energies, J, at PAST times the yield of its limit."""
        free, values = symmetric(domain), np.zeros_like(domain.nodes)
        for axis in self.driven + self.held:
            end = domain.nodes[:, axis] > SIDE - NEAR
            free[end, axis] = False
            values[end, axis] = -1.0 if axis in self.driven else 0.0
        problem = Equilibrium(domain, prescribe(domain, free, values), bone, foam=foam(len(domain.cells)))
        travel = PAST * self.yields() * SIDE
        guess = problem.linear(SOLVED).unknowns * travel
        state = problem.attempt(problem.rest(), guess, travel, BALANCED).state
        if state is None:
            return np.full(3, np.nan), np.full(3, np.nan), (np.nan, np.nan)
        weights = np.repeat(domain.volumes[:, None] / 4, 4, axis=1)
        stress, flow = (
            np.average(one.reshape(-1, 6)[:, :3], axis=0, weights=weights.ravel())
            for one in (state.stress, state.plastic_strain)
        )
        return stress, flow, problem.energies(state)

    def yields(self) -> float:
        """Strain of a driven side at which it yields."""
        return float(STRENGTH**2 / YOUNG / (self.limit() @ self.path()))

    def energies(self) -> Floats:
        """(2,) stored and dissipated, J."""
        stored = 0.5 * STRENGTH**2 / YOUNG
        return np.asarray(1e-3 * SIDE**3 * stored * np.array([1.0, 2 * (PAST - 1)]))


#: how a cube is pressed -> its driven sides and those held
WAYS = {
    "between smooth plates": Pressed((2,), ()),
    "held at its sides": Pressed((2,), (0, 1)),
    "from all sides": Pressed((0, 1, 2), ()),
}


def crushed_cube(effort: Effort) -> tuple[Check, ...]:
    """A cube pressed past its strength between plates, in a tight pot and from all sides: all is uniform and known.

    Bounds: the solver leaves 1e-12 of the first residual before a condition of about 1e2, Newton 1e-9 of the force.
    """
    domain = alone(block((4 if effort.full else 3,) * 3, np.zeros(3), np.full(3, SIDE), jitter=0.2))
    bone = effort.given(constant((len(domain.cells), 4), YOUNG, PLASTIC_POISSON, STRENGTH))
    ratio, checks = PLASTIC_POISSON, []
    exact = {
        "between smooth plates": STRENGTH,
        "held at its sides": STRENGTH * np.sqrt((1 - ratio) / ((1 + ratio) * (1 - 2 * ratio))),
        "from all sides": STRENGTH / np.sqrt(3 * (1 - 2 * ratio)),
    }
    name = "bone that is crushed"
    for way, pressed in WAYS.items():
        stress, flow, energies = pressed.solved(domain, bone)
        checks.append(relative(name, f"strength {way}, MPa", -stress[2], exact[way], 1e-8))
        if not pressed.held and len(pressed.driven) == 1:
            checks.append(relative(name, "plastic Poisson's ratio", -flow[0] / flow[2], ratio, 1e-8))
        worst = np.abs(np.array(energies) / pressed.energies() - 1).max()
        checks.append(absolute(name, f"energies {way}, largest error / exact", worst, 0.0, 1e-8))
    return tuple(checks)


def crushed_tangent(effort: Effort) -> tuple[Check, ...]:
    """The tangent is the derivative of the stress, elastic, on the plateau and where the bone softens.

    Central differences as in ``tangents``; elastic bone spreads by less than the flow here, so that paths turn.
    """
    random, worst = np.random.default_rng(6), {}
    ideal = constant((1, 4), YOUNG, 0.5 * PLASTIC_POISSON, STRENGTH)
    falls = replace(ideal, plateau=np.zeros((1, 4)), softening=np.full((1, 4), -50.0), residual=np.full((1, 4), 1e-3))
    for state, curve, size in (("elastic", ideal, 0.002), ("plateau", ideal, 0.1), ("softening", falls, 0.1)):
        errors = []
        for _ in range(20 if effort.full else 5):
            strain, step = random.normal(size=(1, 4, 6)), random.normal(size=(1, 4, 6))
            strain *= size / equivalent(strain)[..., None]
            errors.append(_departure(curve, strain, 1e-4 * size * step, effort.factor))
        worst[state] = max(errors)
    return tuple(
        absolute("bone that is crushed, tangent", f"{state}: largest error / tangent", error, 0.0, 1e-6)
        for state, error in worst.items()
    )


def _departure(curve: YieldCurve, strain: Floats, step: Floats, factor: float) -> float:
    """Largest error of the tangent along a step, over its largest component; ``factor`` is put on it."""
    fresh, bone = (np.zeros((1, 4, 6)), np.zeros((1, 4))), foam(1)
    _, _, _, moduli, normal = update(bone, curve, strain, *fresh)
    ahead, behind = (update(bone, curve, strain + sign * step, *fresh)[0] for sign in (1, -1))
    derivative = factor * tangent(moduli, normal, step)
    return float(np.abs((ahead - behind) / 2 - derivative).max() / np.abs(derivative).max())
