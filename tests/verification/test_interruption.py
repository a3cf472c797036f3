"""A run that is killed, or that finds the disk full: what was finished stays, and the same command ends as if alone."""

from __future__ import annotations

import json
import os
import resource
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


@pytest.mark.parametrize("kilobytes", [200, 1000], ids=["no room for the mesh", "no room for the fields"])
def test_a_full_disk_is_told_in_a_line_and_costs_nothing_that_was_finished(
    case: Path, tmp_path: Path, kilobytes: int
) -> None:
    def small_disk() -> None:
        # a file that cannot grow stands for a disk that is full: write() fails in both
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    folder = tmp_path / "full"
    full = subprocess.run(command(case, folder), capture_output=True, text=True, preexec_fn=small_disk)
    print(full.stderr)
    assert full.returncode == 1
    assert "Traceback" not in full.stderr
    assert all(line.startswith("femrisk: error: ") for line in full.stderr.splitlines())
    assert full.stderr
    assert not list(folder.rglob("result.json"))
    assert not list(folder.rglob(".unfinished*"))
    subprocess.run(command(case, folder), check=True, capture_output=True)
    assert len(rows(folder)) == 3
