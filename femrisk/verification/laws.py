"""The material law alone: strain paths in, stresses and tangents beside what formulas and differences give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.errors import SolverError
from femrisk.materials import keyak
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.library import MATERIALS, Material
from femrisk.materials.plastic import dissipation, update
from femrisk.meshes.labelled import Floats
from femrisk.verification.checks import Check, Effort, absolute

#: Six-vectors hold tensor components: shears count twice in an inner product.
TWICE = np.array([1.0, 1, 1, 2, 2, 2])
ONE = np.array([1.0, 1, 1, 0, 0, 0])
#: Ash densities, g/cm3, and whether the cortical test applies.
DENSITIES = ((0.1, False), (0.3, False), (0.5, False), (0.8, True), (1.0, True), (1.2, True))
#: Edge of the cell in the published table, mm.
SIZE = 3.0
#: Lateral stress that counts as none, over the modulus.
FREE = 1e-12


@dataclass(frozen=True)
class Published:
    """Stress over total strain of Keyak et al. (2005) for a cell of 3 mm, as coded by Sas et al. (2020)."""

    density: float
    cortical: bool

    def corners(self) -> tuple[Floats, Floats]:
        """Strains and stresses, MPa, at zero, first yield, the end of the plateau and the end of softening."""
        rho = self.density
        young, strength, residual = 14900 * rho**1.86, 102 * rho**1.80, 43.1 * rho**1.81
        if self.cortical:
            length, plateau, slope = 5.0, 0.0184 - 0.0100 * rho, -1000.0
        else:
            length, plateau, slope = 15.0, 0.00189 + 0.0241 * rho, -2080 * rho**1.45
        band = SIZE * young * slope / (length * young - (length - SIZE) * slope)
        yields = strength / young
        softens = yields + plateau * length / SIZE
        return (
            np.array([0.0, yields, softens, softens - (strength - residual) / band]),
            np.array([0.0, strength, strength, residual]),
        )

    def stress(self, path: Floats) -> Floats:
        """(k,) MPa at strains (k,)."""
        return np.asarray(np.interp(path, *self.corners()))

    def dissipated(self, path: Floats) -> Floats:
        """(k,) N/mm2 at strains (k,): the area under the line less what unloading gives back."""
        strains, stresses = self.corners()
        grid = np.union1d(strains, path)
        heights = self.stress(grid)
        area = np.concatenate([[0.0], np.cumsum(0.5 * (heights[1:] + heights[:-1]) * np.diff(grid))])
        young = stresses[1] / strains[1]
        return np.asarray((area - heights**2 / (2 * young))[np.searchsorted(grid, path)])


def keyak_curves(effort: Effort) -> tuple[Check, ...]:
    """Bone of six densities strained in uniaxial stress follows the published piecewise line, and dissipates its area.

    The lateral strain that leaves no lateral stress is found by Newton's method with the law's own tangent, to FREE of
    the modulus, which is some 150 times the strength: 1.5e-10 of the strength, and a factor for round-off.
    """
    points = 400 if effort.full else 100
    name = "Keyak's law in uniaxial stress"
    checks = []
    for density, cortical in DENSITIES:
        published = Published(density, cortical)
        path = np.linspace(0, 1.3 * published.corners()[0][-1], points + 1)[1:]
        full = np.full((1, 4), density)
        curve = effort.given(keyak.yield_curve(full, np.full((1, 4), cortical), np.full((1, 4), SIZE)))
        stress, accumulated = uniaxial(curve, path)
        lost = np.array([dissipation(curve, np.full((1, 4), p))[0, 0] for p in accumulated])
        checks += [
            _worst(name, f"stress at {density} g/cm3, worst of {points} strains, MPa", stress, published.stress(path)),
            _worst(name, f"dissipated at {density} g/cm3, N/mm2", lost, published.dissipated(path)),
        ]
    return tuple(checks)


def _worst(problem: str, quantity: str, found: Floats, exact: Floats) -> Check:
    """The number that errs most, over the largest exact one."""
    errors = np.abs(found - exact) / exact.max()
    worst = int(errors.argmax())
    return Check(problem, quantity, float(found[worst]), float(exact[worst]), float(errors[worst]), 1e-9)


def uniaxial(curve: YieldCurve, path: Floats) -> tuple[Floats, Floats]:
    """Axial stress (k,), MPa, and plastic strain (k,) along axial strains (k,), with free sides; ``curve`` (1, 4).

    Raises:
        SolverError: no lateral strain leaves the sides free.
    """
    plastic, accumulated, lateral, before = np.zeros((1, 4, 6)), np.zeros((1, 4)), 0.0, 0.0
    young = float(curve.young[0, 0])
    stresses, flowed = [], []
    for axial in path:
        # flowing metal keeps its volume: a start on the right side of the kinks of the curve
        lateral -= 0.5 * (axial - before)
        before = axial
        for _ in range(50):
            strain = np.broadcast_to(np.array([axial, lateral, lateral, 0, 0, 0]), (1, 4, 6))
            stress, new, total, moduli, normal = update(curve, strain, plastic, accumulated)
            if abs(stress[0, 0, 1]) < FREE * young:
                break
            step = np.broadcast_to(np.array([0.0, 1, 1, 0, 0, 0]), (1, 4, 6))
            lateral -= stress[0, 0, 1] / tangent(moduli, normal, step)[0, 0, 1]
        else:
            raise SolverError(
                "uniaxial stress", f"{stress[0, 0, 1]:.1e} MPa left on the sides at a strain of {axial:g}"
            )
        plastic, accumulated = new, total
        stresses.append(stress[0, 0, 0])
        flowed.append(total[0, 0])
    return np.array(stresses), np.array(flowed)


def tangents(effort: Effort) -> tuple[Check, ...]:
    """The tangent of every material is the derivative of its stress, in every state it can be in.

    Central differences over a step d err by d^2 times the third derivative, under (d / strain)^2, and by the round-off
    of the stress over d: with d = 1e-4 of the strain both stay under 1e-7 of the tangent.
    """
    random = np.random.default_rng(3)
    worst: dict[str, float] = {}
    for curve in every_curve():
        for state, size in sizes(curve).items():
            for _ in range(20 if effort.full else 5):
                strain, step = random.normal(size=(1, 4, 6)), random.normal(size=(1, 4, 6))
                strain *= size / equivalent(strain)[..., None]
                error = departure(curve, strain, 1e-4 * size * step, effort.factor)
                worst[state] = max(worst.get(state, 0.0), error)
    return tuple(
        absolute("tangents of every material", f"{state}: largest error / tangent", error, 0.0, 1e-6)
        for state, error in worst.items()
    )


def every_curve() -> tuple[YieldCurve, ...]:
    """(1, 4) curves of bone of six densities and of the library's materials."""
    shape = (1, 4)
    bone = tuple(
        keyak.yield_curve(np.full(shape, density), np.full(shape, cortical), np.full(shape, SIZE))
        for density, cortical in DENSITIES
    )
    others = tuple(
        constant(shape, one.young_MPa, one.poisson, np.inf if one.strength_MPa is None else one.strength_MPa)
        for one in MATERIALS.values()
        if isinstance(one, Material)
    )
    return bone + others


def sizes(curve: YieldCurve) -> dict[str, float]:
    """Equivalent strains that end in the middle of each state the curve has.

    With q = 3 G (e - p) for the equivalent strain e and the plastic one p, e = p + Y(p) / 3 G.
    """
    young, poisson, strength, plateau, softening, residual = (
        float(values[0, 0])
        for values in (
            curve.young, curve.poisson, curve.strength, curve.plateau, curve.softening, curve.residual
        )
    )  # fmt: skip
    if not np.isfinite(strength):
        return {"elastic": 0.01}
    stiffness = 1.5 * young / (1 + poisson)
    states = {"elastic": 0.5 * strength / stiffness}
    if not softening:
        return states | {"plateau": 5 * strength / stiffness}
    length = (residual - strength) / softening
    return states | {
        "plateau": 0.5 * plateau + strength / stiffness,
        "softening": plateau + 0.5 * length + 0.5 * (strength + residual) / stiffness,
        "residual": plateau + 1.5 * length + residual / stiffness,
    }


def equivalent(strain: Floats) -> Floats:
    """(..., ) equivalent strain sqrt(2/3 e:e) of the deviator e of strains (..., 6)."""
    deviator = strain - strain[..., :3].mean(axis=-1, keepdims=True) * ONE
    return np.asarray(np.sqrt(2 / 3 * (deviator**2 * TWICE).sum(axis=-1)))


def departure(curve: YieldCurve, strain: Floats, step: Floats, factor: float) -> float:
    """Largest error of the tangent along a step (1, 4, 6), over its largest component; ``factor`` is put on it."""
    rest = (np.zeros((1, 4, 6)), np.zeros((1, 4)))
    _, _, _, moduli, normal = update(curve, strain, *rest)
    ahead, behind = (update(curve, strain + sign * step, *rest)[0] for sign in (1, -1))
    derivative = factor * tangent(moduli, normal, step)
    return float(np.abs((ahead - behind) / 2 - derivative).max() / np.abs(derivative).max())


def tangent(moduli: Floats, normal: Floats, step: Floats) -> Floats:
    """(m, 4, 6) change of stress for a small change of strain, from what ``update`` gives."""
    trace = (step @ ONE)[..., None]
    flow = (normal * step * TWICE).sum(axis=-1)[..., None]
    return np.asarray(
        moduli[..., :1] * trace * ONE + moduli[..., 1:2] * (step - trace * ONE / 3) - moduli[..., 2:] * normal * flow
    )
