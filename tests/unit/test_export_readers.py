"""What meshio, or for FEBio plain XML, reads back of files for other codes: points, cells, sets, materials."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import meshio
import numpy as np
import pytest
from meshio.gmsh import _gmsh22
from pushed import posed

from femrisk.export.grids import cell_arrays
from femrisk.export.lumping import lump
from femrisk.export.problem import Problem, labels
from femrisk.export.write import Wish, write


@pytest.fixture(scope="module")
def problem() -> Problem:
    return posed()


def written(problem: Problem, form: str, folder: Path) -> Path:
    write(problem, Wish("untreated", "push", form, form == "inp"), folder / f"cube.{form}")
    return folder / f"cube.{form}"


def test_abaqus_files_come_back_with_nodes_cells_materials_and_sets(problem: Problem, tmp_path: Path) -> None:
    mesh = meshio.abaqus.read(written(problem, "inp", tmp_path))
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


def test_gmsh_files_come_back_with_groups_and_arrays(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def split(cells: Any, arrays: dict[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
        """As meshio 5.3 means it: it counts the two parts of a block, its kind and its cells, where it means cells."""
        ends = np.cumsum([len(one) for _, one in cells])[:-1]
        return {name: np.split(values, ends) for name, values in arrays.items()}

    monkeypatch.setattr(_gmsh22, "cell_data_from_raw", split)
    mesh = meshio.gmsh.read(written(problem, "msh", tmp_path))
    assert np.array_equal(mesh.points, problem.nodes)
    assert mesh.cells[0].type == "tetra10"
    assert np.array_equal(mesh.cells[0].data, problem.cells)
    group = {name: number for name, (number, _) in mesh.field_data.items()}
    for number, name in enumerate(problem.field.names):
        inside = problem.field.index == number
        assert np.array_equal(mesh.cell_data["gmsh:physical"][0] == group.get(name), inside), name
    vertices = np.concatenate([block.data.ravel() for block in mesh.cells[1:]])
    tags = np.concatenate(mesh.cell_data["gmsh:physical"][1:])
    for hold in problem.holds:
        assert np.array_equal(vertices[tags == group[f"grip_{hold.grip.name}"]], hold.nodes)
    for name, values in cell_arrays(problem).items():
        assert np.array_equal(mesh.cell_data[name][0], values), name


def test_vtu_files_come_back_with_every_array(problem: Problem, tmp_path: Path) -> None:
    mesh = meshio.vtu.read(written(problem, "vtu", tmp_path))
    assert np.array_equal(mesh.points, problem.nodes)
    assert mesh.cells[0].type == "tetra10"
    assert np.array_equal(mesh.cells[0].data, problem.cells)
    arrays = cell_arrays(problem)
    assert mesh.cell_data.keys() == arrays.keys()
    for name, values in arrays.items():
        assert mesh.cell_data[name][0] == pytest.approx(values, rel=1e-6), name
    for number, hold in enumerate(problem.holds, start=1):
        assert np.array_equal(np.flatnonzero(mesh.point_data["grip"] == number), hold.nodes)


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
