"""Cubes whose displacement is known everywhere: a linear field on a distorted mesh, a wavy one in a graded modulus."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import roots_jacobi

from femrisk.element import EDGES, gradient_table
from femrisk.materials.curve import constant
from femrisk.meshes.labelled import GAUSS_BARYCENTRIC, Floats
from femrisk.verification.blocks import NEAR, block
from femrisk.verification.checks import Check, Effort, absolute, relative
from femrisk.verification.prescribed import Loaded, alone, gauss_points, prescribe

#: MPa
YOUNG, POISSON = 1000.0, 0.3
#: Accuracy asked of the elastic solve.
SOLVED = 1e-12
#: Gradient of the linear field: stretch, shear and rotation together.
GRADIENT = np.array([[0.003, 0.001, -0.002], [0.0005, -0.001, 0.001], [0.0015, 0.002, 0.002]])
#: Directions and wave vectors (1/mm) of the waves that make up the displacement, mm; growth of the modulus, 1/mm.
DIRECTIONS = 1e-3 * np.array([[1.0, 0.4, -0.3], [-0.5, 0.8, 0.6]])
WAVES = np.array([[2.0, 1.0, -1.5], [-1.0, 2.5, 1.0]])
PHASES = np.array([0.3, 1.1])
GROWTH = np.array([0.8, -0.5, 0.6])


def patch(effort: Effort) -> tuple[Check, ...]:
    """A linear displacement of the faces is the displacement everywhere, whatever the cells look like.

    Bounds: the solver leaves 1e-12 of the first residual, and its condition, some (size / cell)^2 times the moduli's
    ratio, about 1e2, stands between that and the displacement.
    """
    side, count = 6.0, 7 if effort.full else 5
    mesh = block((count,) * 3, np.full(3, -side / 2), np.full(3, side / 2), jitter=0.25)
    domain = alone(mesh)
    exact = domain.nodes @ GRADIENT.T
    free = np.repeat((np.abs(domain.nodes) < side / 2 - NEAR).all(axis=1)[:, None], 3, axis=1)
    curve = effort.given(constant((len(domain.cells), 4), YOUNG, POISSON))
    equilibrium = Loaded(domain, prescribe(domain, free, exact), curve, np.zeros_like(exact))
    state = equilibrium.linear(SOLVED)
    strain = 0.5 * (GRADIENT + GRADIENT.T)
    stress = hooke(strain[None], np.array([YOUNG]))[0]
    vector = stress[[0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2]]
    size = np.abs(vector).max()
    name = "patch test, distorted mesh"
    displaced = np.abs(equilibrium.displacement(state) - exact).max() / np.abs(exact).max()
    worst = np.abs(state.stress - vector).max() / size
    return (
        absolute(name, "displacement, largest error / largest", displaced, 0.0, 1e-10),
        absolute(name, "stress, largest error / largest", worst, 0.0, 1e-10),
        # the stress is uniform, so its work over the cube is that of one point
        relative(
            name, "stored energy, J", equilibrium.energies(state)[0], 0.5e-3 * side**3 * (stress * strain).sum(), 1e-10
        ),
    )


def manufactured(effort: Effort) -> tuple[Check, ...]:
    """Waves in a cube whose modulus grows exponentially, held in place by the body force they need.

    Theory: with quadratic cells the displacement errs by h^3, its gradient by h^2. The rates are fitted over three
    meshes. The caps are those of quadratic interpolation: over an edge h it misses a cubic by
    f''' s (s^2 - h^2 / 4) / 6, 0.0345 / 6 of h^3 f''' in the mean square, and its slope by 0.224 / 6 of h^2 f''';
    for a wave f''' = k^3 f.
    """
    counts = (6, 9, 14) if effort.full else (4, 6, 9)
    errors = np.array([_wave_errors(count, effort) for count in counts])
    rates = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    name = "manufactured solution, graded modulus"
    angle = np.linalg.norm(WAVES, axis=1).max() / counts[-1]
    return (
        absolute(name, "rate of the displacement (L2)", rates[0], 3.0, 0.15),
        absolute(name, "rate of the gradient (H1)", rates[1], 2.0, 0.15),
        absolute(name, "displacement on the finest mesh (L2)", errors[-1, 0], 0.0, 0.0345 / 6 * angle**3),
        absolute(name, "gradient on the finest mesh (H1)", errors[-1, 1], 0.0, 0.224 / 6 * angle**2),
    )


def _wave_errors(count: int, effort: Effort) -> tuple[float, float]:
    """Relative errors of displacement and gradient in the mean square, on ``6 count^3`` cells of the unit cube."""
    domain = alone(block((count,) * 3, np.zeros(3), np.ones(3)))
    points = gauss_points(domain)
    young = YOUNG * np.exp(points @ GROWTH)
    curve = effort.given(replace(constant(young.shape, YOUNG, POISSON), young=young))
    loads = np.zeros((len(domain.nodes), 3))
    force = body_force(points)
    values = shape_functions(GAUSS_BARYCENTRIC)
    np.add.at(loads, domain.cells, np.einsum("m,ga,mgi->mai", domain.volumes / 4, values, force))
    inside = ((domain.nodes > NEAR) & (domain.nodes < 1 - NEAR)).all(axis=1)
    free = np.repeat(inside[:, None], 3, axis=1)
    equilibrium = Loaded(domain, prescribe(domain, free, waves(domain.nodes)[0]), curve, loads)
    displacement = equilibrium.displacement(equilibrium.linear(1e-8))

    # measured where the four points of the element cannot flatter it: a rule exact for the square of a cubic
    barycentric, weights = conical_rule(4)
    places = np.einsum("gv,mvk->mgk", barycentric, domain.vertices[domain.corners])
    exact, slope, _ = waves(places)
    local = displacement[domain.cells]
    off = np.einsum("ga,mai->mgi", shape_functions(barycentric), local) - exact
    tilt = np.einsum("gak,mkj,mai->mgij", gradient_table(barycentric), domain.gradients, local, optimize=True) - slope
    measure = domain.volumes[:, None] * weights
    (one, two), (three, four) = (
        [float((measure * (field**2).reshape(*measure.shape, -1).sum(axis=-1)).sum()) for field in pair]
        for pair in ((off, exact), (tilt, slope))
    )
    return (one / two) ** 0.5, (three / four) ** 0.5


def waves(points: Floats) -> tuple[Floats, Floats, Floats]:
    """Displacement (..., 3), gradient u_i,j (..., 3, 3) and second gradient u_i,jk (..., 3, 3, 3) of the waves."""
    phase = points @ WAVES.T + PHASES
    return (
        np.einsum("...w,wi->...i", np.sin(phase), DIRECTIONS),
        np.einsum("...w,wi,wj->...ij", np.cos(phase), DIRECTIONS, WAVES),
        -np.einsum("...w,wi,wj,wk->...ijk", np.sin(phase), DIRECTIONS, WAVES, WAVES),
    )


def body_force(points: Floats) -> Floats:
    """(..., 3) N/mm3 that keeps the waves: minus div(lambda tr(e) 1 + 2 mu e) with both moduli growing as exp(g x)."""
    _, slope, second = waves(points)
    young = YOUNG * np.exp(points @ GROWTH)
    lame = young * POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
    shear = young / (2 * (1 + POISSON))
    trace = np.einsum("...jj", slope)
    dilated = np.einsum("...jji->...i", second)
    curved = np.einsum("...ijj->...i", second) + dilated
    strained = np.einsum("...ij,j->...i", slope + np.swapaxes(slope, -1, -2), GROWTH)
    return np.asarray(-lame[..., None] * (trace[..., None] * GROWTH + dilated) - shear[..., None] * (strained + curved))


def hooke(strain: Floats, young: Floats) -> Floats:
    """(n, 3, 3) stress of strains (n, 3, 3)."""
    trace = np.einsum("njj->n", strain)[:, None, None] * np.eye(3)
    modulus = young[:, None, None] / (1 + POISSON)
    return np.asarray(modulus * (strain + POISSON / (1 - 2 * POISSON) * trace))


def shape_functions(barycentric: Floats) -> Floats:
    """(q, 10) the P2 functions at points (q, 4)."""
    ends = np.array(EDGES)
    corner = barycentric * (2 * barycentric - 1)
    return np.hstack([corner, 4 * barycentric[:, ends[:, 0]] * barycentric[:, ends[:, 1]]])


def conical_rule(count: int) -> tuple[Floats, Floats]:
    """Barycentric points (count^3, 4) and weights, summing to 1, exact to degree 2 count - 1 (Stroud 1971)."""
    (x, u), (y, v), (z, w) = (roots_jacobi(count, power, 0) for power in (2, 1, 0))
    a, b, c = np.meshgrid(*((1 + one) / 2 for one in (x, y, z)), indexing="ij")
    weights = np.einsum("i,j,k->ijk", u, v, w).ravel()
    rest = 1 - a
    points = np.stack([a, b * rest, c * rest * (1 - b)], axis=-1).reshape(-1, 3)
    return np.column_stack([1 - points.sum(axis=1), points]), np.asarray(weights / weights.sum())
