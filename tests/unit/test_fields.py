"""VTU files: what was written is what an independent reader (VTK) sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvista

from femrisk.meshes.cells.voxels import Voxels
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.fields import write_fields, write_mesh

Cells = tuple[np.ndarray, np.ndarray]


def test_a_mesh_reads_back_with_every_array(tmp_path: Path, small_mesh: LabelledMesh) -> None:
    number = np.arange(len(small_mesh.tets))
    write_mesh(tmp_path / "mesh.vtu", small_mesh, {"number": number})
    grid = pyvista.read(tmp_path / "mesh.vtu")
    assert set(grid.celltypes) == {10}
    assert grid.volume == pytest.approx(6.0**3, rel=1e-6)
    assert np.array_equal(grid.cell_data["lesion"], small_mesh.inside("lesion"))
    assert np.array_equal(grid.cell_data["membership"], small_mesh.membership)
    assert np.array_equal(grid.cell_data["region"], small_mesh.region)
    assert np.array_equal(grid.cell_data["number"], number)
    assert grid.cell_data["density_g_per_cm3"] == pytest.approx(0.5)
    assert grid.cell_data["host"].tolist() == [1] * len(number)


def test_voxels_read_back_with_their_volume_and_a_trilinear_field(tmp_path: Path) -> None:
    bone = np.ones((2, 3, 4), dtype=bool)
    block = Voxels(bone, np.full(bone.shape, 0.5), np.eye(3, 4))
    mesh = block.mesh(lambda points: np.zeros(len(points), dtype=np.uint8))
    write_mesh(tmp_path / "mesh.vtu", mesh)
    assert pyvista.read(tmp_path / "mesh.vtu").volume == pytest.approx(24.0)
    # a voxel whose corners stood in another order would be turned inside out, and miss this by about 1
    value = mesh.points[:, 0] * mesh.points[:, 1] + mesh.points[:, 2]
    write_fields(tmp_path / "fields.vtu", mesh.points, mesh.cells, {"f": value}, {})
    where = np.random.default_rng(0).uniform(-0.4, 1.4, (50, 3))
    sampled = pyvista.PolyData(where).sample(pyvista.read(tmp_path / "fields.vtu"))["f"]
    assert sampled == pytest.approx(where[:, 0] * where[:, 1] + where[:, 2], abs=2e-3)


def test_quadratic_cells_interpolate_a_quadratic_field_exactly(tmp_path: Path, small_quadratic: Cells) -> None:
    # x2 + 2yz is in the span of ten-node tetrahedra, so VTK's own interpolation must give it back anywhere:
    # it would be out by about 1, were two middle nodes swapped. VTK finds the place in a cell to 1e-3 of its size.
    points, tets = small_quadratic
    value = points[:, 0] ** 2 + 2 * points[:, 1] * points[:, 2]
    stress = np.arange(6.0 * len(tets)).reshape(-1, 6)
    write_fields(tmp_path / "fields.vtu", points, tets, {"f": value, "displacement_mm": points}, {"stress": stress})
    grid = pyvista.read(tmp_path / "fields.vtu")
    assert set(grid.celltypes) == {24}
    assert np.array_equal(grid.cell_data["stress"], stress)
    where = np.random.default_rng(0).uniform(-2.9, 2.9, (50, 3))
    sampled = pyvista.PolyData(where).sample(grid)["f"]
    assert sampled == pytest.approx(where[:, 0] ** 2 + 2 * where[:, 1] * where[:, 2], abs=2e-3)


def test_nodes_in_another_order_are_refused(tmp_path: Path, small_quadratic: Cells) -> None:
    points, tets = small_quadratic
    gmsh_order = tets[:, [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]]
    with pytest.raises(ValueError, match="order"):
        write_fields(tmp_path / "fields.vtu", points, gmsh_order, {}, {})
    mirrored = tets[:, [1, 0, 2, 3, 4, 6, 5, 8, 7, 9]]
    with pytest.raises(ValueError, match="inverted"):
        write_fields(tmp_path / "fields.vtu", points, mirrored, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_an_array_of_the_wrong_length_is_refused(tmp_path: Path, small_mesh: LabelledMesh) -> None:
    with pytest.raises(ValueError, match="number: 2 rows for 162 cells"):
        write_mesh(tmp_path / "mesh.vtu", small_mesh, {"number": np.arange(2)})


def test_the_file_is_compressed(tmp_path: Path, small_quadratic: Cells) -> None:
    points, tets = small_quadratic
    write_fields(tmp_path / "fields.vtu", points, tets, {}, {"zero": np.zeros((len(tets), 1000))})
    # 162 000 zeros are 0.6 MB in single precision
    assert (tmp_path / "fields.vtu").stat().st_size < 100_000


def test_a_path_may_be_text(tmp_path: Path, small_mesh: LabelledMesh) -> None:
    write_mesh(str(tmp_path / "mesh.vtu"), small_mesh)
    small_mesh.save(str(tmp_path / "mesh.npz"))
    assert len(pyvista.read(tmp_path / "mesh.vtu").cells) > 0
    assert np.array_equal(LabelledMesh.load(str(tmp_path / "mesh.npz")).tets, small_mesh.tets)
