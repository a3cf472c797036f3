"""Signed distances as sheets that hold vertices: points and the sheets they lie on in, points moved onto them out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Shape

#: half step of the four-point gradient, mm
STEP = 0.05
#: corners of a regular tetrahedron: value and gradient from four evaluations, both exact for linear functions
CORNERS = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
#: singular values below this share of the largest are dropped: nearly parallel sheets are met half way
PARALLEL = 0.15

Masks = NDArray[np.uint32]


@dataclass(frozen=True)
class Sheet:
    """The surface ``distance = level`` of a shape; the level makes a faceted solid as large as the smooth one."""

    shape: Shape
    #: mm, positive grows the solid
    level: float = 0.0

    def value(self, points: Floats) -> Floats:
        """(n, 3) -> (n,) mm, negative inside."""
        return self.shape.distance(points) - self.level

    def slope(self, points: Floats) -> tuple[Floats, Floats]:
        """(n, 3) -> values (n,) in mm and unit gradients (n, 3)."""
        values = np.array([self.value(points + STEP * corner) for corner in CORNERS])
        gradient = values.T @ CORNERS / (4 * STEP)
        norm = np.linalg.norm(gradient, axis=1)
        return values.mean(axis=0) / np.maximum(norm, 0.3), gradient / np.maximum(norm, 1e-9)[:, None]


def slopes(sheets: tuple[Sheet, ...], points: Floats, masks: Masks) -> tuple[Floats, Floats]:
    """Values (n, s) and unit normals (n, s, 3) of the sheets each point lies on; zero rows for the others."""
    values = np.zeros((len(points), len(sheets)))
    normals = np.zeros((len(points), len(sheets), 3))
    for index, sheet in enumerate(sheets):
        on = np.flatnonzero((masks >> np.uint32(index)) & 1)
        if on.size:
            values[on, index], normals[on, index] = sheet.slope(points[on])
    return values, normals


def settle(sheets: tuple[Sheet, ...], points: Floats, masks: Masks, rounds: int = 3) -> tuple[Floats, Floats]:
    """Move points onto all sheets of their masks by the shortest way (Gauss-Newton on the signed distances).

    Args:
        sheets: bit i of a mask speaks of ``sheets[i]``.
        points: (n, 3) mm.
        masks: (n,) the sheets each point belongs to.
        rounds: Newton steps.

    Returns:
        (n, 3) moved points and (n,) the largest distance left to a sheet, mm.
    """
    points = points.copy()
    for _ in range(rounds):
        values, normals = slopes(sheets, points, masks)
        # a point already on its sheets needs no more steps
        move = np.flatnonzero(np.abs(values).max(axis=1, initial=0.0) > 1e-4)
        if not move.size:
            return points, np.abs(values).max(axis=1, initial=0.0)
        inverse = np.linalg.pinv(normals[move], rcond=PARALLEL)
        points[move] -= np.einsum("nks,ns->nk", inverse, values[move])
    values, _ = slopes(sheets, points, masks)
    return points, np.abs(values).max(axis=1, initial=0.0)


def tangents(normals: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Orthonormal bases (n, 3, 3) of the directions along all sheets and their dimensions (n,).

    Args:
        normals: (n, s, 3) unit normals, zero rows where a point is not on a sheet.
    """
    _, singular, rows = np.linalg.svd(np.einsum("nsi,nsj->nij", normals, normals))
    # singular values of N^T N are squares; the free directions come last
    rank = (singular > PARALLEL**2).sum(axis=1)
    return rows[:, ::-1], 3 - rank
