"""Fields of results as XDMF: two readers find what the VTU files hold, once what is alike, and mistakes are told."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import h5py
import meshio
import numpy as np
import pytest
import pyvista
from meshio.xdmf import TimeSeriesReader
from viewed import PEAK, TRAVEL

from femrisk.__main__ import main
from femrisk.output.folder import Pair, ResultFolder
from femrisk.output.vtu import write_vtu


def export(folder: Path, file: Path, *words: str) -> int:
    return main(["export", str(folder), "--format", "xdmf", "-o", str(file), *words])


def by_vtk(file: Path) -> Any:
    pytest.importorskip("vtkmodules.vtkIOXdmf2", reason="this VTK was built without XDMF")
    return pyvista.XdmfReader(file)


def check_same(grid: Any, source: Path) -> None:
    """What VTK reads is what a VTU holds."""
    other = pyvista.read(source)
    assert np.array_equal(grid.points, other.points)
    assert np.array_equal(grid.cells, other.cells)
    assert np.array_equal(grid.celltypes, other.celltypes)
    for ours, theirs in ((grid.point_data, other.point_data), (grid.cell_data, other.cell_data)):
        assert set(ours.keys()) == set(theirs.keys())
        for name in theirs:
            assert np.array_equal(ours[name], theirs[name]), name


def check_same_by_meshio(reader: TimeSeriesReader, step: int, source: Path) -> None:
    other = meshio.read(source)
    points, (block,) = reader.read_points_cells()
    assert np.array_equal(points, other.points)
    assert block.type == other.cells[0].type
    assert np.array_equal(block.data, other.cells[0].data)
    _, at_points, at_cells = reader.read_data(step)
    assert at_points.keys() == other.point_data.keys()
    assert at_cells.keys() == other.cell_data.keys()
    for name, values in other.point_data.items():
        assert np.array_equal(at_points[name], values)
    for name, (values,) in other.cell_data.items():
        assert at_cells[name][0].dtype == values.dtype
        assert np.array_equal(at_cells[name][0], values), name


@pytest.fixture
def place(viewed: Path) -> Pair:
    return ResultFolder(viewed).pair("pop", "stance")


def test_the_largest_force_keeps_quadratic_cells_and_every_array(viewed: Path, place: Pair, tmp_path: Path) -> None:
    file = tmp_path / "a b.xdmf"
    assert export(viewed, file, "--arm", "pop", "--fields", "peak") == 0
    with TimeSeriesReader(file) as series:
        check_same_by_meshio(series, 0, place.fields)
    reader = by_vtk(file)
    assert reader.time_values == [TRAVEL[PEAK]]
    check_same(reader.read(), place.fields)


def test_the_series_has_every_increment_at_its_travel(viewed: Path, place: Pair, tmp_path: Path) -> None:
    file = tmp_path / "series.xdmf"
    assert export(viewed, file, "--arm", "pop", "--load", "stance") == 0
    with TimeSeriesReader(file) as series:
        assert series.num_steps == len(TRAVEL) - 1
        for step in range(series.num_steps):
            check_same_by_meshio(series, step, place.increment(step + 1))
            assert series.read_data(step)[0] == TRAVEL[step + 1]
    reader = by_vtk(file)
    assert reader.time_values == list(TRAVEL[1:])
    for step in range(reader.number_time_points):
        reader.set_active_time_point(step)
        check_same(reader.read(), place.increment(step + 1))


def test_mesh_and_what_does_not_change_are_kept_once(viewed: Path, tmp_path: Path) -> None:
    assert export(viewed, tmp_path / "series.xdmf") == 0
    with h5py.File(tmp_path / "series.h5") as store:
        assert {name: len(store[name]) for name in ("mesh/points", "mesh/cells", "Cell/material", "Cell/region")} == {
            "mesh/points": 1, "mesh/cells": 1, "Cell/material": 1, "Cell/region": 1,
        }  # fmt: skip
        assert len(store["Cell/von_mises_MPa"]) == len(TRAVEL) - 1


def test_voxels_are_hexahedra(viewed: Path, tmp_path: Path) -> None:
    folder = ResultFolder(shutil.copytree(viewed, tmp_path / "voxels"))
    place = folder.pair("untreated", "stance")
    points = np.array([[x, y, z] for z in (0.0, 1) for y in (0.0, 1) for x in (0.0, 1, 2)])
    cells = np.array([[0, 1, 4, 3, 6, 7, 10, 9], [1, 2, 5, 4, 7, 8, 11, 10]])
    write_vtu(place.fields, points, cells, 12, {"displacement_mm": points}, {"von_mises_MPa": np.array([1.0, 2.0])})
    file = tmp_path / "voxels.xdmf"
    assert export(folder.path, file, "--arm", "untreated", "--fields", "peak") == 0
    check_same(by_vtk(file).read(), place.fields)


@pytest.mark.parametrize("last", [1, 2])
def test_nothing_is_left_of_files_that_could_not_be_written(
    viewed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], last: int
) -> None:
    replace, times = os.replace, [0]

    def fails(*arguments: Any) -> None:
        times[0] += 1
        if times[0] == last:
            raise OSError(28, "No space left on device")
        replace(*arguments)

    monkeypatch.setattr("os.replace", fails)
    assert export(viewed, tmp_path / "a.xdmf") == 1
    assert "No space left on device" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_when_an_increment_is_damaged(
    viewed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, file = ResultFolder(shutil.copytree(viewed, tmp_path / "damaged")), tmp_path / "a.xdmf"
    assert export(folder.path, file, "--arm", "pop") == 0
    before = file.read_bytes(), file.with_suffix(".h5").read_bytes()
    increment = folder.pair("pop", "stance").increment(3)
    increment.write_bytes(increment.read_bytes()[:2000])
    capsys.readouterr()
    assert export(folder.path, file, "--arm", "pop") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"femrisk: error: {increment}: cannot be read")
    assert (file.read_bytes(), file.with_suffix(".h5").read_bytes()) == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.h5", "a.xdmf", "damaged"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{folder}/nowhere"], "{folder}/nowhere: is no folder"),
        (["{folder}"], "{folder}: holds no finished pair"),
        (
            ["{viewed}", "--arm", "popp"],
            "--arm: the folder has no such result; did you mean pop? (allowed: pop, untrea",
        ),
        (["{viewed}", "--load", "fall"], "--load: the folder has no such result (allowed: stance, got: fall)"),
        (["{viewed}", "--model", "linear"], "--model: xdmf does not hold it"),
        (["{viewed}", "-o", "{folder}/a.h5"], "-o {folder}/a.h5: must end in .xdmf or .xmf"),
        (["{viewed}", "-o", "{folder}/b/a.xdmf"], "not a file name in an existing folder"),
        (["{viewed}", "--format", "vtu", "--fields", "peak"], "--fields: vtu has no fields of results"),
    ],
)
def test_a_wrong_wish_is_one_line(
    viewed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    place = {"folder": tmp_path, "viewed": viewed}
    first, *others = [word.format(**place) for word in words]
    assert export(Path(first), tmp_path / "a.xdmf", *others) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("femrisk: error: ")
    assert says.format(**place) in line
    assert list(tmp_path.iterdir()) == []


def test_a_pair_without_increments_says_how_to_get_its_fields(
    viewed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ResultFolder(shutil.copytree(viewed, tmp_path / "peak"))
    folder.pair("pop", "stance").series.unlink()
    assert export(folder.path, tmp_path / "a.xdmf", "--arm", "pop") == 2
    assert "has no increments (allowed: --fields peak, got: series)" in capsys.readouterr().err
