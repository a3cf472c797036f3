"""What the doctor finds missing, and that it says how to get it."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from femrisk import doctor
from femrisk.__main__ import main


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        if name == "libEGL.so.1":
            raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", load)
    wrong = [finding for finding in doctor.libraries() if finding.state != "ok"]
    assert [(finding.what, finding.cure.removeprefix("sudo ")) for finding in wrong] == [
        ("libEGL.so.1", "apt-get install libegl1")
    ]


def test_no_compiler_is_found_on_an_empty_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    finding = doctor.compiler()
    assert finding.state == "missing"
    assert finding.cure.endswith("apt-get install gcc libc6-dev")


def test_a_compiler_that_cannot_link_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("cc", "gcc"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setenv("CC", str(tmp_path / "cc"))
    monkeypatch.setattr(doctor.shutil, "which", lambda name: str(tmp_path / Path(name).name))
    assert doctor.compiler().state == "missing"


def test_missing_headers_are_named_with_their_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    finding = doctor.headers()
    assert finding.state == "missing"
    assert finding.cure.endswith("-dev")


def test_a_foreign_mpi_and_a_second_petsc_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "libmpi.so.40").touch()
    monkeypatch.setenv("LD_LIBRARY_PATH", f":{tmp_path}")
    monkeypatch.setattr(doctor, "_version", lambda name: "1" if name in ("petsc4py", "dolfinx-solver-real") else None)
    found = {finding.state: finding for finding in doctor.mpi() if finding.what == "MPI"}
    assert "petsc4py" in found["missing"].detail
    assert found["missing"].cure == "pip uninstall petsc4py"
    assert str(tmp_path) in found["warning"].detail


def test_a_library_that_crashes_is_found_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.TRIALS, "gmsh", "import os; os.abort()")
    finding = doctor.trial("gmsh")
    assert finding.state == "missing"
    assert "ended with code -6" in finding.detail


def test_memory_is_never_more_than_a_container_has() -> None:
    total = float(Path("/proc/meminfo").read_text().split("MemTotal:")[1].split()[0]) * 1024 / 1e9
    assert 0 < doctor.available_memory_gb() <= total


def test_the_verb_says_what_is_missing_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = (
        doctor.Finding("Python", "ok", "3.12"),
        doctor.Finding("memory", "warning", "1 GB free", "use -j 1"),
        doctor.Finding("libGL.so.1", "missing", "does not load", "apt-get install libgl1"),
    )
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    assert main(["doctor"]) == 1
    printed = capsys.readouterr()
    assert printed.err == "femrisk: error: libGL.so.1: does not load (apt-get install libgl1)\n"
    assert "use -j 1" in printed.out
    monkeypatch.setattr(doctor, "examine", lambda: findings[:2])
    assert main(["doctor"]) == 0
