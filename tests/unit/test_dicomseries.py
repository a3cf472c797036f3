"""A DICOM series is whole, of one kind, in order, and tells nothing of its patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from scans import placed, write_series

from femrisk.errors import GeometryError
from femrisk.meshes.ct import dicomseries
from femrisk.meshes.ct.dicomseries import TAGS, quantity_of, read_series
from femrisk.meshes.ct.volume import Volume


@pytest.fixture
def volume() -> Volume:
    empty = placed(np.full(3, -4.0), np.full(3, 4.0), (1.0, 1.0, 1.25), (10, 5, 0))
    return empty.with_values(np.arange(np.prod(empty.shape), dtype=np.float32).reshape(empty.shape))


@pytest.fixture
def folder(volume: Volume, tmp_path: Path) -> Path:
    return write_series(volume, tmp_path / "series")


def slice_file(folder: Path, number: int) -> Path:
    return next(file for file in folder.iterdir() if file.stem.split("_")[1] == str(number))


def check_refused(folder: Path, says: str) -> None:
    with pytest.raises(GeometryError, match=says) as refused:
        read_series(folder, "bone.image")
    assert "Doe" not in str(refused.value)


def test_a_missing_slice_is_found(folder: Path) -> None:
    slice_file(folder, 3).unlink()
    check_refused(folder, r"1 missing: slices 3 and 4 of \d+ lie 2\.50 mm apart, the others 1\.25 mm")


def test_a_slice_that_is_there_twice_is_found(folder: Path) -> None:
    (folder / "copy.dcm").write_bytes(slice_file(folder, 2).read_bytes())
    check_refused(folder, "two slices at one place: slices 3 and 4")


def test_another_modality_is_refused(volume: Volume, tmp_path: Path) -> None:
    check_refused(write_series(volume, tmp_path / "mr", Modality="MR"), r"not a CT: modality MR \(allowed: CT\)")


def test_two_series_in_a_folder_are_refused(volume: Volume, folder: Path) -> None:
    stranger = pydicom.dcmread(slice_file(folder, 1))
    stranger.SeriesInstanceUID = "1.2.3"
    pydicom.dcmwrite(folder / "other.dcm", stranger)
    check_refused(folder, f"2 series of {volume.shape[2]}, 1 slices in one folder")


def test_a_leaning_stack_is_refused(folder: Path) -> None:
    for file in folder.iterdir():
        one = pydicom.dcmread(file)
        one.ImagePositionPatient = (np.array(one.ImagePositionPatient) + [0.3 * one.InstanceNumber, 0, 0]).tolist()
        pydicom.dcmwrite(file, one)
    check_refused(folder, "leans|unevenly")


def test_a_truncated_slice_is_refused(folder: Path) -> None:
    file = slice_file(folder, 2)
    file.write_bytes(file.read_bytes()[:-60])
    check_refused(folder, "truncated or damaged")


def test_a_folder_without_slices_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no slices")
    check_refused(tmp_path, "the folder holds no DICOM images")


def test_no_tag_of_a_patient_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not {"PatientName", "PatientID", "PatientBirthDate", "StudyDate"} & set(TAGS)
    seen = []
    read = pydicom.dcmread

    def watched(*arguments: object, **options: object) -> pydicom.Dataset:
        head = read(*arguments, **options)  # type: ignore[arg-type]
        seen.append(str(head))
        return head

    monkeypatch.setattr(pydicom, "dcmread", watched)
    dicomseries.slices_in(folder)
    assert seen
    assert "Doe" not in " ".join(seen)


def test_a_series_says_what_its_numbers_are(volume: Volume, tmp_path: Path) -> None:
    assert quantity_of(write_series(volume, tmp_path / "hu")) == "HU"
    assert quantity_of(write_series(volume, tmp_path / "density", quantity="MGML")) == "MGML"
