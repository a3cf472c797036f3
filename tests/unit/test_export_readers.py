"""What meshio as it is, or for FEBio plain XML, reads back of files for other codes: points, cells, sets, materials."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import meshio
import numpy as np
import pytest
from foldered import write_results
from meshio.xdmf import TimeSeriesReader
from pushed import posed

from femrisk.__main__ import main
from femrisk.export.grids import cell_arrays
from femrisk.export.lumping import lump
from femrisk.export.problem import Problem, labels
from femrisk.export.write import Wish, write
from femrisk.output.fields import EDGES

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


@pytest.fixture(scope="module")
def problem() -> Problem:
    return posed()


def written(problem: Problem, form: str, folder: Path) -> Path:
    write(problem, Wish("untreated", "push", form, form == "inp"), folder / f"cube.{form}")
    return folder / f"cube.{form}"


def middles_are_off_by(points: np.ndarray) -> float:
    """How far nodes 4 to 9 of (m, 10, 3) points of cells lie from the middles of VTK's edges, mm at most."""
    middles = points[:, EDGES].mean(axis=2)
    return float(np.abs(points[:, 4:] - middles).max())


def test_abaqus_files_come_back_with_nodes_cells_materials_and_sets(problem: Problem, tmp_path: Path) -> None:
    mesh = meshio.read(written(problem, "inp", tmp_path))
    lumped, count = lump(problem, True), len(problem.nodes)
    assert mesh.points[:count] == pytest.approx(problem.in_machine(problem.nodes), abs=1e-9)
    # elements are written one material after another
    order = np.argsort(lumped.index, kind="stable")
    assert np.array_equal(np.concatenate([one.data for one in mesh.cells]), problem.cells[order])
    first = np.cumsum([0, *(len(block) for block in mesh.cells)])[:-1]
    sets = {
        name: order[np.concatenate([start + part for start, part in zip(first, parts, strict=True)]).astype(int)]
        for name, parts in mesh.cell_sets.items()
    }
    masks = problem.cell_sets()
    for label, mask in zip(labels(tuple(masks)), masks.values(), strict=True):
        assert np.array_equal(np.sort(sets[label]), np.flatnonzero(mask)), label
    for number, label in enumerate(labels(lumped.names)):
        assert np.array_equal(sets[f"E_{label}"], np.flatnonzero(lumped.index == number))
    assert np.array_equal(mesh.point_sets["BONE_NODES"], np.arange(count))
    for label, hold in zip(("TOP_1", "BOTTOM"), problem.holds, strict=True):
        assert np.array_equal(mesh.point_sets[f"GRIP_{label}"], hold.nodes)
        for kind in ("REF", "ROT"):
            (own,) = mesh.point_sets[f"{kind}_{label}"]
            assert mesh.points[own] == pytest.approx(problem.in_machine(hold.grip.center))


def test_gmsh_files_come_back_with_points_cells_materials_sets_and_arrays(problem: Problem, tmp_path: Path) -> None:
    mesh = meshio.read(written(problem, "msh", tmp_path))
    assert np.array_equal(mesh.points, problem.nodes)
    assert {block.type for block in mesh.cells} == {"tetra10", "vertex"}
    # cells stand one material behind another, each with its number in the other files
    element = mesh.get_cell_data("element", "tetra10").astype(int) - 1
    assert np.array_equal(np.sort(element), np.arange(len(problem.cells)))
    cells = mesh.get_cells_type("tetra10")
    assert np.array_equal(cells, problem.cells[element])
    assert middles_are_off_by(mesh.points[cells]) < 1e-12
    names = {(number, dimension): name for name, (number, dimension) in mesh.field_data.items()}
    materials = [names[number, 3] for number in mesh.get_cell_data("gmsh:physical", "tetra10")]
    assert materials == [problem.field.names[index] for index in problem.field.index[element]]
    sets = mesh.cell_sets_dict
    grips = {f"grip_{hold.grip.name}": hold.nodes for hold in problem.holds}
    assert sets.keys() - {"gmsh:bounding_entities"} == {*materials, *grips}
    for name in set(materials):
        assert sets[name].keys() == {"tetra10"}
        assert np.array_equal(sets[name]["tetra10"], [cell for cell, one in enumerate(materials) if one == name])
    for name, nodes in grips.items():
        assert sets[name].keys() == {"vertex"}
        assert np.array_equal(mesh.get_cells_type("vertex")[sets[name]["vertex"]].ravel(), nodes)
        number, dimension = mesh.field_data[name]
        assert np.array_equal(np.flatnonzero((mesh.point_data["gmsh:dim_tags"] == [dimension, number]).all(1)), nodes)
    arrays = cell_arrays(problem)
    assert mesh.cell_data.keys() == {*arrays, "element", "gmsh:physical", "gmsh:geometrical"}
    for name, values in arrays.items():
        assert np.array_equal(mesh.get_cell_data(name, "tetra10"), values[element]), name
        assert not mesh.get_cell_data(name, "vertex").any()


def test_the_page_shows_how_meshio_gets_groups(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(problem, "msh", tmp_path).rename(tmp_path / "my_femur.msh")
    monkeypatch.chdir(tmp_path)
    code = PAGE.read_text().split("```python\n")[1].split("```")[0]
    space: dict[str, Any] = {}
    exec(compile(code, PAGE.name, "exec"), space)
    lesion = problem.mesh.inside("lesion")
    assert np.array_equal(space["cells"], problem.cells[~lesion])
    assert {name: len(nodes) for name, nodes in space["grips"].items()} == {"grip_top-1": 49, "grip_bottom": 49}
    assert sorted(space["modulus"]) == sorted(cell_arrays(problem)["modulus_MPa"])


def test_dolfinx_takes_the_file_for_gmsh_with_its_groups(problem: Problem, tmp_path: Path) -> None:
    import femrisk.wheel  # noqa: F401

    # isort: split
    from dolfinx.io.gmsh import read_from_msh
    from mpi4py import MPI

    read = read_from_msh(written(problem, "msh", tmp_path), MPI.COMM_SELF)
    assert len(read.mesh.geometry.x) == len(problem.nodes)
    assert read.mesh.geometry.dofmaps[0].shape == problem.cells.shape
    index = problem.field.index
    volumes = {name: one.tag for name, one in read.physical_groups.items() if one.dim == 3}
    assert {name: int((read.cell_tags.values == tag).sum()) for name, tag in volumes.items()} == {
        problem.field.names[material]: int((index == material).sum()) for material in np.unique(index)
    }


def test_vtu_files_come_back_with_every_array(problem: Problem, tmp_path: Path) -> None:
    mesh = meshio.read(written(problem, "vtu", tmp_path))
    assert np.array_equal(mesh.points, problem.nodes)
    assert mesh.cells[0].type == "tetra10"
    assert np.array_equal(mesh.cells[0].data, problem.cells)
    arrays = cell_arrays(problem)
    assert mesh.cell_data.keys() == arrays.keys()
    for name, values in arrays.items():
        assert mesh.cell_data[name][0] == pytest.approx(values, rel=1e-6), name
    for number, hold in enumerate(problem.holds, start=1):
        assert np.array_equal(np.flatnonzero(mesh.point_data["grip"] == number), hold.nodes)


def test_xdmf_files_come_back_with_points_cells_and_every_array(problem: Problem, tmp_path: Path) -> None:
    folder = write_results(tmp_path / "results", problem.mesh, (problem.nodes, problem.cells))
    place, file = folder.pair("untreated", "stance"), tmp_path / "cube.xdmf"
    words = ["--format", "xdmf", "-o", str(file), "--arm", "untreated", "--load", "stance", "--fields", "peak"]
    assert main(["export", str(folder.path), *words]) == 0
    with TimeSeriesReader(file) as series:
        points, (block,) = series.read_points_cells()
        _, _, arrays = series.read_data(0)
    assert np.array_equal(points, problem.nodes)
    assert block.type == "tetra10"
    assert np.array_equal(block.data, problem.cells)
    assert np.array_equal(arrays["material"][0] == 1, problem.mesh.inside("lesion"))
    told = meshio.read(place.fields).cell_data
    assert arrays.keys() == told.keys()
    for name, (values,) in told.items():
        assert np.array_equal(arrays[name][0], values), name


def test_febio_files_come_back_with_nodes_cells_materials_and_sets(problem: Problem, tmp_path: Path) -> None:
    root = ElementTree.parse(written(problem, "feb", tmp_path)).getroot()
    lumped = lump(problem, False)

    def numbers(path: str) -> np.ndarray:
        return np.array(str(root.findtext(path)).split(","), dtype=int) - 1

    nodes = np.array([str(node.text).split(",") for node in root.iterfind("Mesh/Nodes/node")], dtype=float)
    assert nodes == pytest.approx(problem.in_machine(problem.nodes), abs=1e-9)
    for number, label in enumerate(labels(lumped.names)):
        elements = root.findall(f"Mesh/Elements[@name='E_{label}']/elem")
        cells = np.array([int(str(one.get("id"))) - 1 for one in elements])
        assert np.array_equal(cells, np.flatnonzero(lumped.index == number))
        corners = np.array([str(one.text).split(",") for one in elements], dtype=int) - 1
        assert np.array_equal(corners, problem.cells[cells])
        told = root.find(f"Material/material[@name='{label}']")
        assert told is not None
        assert float(str(told.findtext("E"))) == pytest.approx(lumped.curve.young[number])
        assert float(str(told.findtext("v"))) == pytest.approx(lumped.curve.poisson[number])
    masks = problem.cell_sets()
    for label, mask in zip(labels(tuple(masks)), masks.values(), strict=True):
        assert np.array_equal(numbers(f"Mesh/ElementSet[@name='{label}']"), np.flatnonzero(mask)), label
    for label, hold in zip(("TOP_1", "BOTTOM"), problem.holds, strict=True):
        assert np.array_equal(numbers(f"Mesh/NodeSet[@name='NODES_RIGID_{label}']"), hold.nodes)
