"""A scan with lesions in, the bone as it was before them out: from the other side of the body, or from around them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from femrisk.meshes.ct.volume import Volume

#: bone round a lesion counts with a Gaussian of this standard deviation, mm (assumed: a few trabecular spacings)
AROUND_MM = 3.0
#: bone this near to a lesion belongs to it: blur and a sclerotic margin, mm (assumed)
MARGIN_MM = 1.5
#: less weight than this is no neighbourhood
LEAST_WEIGHT = 1e-4


def filled(
    ash: Volume, lesion: NDArray[np.bool_], inside: NDArray[np.bool_], mirrored: bool
) -> tuple[Volume, tuple[str, ...]]:
    """Ash density with lesions filled, and what was done in words.

    Args:
        ash: g/cm3, standard frame.
        lesion: (nx, ny, nz) True in lesions.
        inside: (nx, ny, nz) True in the bone.
        mirrored: take the bone on the other side of x = 0 where there is any; what is left comes from around.
    """
    if not lesion.any():
        return ash, ()
    near = ndimage.distance_transform_edt(~lesion, sampling=ash.spacing) <= MARGIN_MM
    sound = inside & ~near
    values, open_ = np.asarray(ash.values, dtype=np.float64).copy(), near & (inside | lesion)
    count, told = int(lesion.sum()), []
    if mirrored:
        points = ash.points(np.argwhere(open_)) * np.array([-1.0, 1.0, 1.0])
        there, held = ash.with_values(sound).nearest(points)
        kept = there.astype(bool) & held
        places = tuple(np.argwhere(open_)[kept].T)
        values[places] = ash.linear(points[kept])
        open_[places] = False
        told.append(f"intact: {100 * kept.mean():.0f} % of the lesions' {count} voxels filled from the other side")
    if open_.any():
        values[open_] = surrounding(values, sound, ash)[open_]
        told.append(f"intact: {'the rest' if told else f'{count} voxels of lesions'} filled from the bone around them")
    return ash.with_values(values.astype(np.float32)), tuple(told)


def surrounding(values: NDArray[np.float64], sound: NDArray[np.bool_], ash: Volume) -> NDArray[np.float64]:
    """(nx, ny, nz) mean of the sound voxels round each, by a Gaussian; of ever wider ones where there are none."""
    width, result, left = AROUND_MM, np.zeros_like(values), np.ones(values.shape, dtype=bool)
    while left.any() and sound.any():
        sigma = width / ash.spacing
        weight = ndimage.gaussian_filter(sound.astype(np.float64), sigma)
        total = ndimage.gaussian_filter(np.where(sound, values, 0.0), sigma)
        known = left & (weight > LEAST_WEIGHT)
        result[known] = total[known] / weight[known]
        left &= ~known
        width *= 2
    return result
