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


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("case") / "case.yaml"
    file.write_text(CASE)
    return file


def command(case: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "femrisk", "run", str(case), "-o", str(folder)]


@pytest.fixture(scope="module")
def alone(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result folder of a run that nothing disturbs."""
    folder = tmp_path_factory.mktemp("results") / "alone"
    subprocess.run(command(case, folder), check=True, capture_output=True)
    return folder


def rows(folder: Path) -> list[list[object]]:
    return [[row[key] for key in ROWS] for row in json.loads((folder / "comparison.json").read_text())["rows"]]


def test_a_run_killed_in_the_middle_goes_on_to_the_same_numbers(case: Path, alone: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed"
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


def kilobytes(*files: Path) -> int:
    """What files take on a disk of 4 kB pages."""
    return sum(4 * -(-file.stat().st_size // 4096) for file in files)


# room in shares of what the mesh takes, and of what one arm does
@pytest.mark.parametrize(
    ("of_mesh", "of_arm", "finished", "where"),
    [(0.5, 0.0, 0, "mesh_base"), (1.0, 0.5, 0, "base_stance"), (1.0, 1.5, 1, "base_stance")],
    ids=["no room for the mesh", "for no fields", "for those of one arm"],
)
def test_a_full_disk_is_told_in_a_line_and_costs_nothing_that_was_finished(
    case: Path, alone: Path, tmp_path: Path, of_mesh: float, of_arm: float, finished: int, where: str
) -> None:
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("no disk of its own for a test here: unshare is not allowed")
    mesh = kilobytes(alone / "mesh.vtu", *(alone / "meshes").iterdir())
    arm = kilobytes(*(alone / "arms" / "intact" / "stance").iterdir())
    full = on_a_small_disk(case, tmp_path / "full", round(of_mesh * mesh + of_arm * arm))
    print(full.stdout, full.stderr)
    assert full.returncode == 1
    said = full.stdout + full.stderr
    assert "Traceback" not in said
    assert f"{where}: " in said
    assert "No space left" in said
    left = full.stdout.split()
    assert sum(name.endswith("result.json") for name in left) == finished
    assert not any("unfinished" in name for name in left)


def test_a_run_ends_with_its_report(alone: Path) -> None:
    text = (alone / "report.html").read_text(encoding="utf-8")
    load = json.loads((alone / "comparison.json").read_text())["rows"][0]["fracture_load_N"]
    assert f'value="{load!r}"' in text
    assert "Research use only" in text
