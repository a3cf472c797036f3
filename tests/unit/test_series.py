"""The series of fields: files that VTK opens, with named arrays, and nothing left of an earlier one."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import meshio
import numpy as np
import pytest
import pyvista

from femrisk.film import Frame
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.folder import Pair
from femrisk.output.series import increments_in, rounded, write_series
from femrisk.output.vtu import write_vtu


def frame_of(mesh: LabelledMesh, number: int) -> Frame:
    count = len(mesh.tets)
    values = np.random.default_rng(number).normal(size=(count, 3)).astype(np.float32)
    moved = (number * mesh.points[mesh.cells]).astype(np.float32)
    return Frame(number, 0.25 * number, 10.0, moved, values, 1e-3 * values, values[:, 0], values[:, 1])


def write(place: Pair, mesh: LabelledMesh, frames: tuple[Frame, ...]) -> None:
    field: Any = SimpleNamespace(index=np.zeros(len(mesh.tets), dtype=int))
    result: Any = SimpleNamespace(frames=frames, contact=np.zeros(len(mesh.tets), dtype=bool))
    write_series(place, mesh, field, result)


def test_vtk_opens_the_collection_at_the_travels_of_the_machine(tmp_path: Path, small_mesh: LabelledMesh) -> None:
    place = Pair(tmp_path)
    write(place, small_mesh, (frame_of(small_mesh, 2), frame_of(small_mesh, 5)))
    reader = pyvista.PVDReader(place.series)
    assert reader.time_values == [0.5, 1.25]
    reader.set_active_time_value(1.25)
    grid = reader.read()[0]
    frame = frame_of(small_mesh, 5)
    assert np.allclose(grid.points, small_mesh.points, atol=1e-6)
    assert np.allclose(grid["displacement_mm"], 5 * small_mesh.points, atol=1e-2)
    for name, values in (
        ("von_mises_MPa", frame.von_mises), ("plastic_strain", frame.plastic),
        ("principal_stress_MPa", frame.stress), ("principal_strain", frame.strain),
    ):  # fmt: skip
        assert np.allclose(grid[name], values, rtol=2.0**-11), name
    assert {"material", "region", "contact"} <= set(grid.cell_data.keys())


def test_increments_are_those_of_the_collection(tmp_path: Path, small_mesh: LabelledMesh) -> None:
    place = Pair(tmp_path)
    assert increments_in(place) == ()
    write(place, small_mesh, (frame_of(small_mesh, 2), frame_of(small_mesh, 12)))
    assert increments_in(place) == (2, 12)


def test_a_shorter_series_leaves_nothing_of_a_longer_one(tmp_path: Path, small_mesh: LabelledMesh) -> None:
    place = Pair(tmp_path)
    write(place, small_mesh, (frame_of(small_mesh, 2), frame_of(small_mesh, 3)))
    write(place, small_mesh, (frame_of(small_mesh, 4),))
    assert [file.name for file in (tmp_path / "fields").iterdir()] == ["0004.vtu"]
    write(place, small_mesh, ())
    assert list(tmp_path.iterdir()) == []


def test_damage_is_written_where_something_cracks(tmp_path: Path, small_mesh: LabelledMesh) -> None:
    place = Pair(tmp_path)
    lost = np.full(len(small_mesh.tets), 0.5, dtype=np.float32)
    write(place, small_mesh, (replace(frame_of(small_mesh, 1), damage=lost),))
    assert np.array_equal(pyvista.read(place.increment(1))["damage"], lost)


def test_a_damaged_collection_is_told(tmp_path: Path) -> None:
    (tmp_path / "fields.pvd").write_text("<VTKFile>")
    with pytest.raises(ValueError, match="not a collection"):
        increments_in(Pair(tmp_path))


def test_rounding_keeps_three_digits_signs_and_zeros() -> None:
    values = np.concatenate([np.geomspace(1e-30, 1e30, 999), [0.0]]).astype(np.float32)
    values = np.concatenate([values, -values])
    # half a unit of the 11th binary digit
    assert np.all(np.abs(rounded(values) - values) <= np.abs(values) * 2.0**-12)


@pytest.fixture(params=["stops at padding", "goes on past it"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's decoder of base64 as it was, and as it became: padding within ends nothing."""

    def onward(text: str) -> bytes:
        digits = text.replace("=", "")
        return before(digits + "=" * (-len(digits) % 4))

    before = base64.b64decode
    if request.param == "goes on past it":
        monkeypatch.setattr(base64, "b64decode", onward)


@pytest.mark.usefixtures("decoder")
def test_the_file_is_read_the_same_by_vtk_and_meshio(tmp_path: Path) -> None:
    # several blocks of the compressor: 100 000 doubles are 800 kB, three components of them 2.4 MB
    points = np.random.default_rng(1).normal(size=(100_000, 3))
    cells = np.arange(100_000).reshape(-1, 4)
    data = {"a": np.arange(25_000, dtype=np.int32), "b": np.random.default_rng(2).normal(size=(25_000, 3))}
    write_vtu(tmp_path / "a.vtu", points, cells, 10, {"u": points[:, 0]}, data)
    grid, other = pyvista.read(tmp_path / "a.vtu"), meshio.read(tmp_path / "a.vtu")
    assert np.array_equal(grid.points, points)
    assert np.array_equal(other.points, points)
    assert np.array_equal(other.cells[0].data, cells)
    for name, values in data.items():
        assert np.array_equal(grid.cell_data[name], values)
        assert np.array_equal(other.cell_data[name][0], values)


def test_an_array_of_another_length_is_refused(tmp_path: Path, small_mesh: LabelledMesh) -> None:
    with pytest.raises(ValueError, match="wrong: 3 rows for 162 cells"):
        write_vtu(tmp_path / "a.vtu", small_mesh.points, small_mesh.tets, 10, {}, {"wrong": np.zeros(3)})
    assert not (tmp_path / "a.vtu").exists()
