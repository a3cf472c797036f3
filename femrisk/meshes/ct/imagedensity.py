"""A scan's ash density and how deep its voxels lie in the bone in, density at the points of a mesh out.

A voxel at the surface is part bone, part what lies beside it. So the rim of the bone is measured anew (erode and
extend): in the rim a voxel takes the density of the nearest voxel under the rim where that is higher than its own, so
that a cortex in the rim keeps what it has, and beyond the surface the bone goes on as it is inside. Then densities are
joined by straight lines between the centres of voxels, and averaged over the part of an element that a Gauss point
stands for: the quarter nearest to its corner. The mean of an element's four is its own mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from femrisk.meshes.ct.volume import Volume
from femrisk.meshes.labelled import Floats

#: ash densities that laws are used for, g/cm3 (``materials.density.USED_FOR``); just below the upper end, where the
#: mark of a parametric vertebra's arch begins
FLOOR, CEILING = 0.01, 1.3 * (1 - 1e-9)
#: a rim is filled from at most this many times its own depth away: a thin lamina has nothing else under it
REACH = 3.0
#: points along an edge of an element from which it is averaged, at least and at most
PARTS = (2, 5)
#: elements averaged at once
CHUNK = 20_000


@dataclass(frozen=True, eq=False)
class ImageDensity:
    """Ash density of any point of one scanned bone."""

    #: (nx, ny, nz) g/cm3, and its place in the bone's standard frame
    ash: Volume

    def density(self, points: Floats, cortical: NDArray[np.bool_]) -> Floats:
        """(n, 3) mm -> (n,) ash density, g/cm3; ``cortical`` (n,) is not asked for: the image knows."""
        return np.clip(self.ash.linear(points), FLOOR, CEILING)

    def in_cells(self, corners: Floats) -> Floats:
        """(m, 4, 3) mm, corners of elements -> (m, 4) ash density that each Gauss point stands for, g/cm3."""
        result = np.empty(corners.shape[:2])
        parts = self.parts(corners)
        index = self.ash.indices(corners.reshape(-1, 3)).reshape(corners.shape)
        for count in np.unique(parts):
            cells = np.flatnonzero(parts == count)
            barycentric, shares = sampling(int(count))
            for chunk in np.array_split(cells, max(1, len(cells) // CHUNK)):
                values = self.ash.between(np.tensordot(barycentric, index[chunk], (1, 1)).transpose(2, 1, 0))
                result[chunk] = np.clip(values, FLOOR, CEILING) @ shares
        return result

    def parts(self, corners: Floats) -> NDArray[np.int64]:
        """(m,) points along an edge, no farther apart than a voxel is wide as far as ``PARTS`` allows."""
        longest = np.linalg.norm(corners[:, :, None] - corners[:, None], axis=3).max(axis=(1, 2))
        return np.clip(np.ceil(longest / self.ash.spacing.min()), *PARTS).astype(np.int64)


@cache
def sampling(parts: int) -> tuple[Floats, Floats]:
    """Evenly spaced points of an element, and what they give to its corners.

    The points are those of a lattice, i_0 + i_1 + i_2 + i_3 = n, drawn in from the faces: their barycentric coordinates
    (i + c) / (n + 4 c) have the variance of the element's own, 3 / 80, when (n + 4 c)^2 = n (n + 4). So quadratic
    fields have the right mean; n = 1 gives the Gauss points.

    Returns:
        (s, 4) barycentric coordinates, and (s, 4) shares, each column summing to one: a point belongs to the corner
        it is nearest to, or in equal shares to several.
    """
    n = parts - 1
    index = np.stack(np.meshgrid(*[np.arange(parts)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    index = index[index.sum(axis=1) == n]
    size = np.sqrt(n * (n + 4.0))
    points = (index + (size - n) / 4) / size
    owned = (index == index.max(axis=1, keepdims=True)).astype(np.float64)
    owned /= owned.sum(axis=1, keepdims=True)
    return points, owned / owned.sum(axis=0)


def extended(ash: Volume, depth: Floats, rim_mm: float) -> Volume:
    """Ash density with the rim of the bone measured anew, and carried on beyond it.

    Args:
        ash: as calibrated, g/cm3.
        depth: (nx, ny, nz) signed distance of the voxels' centres from the bone's surface, mm, negative inside.
        rim_mm: depth of the rim; 0 leaves the bone as it is.
    """
    values = np.asarray(ash.values, dtype=np.float64)
    inside = depth < 0
    if not inside.any():
        return ash
    core = depth < -rim_mm
    if rim_mm > 0 and core.any():
        reach, nearest = ndimage.distance_transform_edt(~core, sampling=ash.spacing, return_indices=True)
        under = np.maximum(values, values[tuple(nearest)])
        values = np.where(inside & ~core & (reach <= REACH * rim_mm), under, values)
    nearest = ndimage.distance_transform_edt(~inside, sampling=ash.spacing, return_distances=False, return_indices=True)
    return ash.with_values(np.where(inside, values, values[tuple(nearest)]).astype(np.float32))
