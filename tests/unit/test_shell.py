"""The shell of a vertebra: how stiff it is, where it lies, what an arm leaves of it, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
import pytest
import pyvista
from mpi4py import MPI
from phantom import phantom

from femrisk.__main__ import main
from femrisk.contacts import Boundary
from femrisk.materials.density import LAWS
from femrisk.materials.field import paint
from femrisk.materials.shell import Shell, shell_of
from femrisk.meshes import Vertebra
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.labelled import REGIONS, LabelledMesh
from femrisk.meshes.sites import Frame
from femrisk.outcome import PairResult
from femrisk.output.shell import shell_share, with_shell, write_shell
from femrisk.pair import compute
from femrisk.plan import SolveTask
from femrisk.preparation import prepare, skinned
from femrisk.rigidity import cut_at
from femrisk.verification import bars

LAW = "kopperdahl_2002"
SHELL = Shell(0.35, 8350.0)
#: ash density of 100 mg/cm3, and what the law makes of it
ASH, YOUNG, STRENGTH = 1.22 * 0.1 + 0.0523, 323.0 - 34.7, 2.49 - 0.75
SIDE = bars.SIDE


@pytest.fixture(scope="module")
def first() -> VertebraAnatomy:
    return Vertebra(level="L1").resolved("female", 68).built()


def column() -> LabelledMesh:
    """A bar of 6 x 6 x 24 mm: its front half body, its back half arch, and on the right side of both a lesion."""
    mesh = bars.bar((4, 4, 6))
    middle = mesh.centroids()
    front = middle[:, 1] > 0
    return replace(
        mesh,
        solids=("bone", "lesion"),
        membership=(1 + 2 * (middle[:, 0] > SIDE / 4)).astype(np.uint32),
        region=np.where(front, REGIONS.index("vertebral_body"), REGIONS.index("posterior_elements")).astype(np.uint8),
        density=np.repeat(np.where(front, ASH, 1.3)[:, None], 4, axis=1),
    )


def test_the_modulus_runs_through_the_classes_without_a_jump(first: VertebraAnatomy) -> None:
    # the middles of the classes; half way between them where one class ends; no more beyond the outer ones
    expected = {40.0: 4700.0, 60.0: 4700.0, 80.0: 6525.0, 100.0: 8350.0, 120.0: 10175.0, 140.0: 12000.0, 200.0: 12000.0}
    found = {density: shell_of(replace(first, trabecular_mg_per_cm3=density)) for density in expected}
    assert {density: shell.young_MPa if shell else None for density, shell in found.items()} == pytest.approx(expected)
    assert SHELL.strength_MPa == pytest.approx(0.0077 * 8350)


def test_a_vertebra_has_silvas_shell_unless_told_otherwise_and_a_femur_none(first: VertebraAnatomy) -> None:
    # a woman of 68 has 95.5 mg/cm3 on the mean
    assert shell_of(first) == Shell(0.35, pytest.approx(8350 - 4.5 * 3650 / 40))
    assert shell_of(replace(first, shell_mm=0.0)) is None
    assert shell_of(phantom()) is None
    assert Vertebra(level="L1", shell_thickness_mm=0.5).resolved("female", 68).shell_thickness_mm == 0.5


def test_it_lies_round_the_body_less_the_bone_in_its_place() -> None:
    mesh = column()
    layer = SHELL.on(mesh, paint(mesh, (), LAW))
    # the front, half of each side and of each end: none round the arch, none inside
    assert layer.facets.areas(mesh).sum() == pytest.approx(2 * SIDE * bars.LENGTH + SIDE**2)
    assert (layer.facets.gauss_points(mesh)[..., 1] > 0).all()
    assert (layer.thickness == 0.35).all()
    assert layer.curve.young == pytest.approx(8350 - YOUNG)
    assert layer.curve.strength == pytest.approx(0.0077 * 8350 - STRENGTH)
    assert np.isinf(layer.curve.plateau).all()


@pytest.mark.parametrize("material", ["tumour_lytic", "pmma", "ti6al4v"])
def test_there_is_none_where_something_else_comes_to_the_surface(material: str) -> None:
    mesh = column()
    whole, left = (SHELL.on(mesh, paint(mesh, paint_, LAW)) for paint_ in ((), (("lesion", material),)))
    gone = mesh.inside("lesion")[whole.facets.cells]
    assert 0 < gone.sum() < len(gone)
    assert left.facets.cells.tolist() == whole.facets.cells[~gone].tolist()
    assert left.curve.young.tolist() == whole.curve.young[~gone].tolist()


@pytest.mark.parametrize(("nature", "share"), [("blastic", 1.0), ("mixed", 0.5)])
def test_tissue_like_bone_keeps_as_much_of_it_as_of_its_host(nature: str, share: float) -> None:
    mesh = column()
    layer = SHELL.on(mesh, paint(mesh, (("lesion", f"tumour_{nature}"),), LAW))
    lesion = mesh.inside("lesion")[layer.facets.cells]
    assert layer.curve.young[lesion] == pytest.approx(share * (8350 - YOUNG))
    assert layer.curve.strength[lesion] == pytest.approx(share * (0.0077 * 8350 - STRENGTH))
    assert layer.curve.young[~lesion] == pytest.approx(8350 - YOUNG)


def test_bone_as_stiff_as_the_shell_needs_none() -> None:
    mesh = column()
    assert LAWS[LAW].modulus(np.array([ASH])) == pytest.approx(YOUNG)
    assert len(Shell(0.35, YOUNG).on(mesh, paint(mesh, (), LAW)).facets.cells) == 0


def test_rigidity_counts_the_wall_of_the_body_and_none_round_the_arch(first: VertebraAnatomy) -> None:
    upright, shell = Frame(np.zeros(3), np.eye(3)[[2, 0, 1]]), shell_of(first)
    bare, walled = (cut_at(first, (), upright, 0.0, LAWS[LAW], shell=one) for one in (None, shell))
    assert bare is not None
    assert walled is not None
    assert shell is not None
    within = 3230 * 0.0955 - 34.7
    wall = (walled.intact.axial - bare.intact.axial) / (0.35 * (shell.young_MPa - within))
    # facets of a mesh of 3 mm: 89 mm round the body at mid-height, open where the pedicles leave it
    assert wall == pytest.approx(89, rel=0.06)


class Plate(bars.End):
    """An end with no stiff layer under it."""

    def weight(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        """(n, 3) -> (n,)."""
        return np.zeros(len(points))


def press() -> Boundary:
    """The bar between two plates, the upper one driven down."""
    boundary = bars.machine(bars.DOWN, bars.ALONG_X, bars.GUIDED)
    plates = tuple(replace(one, zone=Plate(one.zone.sign, one.zone.length)) for one in boundary.grips)
    return replace(boundary, grips=plates)


@pytest.fixture(scope="module")
def pressed() -> tuple[LabelledMesh, PairResult]:
    """A body of bone in its shell between plates, until both flow."""
    mesh = column()
    mesh = replace(
        mesh, region=np.full_like(mesh.region, REGIONS.index("vertebral_body")), density=np.full_like(mesh.density, ASH)
    )
    field = paint(mesh, (), LAW)
    ready = prepare(mesh, press(), MPI.COMM_SELF)
    return mesh, compute(skinned(ready, SHELL.on(mesh, field)), field, False, lambda increment: None)


def test_shares_of_the_load_are_those_of_springs_side_by_side(pressed: tuple[LabelledMesh, PairResult]) -> None:
    mesh, result = pressed
    walls, core = 4 * SIDE * 0.35 * (8350 - YOUNG), SIDE**2 * YOUNG
    share = shell_share(mesh, result)
    assert share is not None
    # the bar is held sideways at its ends, four widths apart: shell and core have one Poisson's ratio, not one stress
    assert share["elastic"] == pytest.approx(walls / (walls + core), rel=0.01)
    flow = 4 * SIDE * 0.35 * (0.0077 * 8350 - STRENGTH)
    assert share["at_peak"] == pytest.approx(flow / (flow + SIDE**2 * STRENGTH), rel=0.02)
    assert shell_share(mesh, replace(result, skin=None)) is None


def test_the_shell_takes_its_share_of_the_section(pressed: tuple[LabelledMesh, PairResult]) -> None:
    mesh, result = pressed
    boundary = bars.machine(bars.DOWN, bars.ALONG_X, bars.GUIDED)
    task = SolveTask(
        "base", "press", boundary, (), "perfect_plasticity", LAW, ((0.0, 0.0, 1.0), (0.0, 0.0, 1.0)), SHELL
    )
    shares = with_shell(task, mesh, result, {"bone": 0.75, "tumour": 0.25})
    assert shares is not None
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["bone"] == pytest.approx(3 * shares["tumour"])
    # hardly another plane than mid-height
    assert shares["shell"] == pytest.approx((shell_share(mesh, result) or {})["at_peak"], rel=0.01)
    assert with_shell(task, mesh, replace(result, skin=None), {"bone": 1.0}) == {"bone": 1.0}


def test_paraview_gets_the_facets_with_what_they_bear(pressed: tuple[LabelledMesh, PairResult], tmp_path: Path) -> None:
    mesh, result = pressed
    assert result.skin is not None
    write_shell(tmp_path / "shell.vtu", mesh, result, result.skin)
    grid = pyvista.read(tmp_path / "shell.vtu")
    assert set(grid.celltypes) == {5}
    assert grid.area == pytest.approx(4 * SIDE * bars.LENGTH + 2 * SIDE**2, rel=1e-5)
    assert (grid.cell_data["thickness_mm"] == np.float32(0.35)).all()
    strength = 0.0077 * 8350 - STRENGTH
    assert np.median(grid.cell_data["von_mises_MPa"]) == pytest.approx(strength, rel=1e-3)
    assert grid.cell_data["plastic_strain"].max() > 0.001
    # the top goes down as far as the machine has gone
    moved = grid.point_data["displacement_mm"][grid.points[:, 2] > bars.LENGTH / 2 - 1e-3, 2]
    assert moved == pytest.approx(-result.peak.displacement, rel=1e-4)


def test_no_file_for_another_code_leaves_the_shell_out_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example, file = Path(__file__).parents[2] / "cases" / "vertebra_L1_lytic.yaml", tmp_path / "out.inp"
    assert main(["export", str(example), "--format", "inp", "-o", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "femrisk: error: bone.shell_thickness_mm: no file holds a shell (allowed: 0, got: 0.35)"
    assert list(tmp_path.iterdir()) == []
