"""States of a march in, a few ``Frame``s of them out: what is kept to look at a bone on its way to fracture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.history import Floats

Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """One increment, in single precision, averaged over each cell; the mesh's cells, or one rank's."""

    #: line of ``history.csv``: 1 is the first increment
    number: int
    #: travel of the machine, mm, and its force, N
    travel: float
    force: float
    #: (m, v, 3) of each cell's vertices, mm
    displacement: Singles
    #: (m, 3) principal stresses, MPa, and strains, the largest first
    stress: Singles
    strain: Singles
    #: (m,) accumulated plastic strain
    plastic: Singles
    #: (m,) MPa
    von_mises: Singles
    #: (m,) share of the stiffness lost; None where nothing cracks
    damage: Singles | None = None


def filmed(frames: Sequence[Frame], new: Frame, most: int) -> tuple[Frame, ...]:
    """The frames with a new one, of which the least missed has gone if they are more than ``most`` (at least 3).

    The first, the last and that of the largest force stay. Of the others that one goes whose neighbours on the curve of
    force over travel lie closest together, each axis taken relative to its longest. A march that begins anew (the
    travel falls) begins a new film.
    """
    if frames and new.travel <= frames[-1].travel:
        frames = ()
    kept = [*frames, new]
    if len(kept) <= most:
        return tuple(kept)
    travel, force = np.array([(one.travel, one.force) for one in kept]).T
    apart = np.hypot(
        (travel[2:] - travel[:-2]) / np.abs(travel).max(initial=1e-12),
        (force[2:] - force[:-2]) / np.abs(force).max(initial=1e-12),
    )
    top = int(np.argmax(force))
    if 0 < top < len(kept) - 1:
        apart[top - 1] = np.inf
    del kept[1 + int(np.argmin(apart))]
    return tuple(kept)


def principal(tensor: Floats) -> Floats:
    """(..., 6) symmetric tensor (xx, yy, zz, xy, yz, xz) -> (..., 3) its principal values, the largest first."""
    xx, yy, zz, xy, yz, xz = np.moveaxis(np.asarray(tensor, dtype=float), -1, 0)
    rows = np.stack([np.stack([xx, xy, xz], -1), np.stack([xy, yy, yz], -1), np.stack([xz, yz, zz], -1)], -2)
    return np.asarray(np.linalg.eigvalsh(rows)[..., ::-1])


def von_mises(stress: Floats) -> Floats:
    """(..., 6) stress -> (...) von Mises stress."""
    mean = stress[..., :3].mean(axis=-1, keepdims=True)
    deviator = stress - mean * np.array([1.0, 1, 1, 0, 0, 0])
    return np.asarray(np.sqrt(1.5 * (deviator**2 * np.array([1.0, 1, 1, 2, 2, 2])).sum(axis=-1)))
