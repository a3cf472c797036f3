"""A folder of DICOM slices in, their voxels out, in the order in which they lie; gaps, doubles and strangers refused.

Only the tags in ``TAGS`` are ever read, so that no name, date or identifier of a patient gets into the process.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.ct.volume import Volume, from_lps
from femrisk.meshes.labelled import Floats

TAGS = (
    "Modality",
    "SeriesInstanceUID",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "PixelSpacing",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "RescaleType",
)
#: slices nearer than this are one place, mm; and by so much their distances may differ, mm or as a share
SAME_PLACE_MM, UNEVEN = 0.01, 0.02
#: components of direction cosines of one series agree to this
SAME_WAY = 1e-3


@dataclass(frozen=True)
class Slice:
    """What is read of one file before its pixels."""

    file: Path
    #: what all slices of a series share
    series: str
    modality: str
    frames: int
    #: rows, columns
    size: tuple[int, int]
    #: (6,) cosines of a row and of a column, (3,) place of the first pixel in LPS, (2,) row and column spacing, mm
    orientation: tuple[float, ...]
    position: tuple[float, ...]
    spacing: tuple[float, ...]
    #: HU, MGML (mg/ml), ...; empty where it is not said
    quantity: str

    @property
    def normal(self) -> Floats:
        """(3,) unit vector across the slice."""
        return np.cross(self.orientation[:3], self.orientation[3:])


def read_series(folder: Path, where: str) -> Volume:
    """The voxels of the one CT series in a folder, scaled as its files ask, in RAS.

    Raises:
        GeometryError: no CT series, or several; a slice is missing, there twice, or unlike the others.
    """
    slices = in_order(one_series(slices_in(folder), where), where)
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames([str(one.file) for one in slices])
    try:
        values = SimpleITK.GetArrayFromImage(reader.Execute())
    except RuntimeError:
        raise GeometryError(where, "the pixels of its slices cannot be read: a file is truncated or damaged") from None
    first, last = slices[0], slices[-1]
    along = np.subtract(last.position, first.position) / (len(slices) - 1)
    step = float(np.linalg.norm(along))
    cosines = np.column_stack([first.orientation[:3], first.orientation[3:], along / step])
    spacing = np.array([first.spacing[1], first.spacing[0], step])
    return Volume(values.transpose(), from_lps(cosines, spacing, np.array(first.position)))


def quantity_of(folder: Path) -> str:
    """What the numbers of a series are by its own word: ``HU``, ``MGML`` ...; empty where it does not say."""
    return next((one.quantity for one in slices_in(folder)), "")


def slices_in(folder: Path) -> list[Slice]:
    """The images among the files of a folder, in order of their names."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    found = []
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in sorted(entry for entry in folder.iterdir() if entry.is_file()):
            try:
                head = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(TAGS))
                if "Rows" in head:
                    found.append(slice_of(file, head))
            except (InvalidDicomError, EOFError, OSError):
                continue
    return found


def slice_of(file: Path, head: Any) -> Slice:
    """What ``TAGS`` say of one file; what is missing is empty."""

    def numbers(tag: str) -> tuple[float, ...]:
        return tuple(float(x) for x in head.get(tag) or ())

    return Slice(
        file=file,
        series=str(head.get("SeriesInstanceUID", "")),
        modality=str(head.get("Modality", "")),
        frames=int(head.get("NumberOfFrames") or 1),
        size=(int(head.Rows), int(head.Columns)),
        orientation=numbers("ImageOrientationPatient"),
        position=numbers("ImagePositionPatient"),
        spacing=numbers("PixelSpacing"),
        quantity=str(head.get("RescaleType", "")),
    )


def one_series(slices: list[Slice], where: str) -> list[Slice]:
    """The slices, if they are of one CT series and alike.

    Raises:
        GeometryError: with what is not.
    """
    if not slices:
        raise GeometryError(where, "the folder holds no DICOM images (allowed: the slices of one CT series)")
    modalities = sorted({one.modality for one in slices})
    if modalities != ["CT"]:
        raise GeometryError(
            where, f"not a CT: modality {', '.join(name or 'unknown' for name in modalities)} (allowed: CT)"
        )
    series = {one.series for one in slices}
    if len(series) > 1:
        counts = sorted((sum(one.series == name for one in slices) for name in series), reverse=True)
        raise GeometryError(
            where, f"{len(series)} series of {', '.join(map(str, counts))} slices in one folder (allowed: one series)"
        )
    if any(one.frames > 1 for one in slices):
        raise GeometryError(where, "a file holds several slices (allowed: one slice a file; convert to NIfTI)")
    first = slices[0]
    for name, many in (("size", "sizes"), ("spacing", "pixel spacings")):
        if any(getattr(one, name) != getattr(first, name) for one in slices):
            raise GeometryError(where, f"slices of different {many} in one series (allowed: one)")
    if any(not (len(one.orientation) == 6 and len(one.position) == 3 and len(one.spacing) == 2) for one in slices):
        raise GeometryError(where, "a slice does not say where it lies (position, orientation and pixel spacing)")
    if any(np.abs(np.subtract(one.orientation, first.orientation)).max() > SAME_WAY for one in slices):
        raise GeometryError(where, "slices of different orientation in one series (allowed: one)")
    return slices


def in_order(slices: list[Slice], where: str) -> list[Slice]:
    """The slices from one end to the other, evenly spaced along their normal.

    Raises:
        GeometryError: fewer than two, one place twice, a gap, or a stack that leans.
    """
    if len(slices) < 2:
        raise GeometryError(where, f"too few slices (allowed: at least 2, got: {len(slices)})")
    normal = slices[0].normal
    height = np.array([np.dot(one.position, normal) for one in slices])
    order = np.argsort(height, kind="stable")
    slices, height = [slices[i] for i in order], height[order]
    steps = np.diff(height)
    if steps.min() < SAME_PLACE_MM:
        place = int(np.argmin(steps))
        raise GeometryError(
            where, f"two slices at one place: slices {place + 1} and {place + 2} of {len(slices)}, counted from the end"
        )
    usual = float(np.median(steps))
    if np.ptp(steps) > max(SAME_PLACE_MM, UNEVEN * usual):
        place = int(np.argmax(np.abs(steps - usual)))
        missing = round(steps[place] / usual) - 1
        what = f"{missing} missing" if missing > 0 else "unevenly spaced"
        raise GeometryError(
            where,
            f"slices are {what}: slices {place + 1} and {place + 2} of {len(slices)} lie {steps[place]:.2f} mm apart, "
            f"the others {usual:.2f} mm",
        )
    lean = np.diff([one.position for one in slices], axis=0) - steps[:, None] * normal
    if np.abs(lean).max() > max(SAME_PLACE_MM, UNEVEN * usual):
        raise GeometryError(where, "its stack of slices leans (a tilted gantry): resample it to a square grid first")
    return slices
