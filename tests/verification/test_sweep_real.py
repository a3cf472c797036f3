"""A small sweep of real cases from the command line: meshes are shared, what does not fit is a row with its reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

pytestmark = pytest.mark.slow

BASE = """\
name: base
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: vertebra, level: L1, shell_thickness_mm: 0}
lesions: [{kind: sphere, site: vertebral_body, radius_mm: 8}]
arms: [{kind: untreated}]
loads: [{kind: axial_compression}]
analysis: {model: linear, mesh_size_mm: 6}
scores: []
"""
SWEEP = """\
name: small
case: base.yaml
design: {kind: grid}
axes:
  - kind: zipped
    axes:
      - {kind: list, path: bone.trabecular_density_mg_per_cm3, values: [100, 150, 150], name: density}
      - {kind: list, path: lesions.0.along_mm, values: [0, 0, 80], name: along_mm}
each_case: {retries: 0}
"""


def sweep(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "femrisk", "sweep", "sweep.yaml", "-o", "out", "-j", "1"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def test_cases_share_a_mesh_and_what_does_not_fit_is_a_row_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    done = sweep(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    table = pandas.read_parquet(tmp_path / "out" / "table.parquet").set_index("point")
    assert list(table["state"]) == ["done", "done", "refused"]
    assert table["reason"][2].startswith("lesions[0].site: lies outside the bone")
    light, dense = table["fracture_load_N"][[0, 1]]
    assert 0 < light < dense
    assert len(list(tmp_path.glob("out/meshes/*/*.npz"))) == 1
    cells = [json.loads(file.read_text())["cells"] for file in tmp_path.glob("out/cases/*/*/arms/*/*/result.json")]
    assert cells[0] == cells[1]
    assert not list(tmp_path.glob("out/cases/**/*.vtu"))
