"""The problem that files for other codes are tried on: a small cube pushed along y, with a lytic lesion."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from conftest import block

from femrisk.contacts import Boundary, Grip
from femrisk.export.problem import Problem, pose
from femrisk.materials.field import paint

#: x goes to y, y to z and z to x
TURNED = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])


@dataclass(frozen=True)
class Face:
    """One end of the cube along y, with a stiff layer of a third of it."""

    sign: float
    exclusion: float = 5.0

    def core(self, points: np.ndarray) -> np.ndarray:
        return np.asarray(self.sign * points[:, 1] > 3 - 1e-9)

    def weight(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        return np.asarray(self.sign * points[:, 1] > 1).astype(float)


def posed(cells: int = 3) -> Problem:
    """The small cube pushed along y, its lesion lytic, density rising along x."""
    mesh = block(cells)
    mesh = replace(mesh, density=0.5 + 0.1 * mesh.gauss_points()[..., 0])
    free, held = ("free",) * 2, ("held",) * 6
    grips = (
        Grip("top-1", Face(1.0), np.array([0.0, 3, 0]), (*free, "driven", "held", *free)),  # type: ignore[arg-type]
        Grip("bottom", Face(-1.0), np.array([0.0, -3, 0]), held),  # type: ignore[arg-type]
    )
    return pose("cube / untreated / push", mesh, paint(mesh, (("lesion", "tumour_lytic"),)), Boundary(TURNED, grips))
