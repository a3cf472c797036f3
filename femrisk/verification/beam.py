"""A beam bent beyond yield: an ideally plastic material in, its moment over curvature out."""

from __future__ import annotations

import numpy as np

from femrisk.equilibrium import Equilibrium
from femrisk.march import Rules
from femrisk.materials.curve import constant
from femrisk.verification.blocks import NEAR, block
from femrisk.verification.checks import Check, Effort, relative
from femrisk.verification.prescribed import alone, marched, prescribe

#: MPa, mm
YOUNG, POISSON, STRENGTH = 1000.0, 0.3, 10.0
DEPTH, WIDTH, LENGTH = 6.0, 2.0, 6.0


def collapse(effort: Effort) -> tuple[Check, ...]:
    """Pure bending of a rectangle: the moment tends to 1.5 times that of first yield.

    One end is turned about y, the other stays in x = 0, both are free in their planes. With an elastic core of a share
    1 / k of the depth, at k times the curvature of first yield, M / M_y = 1.5 - 0.5 / k^2.

    Bound: the stress of a cell is integrated at points that know the kink of the stress profile, at +-DEPTH / 2k, only
    to a share of a cell's depth d; the moment of what they can miss, sigma_y (d / 2)^2 / 2 per width and side, is
    1.5 (d / DEPTH)^2 / 2 of M_y. Narrow width keeps out what nu -> 1/2 in the plastic part stresses across.
    """
    layers = 16 if effort.full else 12
    mesh = block((2, 2, layers), np.array([0.0, 0.0, -DEPTH / 2]), np.array([LENGTH, WIDTH / 2, DEPTH / 2]))
    domain = alone(mesh)
    x, y, z = domain.nodes.T
    free, values = np.ones((len(x), 3), dtype=bool), np.zeros((len(x), 3))
    free[(x < NEAR) | (x > LENGTH - NEAR), 0] = False
    values[x > LENGTH - NEAR, 0] = z[x > LENGTH - NEAR] / (DEPTH / 2)
    free[y < NEAR, 1] = False
    free[np.linalg.norm(domain.nodes, axis=1) < NEAR, 2] = False
    curve = constant((len(domain.cells), 4), YOUNG, POISSON, STRENGTH)
    beam = Equilibrium(domain, prescribe(domain, free, values), effort.given(curve))
    elastic = beam.linear()
    first = LENGTH * STRENGTH / YOUNG
    history, _ = marched(
        beam, Rules(0.9 * first, 0.5 * first, 10 * first, elastic.force, plateau_tangent=1e-3), elastic
    )
    # half of the width is there; the force does its work at DEPTH / 2
    moments = history.forces() * DEPTH / 2 / (STRENGTH * WIDTH / 2 * DEPTH**2 / 6)
    turned = history.displacements() / first
    at_yield = float(elastic.force * first * DEPTH / 2 / (STRENGTH * WIDTH / 2 * DEPTH**2 / 6))
    name = "elastoplastic beam"
    return (
        relative(name, "moment at first yield / M_y", at_yield, 1.0, 1e-6),
        relative(
            name,
            f"moment at {turned[-1]:.1f} times its curvature / M_y",
            float(moments[-1]),
            float(1.5 - 0.5 / turned[-1] ** 2),
            0.75 / layers**2,
        ),
        relative(
            name, "collapse moment / M_y", float(moments[-1]), 1.5, 0.75 / layers**2 + 0.5 / 1.5 / turned[-1] ** 2
        ),
    )
