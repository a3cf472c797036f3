"""An image, its label map and the bone found in it in, its density step by step out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.ct.calibration import Calibrated, Calibration, refuse_hounsfield
from femrisk.meshes.ct.dicomseries import quantity_of
from femrisk.meshes.ct.filling import filled
from femrisk.meshes.ct.grids import refuse_beside, sized
from femrisk.meshes.ct.imagedensity import ImageDensity, extended
from femrisk.meshes.ct.relations import to_ash
from femrisk.meshes.ct.scan import Scan, recorded
from femrisk.meshes.ct.scanfile import refuse_holes
from femrisk.meshes.ct.spillout import returned
from femrisk.meshes.ct.volume import Volume, centres

logger = logging.getLogger(__name__)

#: what the user calls the two files
IMAGE, LABELS = "bone.image", "bone.labels"
#: the image is kept so far round the bone, mm
MARGIN_MM = 8.0


@dataclass(frozen=True)
class Recipe:
    """How the density of a bone is read from an image."""

    #: proximal_femur | vertebra
    bone: str
    calibration: Calibration
    #: names of relations to ash density; None for the usual ones
    relations: tuple[str, ...] | None
    #: depth of the rim, mm; None for a voxel
    rim_mm: float | None
    #: depth to which density outside the bone is put back, mm
    spill_out_mm: float
    lesion_labels: tuple[int, ...]
    #: lesions are filled from the other side where that is bone
    mirrored: bool


def refuse_image(image: Volume, mask: Volume, calibration: Calibration, file: Path) -> None:
    """Refuse an image that is not what it is declared to be, or does not belong to the labels.

    Args:
        image: numbers of the scan.
        mask: True in the bone.
        calibration: how its numbers become densities.
        file: where the image came from.

    Raises:
        GeometryError: with the reason.
    """
    near = image.around(mask.points(np.argwhere(mask.values)), MARGIN_MM)
    refuse_holes(image.values, IMAGE)
    values = near.values.astype(np.float64)
    bone, held = mask.nearest(centres(near))
    inside = (bone & held).reshape(near.shape)
    if isinstance(calibration, Calibrated):
        refuse_hounsfield(image.values, values[inside], quantity_of(file) if file.is_dir() else "", IMAGE)
    if np.ptp(values) == 0:
        raise GeometryError(IMAGE, f"is empty: every voxel in and round the bone is {values[inside][0]:g}")
    refuse_beside(values, near.with_values(inside), LABELS)


def scanned(image: Volume, labels: Volume, mask: Volume, drawn: Anatomy, recipe: Recipe) -> Scan:
    """What the bone keeps of its scan, in its standard frame.

    Args:
        image: numbers of the scan, RAS.
        labels: the label map, RAS.
        mask: True in the bone and its lesions, RAS.
        drawn: the bone as found on the label's surface.
        recipe: how to read its density.

    Raises:
        GeometryError: a calibration or relations that cannot be.
    """
    corners = mask.points(np.argwhere(mask.values))
    near, own = image.around(corners, MARGIN_MM), labels.around(corners, MARGIN_MM)
    standing = near.moved(drawn.to_source)
    depth = drawn.outer.distance(centres(standing)).reshape(near.shape)
    values, inside = near.values.astype(np.float64), depth < 0
    line = recipe.calibration.line(lambda label: mean_of(image, labels, label))
    chain = to_ash(line.kind, recipe.bone, recipe.relations)
    calibrated = line.of(values)
    ash = calibrated
    for relation in chain:
        ash = relation.of(ash)
    rim = float(np.cbrt(near.voxel_mm3)) if recipe.rim_mm is None else recipe.rim_mm
    lesion = own.moved(drawn.to_source)
    whole = standing.with_values(ash)
    mended = returned(whole, depth, recipe.spill_out_mm)
    measured = extended(mended, depth, rim)
    host, told = filled(measured, lesion_voxels(whole, lesion, recipe.lesion_labels), inside, recipe.mirrored)
    steps = (
        f"image: {sized(image.shape)} voxels of {sized(image.spacing)} mm",
        f"bone: {np.count_nonzero(mask.values)} voxels, {np.count_nonzero(mask.values) * mask.voxel_mm3 / 1000:.2f} ml",
        *line.steps,
        *(f"{one.name}: {one}" for one in chain),
        f"spill-out: {put_back(whole, mended, inside)}",
        f"rim: voxels less than {rim:.2g} mm under the surface take the density below them where it is higher",
        *told,
    )
    record = recorded(calibrated[inside], ash[inside], line.kind, steps, line.warnings)
    for warning in record.warnings:
        logger.warning("%s: %s", IMAGE, warning)
    density = ImageDensity(host)
    as_scanned = density if host is measured else ImageDensity(measured)
    return Scan(density, as_scanned, lesion, recipe.lesion_labels, record)


def put_back(whole: Volume, mended: Volume, inside: NDArray[np.bool_]) -> str:
    """How much density was put back into the bone, in words."""
    found, now = (float(one.values[inside].sum()) for one in (whole, mended))
    if now == found:
        return "nothing that blur laid outside the bone is put back"
    return f"what blur laid outside the bone is put back, {100 * (now / found - 1):.1f} % of its mass"


def mean_of(image: Volume, labels: Volume, label: int) -> float:
    """Mean of the image in the voxels of a label.

    Raises:
        GeometryError: there are none, or they lie outside the image.
    """
    points = labels.points(np.argwhere(labels.values == label))
    if not len(points):
        raise GeometryError("bone.calibration", f"label {label} is empty: no voxel of the label map has it")
    values, held = image.nearest(points)
    if not held.all():
        raise GeometryError("bone.calibration", f"label {label} lies outside the image")
    return float(np.mean(values))


def lesion_voxels(image: Volume, labels: Volume, wanted: tuple[int, ...]) -> NDArray[np.bool_]:
    """(nx, ny, nz) True where a voxel of the image lies in one of the labels."""
    if not wanted:
        return np.zeros(image.shape, dtype=bool)
    values, held = labels.nearest(centres(image))
    return np.asarray((np.isin(values, wanted) & held).reshape(image.shape))
