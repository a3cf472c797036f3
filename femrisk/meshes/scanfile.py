"""The path of a scan in, its voxels out: NIfTI, MHA, MHD, NRRD or a folder of DICOM slices; what is damaged is refused.

Nothing but numbers, size and place of the voxels is taken from a file: no text of its header is kept or repeated.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.errors import GeometryError
from femrisk.meshes.dicomseries import read_series
from femrisk.meshes.labelled import Floats
from femrisk.meshes.surfacefile import similar
from femrisk.meshes.volume import Volume

ENDINGS = (".nii", ".nii.gz", ".mha", ".mhd", ".nrrd", ".nhdr")
#: of readers' LPS to RAS
TO_RAS = np.diag([-1.0, -1.0, 1.0])
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
    refuse_truncated_nifti(path, where)
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
    return Volume(values, placed(image.GetDirection(), image.GetSpacing(), image.GetOrigin()))


def placed(direction: Sequence[float], spacing: Sequence[float], origin: Sequence[float]) -> Floats:
    """(3, 4) affine in RAS of what readers tell in LPS."""
    columns = np.array(direction).reshape(3, 3) * np.array(spacing)
    return np.asarray(TO_RAS @ np.column_stack([columns, origin]))


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


def refuse_truncated_nifti(path: Path, where: str) -> None:
    """Readers fill what is missing of a NIfTI file with zeros and say nothing: its bytes are counted here.

    Raises:
        GeometryError: it is shorter than its header says, or its compression breaks off.
    """
    name = path.name.lower()
    if not name.endswith((".nii", ".nii.gz")):
        return
    try:
        with path.open("rb") as raw, gzip.open(raw) if name.endswith(".gz") else raw as stream:
            header = stream.read(352)
            wanted, found = nifti_bytes(header), len(header)
            while part := stream.read(CHUNK):
                found += len(part)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise GeometryError(where, f"{path.name} is truncated or damaged: its compression breaks off") from None
    if wanted is not None and found < wanted:
        raise GeometryError(where, f"{path.name} is truncated: {found} bytes of {wanted}")


def nifti_bytes(header: bytes) -> int | None:
    """How long a NIfTI-1 file must be by its header; None where that is none."""
    for order in "<>":
        if len(header) >= 352 and struct.unpack_from(order + "i", header)[0] == 348:
            dimensions, *sizes = struct.unpack_from(order + "8h", header, 40)
            (bits,), (offset,) = (
                struct.unpack_from(order + "h", header, 72),
                struct.unpack_from(order + "f", header, 108),
            )
            voxels = math.prod(max(int(n), 1) for n in sizes[: max(dimensions, 0)])
            return int(offset) + voxels * int(bits) // 8
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
    wrong = np.count_nonzero(~np.isfinite(values))
    if wrong:
        raise GeometryError(where, f"{wrong} of {values.size} voxels are no finite numbers (NaN or infinite)")
