"""What a mesh of voxels does not hold: exit code 2, one line for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from femrisk.__main__ import main

SPINE = """\
name: spine
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: vertebra, level: L1, shell_thickness_mm: 0}
arms:
  - {kind: intact}
loads:
  - {kind: axial_compression}
analysis: {mesh: voxel}
"""
HIP = """\
name: hip
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur}
arms:
  - {kind: intact}
loads:
  - {kind: stance}
analysis: {mesh: voxel}
"""

#: name -> (the good case, what stands in it, what stands there now, the line expected)
WRONG = {
    "another_kind_of_cells": (
        HIP,
        "mesh: voxel",
        "mesh: hexahedra",
        "case.yaml:8: analysis.mesh: unknown value; did you mean tetrahedra? "
        "(allowed: tetrahedra, voxel, got: hexahedra)",
    ),
    "damage": (
        HIP,
        "mesh: voxel",
        "mesh: voxel, models: [linear, damage]",
        "case.yaml:8: analysis.mesh: is not computed with damage (allowed: tetrahedra, got: voxel)",
    ),
    "weak_interfaces": (
        HIP,
        "mesh: voxel",
        "mesh: voxel, interfaces: weak",
        "case.yaml:8: analysis.interfaces: is of no mesh of voxels (allowed: bonded, got: weak)",
    ),
    "a_shell": (
        SPINE,
        "shell_thickness_mm: 0",
        "shell_thickness_mm: 0.4",
        "case.yaml:3: bone.shell_thickness_mm: is of no mesh of voxels (allowed: 0, got: 0.4)",
    ),
    "discs": (
        SPINE,
        "{kind: axial_compression}",
        "{kind: axial_compression, endplates: discs}",
        "case.yaml:7: loads[0].endplates: are of no mesh of voxels (allowed: potted, got: discs)",
    ),
}


def written(text: str, folder: Path) -> str:
    file = folder / "case.yaml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("name", WRONG)
def test_what_voxels_cannot_do_is_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, old, new, expected = WRONG[name]
    assert old in good
    assert main(("check", written(good.replace(old, new), tmp_path))) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(expected)


def test_voxels_on_several_ranks_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("run", written(SPINE, tmp_path), "-o", str(tmp_path / "out"), "--ranks", "2")) == 2
    assert "--ranks: voxels are computed on one rank only (allowed: 1, got: 2)" in capsys.readouterr().err


def test_no_file_holds_voxels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("export", written(SPINE, tmp_path), "--format", "inp", "-o", str(tmp_path / "bone.inp"))) == 2
    assert "analysis.mesh: no file holds voxels (allowed: tetrahedra, got: voxel)" in capsys.readouterr().err
