"""Every kind of file gives the same voxels in the same place; what is damaged is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from scans import placed, write, write_series
from test_volume import mirrored

from femrisk.errors import GeometryError
from femrisk.meshes.ct.scanfile import read_scan, refuse_holes
from femrisk.meshes.ct.volume import Volume, centres


@pytest.fixture
def volume() -> Volume:
    empty = placed(np.full(3, -6.0), np.array([5.0, 6.0, 7.0]), (0.7, 0.9, 1.5), (12, -25, 40))
    return empty.with_values(np.random.default_rng(0).normal(0, 300, empty.shape).astype(np.float32))


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii", "scan.mha", "scan.mhd", "scan.nrrd", "series"])
@pytest.mark.parametrize("hand", ["right", "left"])
def test_every_file_gives_the_same_values_at_the_same_places(
    volume: Volume, tmp_path: Path, name: str, hand: str
) -> None:
    written = volume if hand == "right" else mirrored(volume)
    path = write_series(written, tmp_path / name) if name == "series" else write(written, tmp_path / name)
    read = read_scan(path, "bone.image")
    # a series is stored in steps of 1 / 16
    np.testing.assert_allclose(read.nearest(centres(volume))[0], volume.values.ravel(), atol=1 / 16)


def test_a_scan_lies_in_the_same_place_to_the_bit_whatever_its_file(volume: Volume, tmp_path: Path) -> None:
    paths = [write(volume, tmp_path / name) for name in ("scan.nii", "scan.mha")]
    found = [read_scan(path, "bone.image").affine for path in (*paths, write_series(volume, tmp_path / "series"))]
    # turned by odd angles, so the last digit of a rounded cosine may differ
    np.testing.assert_allclose(found[0], found[1], atol=2e-6, rtol=0)
    np.testing.assert_allclose(found[2], found[1], atol=2e-6, rtol=0)


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii", "scan.mha", "scan.nrrd"])
def test_a_truncated_file_is_refused(
    volume: Volume, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(volume, tmp_path / name)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(GeometryError, match=r"bone\.image: scan\.\S+ .*truncated"):
        read_scan(path, "bone.image")
    assert capfd.readouterr().err == ""


def test_what_is_no_block_of_numbers_is_refused(volume: Volume, tmp_path: Path) -> None:
    image = SimpleITK.GetImageFromArray(np.zeros((4, 5, 6, 7), dtype=np.int16), isVector=False)
    SimpleITK.WriteImage(image, str(tmp_path / "four.nii.gz"))
    with pytest.raises(GeometryError, match=r"no three-dimensional image .*got: 7 x 6 x 5 x 4"):
        read_scan(tmp_path / "four.nii.gz", "bone.image")
    colour = SimpleITK.GetImageFromArray(np.zeros((4, 5, 6, 3), dtype=np.uint8), isVector=True)
    SimpleITK.WriteImage(colour, str(tmp_path / "colour.nrrd"))
    with pytest.raises(GeometryError, match="several numbers to a voxel"):
        read_scan(tmp_path / "colour.nrrd", "bone.image")
    (tmp_path / "words.nii").write_text("no scan at all")
    with pytest.raises(GeometryError, match="not what its ending says"):
        read_scan(tmp_path / "words.nii", "bone.image")
    with pytest.raises(GeometryError, match=r"unknown kind .*a folder of DICOM slices, got: bone\.stl"):
        read_scan(tmp_path / "bone.stl", "bone.image")


def test_a_missing_file_is_named_with_its_neighbour(volume: Volume, tmp_path: Path) -> None:
    write(volume, tmp_path / "density.nii.gz")
    with pytest.raises(GeometryError, match=r"no such file: .*did you mean .*density\.nii\.gz"):
        read_scan(tmp_path / "densty.nii.gz", "bone.image")


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii"])
def test_a_reader_that_makes_zeros_of_nan_is_not_believed(volume: Volume, tmp_path: Path, name: str) -> None:
    volume.values[2, 3, 4:7] = [np.nan, np.inf, -np.inf]
    path = write(volume, tmp_path / name)
    with pytest.raises(GeometryError, match="3 voxels are no finite numbers"):
        read_scan(path, "bone.image")


def test_voxels_without_a_number_are_counted() -> None:
    values = np.ones((3, 3, 3))
    values[0, 0, :2] = np.nan
    with pytest.raises(GeometryError, match="2 voxels are no finite numbers"):
        refuse_holes(values, "bone.image")
