"""A label map in, one bone as a smooth closed surface of the same volume out; specks and holes are mended and told."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes.ct.volume import Volume, trimmed
from femrisk.meshes.labelled import Floats
from femrisk.meshes.surfaces.triangles import COMPARABLE_SHARE, Triangles, close, merged, place

logger = logging.getLogger(__name__)

#: standard deviation of the blur that takes the steps of voxels off the distance, voxels (assumed)
BLUR_VOXELS = 0.7
#: voxels kept free round a label, so that its surface closes and the blur has room
ROOM = 4
#: the surface encloses as much as the voxels, to this share
VOLUME_SHARE = 2e-4
#: fewer voxels than this are no bone
LEAST_VOXELS = 200
#: voxels that touch at a corner belong together
TOUCHING = np.ones((3, 3, 3), dtype=bool)


def marked(labels: Volume, values: Sequence[int] | None, where: str) -> Volume:
    """Voxels with one of the ``values`` (any but 0 if None), trimmed, with room around them.

    Raises:
        GeometryError: a value is not in the label map, or none is.
    """
    found = np.unique(labels.values)
    if not np.array_equal(found, np.rint(found)):
        raise GeometryError(where, "is no label map: its voxels hold fractions (allowed: whole numbers)")
    present = [int(value) for value in found if value != 0]
    missing = [value for value in values or () if value not in present]
    if missing or not present:
        held = ", ".join(map(str, present[:12])) or "nothing but 0"
        asked = f"label {missing[0]}" if missing else "the label map"
        raise GeometryError(where, f"{asked} is empty: no voxel has it (the file holds: {held})")
    mask = np.isin(labels.values, list(values)) if values else labels.values != 0
    block = trimmed(labels.with_values(mask))
    origin = block.points(np.full((1, 3), -ROOM))[0]
    return Volume(np.pad(block.values, ROOM), np.column_stack([block.affine[:, :3], origin]))


def one_bone(mask: Volume, where: str) -> Volume:
    """The largest piece of a mask without its holes.

    Raises:
        GeometryError: two comparable pieces, or too few voxels.
    """
    pieces, count = ndimage.label(mask.values, TOUCHING)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    main = int(np.argmax(sizes))
    ml = sizes * mask.voxel_mm3 / 1000
    second = int(np.argsort(sizes)[-2]) if count > 1 else 0
    if count > 1 and sizes[second] > COMPARABLE_SHARE * sizes[main]:
        spot = mask.points(np.argwhere(pieces == second).mean(axis=0)[None])[0]
        raise GeometryError(
            where,
            f"two bones under one label: {ml[main]:.1f} ml, and {ml[second]:.1f} ml round {place(spot)} "
            "(allowed: one bone; name its labels with bone_labels)",
        )
    if sizes[main] < LEAST_VOXELS:
        raise GeometryError(where, f"too few voxels for a bone (allowed: at least {LEAST_VOXELS}, got: {sizes[main]})")
    if count > 1:
        loose = sizes.sum() - sizes[main]
        logger.warning("%s: ignored %d loose voxels in %d pieces beside the bone", where, loose, count - 1)
    whole = ndimage.binary_fill_holes(pieces == main)
    filled = int(whole.sum() - sizes[main])
    if filled:
        logger.warning(
            "%s: filled %d voxels enclosed by the bone (%.2f ml)", where, filled, filled * mask.voxel_mm3 / 1e3
        )
    return mask.with_values(whole)


def smooth_surface(mask: Volume, where: str) -> Triangles:
    """The surface of a mask (True inside) as triangles in RAS mm, enclosing as much as its voxels.

    Distances to the voxels are blurred by less than a voxel, and the level is taken at which the volume is kept, so
    that a flat face lies where the voxels' own faces lie and the steps between them are gone.

    Raises:
        GeometryError: the surface falls into several comparable pieces.
    """
    distance = ndimage.gaussian_filter(stepped_distance(mask), BLUR_VOXELS)
    wanted = float(mask.values.sum()) * mask.voxel_mm3
    level = 0.0
    for _ in range(6):
        surface = contour(mask, distance, level)
        volume = abs(surface.volume())
        if abs(volume - wanted) < VOLUME_SHARE * wanted:
            break
        level += (wanted - volume) / float(np.linalg.norm(surface.area_vectors(), axis=1).sum())
    return close(surface, where)


def stepped_distance(mask: Volume) -> Floats:
    """(nx, ny, nz) distance to the faces of the voxels, about, mm, negative inside."""
    half = float(mask.spacing.min()) / 2
    outside = ndimage.distance_transform_edt(~mask.values, sampling=mask.spacing)
    inside = ndimage.distance_transform_edt(mask.values, sampling=mask.spacing)
    signed = np.where(mask.values, half - inside, outside - half)
    return np.asarray(np.clip(signed, -3 * mask.spacing.max(), 3 * mask.spacing.max()))


def contour(mask: Volume, distance: NDArray[np.float64], level: float) -> Triangles:
    """Triangles of the surface on which ``distance`` has a ``level``, RAS mm."""
    # imported here, so that a case without a scan never loads it
    import pyvista

    grid = pyvista.ImageData(dimensions=mask.shape)
    grid["distance"] = distance.ravel(order="F")
    found = grid.contour([level], scalars="distance", method="flying_edges")
    faces = found.regular_faces.astype(np.int64)
    points = mask.points(np.asarray(found.points, dtype=np.float64))
    surface = merged(Triangles(points, faces[:, ::-1] if np.linalg.det(mask.affine[:, :3]) > 0 else faces))
    sides = np.sort(surface.faces, axis=1)
    return surface.only((sides[:, 0] < sides[:, 1]) & (sides[:, 1] < sides[:, 2]))
