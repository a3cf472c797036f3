"""A complex and its sheets in, the same complex with better cells out: swaps, collapses, and smoothing of bad cells."""

from __future__ import annotations

import numpy as np

from femrisk.meshes.cells.collapsing import collapse
from femrisk.meshes.cells.complex import Complex, Ints
from femrisk.meshes.cells.kernels import below, incidence, passing, qualities
from femrisk.meshes.cells.sheets import Masks, Sheet
from femrisk.meshes.cells.smoothing import smooth
from femrisk.meshes.cells.swapping import swap

#: cells below this mean ratio are worked on
TARGET = 0.3
#: most rounds of swaps, collapses and smoothing
ROUNDS = 6


def improve(mesh: Complex, sheets: tuple[Sheet, ...]) -> Complex:
    """Raise the worst cells without moving a sheet.

    Args:
        mesh: the complex.
        sheets: the sheets it has been cut along; bit i of a vertex mask speaks of ``sheets[i]``.
    """
    for _ in range(ROUNDS):
        changes = 0
        for operation in (swap, collapse):
            order = worst_first(mesh)
            if not order.size:
                break
            start, items = incidence(mesh.tets, len(mesh.points))
            tets, labels, done = operation(mesh.points, mesh.tets, mesh.membership, mesh.masks, start, items, order)
            changes += done
            mesh = Complex(mesh.points, tets, labels, cleaned(tets, labels, mesh.masks))
        if not worst_first(mesh).size:
            break
        points = smooth(mesh.points, mesh.tets, mesh.masks, sheets, worst_first(mesh))
        moved = bool(np.any(points != mesh.points))
        mesh = Complex(points, mesh.tets, mesh.membership, mesh.masks)
        if not changes and not moved:
            break
    return mesh.only(np.ones(len(mesh.tets), dtype=bool))


def worst_first(mesh: Complex) -> Ints:
    """Indices of the cells below ``TARGET``, worst first."""
    bad = below(mesh.points, mesh.tets, TARGET)
    return np.asarray(bad[np.argsort(qualities(mesh.points, mesh.tets[bad]), kind="stable")])


def cleaned(tets: Ints, labels: Masks, masks: Masks) -> Masks:
    """Masks without the sheets that no longer pass through a vertex."""
    start, items = incidence(tets, len(masks))
    return np.asarray(masks & passing(tets, labels, masks, start, items))
