"""Whatever dies or runs full while a sweep is at work: finished cases stay, and the same command goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from stubbed_sweep import many

pytestmark = pytest.mark.slow

STUB = Path(__file__).with_name("stubbed_sweep.py")
#: notes that it ran, then takes its time
COUNTED = ("sh", "-c", "echo ran >> {folder}/ran; sleep 0.4")


def words(sweep: Path, folder: Path, *command: str, where: str = "local", spare_MB: float = 1) -> list[str]:
    return [sys.executable, str(STUB), str(sweep), str(folder), "2", where, str(spare_MB), *command]


def start(sweep: Path, folder: Path, *command: str, where: str = "local") -> subprocess.Popen[str]:
    return subprocess.Popen(
        words(sweep, folder, *command, where=where),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finished(folder: Path) -> dict[Path, int]:
    """When each finished case was finished."""
    return {file: file.stat().st_mtime_ns for file in folder.glob("cases/*/*/outcome.json")}


def wait_for(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while len(finished(folder)) < count and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)


def at_work(folder: Path) -> list[str]:
    """Processes that still do something about cases of the folder."""
    lines = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line]


def goes_on(sweep: Path, folder: Path, cases: int) -> None:
    """The same command finishes the rest, and does nothing twice."""
    before = finished(folder)
    again = subprocess.run(words(sweep, folder, "true"), capture_output=True, text=True)
    assert again.returncode == 0, again.stdout + again.stderr
    after = finished(folder)
    assert len(after) == cases
    assert {file: after[file] for file in before} == before
    assert not list(folder.rglob(".unfinished-*"))


def test_an_interrupt_ends_it_soon_and_cleanly(tmp_path: Path) -> None:
    sweep, folder = many(tmp_path, 12), tmp_path / "out"
    process = start(sweep, folder, *COUNTED)
    wait_for(folder, 3, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "femrisk: error: interrupted"
    assert at_work(folder) == []
    assert 3 <= len(finished(folder)) < 12


def test_a_killed_driver_leaves_nothing_running_and_loses_only_what_was_in_flight(tmp_path: Path) -> None:
    sweep, folder = many(tmp_path, 8), tmp_path / "out"
    process = start(sweep, folder, "sh", "-c", "sleep 0.2; echo {folder} > {folder}/ran; sleep 1")
    wait_for(folder, 2, process)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while at_work(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert at_work(folder) == []
    assert 2 <= len(finished(folder)) < 8
    goes_on(sweep, folder, 8)


def test_a_killed_worker_loses_only_what_it_had_in_flight(tmp_path: Path) -> None:
    sweep, folder = many(tmp_path, 8), tmp_path / "out"
    process = start(sweep, folder, *COUNTED)
    wait_for(folder, 2, process)
    (worker,) = (
        one for one in psutil.Process(process.pid).children(recursive=True) if "spawn_main" in " ".join(one.cmdline())
    )
    worker.kill()
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 0, said
    runs = [len(file.read_text().split()) for file in folder.glob("cases/*/*/ran")]
    assert len(runs) == len(finished(folder)) == 8
    assert sum(runs) <= 8 + 2


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A scheduler with one worker of two threads, as somebody else would start them."""
    file = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    own = subprocess.Popen([*command, "--no-dashboard", "--scheduler-file", str(file)], stderr=subprocess.DEVNULL)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--no-dashboard"]
    other = subprocess.Popen([*worker, "--nthreads", "2", "--no-nanny"], stderr=subprocess.DEVNULL, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield own, json.loads(file.read_text())["address"]
    for process in (own, other):
        process.kill()
        process.wait()


def test_a_killed_scheduler_is_told_in_a_line_and_loses_only_what_was_in_flight(
    tmp_path: Path, scheduler: tuple[subprocess.Popen[bytes], str]
) -> None:
    own, address = scheduler
    sweep, folder = many(tmp_path, 8), tmp_path / "out"
    process = start(sweep, folder, *COUNTED, where=address)
    wait_for(folder, 2, process)
    own.kill()
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert "the scheduler: is gone; what is finished is kept, the same command goes on" in said.splitlines()[-1]
    assert 2 <= len(finished(folder)) < 8


def test_two_sweeps_into_one_folder_share_the_work(tmp_path: Path) -> None:
    sweep, folder = many(tmp_path, 6), tmp_path / "out"
    both = [start(sweep, folder, *COUNTED) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert [file.read_text() for file in folder.glob("cases/*/*/ran")] == ["ran\n"] * 6


def test_a_full_disk_is_told_in_a_line_and_costs_nothing_that_was_finished(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("no disk of its own for a test here: unshare is not allowed")
    sweep, folder = many(tmp_path, 12), tmp_path / "full"
    folder.mkdir()
    large = ("sh", "-c", "head -c 400000 /dev/zero > {folder}/large")
    script = 'mount -t tmpfs -o size=3M tmpfs "$0" && "$@"; code=$?; find "$0" -type f; exit $code'
    command = words(sweep, folder, *large, spare_MB=0.0)
    full = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder), *command],
        capture_output=True,
        text=True,
    )
    assert full.returncode == 1, full.stdout + full.stderr
    assert "Traceback" not in full.stdout + full.stderr
    assert "the disk is full; what is finished is kept" in full.stderr.splitlines()[-1]
    whole = [line for line in full.stdout.splitlines() if line.endswith("large")]
    assert 3 <= sum(line.endswith("outcome.json") for line in full.stdout.splitlines()) <= len(whole) < 12
    assert "unfinished" not in full.stdout
