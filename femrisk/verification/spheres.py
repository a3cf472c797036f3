"""Balls and shells, an eighth of each: cavity, inclusion and thick sphere against Goodier, Eshelby and Lame.

Edges are straight: a sphere of radius a cut into ``edges`` along a quarter of its equator, of an angle t each, has
edges that lie up to a t^2 / 8 inside it. Outer spheres have their exact displacement prescribed where the nodes are.
"""

from __future__ import annotations

import numpy as np

from femrisk.domain import Domain
from femrisk.element import TABLE, strains
from femrisk.equilibrium import Equilibrium
from femrisk.march import Rules
from femrisk.materials.curve import YieldCurve, constant
from femrisk.meshes.labelled import GAUSS_BARYCENTRIC
from femrisk.verification.blocks import NEAR, octant
from femrisk.verification.checks import Check, Effort, absolute, relative
from femrisk.verification.inhomogeneity import Inhomogeneity
from femrisk.verification.prescribed import alone, marched, on_sphere, prescribe, symmetric

#: Radius of ball or hole, mm; modulus and yield stress of the shell, MPa; Poisson's ratio of all.
INNER, YOUNG, STRENGTH, POISSON = 10.0, 1000.0, 10.0, 0.3


def cavity(effort: Effort) -> tuple[Check, ...]:
    """A spherical hole under tension: the stress at its equator peaks at (27 - 15 nu) / (2 (7 - 5 nu)) (Goodier).

    Bound: along the equator's plane the stress is 1 + c (a / r)^3 + d (a / r)^5 times the tension, with
    c = (4 - 5 nu) / (2 (7 - 5 nu)) and d = 9 / (2 (7 - 5 nu)). A cell holds a linear stress; the best one over a depth
    h misses a function f by f'' h^2 / 12 at its ends, here with a^2 f'' = 12 c + 30 d. The edges between facets are
    shallow notches, and the stress is read on them: with an angle t this adds 0.9 t^2, a figure read from meshes of 8,
    16 and 32 edges with thin layers (2.7, 0.83 and 0.22 %), not derived.
    """
    edges, layers, width = (40, 20, 2.5) if effort.full else (24, 14, 2.5)
    problem = Inhomogeneity(INNER, YOUNG, POISSON, 0.0, 1.0)
    domain = alone(octant(INNER * np.geomspace(1, width, layers + 1), edges))
    state = _pulled(domain, problem, constant((len(domain.cells), 4), YOUNG, POISSON), width, effort).linear()
    # stresses are linear in a cell: from its Gauss points to its vertices
    corners = np.einsum("vg,mgi->mvi", np.linalg.inv(GAUSS_BARYCENTRIC), state.stress)
    place = domain.vertices[domain.corners]
    equator = (np.linalg.norm(place, axis=2) < INNER * (1 + NEAR)) & (place[..., 2] < NEAR)
    below = 2 * (7 - 5 * POISSON)
    bend = (12 * (4 - 5 * POISSON) + 30 * 9) / below
    peak = (27 - 15 * POISSON) / below
    bound = bend / peak * (width ** (1 / layers) - 1) ** 2 / 12 + 0.9 * (np.pi / 2 / edges) ** 2
    value = float(corners[equator][:, 2].mean()) / problem.tension
    return (relative("spherical cavity in tension (Goodier)", "peak stress / tension", value, peak, bound),)


def inclusion(effort: Effort) -> tuple[Check, ...]:
    """A ball of cement (2500 MPa) in bone (500 MPa) under tension is strained uniformly (Eshelby).

    Bounds, with g the share of area that the facets lack and t their angle (``facets``): the strain does not depend on
    the size of the ball, save through the outer sphere, at 1 / 8 of its volume: 1.5 g / 8 of the far strain, or g / 4
    with what the cells add. On a facet the normal tilts by t / (2 sqrt 3) in the mean square, and tilts the stress by
    as much of itself; that dies away within t / (4 pi) of the radius, a share 3 t / (4 pi) of the volume.
    """
    edges, layers, width = (24, 10, 2.0) if effort.full else (12, 6, 2.0)
    problem = Inhomogeneity(INNER, 500.0, POISSON, 2500.0, 1.0)
    inside, outside = np.linspace(0, 1, layers // 2 + 2), np.geomspace(1, width, layers + 1)[1:]
    domain = alone(octant(INNER * np.concatenate([inside, outside]), edges))
    ball = (np.linalg.norm(domain.vertices[domain.corners], axis=2) < INNER * (1 + NEAR)).all(axis=1)
    bone, cement = (constant((len(ball), 4), young, POISSON) for young in (problem.young, problem.inner))
    state = _pulled(domain, problem, bone.where(ball[:, None], cement), width, effort).linear()
    strain = problem.inner_strain()
    exact = problem.inner / (1 + POISSON) * (strain[2] + POISSON / (1 - 2 * POISSON) * strain.sum())
    axial, volumes = state.stress[ball][..., 2], domain.volumes[ball]
    mean = float(axial.mean(axis=1) @ volumes / volumes.sum())
    spread = np.sqrt((((axial - exact) ** 2).mean(axis=1) @ volumes) / volumes.sum()) / exact
    lacking, angle = facets(volumes.sum(), INNER**3)
    tilt = angle / (2 * np.sqrt(3)) * np.sqrt(3 * angle / (4 * np.pi))
    name = "spherical inclusion (Eshelby)"
    return (
        relative(
            name, "axial stress of the ball / tension", mean / problem.tension, exact / problem.tension, lacking / 4
        ),
        absolute(name, "its departure from uniform, mean square", float(spread), 0.0, float(tilt)),
    )


def thick_sphere(effort: Effort) -> tuple[Check, ...]:
    """A shell b = 2 a pressed from inside, by a radial displacement: stiffness (Lame) and limit 2 sigma_y ln(b / a).

    The pressure is the force that does the displacement's work, over the area that the facets sweep. Bounds, with g the
    share of area that the facets lack (``facets``): the radius is g / 2 too small on average, and so is the compliance,
    which goes with it; half as much is left for the cells. The other two depend on b / a alone, which facets keep to
    first order in g: g / 4.
    """
    edges, layers, width = (24, 12, 2.0) if effort.full else (12, 6, 2.0)
    domain = alone(octant(INNER * np.geomspace(1, width, layers + 1), edges))
    free = symmetric(domain)
    free[on_sphere(domain, INNER)] = False
    directions = domain.nodes / np.linalg.norm(domain.nodes, axis=1)[:, None]
    curve = constant((len(domain.cells), 4), YOUNG, POISSON, STRENGTH)
    shell = Equilibrium(domain, prescribe(domain, free, directions), effort.given(curve))
    elastic = shell.linear()
    moved = np.linalg.norm(shell.displacement(elastic)[on_sphere(domain, width * INNER)], axis=1).mean()
    swept = strains(domain.cells, domain.gradients, shell.unknowns.driven, TABLE)[..., :3].sum(axis=-1).mean(axis=1)
    area = -float(swept @ domain.volumes)

    pressure, rim = lame(INNER, width * INNER)
    # the inside yields first, at 2/3 sigma_y (1 - (a / b)^3)
    first = 2 / 3 * STRENGTH * (1 - width**-3) / pressure
    rules = Rules(0.9 * first, first, 40 * first, elastic.force, plateau_tangent=1e-3)
    history, _ = marched(shell, rules, elastic)
    limit = 2 * STRENGTH * np.log(width)
    lacking, _ = facets(domain.volumes.sum(), (width**3 - 1) * INNER**3)
    name = "thick sphere under internal pressure"
    return (
        relative(name, "pressure for 1 mm, elastic, MPa", elastic.force / area, pressure, 0.75 * lacking),
        relative(name, "outer displacement for 1 mm, mm", float(moved), rim, lacking / 4),
        relative(name, f"limit pressure ({history.status}), MPa", history.forces()[-1] / area, limit, lacking / 4),
    )


def lame(inner: float, outer: float) -> tuple[float, float]:
    """Pressure, MPa, and outer displacement, mm, of a shell whose inside is moved outwards by 1 mm.

    u = C r + D / r^2 with sigma_rr = E / (1 - 2 nu) C - 2 E / (1 + nu) D / r^3, zero at the outside.
    """
    ratio = 2 * (1 - 2 * POISSON) / (1 + POISSON) / outer**3
    second = 1 / (ratio * inner + 1 / inner**2)
    pressure = 2 * YOUNG / (1 + POISSON) * second * (1 / inner**3 - 1 / outer**3)
    return pressure, second * (ratio * outer + 1 / outer**2)


def facets(volume: float, cubes: float) -> tuple[float, float]:
    """Share g of the area that facets lack, and their angle t, from the volume of an eighth between r^3 = ``cubes``.

    A triangle of angle t lies t^2 / 8 of the radius inside its sphere on average, so that r^2 lacks g = t^2 / 4 and r^3
    1.5 g.
    """
    lacking = (1 - volume / (np.pi / 6 * cubes)) / 1.5
    return lacking, 2 * float(np.sqrt(lacking))


def _pulled(domain: Domain, problem: Inhomogeneity, curve: YieldCurve, width: float, effort: Effort) -> Equilibrium:
    """An eighth of a body whose outer sphere, of ``width`` radii, moves as that of the endless matrix would."""
    free, values = symmetric(domain), np.zeros((len(domain.nodes), 3))
    outside = on_sphere(domain, width * problem.radius)
    free[outside] = False
    values[outside] = problem.displacement(domain.nodes[outside])
    return Equilibrium(domain, prescribe(domain, free, values), effort.given(curve))
