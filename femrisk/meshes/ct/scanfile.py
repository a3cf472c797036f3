"""The path of a scan in, its voxels out: NIfTI, MHA, MHD, NRRD or a folder of DICOM slices; what is damaged is refused.

Nothing but numbers, size and place of the voxels is taken from a file: no text of its header is kept or repeated.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.errors import GeometryError
from femrisk.meshes.ct.dicomseries import read_series
from femrisk.meshes.ct.volume import Volume, from_lps
from femrisk.meshes.surfaces.surfacefile import similar

ENDINGS = (".nii", ".nii.gz", ".mha", ".mhd", ".nrrd", ".nhdr")
#: 1024 x 1024 x 2000 voxels; a whole body has fewer
MOST_VOXELS = 2_100_000_000
#: bytes read at once where a file is only counted
CHUNK = 1 << 22


def read_scan(path: str | Path, where: str) -> Volume:
    """Voxels of a file, or of a folder of DICOM slices; numbers as they are stored, scaled as the file asks.

    Raises:
        GeometryError: no readable three-dimensional block of numbers, or a part of it is missing.
    """
    path = Path(path)
    if path.is_dir():
        with silenced():
            return read_series(path, where)
    refuse_unreadable(path, where)
    refuse_damaged_nifti(path, where)
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with silenced():
            reader.ReadImageInformation()
            refuse_shape(reader, path.name, where)
            image = reader.Execute()
    except RuntimeError as error:
        raise GeometryError(where, f"{path.name} {reason(str(error))}") from None
    size = image.GetSize()
    values = SimpleITK.GetArrayFromImage(image).reshape(size[2::-1]).transpose()
    if image.GetDimension() == 4:
        image = image[:, :, :, 0]
    cosines = np.array(image.GetDirection()).reshape(3, 3)
    return Volume(values, from_lps(cosines, np.array(image.GetSpacing()), np.array(image.GetOrigin())))


def refuse_unreadable(path: Path, where: str) -> None:
    """Refuse what cannot be opened, or has an unknown ending.

    Raises:
        GeometryError: with the reason.
    """
    if not path.name.lower().endswith(ENDINGS):
        allowed = f"{', '.join(ENDINGS)}, or a folder of DICOM slices"
        raise GeometryError(where, f"unknown kind of image file (allowed: {allowed}, got: {path.name})")
    try:
        if not path.is_file():
            raise GeometryError(where, f"no such file: {path}{similar(path)}")
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise GeometryError(where, f"cannot be read: {path}: {said}") from error


def refuse_damaged_nifti(path: Path, where: str) -> None:
    """Readers fill what is missing of a NIfTI file with zeros, and NaN too, and say nothing: here both are looked for.

    Raises:
        GeometryError: it is shorter than its header says, its compression breaks off, or voxels hold no number.
    """
    name = path.name.lower()
    if not name.endswith((".nii", ".nii.gz")):
        return
    wrong = 0
    try:
        with path.open("rb") as raw, gzip.open(raw) if name.endswith(".gz") else raw as stream:
            header = nifti_header(stream.read(352))
            if header is None:
                return
            stream.read(header.offset - 352)
            left = header.bytes
            while left > 0 and (part := stream.read(min(CHUNK, left))):
                left -= len(part)
                if header.number is not None:
                    wrong += int(
                        np.count_nonzero(~np.isfinite(np.frombuffer(part[: len(part) // 8 * 8], header.number)))
                    )
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise GeometryError(where, f"{path.name} is truncated or damaged: its compression breaks off") from None
    if left > 0:
        raise GeometryError(where, f"{path.name} is truncated: the last {left} of {header.bytes} bytes are missing")
    refuse_no_numbers(wrong, where)


@dataclass(frozen=True)
class NiftiHeader:
    """What counts of a NIfTI-1 header."""

    #: where the voxels begin, and how long they are
    offset: int
    bytes: int
    #: of the voxels, where they are floating
    number: str | None


def nifti_header(head: bytes) -> NiftiHeader | None:
    """The header in the first 352 bytes of a file; None where that is none."""
    for order in "<>":
        if len(head) == 352 and struct.unpack_from(order + "i", head)[0] == 348:
            dimensions, *sizes = struct.unpack_from(order + "8h", head, 40)
            kind, bits = struct.unpack_from(order + "2h", head, 70)
            (offset,) = struct.unpack_from(order + "f", head, 108)
            voxels = math.prod(max(int(n), 1) for n in sizes[: max(dimensions, 0)])
            number = {16: f"{order}f4", 64: f"{order}f8"}.get(kind)
            return NiftiHeader(max(int(offset), 352), voxels * int(bits) // 8, number)
    return None


def refuse_shape(reader: Any, name: str, where: str) -> None:
    """Refuse what is no single block of plain numbers.

    Raises:
        GeometryError: two or four dimensions, several numbers to a voxel, or more voxels than fit.
    """
    size = reader.GetSize()
    sizes = " x ".join(map(str, size))
    if len(size) < 3 or min(size) < 2 <= len(size) == 3 or any(n > 1 for n in size[3:]):
        raise GeometryError(
            where,
            f"{name} is no three-dimensional image (allowed: one block of at least 2 x 2 x 2 voxels, got: {sizes})",
        )
    if reader.GetNumberOfComponents() != 1:
        raise GeometryError(
            where, f"{name} has several numbers to a voxel (allowed: 1, got: {reader.GetNumberOfComponents()})"
        )
    if math.prod(size) > MOST_VOXELS:
        raise GeometryError(where, f"{name} has too many voxels (allowed: {MOST_VOXELS}, got: {sizes})")


def reason(said: str) -> str:
    """What a reader's words mean, without the names and paths in them."""
    if "orthonormal" in said:
        return "has axes that are not square to each other, as of a tilted gantry (allowed: resampled to a square grid)"
    return "cannot be read: it is truncated, damaged, or not what its ending says"


@contextmanager
def silenced() -> Iterator[None]:
    """Libraries below print headers and warnings on stderr by themselves: what matters is said in one line."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def refuse_holes(values: NDArray[np.generic], where: str) -> None:
    """Every voxel must hold a number.

    Raises:
        GeometryError: some do not.
    """
    if not np.issubdtype(values.dtype, np.floating):
        return
    refuse_no_numbers(int(np.count_nonzero(~np.isfinite(values))), where)


def refuse_no_numbers(count: int, where: str) -> None:
    """Refuse an image in which a ``count`` of voxels is NaN or infinite.

    Raises:
        GeometryError: there are some.
    """
    if count:
        raise GeometryError(where, f"{count} voxels are no finite numbers (NaN or infinite)")
