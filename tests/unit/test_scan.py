"""How a scan was read is told with numbers, and what is doubtful in it with a share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from phantom import phantom

from femrisk.meshes.ct.imagedensity import ImageDensity
from femrisk.meshes.ct.scan import CLASS_MG, Scan, ScanRecord, recorded
from femrisk.meshes.ct.volume import Volume
from femrisk.output.atomic import read_json
from femrisk.output.charts import densities
from femrisk.output.folder import ResultFolder
from femrisk.output.scan import scan_file, write_scan


@pytest.fixture
def record() -> ScanRecord:
    """100 voxels: three below the floor, one above the ceiling."""
    density = np.r_[np.full(3, -0.08), np.linspace(0.0, 0.9, 96), 1.5]
    return recorded(density, 1.22 * density + 0.0523, "K2HPO4", ("image: one", "line: two"), ("rod 2 is off",))


def test_every_voxel_is_in_the_histogram(record: ScanRecord) -> None:
    assert sum(record.voxels) == 100
    assert np.diff(record.ends_mg_per_cm3) == pytest.approx(CLASS_MG)
    assert record.ends_mg_per_cm3[0] <= -80
    assert record.ends_mg_per_cm3[-1] > 1500


def test_a_large_share_at_an_end_is_a_doubt_a_small_one_is_not(record: ScanRecord) -> None:
    assert (record.floor_share, record.ceiling_share) == (0.03, 0.01)
    # 1.22 x -0.08 + 0.0523 = -0.045
    assert record.warnings == (
        "rod 2 is off",
        "3.0 % of the bone's voxels have an ash density below 0.01 g/cm3 and count as that",
    )


def test_steps_are_told_in_order(record: ScanRecord) -> None:
    lines = list(record.lines().items())
    assert lines[:2] == [("scan, step 1", "image: one"), ("scan, step 2", "line: two")]
    assert lines[2][1].startswith("mean of the bone: 445 mg/cm3")
    assert lines[3] == ("scan, doubt 1", "rod 2 is off")


def test_the_record_is_kept_and_drawn(record: ScanRecord, tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path)
    write_scan(folder, phantom())
    assert not scan_file(folder).exists()
    density = ImageDensity(Volume(np.zeros((2, 2, 2)), np.eye(3, 4)))
    scan = Scan(density, density, density.ash, (), record)
    write_scan(folder, replace(phantom(), scan=scan))
    assert read_json(scan_file(folder))["voxels"] == list(record.voxels)
    assert densities(folder).stat().st_size > 5000
