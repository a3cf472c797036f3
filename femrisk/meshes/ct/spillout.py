"""An image that blur has carried over the surface of the bone in, the image with that density put back out.

A scanner lays part of a cortex outside the bone, and soft tissue in it. About a flat surface the two add up: densities
at a depth and as far outside sum to that of the bone plus that of soft tissue, whatever the blur, if it has no side.
So a voxel gets the density found as far above the surface as it lies below it, less that of soft tissue. A bone of even
density comes back as it was up to its surface, and a thin cortex keeps its mass.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from femrisk.meshes.ct.volume import Volume
from femrisk.meshes.labelled import Floats

#: steps along the outward normal, mm, and the height at which soft tissue is met, if not another bone
STEP_MM, ABOVE_MM = 0.25, 3.0
#: heights over the surface between which the image shows what is no denser than soft tissue in such a share of voxels
AROUND_MM, SOFT_SHARE = (2.0, 4.0), 0.75


def returned(ash: Volume, depth: Floats, reach_mm: float) -> Volume:
    """The image with the density of its spill-out put back into the bone.

    Args:
        ash: as calibrated, g/cm3; soft tissue, or nothing, round the bone.
        depth: (nx, ny, nz) signed distance of the voxels' centres from the bone's surface, mm, negative inside.
        reach_mm: depth to which it is put back; 0 leaves the image as it is.
    """
    rim, around = (depth < 0) & (depth > -reach_mm), (depth > AROUND_MM[0]) & (depth < AROUND_MM[1])
    values = np.array(ash.values, dtype=np.float64)
    # a bone that was cut out of its image has lost what lay outside
    if not rim.any() or not around.any() or np.ptp(values[around]) == 0:
        return ash
    below = -depth[rim]
    slope = np.asarray(np.gradient(depth))[:, rim].T / ash.spacing
    outwards = slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-12)
    foot, per_mm = np.argwhere(rim) + below[:, None] * outwards / ash.spacing, outwards / ash.spacing

    def above(height: Floats | float) -> Floats:
        where = foot + np.reshape(height, (-1, 1)) * per_mm
        return np.asarray(ndimage.map_coordinates(values, where.T, order=1, mode="nearest"))

    # spill-out only falls with height: what rises again is another bone
    lowest = above(0.0)
    for height in np.arange(STEP_MM, reach_mm + STEP_MM, STEP_MM):
        lowest = np.minimum(lowest, above(np.minimum(height, below)))
    soft = np.minimum(above(ABOVE_MM), np.quantile(values[around], SOFT_SHARE))
    values[rim] += np.maximum(lowest - soft, 0)
    return ash.with_values(values)
