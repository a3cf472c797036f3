"""Synthetic scans: a bone of known form and density in, voxels with blur and noise, and their files, out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK
from scipy import ndimage
from scipy.spatial.transform import Rotation

from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.ct.volume import Volume, centres
from femrisk.meshes.labelled import Floats

TO_LPS = np.diag([-1.0, -1.0, 1.0])


def placed(
    low: Floats, high: Floats, spacing: tuple[float, float, float], turn_deg: tuple[float, float, float]
) -> Volume:
    """Empty voxels that hold a box (2 x (3,) mm), on axes turned about its middle."""
    turn = Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix()
    corners = np.stack(np.meshgrid(*np.array([low, high]).T, indexing="ij"), axis=-1).reshape(-1, 3)
    middle = (np.asarray(low) + high) / 2
    half = np.abs((corners - middle) @ turn).max(axis=0)
    count = np.ceil(2 * half / spacing).astype(int) + 1
    columns = turn * np.array(spacing)
    origin = middle - columns @ (count - 1) / 2
    return Volume(np.zeros(tuple(count), dtype=np.float32), np.column_stack([columns, origin]))


def scan_of(
    anatomy: Anatomy,
    density_of: Callable[[Floats], Floats],
    spacing: tuple[float, float, float] = (0.8, 0.8, 1.0),
    turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
    blur_mm: float = 0.5,
    noise: float = 0.0,
    beside: float = 30.0,
    margin_mm: float = 10.0,
) -> tuple[Volume, Volume]:
    """An image, mg/cm3, and a label map (1 in the bone), in a frame that is the bone's own (RAS).

    Every voxel is the mean of 2 x 2 x 2 points, the whole is blurred, then noise is added; a voxel has the label where
    its centre lies in the bone.

    Args:
        anatomy: the bone; cut at its own ends.
        density_of: (n, 3) mm -> (n,) mg/cm3 inside the bone.
        spacing: of the voxels, mm.
        turn_deg: of their axes about x, y and z.
        blur_mm: standard deviation of the scanner's blur.
        noise: standard deviation, mg/cm3.
        beside: density of what lies round the bone, mg/cm3.
        margin_mm: of it round the bone.
    """
    low, high = anatomy.outer.bounds()
    empty = placed(low - margin_mm, high + margin_mm, spacing, turn_deg)
    image = np.zeros(empty.shape)
    indices = np.indices(empty.shape).reshape(3, -1).T
    for offset in np.stack(np.meshgrid(*[[-0.25, 0.25]] * 3, indexing="ij"), axis=-1).reshape(-1, 3):
        points = empty.points(indices + offset)
        held = anatomy.outer.distance(points) < 0
        values = np.full(len(points), beside)
        values[held] = density_of(points[held])
        image += values.reshape(empty.shape) / 8
    image = ndimage.gaussian_filter(image, blur_mm / np.array(spacing), mode="nearest")
    image += noise * np.random.default_rng(1).standard_normal(empty.shape)
    inside = (anatomy.outer.distance(centres(empty)) < 0).reshape(empty.shape)
    return empty.with_values(image.astype(np.float32)), empty.with_values(inside.astype(np.uint8))


def write(volume: Volume, file: Path) -> Path:
    """NIfTI, MHA, MHD or NRRD, by the ending."""
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(volume.values.transpose()))
    lps = TO_LPS @ volume.affine
    image.SetSpacing(volume.spacing.tolist())
    image.SetDirection((lps[:, :3] / volume.spacing).ravel().tolist())
    image.SetOrigin(lps[:, 3].tolist())
    SimpleITK.WriteImage(image, str(file))
    return file


def write_series(volume: Volume, folder: Path, quantity: str = "HU", **changes: object) -> Path:
    """A CT series, one slice a file, in steps of 1 / 16; ``changes`` of any tag are made in every slice."""
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    folder.mkdir(exist_ok=True)
    lps, series, steps = TO_LPS @ volume.affine, generate_uid(), 16
    stored = np.rint(volume.values * steps).astype(np.int16)
    for number in range(volume.shape[2]):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = CTImageStorage
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = generate_uid()
        one.PatientName, one.PatientID, one.Modality = "Doe^Jane", "4711", "CT"
        one.add_new(0x00091001, "LO", "Doe^Jane, private")
        one.SeriesInstanceUID, one.StudyInstanceUID, one.FrameOfReferenceUID = series, generate_uid(), generate_uid()
        one.InstanceNumber, one.ImageType = number + 1, ["DERIVED", "SECONDARY"]
        one.Rows, one.Columns = volume.shape[1], volume.shape[0]
        one.PixelSpacing = [float(volume.spacing[1]), float(volume.spacing[0])]
        one.SliceThickness = float(volume.spacing[2])
        one.ImageOrientationPatient = (lps[:, :2] / volume.spacing[:2]).T.ravel().tolist()
        one.ImagePositionPatient = (lps @ [0, 0, number, 1]).tolist()
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
        one.RescaleSlope, one.RescaleIntercept, one.RescaleType = 1 / steps, 0, quantity
        one.PixelData = stored[:, :, number].T.tobytes()
        for tag, value in changes.items():
            setattr(one, tag, value)
        # names in another order than the slices
        pydicom.dcmwrite(folder / f"{(7 * number) % volume.shape[2]:03d}_{number}.dcm", one, enforce_file_format=True)
    return folder
