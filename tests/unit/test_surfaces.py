"""Surfaces of the scene: every body and pair once, stress as in the cells, and no more triangles than a page holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foldered import MATERIALS, write_results

from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.folder import ResultFolder
from femrisk.output.stresscut import grid_of, section_of
from femrisk.report import surfaces

SITES: dict[tuple[str, str], tuple[float, ...] | None] = {("pop", "stance"): (0.5, 0.25, 1.0)}


@pytest.fixture(scope="module")
def grids(
    tmp_path_factory: pytest.TempPathFactory, small_mesh: LabelledMesh, small_quadratic: tuple[np.ndarray, np.ndarray]
) -> dict[tuple[str, str], Any]:
    folder = write_results(tmp_path_factory.mktemp("results"), small_mesh, small_quadratic)
    return {(arm, "stance"): grid_of(folder, arm, "stance") for arm in ("untreated", "pop")}


def named(grids: dict[tuple[str, str], Any]) -> dict[str, surfaces.Surface]:
    return {one.name: one for one in surfaces.surfaces(grids, {"stance": 30.0}, SITES)}


def test_every_body_and_pair_has_its_surface(grids: dict[tuple[str, str], Any]) -> None:
    bodies = ["inside/untreated/bone", "inside/untreated/lesion", "inside/pop/bone", "inside/pop/cement"]
    pairs = [f"{mode}/{arm}/stance" for mode in ("surface", "opened") for arm in ("untreated", "pop")]
    assert sorted(named(grids)) == sorted([*bodies, *pairs, "site/pop/stance"])
    assert MATERIALS["pop"][-1] == "pmma"


def test_the_outer_surface_has_the_stress_of_the_cells_behind_it(grids: dict[tuple[str, str], Any]) -> None:
    shown, cells = named(grids)["surface/pop/stance"], np.asarray(grids["pop", "stance"].cell_data["von_mises_MPa"])
    assert shown.values is not None
    assert len(shown.triangles) == 2 * 6 * 3 * 3  # two for each of nine squares on six sides
    assert set(np.round(shown.values, 3)) <= set(np.round(cells, 3))
    assert np.linalg.norm(shown.normals, axis=1) == pytest.approx(np.ones(len(shown.normals)), abs=1e-5)


def test_the_opened_bone_turns_its_section_to_the_reader(grids: dict[tuple[str, str], Any]) -> None:
    opened = named(grids)["opened/untreated/stance"]
    # seen from the front, y, so that what lies in front of the plane y = 0 is taken away
    assert opened.points[:, 1].max() == pytest.approx(0, abs=1e-6)
    assert opened.points[:, 1].min() == pytest.approx(-3)
    corners = opened.points[opened.triangles]
    cut = np.all(np.abs(corners[:, :, 1]) < 1e-6, axis=1)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)[cut].sum() / 2
    assert area == pytest.approx(36)
    assert opened.values is not None
    assert opened.values[cut].max() == 1000, "the lesion in the middle is seen"


def test_a_site_is_marked_where_it_is_and_no_larger_than_the_bone_bears(grids: dict[tuple[str, str], Any]) -> None:
    ball = named(grids)["site/pop/stance"]
    assert ball.points.mean(axis=0) == pytest.approx((0.5, 0.25, 1.0), abs=0.02)
    assert np.ptp(ball.points[:, 2]) == pytest.approx(2 * 0.03 * 6 * 3**0.5, rel=0.01)


def test_surfaces_are_thinned_to_what_a_page_holds_and_keep_values_of_their_place(
    grids: dict[tuple[str, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = named(grids)["surface/pop/stance"]
    monkeypatch.setattr(surfaces, "ALL_TRIANGLES", 6 * 60)
    thin = named(grids)["surface/pop/stance"]
    assert whole.values is not None
    assert thin.values is not None
    assert 12 <= len(thin.triangles) <= 60 < len(whole.triangles)
    assert len(thin.values) == len(thin.triangles)
    # stress grows along x, by 1 MPa in a mm
    x = thin.points[thin.triangles].mean(axis=1)[:, 0]
    assert np.corrcoef(x, thin.values)[0, 1] > 0.8


def test_voxels_are_drawn_too(tmp_path: Path) -> None:
    import pyvista

    folder = ResultFolder(tmp_path)
    voxels = pyvista.ImageData(dimensions=(3, 3, 3), origin=(-1, -1, -1)).cast_to_unstructured_grid()
    corners = np.asarray(voxels.cells_dict[np.uint8(11)])[:, (0, 1, 3, 2, 4, 5, 7, 6)]
    grid = pyvista.UnstructuredGrid({np.uint8(12): corners}, np.asarray(voxels.points, dtype=float))
    for name, values in {
        "von_mises_MPa": np.arange(8.0),
        "material": np.zeros(8, int),
        "region": np.ones(8, np.uint8),
        "membership": np.full(8, 3, np.uint32),
    }.items():
        grid.cell_data[name] = values
    folder.pair("intact", "stance").path.mkdir(parents=True)
    grid.save(folder.pair("intact", "stance").fields)
    folder.write_pair("intact", "stance", {"materials": ["cancellous"]}, {"force_N": []})
    read = grid_of(folder, "intact", "stance")
    shown = {one.name: one for one in surfaces.surfaces({("intact", "stance"): read}, {"stance": 7.0}, {})}
    outer = shown["surface/intact/stance"]
    assert outer.values is not None
    assert (len(outer.triangles), set(outer.values)) == (2 * 24, set(np.arange(8.0)))
    assert len(section_of(read)["triangles"]) >= 8
