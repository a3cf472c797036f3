"""Blocks of voxels, some of them bone: arrays and where they lie in, coarser ones, one piece, a ``LabelledMesh`` out.

Nothing is smoothed and no surface is needed, so that any label becomes a mesh, however ragged: each voxel that is bone
is a cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes.labelled import VOXEL_CORNERS, Floats, LabelledMesh

#: A coarser voxel is bone when more than this share of it is.
FILLED = 0.5


@dataclass(frozen=True, eq=False)
class Voxels:
    """A block of voxels."""

    #: (nx, ny, nz) which are bone
    bone: NDArray[np.bool_]
    #: (nx, ny, nz) ash density, g/cm3
    density: Floats
    #: (3, 4) from indices (i, j, k) to the centre of a voxel, mm, in the frame the mesh is wanted in
    affine: Floats

    def centers(self) -> Floats:
        """(m, 3) mm, of those that are bone."""
        return np.asarray(np.argwhere(self.bone) @ self.affine[:, :3].T + self.affine[:, 3])

    def coarsened(self, factor: int) -> Voxels:
        """Blocks of ``factor``^3 voxels as one, with the mean density of what is bone in them; the volume is kept."""
        more = [(0, -n % factor) for n in self.bone.shape]
        shape = [n for size in np.pad(self.bone, more).shape for n in (size // factor, factor)]
        bone, mass = np.pad(self.bone, more), np.pad(np.where(self.bone, self.density, 0.0), more)
        share, mean = (values.reshape(shape).mean(axis=(1, 3, 5)) for values in (bone.astype(float), mass))
        step = self.affine[:, :3]
        middle = self.affine[:, 3] + step.sum(axis=1) * (factor - 1) / 2
        density = np.divide(mean, share, out=np.zeros_like(mean), where=share > 0)
        return Voxels(_filled(share), density, np.column_stack([factor * step, middle]))

    def in_one_piece(self) -> tuple[Voxels, str | None]:
        """The largest piece whose voxels are joined by faces, and in words what is left out; None where nothing is.

        Raises:
            GeometryError: no voxel is bone.
        """
        piece, count = ndimage.label(self.bone)
        if not count:
            raise GeometryError("voxels", "hold no bone")
        sizes = np.bincount(piece.ravel())[1:]
        lost = int(sizes.sum() - sizes.max())
        whole = replace(self, bone=piece == 1 + int(np.argmax(sizes)))
        if not lost:
            return whole, None
        volume = lost * abs(float(np.linalg.det(self.affine[:, :3])))
        share = 100 * lost / float(sizes.sum())
        pieces = f"{count - 1} piece" + ("s" if count > 2 else "")
        words = f"{pieces} of {lost} voxels in all ({volume:.0f} mm3, {share:.1f} % of the bone) not joined to the rest"
        return whole, f"by faces: {words}"

    def mesh(self, region: Callable[[Floats], NDArray[np.uint8]]) -> LabelledMesh:
        """One cell per voxel that is bone; ``region`` (n, 3) mm -> (n,) names where each lies, see ``REGIONS``.

        Raises:
            GeometryError: no voxel is bone.
        """
        place = np.argwhere(self.bone)
        if not len(place):
            raise GeometryError("voxels", "hold no bone")
        size = np.array(self.bone.shape) + 1
        stride = np.array([1, size[0], size[0] * size[1]])
        number, cells = np.unique((place[:, None] + VOXEL_CORNERS) @ stride, return_inverse=True)
        corner = np.stack([number % size[0], number // size[0] % size[1], number // stride[2]], axis=-1) - 0.5
        order = np.arange(8) if np.linalg.det(self.affine[:, :3]) > 0 else np.arange(8) ^ 1
        return LabelledMesh(
            points=corner @ self.affine[:, :3].T + self.affine[:, 3],
            cells=cells.reshape(-1, 8)[:, order],
            membership=np.ones(len(place), dtype=np.uint32),
            solids=("bone",),
            region=region(self.centers()),
            density=np.repeat(self.density[self.bone][:, None], 8, axis=1),
        )


def _filled(share: Floats) -> NDArray[np.bool_]:
    """Which blocks count as bone that is a share of each: most of it, or half where the volume asks for more.

    Halves are common. Those go first that have most bone round them.
    """
    filled, half = share > FILLED, share == FILLED
    wanted = round(float(share.sum())) - int(filled.sum())
    if wanted <= 0 or not half.any():
        return filled
    around = ndimage.uniform_filter(share, 3, mode="constant").round(9)
    least = np.sort(around[half])[::-1][min(wanted, int(half.sum())) - 1]
    return np.asarray(filled | (half & (around >= least)))
