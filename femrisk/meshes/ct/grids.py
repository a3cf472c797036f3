"""An image and its label map in, a refusal out where they do not show the same place; the line says what disagrees."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes.ct.volume import Volume
from femrisk.meshes.labelled import Floats
from femrisk.meshes.surfaces.triangles import place

#: places of the same voxel in two files may differ by this share of a voxel's edge: files round
ROUNDING = 0.05
#: the bone is compared with what lies this far from it, mm
BESIDE_MM = (2.0, 6.0)


def refuse_other_grid(image: Volume, labels: Volume, where: str) -> None:
    """Both must have the same voxels.

    Raises:
        GeometryError: with each of shape, spacing, axes and origin that differs.
    """
    limit = ROUNDING * float(image.spacing.min())
    if image.shape == labels.shape and np.abs(image.ends() - labels.ends()).max() <= limit:
        return
    differ = []
    if image.shape != labels.shape:
        differ.append(f"shape {sized(labels.shape)} for {sized(image.shape)} voxels")
    if not np.allclose(image.spacing, labels.spacing, rtol=1e-3):
        differ.append(f"spacing {sized(labels.spacing)} for {sized(image.spacing)} mm")
    turn = angles(image, labels)
    if turn.max() > 0.05:
        differ.append(f"axes turned by up to {turn.max():.1f} degrees")
    gap = float(np.linalg.norm(labels.affine[:, 3] - image.affine[:, 3]))
    if gap > limit:
        differ.append(f"origin {gap:.1f} mm away")
    raise GeometryError(
        where,
        f"does not have the image's voxels: {'; '.join(differ) or 'the affines differ'} "
        "(allowed: the same grid, or labels_grid: own where the label map's own affine is right)",
    )


def refuse_outside(image: Volume, mask: Volume, where: str) -> None:
    """All of the bone must lie in the image.

    Raises:
        GeometryError: it sticks out, by how much, and where.
    """
    points = mask.points(np.argwhere(mask.values))
    index = image.indices(points)
    beyond = np.maximum(-0.5 - index, index - (np.array(image.shape) - 0.5)) * image.spacing
    farthest = float(beyond.max())
    # voxels of both may lie half a voxel apart at most
    if farthest > float(image.spacing.max()) / 2:
        spot = points[int(np.argmax(beyond.max(axis=1)))]
        raise GeometryError(
            where,
            f"its bone lies up to {farthest:.1f} mm outside the image, at {place(spot)} (allowed: inside; do "
            "the affines of image and label map belong together?)",
        )


def refuse_beside(values: Floats, inside: Volume, where: str) -> None:
    """Bone is denser than what lies round it, whatever the numbers of the image mean.

    Args:
        values: (nx, ny, nz) numbers of the image.
        inside: on the same voxels, True in the bone.
        where: what the user calls the label map.

    Raises:
        GeometryError: the label lies beside the bone.
    """
    reach = ndimage.distance_transform_edt(~inside.values, sampling=inside.spacing)
    beside = values[(reach > BESIDE_MM[0]) & (reach < BESIDE_MM[1])]
    bone = values[inside.values]
    if len(beside) and bone.mean() <= beside.mean():
        raise GeometryError(
            where,
            f"does not lie on a bone: its voxels have a mean of {bone.mean():.0f}, those round it of "
            f"{beside.mean():.0f} (do the affines of image and label map belong together?)",
        )


def angles(image: Volume, labels: Volume) -> Floats:
    """(3,) degrees between the axes of both."""
    ways = [one.affine[:, :3] / one.spacing for one in (image, labels)]
    return np.degrees(np.arccos(np.clip((ways[0] * ways[1]).sum(axis=0), -1, 1)))


def sized(numbers: tuple[int, ...] | Floats) -> str:
    """Three numbers in words."""
    return " x ".join(f"{number:.6g}" for number in numbers)
