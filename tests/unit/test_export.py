"""Files for other codes: what a small bar's file holds, read back by another reader or counted in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import gmsh
import numpy as np
import pytest
import pyvista
from pushed import Face, posed

from femrisk.__main__ import main
from femrisk.contacts import STIFF_MODULUS
from femrisk.errors import SolverError
from femrisk.export import feb, inp
from femrisk.export.grids import cell_arrays
from femrisk.export.lumping import binned, lump
from femrisk.export.problem import Problem, labels, pose
from femrisk.export.write import Wish, write
from femrisk.materials.fabric import Fabric

EXAMPLE = Path(__file__).parents[2] / "cases" / "femur_neck_lytic.yaml"


@pytest.fixture(scope="module")
def problem() -> Problem:
    return posed()


def blocks(text: str) -> list[tuple[str, list[str]]]:
    """Keyword lines of an input file with the data lines below each."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("**"):
            continue
        if line.startswith("*"):
            found.append((line, []))
        else:
            found[-1][1].append(line)
    return found


def numbers(lines: list[str]) -> list[int]:
    return [int(word) for line in lines for word in line.split(", ")]


def written(problem: Problem, plastic: bool) -> list[tuple[str, list[str]]]:
    return blocks("".join(inp.text(problem, lump(problem, plastic), plastic)))


def test_labels_are_different_and_plain() -> None:
    assert labels(("a-1", "A.1", "b")) == ("A_1", "A_1_2", "B")


def test_every_element_is_written_once_with_a_section(problem: Problem) -> None:
    found = written(problem, False)
    elements = {tuple(numbers([row])) for head, rows in found if head.startswith("*ELEMENT") for row in rows}
    assert sorted(row[0] for row in elements) == list(range(1, 163))
    assert {row[1:] for row in elements} == {tuple((cell + 1).tolist()) for cell in problem.cells}
    sets = {re.search("ELSET=(.*)", head)[1] for head, _ in found if head.startswith("*ELEMENT")}  # type: ignore[index]
    sections = [re.search("ELSET=(.*), MATERIAL=(.*)", head) for head, _ in found if head.startswith("*SOLID")]
    assert {one[1] for one in sections if one} == sets
    assert all(one and one[1] == f"E_{one[2]}" for one in sections)


def test_sets_bear_the_names_of_materials_solids_contacts_and_grips(problem: Problem) -> None:
    found = dict(written(problem, False))
    lesion = 1 + np.flatnonzero(problem.mesh.inside("lesion"))
    assert numbers(found["*ELSET, ELSET=SOLID_LESION"]) == lesion.tolist()
    assert numbers(found["*ELSET, ELSET=MATERIAL_TUMOUR_LYTIC"]) == lesion.tolist()
    assert len(numbers(found["*ELSET, ELSET=SOLID_BONE"])) == 162
    # the lowest of three layers of 54 cells
    assert len(numbers(found["*ELSET, ELSET=CONTACT_BOTTOM"])) == 54
    held = problem.nodes[np.array(numbers(found["*NSET, NSET=GRIP_TOP_1"])) - 1]
    # 4 x 4 vertices and the middles of 33 edges of a face
    assert len(held) == 49
    assert held[:, 1] == pytest.approx(3.0)


def test_the_machine_pushes_against_its_third_axis(problem: Problem) -> None:
    found = written(problem, False)
    nodes = np.array([[float(x) for x in row.split(", ")] for row in dict(found)["*NODE"]])[: len(problem.nodes)]
    # the third axis is the bone's y
    assert nodes[:, 3] == pytest.approx(problem.nodes[:, 1])
    assert nodes[:, 1] == pytest.approx(problem.nodes[:, 2])
    (driven,) = [rows for head, rows in found if head == "*BOUNDARY" and "REF" in rows[0]]
    assert driven == ["REF_TOP_1, 3, 3, -1"]
    held = [rows for head, rows in found if head == "*BOUNDARY" and "REF" not in rows[0]]
    top, bottom = len(problem.nodes) + 1, len(problem.nodes) + 3
    assert held[0] == [f"{top + 1}, 1, 1"]
    assert held[1] == [f"{bottom + half}, {i}, {i}" for half in (0, 1) for i in (1, 2, 3)]


def test_the_equations_hold_for_a_rigid_motion(problem: Problem) -> None:
    shift, turn = np.array([0.3, -0.2, 0.5]), np.array([0.02, 0.05, -0.03])
    found = written(problem, False)
    points = problem.in_machine(problem.nodes)
    center = problem.in_machine(problem.holds[0].grip.center)
    moved = {i + 1: shift + np.cross(turn, r - center) for i, r in enumerate(points)}
    moved |= {len(points) + 1: shift, len(points) + 2: turn}
    rows = next(rows for head, rows in found if head == "*EQUATION")
    assert len(rows) == 2 * 3 * 49
    for row in rows[1::2]:
        words = [float(word) for word in row.split(", ")]
        assert sum(c * moved[int(n)][int(i) - 1] for n, i, c in zip(*[iter(words)] * 3, strict=True)) == (
            pytest.approx(0.0, abs=1e-9)
        )


def test_moduli_are_those_of_the_elements_and_the_layer_is_stiff(problem: Problem) -> None:
    lumped = lump(problem, False)
    assert lumped.by_element().young[:, 0] == pytest.approx(problem.curve.young.mean(axis=1), rel=0.02)
    assert lumped.changes["young"] < 0.02
    assert lumped.by_element().young[problem.layer] == pytest.approx(STIFF_MODULUS)
    lesion = problem.mesh.inside("lesion")
    assert lumped.by_element().young[lesion] == pytest.approx(10.0)
    assert {lumped.names[i] for i in lumped.index[lesion]} == {"tumour_lytic_001"}


def test_yield_curves_keep_plateau_fall_and_residual(problem: Problem) -> None:
    lumped = lump(problem, True)
    for head, rows in written(problem, True):
        if head != "*PLASTIC":
            continue
        (first, zero), (second, plateau), (residual, end) = [map(float, row.split(", ")) for row in rows]
        assert (first, zero) == (second, 0.0)
        assert 0 < plateau < end
        assert 0 < residual < first
    bone = np.flatnonzero(np.isfinite(lumped.curve.strength))
    assert len(bone) == sum(head == "*PLASTIC" for head, _ in written(problem, True))
    number = int(bone[0])
    points = inp.yield_points(lumped.curve, number)
    (begin, high), (end, low) = points[1:]
    assert (low - high) / (end - begin) == pytest.approx(lumped.curve.softening[number])


def test_the_file_says_how_much_was_lumped(problem: Problem) -> None:
    text = "".join(inp.text(problem, lump(problem, True), True))
    assert re.search(r"\*\* \d+ materials for 162 elements; largest change .* young [\d.e-]+ %, .* softening", text)


def test_bins_are_halved_until_there_are_enough() -> None:
    values = np.linspace(0, 1, 101)[:, None]
    group = (values[:, 0] > 0.5).astype(np.int64)
    index = binned(values, group, 10)
    assert len(np.unique(index)) == 10
    assert (np.diff(index) >= 0).all()
    # two groups of width 0.5 in ten bins: none wider than an eighth of 1
    assert max(np.ptp(values[index == i]) for i in range(10)) <= 0.125
    assert len(np.unique(binned(np.zeros((5, 1)), np.zeros(5, dtype=np.int64), 10))) == 1


def test_febio_gets_well_formed_xml_with_everything_it_names(problem: Problem) -> None:
    lumped = lump(problem, False)
    root = ElementTree.fromstring("".join(feb.text(problem, lumped)))
    assert (root.tag, root.get("version")) == ("febio_spec", "4.0")
    assert len(root.findall("Mesh/Nodes/node")) == len(problem.nodes)
    elements = root.findall("Mesh/Elements[@type='tet10']/elem")
    assert sorted(int(str(one.get("id"))) for one in elements) == list(range(1, 163))
    assert all(len(str(one.text).split(",")) == 10 for one in elements)
    materials = {one.get("name"): one for one in root.findall("Material/material")}
    assert len(materials) == len(lumped.names) + 2
    assert float(str(materials["TUMOUR_LYTIC_001"].findtext("E"))) == pytest.approx(10.0)
    domains = root.findall("MeshDomains/SolidDomain")
    assert {one.get("name") for one in domains} == {one.get("name") for one in root.findall("Mesh/Elements")}
    assert {one.get("mat") for one in domains} | {"RIGID_TOP_1", "RIGID_BOTTOM"} == materials.keys()
    sets = {one.get("name"): str(one.text).split(",") for one in root.findall("Mesh/NodeSet")}
    assert {name: len(members) for name, members in sets.items()} == {"NODES_RIGID_TOP_1": 49, "NODES_RIGID_BOTTOM": 49}
    assert {one.get("node_set") for one in root.findall("Boundary/bc")} == sets.keys()
    held = [[child.tag for child in one][1:] for one in root.findall("Rigid/rigid_bc[@type='rigid_fixed']")]
    assert held == [["Ru_dof"], [f"{name}_dof" for name in feb.FREEDOMS]]
    assert root.findtext("Rigid/rigid_bc[@type='rigid_displacement']/value") == "-0.01"


@pytest.fixture
def opened(problem: Problem, tmp_path: Path) -> Iterator[None]:
    """The file for gmsh, opened by gmsh."""
    write(problem, Wish("untreated", "push", "msh", False), tmp_path / "cube.msh")
    gmsh.initialize(["-noenv"])
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.open(str(tmp_path / "cube.msh"))
        yield
    finally:
        gmsh.finalize()


@pytest.mark.usefixtures("opened")
def test_gmsh_finds_groups_by_name_with_their_elements_and_nodes(problem: Problem) -> None:
    groups = {gmsh.model.getPhysicalName(*group): group for group in gmsh.model.getPhysicalGroups()}
    lesion = problem.mesh.inside("lesion")
    inside = {"cancellous": ~lesion, "tumour_lytic": lesion}
    held = {f"grip_{hold.grip.name}": hold.nodes for hold in problem.holds}
    assert {name: dimension for name, (dimension, _) in groups.items()} == {
        **dict.fromkeys(inside, 3), **dict.fromkeys(held, 0)
    }  # fmt: skip
    expected = {**{name: int(mask.sum()) for name, mask in inside.items()}, "grip_top-1": 49, "grip_bottom": 49}
    nodes = {**{name: np.unique(problem.cells[mask]) for name, mask in inside.items()}, **held}
    for name, (dimension, tag) in groups.items():
        (entity,) = gmsh.model.getEntitiesForPhysicalGroup(dimension, tag)
        assert gmsh.model.getEntitiesForPhysicalName(name) == [(dimension, entity)]
        _, (elements,), _ = gmsh.model.mesh.getElements(dimension, entity)
        assert len(elements) == expected[name]
        members, _ = gmsh.model.mesh.getNodesForPhysicalGroup(dimension, tag)
        assert np.array_equal(np.sort(members) - 1, nodes[name]), name


@pytest.mark.usefixtures("opened")
def test_gmsh_gets_nodes_and_cells_in_its_own_order(problem: Problem) -> None:
    tags, points, _ = gmsh.model.mesh.getNodes()
    order = np.argsort(tags)
    points = points.reshape(-1, 3)[order]
    assert np.array_equal(tags[order], np.arange(1, len(problem.nodes) + 1))
    assert np.array_equal(points, problem.nodes)
    kinds, _, (corners,) = gmsh.model.mesh.getElements(3)
    assert kinds.tolist() == [11]
    cells = corners.reshape(-1, 10).astype(int) - 1
    assert len(cells) == 162
    # "Node ordering" in gmsh's manual
    for node, edge in enumerate([(0, 1), (1, 2), (2, 0), (3, 0), (2, 3), (1, 3)], start=4):
        assert points[cells[:, node]] == pytest.approx(points[cells[:, edge]].mean(axis=1))
    # a quadratic cell whose middle nodes stand in the wrong places has other Jacobians than its corners say
    total = sum(
        float((np.array(gmsh.model.mesh.getJacobians(11, [0.25] * 3, entity[1])[1]) / 6).sum())
        for entity in gmsh.model.getEntities(3)
    )
    assert total == pytest.approx(6.0**3)


@pytest.mark.usefixtures("opened")
def test_gmsh_shows_every_array(problem: Problem) -> None:
    views = {}
    for view in gmsh.view.getTags():
        kind, elements, values, _, _ = gmsh.view.getHomogeneousModelData(view, 0)
        assert kind == "ElementData"
        name = gmsh.option.getString(f"View[{gmsh.view.getIndex(view)}].Name")
        views[name] = dict(zip(elements.tolist(), values.tolist(), strict=True))
    arrays = cell_arrays(problem)
    assert views.keys() == {"element", *arrays}
    _, (elements,), (corners,) = gmsh.model.mesh.getElements(3)
    place = np.array([views["element"][tag] for tag in elements.tolist()], dtype=int) - 1
    assert np.array_equal(corners.reshape(-1, 10)[:, :8] - 1, problem.cells[place, :8])
    assert np.array_equal(np.sort(place), np.arange(162))
    for name, values in arrays.items():
        assert np.array_equal([views[name][tag] for tag in elements.tolist()], values[place]), name


def test_paraview_gets_solids_materials_contacts_and_grips(problem: Problem, tmp_path: Path) -> None:
    write(problem, Wish("untreated", "push", "vtu", False), tmp_path / "cube.vtu")
    grid = pyvista.read(tmp_path / "cube.vtu")
    assert set(grid.celltypes) == {24}
    lesion = problem.mesh.inside("lesion")
    assert np.array_equal(grid.cell_data["solid_lesion"], lesion)
    assert np.array_equal(grid.cell_data["material"] == problem.field.names.index("tumour_lytic"), lesion)
    assert np.array_equal(grid.cell_data["contact"] == 1, problem.boundary.contact(problem.mesh.centroids()))
    assert grid.cell_data["modulus_MPa"][lesion] == pytest.approx(10.0)
    assert grid.cell_data["density_g_per_cm3"] == pytest.approx(problem.mesh.density.mean(axis=1))
    assert [(grid.point_data["grip"] == number).sum() for number in (1, 2)] == [49, 49]


def test_a_grip_that_holds_nothing_is_an_error(problem: Problem) -> None:
    far = replace(problem.boundary.grips[0], zone=Face(1e-3))  # type: ignore[arg-type]
    with pytest.raises(SolverError, match="only 0 vertices"):
        pose("", problem.mesh, problem.field, replace(problem.boundary, grips=(far,)))


@pytest.mark.parametrize("form", ["inp", "feb", "msh", "vtu"])
def test_nothing_is_left_of_a_file_that_could_not_be_written(
    form: str, problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="space"):
        write(problem, Wish("untreated", "push", form, False), tmp_path / "cube")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "stl"], "femrisk export --format: unknown (allowed: inp, feb, msh, vtu, xdmf, got: stl)"),
        (["--format", "inp", "--arm", "intct"], "--arm: the case has no such name; did you mean intact?"),
        (["--format", "inp", "--load", "run"], "--load: the case has no such name"),
        (["--format", "feb", "--model", "plastic"], "--model: feb does not hold it (allowed: linear, got: plastic)"),
        (["--format", "vtu", "--model", "linear"], "--model: vtu does not hold it (allowed: none, got: linear)"),
    ],
)
def test_bad_options_are_one_line_and_write_nothing(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(EXAMPLE), "-o", str(tmp_path / "out"), *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert list(tmp_path.iterdir()) == []


def test_a_case_of_the_damage_model_is_not_exported_as_another_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, file = tmp_path / "case.yaml", tmp_path / "out.inp"
    case.write_text(EXAMPLE.read_text().replace("keyak_plasticity", "damage"))
    assert main(["export", str(case), "--format", "inp", "-o", str(file)]) == 2
    assert "no file holds the damage model" in capsys.readouterr().err
    assert not file.exists()


def test_a_case_of_weak_interfaces_is_not_exported_as_a_bonded_one_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, file = tmp_path / "case.yaml", tmp_path / "out.inp"
    case.write_text(EXAMPLE.read_text().replace("mesh_size_mm", "interfaces: weak, mesh_size_mm"))
    assert main(["export", str(case), "--format", "inp", "-o", str(file)]) == 2
    assert "analysis.interfaces: no file holds weak interfaces" in capsys.readouterr().err
    assert not file.exists()


def test_a_missing_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in (tmp_path / "missing" / "a.inp", tmp_path):
        assert main(["export", str(EXAMPLE), "--format", "inp", "-o", str(file)]) == 2
        assert capsys.readouterr().err == f"femrisk: error: -o {file}: not a file name in an existing folder\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["--format", "inp"], Wish("intact", "stance", "inp", True)),
        (["--format", "inp", "--model", "linear", "--arm", "pop"], Wish("pop", "stance", "inp", False)),
        (["--format", "feb", "--load", "sideways_fall"], Wish("intact", "sideways_fall", "feb", False)),
        (["--format", "msh"], Wish("intact", "stance", "msh", False)),
    ],
)
def test_the_verb_writes_what_is_asked_for_and_says_so(
    words: list[str],
    asked: Wish,
    problem: Problem,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wishes: list[Wish] = []
    monkeypatch.setattr("femrisk.export.write.posed", lambda scene, wish: wishes.append(wish) or problem)
    file = tmp_path / "cube"
    assert main(["export", str(EXAMPLE), "-o", str(file), *words]) == 0
    assert wishes == [asked]
    assert list(tmp_path.iterdir()) == [file]
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"{file}: cube / untreated / push, {len(problem.nodes)} nodes, 162 quadratic tetrahedra"
    assert printed[-1] == "grips: top-1 (49 nodes), bottom (49 nodes)"
    assert any(" materials for 162 elements" in line for line in printed) == (asked.form in ("inp", "feb"))


@pytest.mark.parametrize("form", ["inp", "feb"])
@pytest.mark.parametrize(
    ("law", "says"),
    [
        ("model: crushable_foam", "--model: no file holds the crushable_foam model (name another: "),
        ("anisotropy: orthotropic", "analysis.anisotropy: {} does not hold it (allowed: isotropic, got: orthotropic)"),
    ],
)
def test_bone_that_other_codes_would_take_for_isotropic_or_von_mises_is_not_written(
    form: str, law: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case.yaml"
    example = EXAMPLE.with_name("vertebra_L1_lytic.yaml").read_text()
    bare = example.replace("level: L1}", "level: L1, shell_thickness_mm: 0}")
    case.write_text(f"{bare}analysis: {{{law}}}\n")
    assert main(["export", str(case), "--format", form, "-o", str(tmp_path / f"case.{form}")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says.format(form) in line
    assert [file.name for file in tmp_path.iterdir()] == ["case.yaml"]


def test_a_picture_of_bone_with_a_fabric_holds_its_ratios(problem: Problem) -> None:
    ratios = np.broadcast_to([0.3, 0.4, 1.0], (*problem.mesh.density.shape, 3))
    arrays = cell_arrays(replace(problem, fabric=Fabric(ratios)))
    assert arrays["modulus_x_over_z"] == pytest.approx(0.3)
    assert arrays["modulus_y_over_z"] == pytest.approx(0.4)
    assert "modulus_x_over_z" not in cell_arrays(problem)
