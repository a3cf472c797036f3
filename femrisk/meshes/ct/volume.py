"""A block of voxels and where it lies: indices in, millimetres out, and back; oblique and left-handed blocks too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from femrisk.meshes.labelled import Floats


@dataclass(frozen=True, eq=False)
class Volume:
    """Values at the centres of voxels.

    Millimetres are RAS: x grows to the patient's right, y to the front, z to the head.
    """

    #: (nx, ny, nz)
    values: NDArray[Any]
    #: (3, 4) from indices (i, j, k) to mm
    affine: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each axis."""
        return self.values.shape

    @property
    def spacing(self) -> Floats:
        """(3,) edges of a voxel, mm."""
        return np.asarray(np.linalg.norm(self.affine[:, :3], axis=0))

    @property
    def voxel_mm3(self) -> float:
        """Volume of a voxel, mm3."""
        return float(abs(np.linalg.det(self.affine[:, :3])))

    def points(self, indices: NDArray[np.integer] | Floats) -> Floats:
        """(n, 3) indices, whole or not -> (n, 3) mm."""
        return np.asarray(indices @ self.affine[:, :3].T + self.affine[:, 3])

    def indices(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n, 3) indices, as a rule not whole."""
        return np.asarray((points - self.affine[:, 3]) @ np.linalg.inv(self.affine[:, :3]).T)

    def ends(self) -> Floats:
        """(8, 3) mm, the centres of the corner voxels."""
        last = np.array(self.shape) - 1
        return self.points(np.stack(np.meshgrid(*[[0, n] for n in last], indexing="ij"), axis=-1).reshape(-1, 3))

    def cropped(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> Volume:
        """Voxels from index ``low`` (3,) up to ``high`` (3,), not included; kept within the block."""
        low, high = np.maximum(low, 0), np.minimum(high, self.shape)
        part = self.values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        moved = np.column_stack([self.affine[:, :3], self.points(low[None])[0]])
        return Volume(np.ascontiguousarray(part), moved)

    def around(self, points: Floats, margin_mm: float) -> Volume:
        """The part that holds points (n, 3) with ``margin_mm`` on every side."""
        index, margin = self.indices(points), np.ceil(margin_mm / self.spacing)
        low, high = np.floor(index.min(axis=0) - margin), np.ceil(index.max(axis=0) + margin) + 1
        return self.cropped(low.astype(np.int64), high.astype(np.int64))

    def moved(self, frame: Floats) -> Volume:
        """The same voxels in another frame; ``frame`` (3, 4), a turn or a mirror, leads from there to here."""
        turn = frame[:, :3].T
        moved = np.column_stack([turn @ self.affine[:, :3], turn @ (self.affine[:, 3] - frame[:, 3])])
        return replace(self, affine=moved)

    def with_values(self, values: NDArray[Any]) -> Volume:
        """Other values at the same places."""
        return replace(self, values=values)

    def nearest(self, points: Floats) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """(n, 3) mm -> (n,) value of the voxel that holds each, and (n,) whether one does."""
        index = np.rint(self.indices(points)).astype(np.int64)
        held = ((index >= 0) & (index < self.shape)).all(axis=1)
        return self.values[tuple(np.clip(index, 0, np.array(self.shape) - 1).T)], held

    def linear(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) values on straight lines between the centres of voxels; the outermost go on for ever."""
        return self.between(self.indices(points).T)

    def between(self, indices: Floats) -> Floats:
        """(3, ...) indices, whole or not -> (...) values likewise."""
        return np.asarray(ndimage.map_coordinates(self.values, indices, output=np.float64, order=1, mode="nearest"))


def centres(volume: Volume) -> Floats:
    """(n, 3) mm, the centres of all voxels, in the order of ``values.ravel()``."""
    return volume.points(np.indices(volume.shape).reshape(3, -1).T)


def from_lps(cosines: Floats, spacing: Floats, origin: Floats) -> Floats:
    """(3, 4) affine in RAS of columns of cosines (3, 3), spacing (3,) and origin (3,) that a file tells in LPS.

    One kind of file keeps seven digits, another sixteen: what both hold is kept (1e-6, 1e-5 mm and 1e-3 mm), so that a
    scan gives the same mesh whatever file it lies in.
    """
    lps = np.column_stack([np.round(cosines, 6) * np.round(spacing, 5), np.round(origin, 3)])
    return np.asarray(np.diag([-1.0, -1.0, 1.0]) @ lps)


def trimmed(mask: Volume) -> Volume:
    """The smallest block with all that is True, and one voxel more around it (False beyond the image's end)."""
    where = [np.flatnonzero(mask.values.any(axis=tuple(other for other in range(3) if other != i))) for i in range(3)]
    low, high = np.array([w[0] for w in where]), np.array([w[-1] + 1 for w in where])
    part = mask.cropped(low, high)
    origin = part.points(np.array([[-1, -1, -1]]))[0]
    return Volume(np.pad(part.values, 1), np.column_stack([part.affine[:, :3], origin]))
