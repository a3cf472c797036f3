"""Broken scans: each gives one clear line, exit code 2, and nothing of a patient or in a library's own words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from scans import placed, scan_of, write, write_series

from femrisk.__main__ import main
from femrisk.meshes import ProximalFemur
from femrisk.meshes.ct.volume import Volume, centres

CASE = """\
name: scanned
patient: {{sex: female, age_years: 68, height_cm: 165, mass_kg: 70}}
bone:
  kind: ct
  {shows}
  image: {image}
  labels: {labels}
  calibration: {calibration}
arms:
  - {{kind: intact}}
loads:
  - {{kind: {load}}}
"""
VERTEBRA, FEMUR = "anatomy: vertebra\n  level: L2", "anatomy: proximal_femur\n  side: right"
DENSITY = "{kind: calibrated, unit: mg_per_cm3_K2HPO4}"
HOUNSFIELD = "{kind: phantom_line, slope_mg_per_cm3_per_HU: 0.8, intercept_mg_per_cm3: 0}"
#: half the edge of the image, mm
HALF = 24.0


def blobs(*radii: float) -> tuple[Volume, Volume]:
    """Image and labels of balls beside each other: enough to be refused before anybody looks for a vertebra."""
    empty = placed(np.full(3, -HALF), np.full(3, HALF), (1.5, 1.5, 1.5), (0, 0, 0))
    points = centres(empty)
    middles = np.cumsum([0, *(2 * radius + 2 for radius in radii)])[:-1] - HALF / 2
    inside = (
        np.min([np.linalg.norm(points - [m, 0, 0], axis=1) - r for m, r in zip(middles, radii, strict=True)], 0) < 0
    )
    values = np.where(inside, 300.0 + points[:, 2], 30.0)
    return empty.with_values(values.reshape(empty.shape).astype(np.float32)), empty.with_values(
        inside.reshape(empty.shape).astype(np.uint8)
    )


def shifted(volume: Volume, by: float) -> Volume:
    return Volume(volume.values, volume.affine + np.array([[0.0, 0, 0, by], [0, 0, 0, 0], [0, 0, 0, 0]]))


def nifti(folder: Path, image: Volume, labels: Volume) -> tuple[Path, Path]:
    return write(image, folder / "image.nii.gz"), write(labels, folder / "labels.nii.gz")


def check_refused(
    capfd: pytest.CaptureFixture[str],
    folder: Path,
    files: tuple[Path, Path],
    says: str,
    calibration: str = DENSITY,
    shows: str = VERTEBRA,
) -> None:
    load = "stance" if shows == FEMUR else "axial_compression"
    file = folder / "case.yaml"
    file.write_text(CASE.format(shows=shows, image=files[0], labels=files[1], calibration=calibration, load=load))
    capfd.readouterr()
    assert main(["check", str(file)]) == 2
    out, errors = capfd.readouterr()
    (line,) = [line for line in errors.splitlines() if "WARNING" not in line]
    assert line.startswith("femrisk: error: ")
    assert says in line
    assert out == ""
    assert "Doe" not in line
    assert "Traceback" not in errors


def test_a_label_map_with_another_affine(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image, labels = blobs(12.0)
    check_refused(capfd, tmp_path, nifti(tmp_path, image, shifted(labels, 7.0)), "origin 7.0 mm away")


def test_a_label_map_on_another_grid(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image, labels = blobs(12.0)
    coarse = Volume(labels.values[::2, ::2, ::2], labels.affine * [2, 2, 2, 1])
    says = "shape 17 x 17 x 17 for 33 x 33 x 33 voxels; spacing 3 x 3 x 3 for 1.5 x 1.5 x 1.5 mm"
    check_refused(capfd, tmp_path, nifti(tmp_path, image, coarse), says)


@pytest.mark.parametrize(("by", "says"), [(36.0, "outside the image"), (19.0, "does not lie")])
def test_a_label_map_with_an_affine_of_its_own_that_is_wrong(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], by: float, says: str
) -> None:
    image, labels = blobs(9.0)
    files = nifti(tmp_path, image, shifted(labels, by))
    check_refused(capfd, tmp_path, files, says, DENSITY + "\n  labels_grid: own")


def without(folder: Path, number: int) -> None:
    next(file for file in folder.iterdir() if file.stem.endswith(f"_{number}")).unlink()


def doubled(folder: Path, number: int) -> None:
    file = next(file for file in folder.iterdir() if file.stem.endswith(f"_{number}"))
    (folder / "again.dcm").write_bytes(file.read_bytes())


@pytest.mark.parametrize(
    ("spoil", "says"), [(without, "1 missing: slices 8 and 9"), (doubled, "two slices at one place: slices 9 and 10")]
)
def test_a_series_that_is_not_whole(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], spoil: Callable[[Path, int], None], says: str
) -> None:
    image, labels = blobs(12.0)
    folder = write_series(image, tmp_path / "series")
    spoil(folder, 8)
    check_refused(capfd, tmp_path, (folder, write(labels, tmp_path / "labels.nii.gz")), says, HOUNSFIELD)


def test_a_series_of_another_modality(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image, labels = blobs(12.0)
    folder = write_series(image, tmp_path / "series", Modality="MR")
    files = (folder, write(labels, tmp_path / "labels.nii.gz"))
    check_refused(capfd, tmp_path, files, "not a CT: modality MR", HOUNSFIELD)


def test_an_empty_label(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = nifti(tmp_path, *blobs(12.0))
    check_refused(capfd, tmp_path, files, "label 4 is empty", DENSITY + "\n  bone_labels: [4]")


def test_two_bones_under_one_label(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check_refused(capfd, tmp_path, nifti(tmp_path, *blobs(9.0, 8.0)), "two bones under one label: 3.0 ml, and 2.2 ml")


def test_hounsfield_units_given_as_density(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image, labels = blobs(12.0)
    image.values[:4] = -1000
    check_refused(capfd, tmp_path, nifti(tmp_path, image, labels), "looks like HU given as density")


def test_a_series_of_hounsfield_units_given_as_density(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image, labels = blobs(12.0)
    files = (write_series(image, tmp_path / "series"), write(labels, tmp_path / "labels.nii.gz"))
    check_refused(capfd, tmp_path, files, "its slices say that they hold HU")


def test_an_image_of_zeros(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image, labels = blobs(12.0)
    files = nifti(tmp_path, image.with_values(0 * image.values), labels)
    check_refused(capfd, tmp_path, files, "every voxel in and round the bone is 0")


def test_voxels_that_are_no_numbers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image, labels = blobs(12.0)
    image.values[16, 16, 16] = np.nan
    check_refused(capfd, tmp_path, nifti(tmp_path, image, labels), "voxels are no finite numbers")


@pytest.mark.parametrize("spoilt", ["image", "labels"])
def test_a_truncated_file(tmp_path: Path, capfd: pytest.CaptureFixture[str], spoilt: str) -> None:
    files = nifti(tmp_path, *blobs(12.0))
    file = tmp_path / f"{spoilt}.nii.gz"
    file.write_bytes(file.read_bytes()[:-200])
    check_refused(capfd, tmp_path, files, f"bone.{spoilt}: {spoilt}.nii.gz is truncated")


def test_a_film_of_images(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image, labels = blobs(12.0)
    frame = SimpleITK.GetImageFromArray(image.values)
    SimpleITK.WriteImage(SimpleITK.JoinSeries([frame, frame]), str(tmp_path / "film.nii.gz"))
    files = (tmp_path / "film.nii.gz", write(labels, tmp_path / "labels.nii.gz"))
    check_refused(capfd, tmp_path, files, "no three-dimensional image")


def test_a_label_that_is_no_vertebra(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check_refused(capfd, tmp_path, nifti(tmp_path, *blobs(12.0)), "no canal found: nothing passes through")


def test_a_left_femur_declared_right(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    left = ProximalFemur(side="left", length_mm=170).resolved("female", 68).built()
    image, labels = scan_of(left, lambda points: 400 + points[:, 2], (2.0, 2.0, 2.0), blur_mm=0.8, beside=0.0)
    check_refused(capfd, tmp_path, nifti(tmp_path, image, labels), "left", DENSITY, FEMUR)
