"""A run that is killed, or that finds the disk full: what was finished stays, and the same command ends as if alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CASE = """\
name: short
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur}
lesions: [{kind: sphere, site: femoral_neck, quadrant: inferomedial, radius_mm: 10}]
arms: [{kind: intact}, {kind: untreated}, {kind: pop}]
loads: [{kind: stance}]
analysis: {model: linear, mesh_size_mm: 6}
scores: []
"""
ROWS = ("fracture_load_N", "stiffness_N_per_mm", "fracture_load_bracket_N", "failure_centroid_mm")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    file = tmp_path / "case.yaml"
    file.write_text(CASE)
    return file


def command(case: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "femrisk", "run", str(case), "-o", str(folder)]


def rows(folder: Path) -> list[list[object]]:
    return [[row[key] for key in ROWS] for row in json.loads((folder / "comparison.json").read_text())["rows"]]


def test_a_run_killed_in_the_middle_goes_on_to_the_same_numbers(case: Path, tmp_path: Path) -> None:
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    subprocess.run(command(case, alone), check=True, capture_output=True)
    process = subprocess.Popen(command(case, killed), stdout=subprocess.DEVNULL)
    first = killed / "arms" / "intact" / "stance" / "result.json"
    deadline = time.monotonic() + 200
    while not first.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (killed / "comparison.json").exists()
    finished_at = first.stat().st_mtime_ns
    again = subprocess.run(command(case, killed), check=True, capture_output=True, text=True)
    assert "Traceback" not in again.stderr
    assert first.stat().st_mtime_ns == finished_at
    assert rows(killed) == rows(alone)


def on_a_small_disk(case: Path, folder: Path, kilobytes: int) -> subprocess.CompletedProcess[str]:
    """Run on a disk of that size, and print the names of the files that are left on it."""
    folder.mkdir()
    script = f'mount -t tmpfs -o size={kilobytes}k tmpfs "$0" && "$@"; code=$?; find "$0" -type f; exit $code'
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder), *command(case, folder)]
    return subprocess.run(words, capture_output=True, text=True)


# on this mesh: 0.45 MB to look at, 0.65 MB to solve on, 1.5 MB of fields for each arm
@pytest.mark.parametrize(
    ("kilobytes", "finished", "where"),
    [(500, 0, "mesh_base"), (2000, 0, "base_stance"), (3300, 1, "base_stance")],
    ids=["no room for the mesh", "for no fields", "for those of one arm"],
)
def test_a_full_disk_is_told_in_a_line_and_costs_nothing_that_was_finished(
    case: Path, tmp_path: Path, kilobytes: int, finished: int, where: str
) -> None:
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("no disk of its own for a test here: unshare is not allowed")
    full = on_a_small_disk(case, tmp_path / "full", kilobytes)
    print(full.stdout, full.stderr)
    assert full.returncode == 1
    said = full.stdout + full.stderr
    assert "Traceback" not in said
    assert "No space left" in said
    assert where in said
    left = full.stdout.split()
    assert sum(name.endswith("result.json") for name in left) == finished
    assert not any("unfinished" in name for name in left)
