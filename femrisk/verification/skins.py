"""Bodies in a skin: blocks pressed between plates and a shell under pressure against closed forms and a meshed skin."""

from __future__ import annotations

import numpy as np

from femrisk.domain import Domain
from femrisk.element import TABLE, strains
from femrisk.equilibrium import Equilibrium
from femrisk.march import Rules
from femrisk.materials.curve import YieldCurve, constant
from femrisk.materials.skin import Skin, skin
from femrisk.membrane import cover
from femrisk.meshes.facets import outer_facets
from femrisk.meshes.labelled import LabelledMesh
from femrisk.verification.blocks import NEAR, block, octant
from femrisk.verification.checks import Check, Effort, absolute, relative
from femrisk.verification.membranes import given, on_planes
from femrisk.verification.prescribed import alone, marched, on_sphere, prescribe, symmetric
from femrisk.verification.spheres import INNER, facets

#: MPa, mm: core and skin of a block of 30 x 30 x 30
CORE, SKIN, POISSON, SIDE, THICKNESS = 500.0, 10000.0, 0.3, 30.0, 1.5
#: MPa: yield stresses of both; the skin yields at half the strain
CORE_STRENGTH, SKIN_STRENGTH = 5.0, 50.0
#: Skin of the sphere: modulus and yield stress, MPa, thickness, mm; and the sphere's.
SHELL, SHELL_STRENGTH, SHELL_THICKNESS = 4000.0, 60.0, 1.0
YOUNG, STRENGTH = 1000.0, 10.0


def stiff_skin(effort: Effort) -> tuple[Check, ...]:
    """A block of 30 mm in a skin of 1.5 mm round its sides, twenty times as stiff, pressed by 1 mm.

    Between smooth plates both are springs side by side, and with one Poisson's ratio neither hinders the other:
    F = (E A + E_s p t) / h, exact in the cells. Between rough plates, which hold the core sideways, there is no
    formula: beside it stands the block with its skin meshed, one cell deep. The membrane then lies in the middle of the
    skin, where its length is right, on a core that is half a thickness too wide; that half is taken off the membrane's
    modulus. Bound: what a membrane lacks at the plates, bending and a thickness, is felt over about a thickness of the
    height, a tenth; a tenth of that is allowed (0.61 and 0.57 % were read).
    """
    count = 8 if effort.full else 5
    mesh = quarter(count, SIDE / 2)
    core = constant((len(mesh.tets), 4), CORE, POISSON)
    layer = skin(on_planes(mesh, np.array([SIDE / 2, SIDE / 2, np.inf])), THICKNESS, SKIN, POISSON)
    smooth = pressed(mesh, core, given(effort, layer)).linear(1e-11)
    exact = (CORE * (SIDE / 2) ** 2 + SKIN * SIDE * THICKNESS) / (SIDE / 2)

    middle = (SIDE - THICKNESS) / 2
    mesh = quarter(count, middle)
    layer = skin(on_planes(mesh, np.array([middle, middle, np.inf])), THICKNESS, SKIN - CORE / 2, POISSON)
    rough = pressed(mesh, core, given(effort, layer), middle).linear()
    meshed = quarter(count, SIDE / 2, THICKNESS)
    stiff = (meshed.centroids()[:, :2] > SIDE / 2 - THICKNESS).any(axis=1)
    both = core.where(stiff[:, None], constant(core.young.shape, SKIN, POISSON))
    beside = pressed(meshed, both, None, SIDE / 2 - THICKNESS).linear()
    name = "block in a stiff skin"
    return (
        relative(name, "stiffness between smooth plates, N/mm", smooth.force, exact, 1e-9),
        relative(name, "between rough plates, beside a meshed skin, N/mm", rough.force, beside.force, 0.01),
    )


def skin_limit(effort: Effort) -> tuple[Check, ...]:
    """The block between smooth plates until core and skin flow: F = A s + p t s_s.

    The skin yields at half the core's strain and then widens faster than the core, which holds it back; when both flow
    they widen alike, and the sideways stress dies away. Uniaxial stress and a flow that keeps the volume are a safe and
    a kinematic solution of one load, so it is exact whatever happened before. Bounds: the march ends where the tangent
    is under 1e-4 of the elastic one; sideways stress then falls by a factor e each s / E of strain, so that no more
    than 1e-4 is left to come. Work: the trapezium misses step^2 / 12 of the change of slope, as in the other balances.
    """
    mesh = quarter(4 if effort.full else 3, SIDE / 2)
    core = constant((len(mesh.tets), 4), CORE, POISSON, CORE_STRENGTH)
    sides = on_planes(mesh, np.array([SIDE / 2, SIDE / 2, np.inf]))
    layer = given(effort, skin(sides, THICKNESS, SKIN, POISSON, SKIN_STRENGTH))
    problem = pressed(mesh, core, layer)
    elastic = problem.linear()
    first = SKIN_STRENGTH / SKIN * SIDE / 2
    steps = 8 if effort.full else 4
    rules = Rules(first, first / steps, 12 * first, elastic.force, plateau_tangent=1e-4)
    history, found = marched(problem, rules, elastic)
    exact = CORE_STRENGTH * (SIDE / 2) ** 2 + SKIN_STRENGTH * SIDE * THICKNESS
    lost = [
        abs(one.increment.external_work - one.increment.elastic_energy - one.increment.plastic_work)
        / one.increment.external_work
        for one in found
    ]
    flowed = history.increments[-1].plastic_work / history.increments[-1].external_work
    name = "block in a skin, both flowing"
    return (
        relative(name, f"limit ({history.status}), N", float(history.forces()[-1]), exact, 1e-4),
        absolute(name, f"unaccounted work / work ({flowed:.0%} dissipated)", max(lost), 0.0, 1 / (12 * steps**2)),
    )


def quarter(count: int, side: float, depth: float | None = None) -> LabelledMesh:
    """A quarter, x and y from 0 to ``side``, of the upper half of the block; the last of ``count`` cells ``depth``."""
    mesh = block((count,) * 3, np.zeros(3), np.array([1.0, 1.0, SIDE / 2]))
    lines = side * np.linspace(0, 1, count + 1)
    if depth is not None:
        lines = np.append((side - depth) * np.linspace(0, 1, count), side)
    mesh.points[:, :2] = np.interp(mesh.points[:, :2], np.linspace(0, 1, count + 1), lines)
    return mesh


def pressed(mesh: LabelledMesh, curve: YieldCurve, layer: Skin | None, rough: float = 0.0) -> Equilibrium:
    """A quarter of the block, its top pressed down; a ``rough`` plate holds it sideways too, up to there in x and y."""
    domain = alone(mesh)
    free, values = symmetric(domain), np.zeros((len(domain.nodes), 3))
    top = domain.nodes[:, 2] > SIDE / 2 - NEAR
    free[top, 2] = False
    values[top, 2] = -1.0
    if rough:
        free[:, :2] &= ~(top[:, None] & (domain.nodes[:, :2] < rough + NEAR))
    membrane = None if layer is None else cover(domain, layer)
    return Equilibrium(domain, prescribe(domain, free, values), curve.take(domain.original), membrane=membrane)


def skinned_sphere(effort: Effort) -> tuple[Check, ...]:
    """A shell b = 2 a in a skin, pressed from inside: Lame's solution with the skin's pull, and the limit pressure.

    The skin, stretched by u / b both ways, pulls in with k = 2 E_s t / (1 - nu) / b^2 per u; where it flows, with
    2 t s_s / b. Bounds: for the pressure as without a skin (``thick_sphere``). But facets are flat, so that the skin
    pulls at its folds, above all at its corners: these sink in by some k h / E of u, with an edge h = b t, and the mean
    of nodes and hoop with a fraction of it, in proportion to the angle t. Fractions were read from meshes of 6, 12 and
    24 edges: 0.10, 0.07 and 0.05 t of the displacement, 0.08, 0.08 and 0.07 t of the hoop stress, 0.03, 0.03 and 0.02 t
    of the limit.
    """
    edges, layers, width = (16, 8, 2.0) if effort.full else (12, 6, 2.0)
    mesh = octant(INNER * np.geomspace(1, width, layers + 1), edges)
    domain = alone(mesh)
    free = symmetric(domain)
    free[on_sphere(domain, INNER)] = False
    directions = domain.nodes / np.linalg.norm(domain.nodes, axis=1)[:, None]
    curve = constant((len(domain.cells), 4), YOUNG, POISSON, STRENGTH)
    outside = outer_facets(mesh)
    far = np.linalg.norm(mesh.points[outside.vertices(mesh)], axis=2) > width * INNER - NEAR
    layer = skin(outside.take(far.all(axis=1)), SHELL_THICKNESS, SHELL, POISSON, SHELL_STRENGTH)
    membrane = cover(domain, given(effort, layer))
    shell = Equilibrium(domain, prescribe(domain, free, directions), curve, membrane=membrane)
    elastic = shell.linear()
    displacement = shell.displacement(elastic)
    moved = np.linalg.norm(displacement[on_sphere(domain, width * INNER)], axis=1).mean()
    hoop = membrane.measure * membrane.stretch(displacement, elastic, elastic=True).stress[..., :2].mean(axis=-1)
    area = swept(domain, shell)

    pressure, rim = skinned_lame(INNER, width * INNER)
    first = 2 / 3 * STRENGTH * (1 - width**-3) / pressure
    history, _ = marched(shell, Rules(0.9 * first, first, 60 * first, elastic.force, plateau_tangent=1e-3), elastic)
    limit = 2 * STRENGTH * np.log(width) + 2 * SHELL_THICKNESS * SHELL_STRENGTH / (width * INNER)
    lacking, angle = facets(domain.volumes.sum(), (width**3 - 1) * INNER**3)
    name = "thick sphere in a skin, under pressure"
    return (
        relative(name, "pressure for 1 mm, elastic, MPa", elastic.force / area, pressure, 0.75 * lacking),
        relative(name, "outer displacement for 1 mm, mm", float(moved), rim, 0.1 * angle),
        relative(
            name, "hoop stress of the skin for 1 mm, MPa", float(hoop.sum() / membrane.measure.sum()),
            SHELL / (1 - POISSON) * rim / (width * INNER), 0.1 * angle,
        ),
        relative(name, f"limit pressure ({history.status}), MPa", history.forces()[-1] / area, limit, 0.04 * angle),
    )  # fmt: skip


def swept(domain: Domain, shell: Equilibrium) -> float:
    """Volume that a motion of the inside by 1 mm takes from it, over 1 mm, mm2."""
    dilated = strains(domain.cells, domain.gradients, shell.unknowns.driven, TABLE)[..., :3].sum(axis=-1).mean(axis=1)
    return -float(dilated @ domain.volumes)


def skinned_lame(inner: float, outer: float) -> tuple[float, float]:
    """Pressure, MPa, and outer displacement, mm, of a shell in a skin whose inside is moved outwards by 1 mm.

    u = C r + D / r^2 with sigma_rr = E / (1 - 2 nu) C - 2 E / (1 + nu) D / r^3, which is -k u at the outside.
    """
    swelling, stretching = YOUNG / (1 - 2 * POISSON), 2 * YOUNG / (1 + POISSON)
    pull = 2 * SHELL * SHELL_THICKNESS / (1 - POISSON) / outer**2
    system = [[inner, inner**-2], [swelling + pull * outer, pull * outer**-2 - stretching * outer**-3]]
    first, second = np.linalg.solve(system, [1.0, 0.0])
    return float(stretching * second * inner**-3 - swelling * first), float(first * outer + second * outer**-2)
