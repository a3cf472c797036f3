"""Pictures: drawn without a screen from the folder alone, and saying no more than the results do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from femrisk.history import STATUSES
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output import charts, plots
from femrisk.output.atomic import write_json
from femrisk.output.fields import write_fields
from femrisk.output.folder import ResultFolder
from femrisk.output.stresscut import ROLES, borders, grid_of, role_of, scale_of, section_of

MATERIALS = {
    "intact": ["bone"],
    "untreated": ["bone", "tumour_lytic"],
    "pop": ["bone", "tumour_lytic", "pmma"],
    "pop_nail": ["bone", "tumour_lytic", "ti6al4v"],
}
STATUS = {"intact": "collapsed", "untreated": "stuck", "pop": "bracketed", "pop_nail": "limit_reached"}


def result(status: str, load_N: float = 2000.0) -> dict[str, Any]:
    return {
        "status": status,
        "fracture_load_N": None if status == "stuck" else load_N,
        "fracture_load_bracket_N": [load_N, 1.02 * load_N] if status == "bracketed" else None,
        "displacement_at_peak_mm": None if status == "stuck" else 1.0,
    }


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, small_mesh: LabelledMesh, small_quadratic: tuple[np.ndarray, np.ndarray]
) -> ResultFolder:
    """Four arms under one load on a cube; the last material of an arm fills the cube's middle."""
    folder = ResultFolder(tmp_path_factory.mktemp("results"))
    for arm, materials in MATERIALS.items():
        cells = {
            "von_mises_MPa": np.where(small_mesh.inside("lesion"), 1000.0, 20.0 + small_mesh.centroids()[:, 0]),
            "material": np.where(small_mesh.inside("lesion"), len(materials) - 1, 0),
            "region": small_mesh.region,
            "membership": small_mesh.membership,
        }
        write_fields(folder.pair(arm, "stance").fields, *small_quadratic, {}, cells)
        history = {"displacement_mm": [0.5, 1.0, 1.5], "force_N": [1500.0, 2000.0, 1890.0]}
        answer = {"arm": arm, "load": "stance", **result(STATUS[arm]), "materials": materials}
        folder.write_pair(arm, "stance", answer, history)
    write_json(folder.path / "comparison.json", {"rows": [{"arm": arm, "load": "stance"} for arm in MATERIALS]})
    return folder


def test_every_figure_is_drawn(folder: ResultFolder) -> None:
    names = [path.name for path in plots.draw(folder)]
    assert names == ["scene.png", "stress_stance.png", "force_displacement_stance.png", "fracture_loads.png"]
    for name in names:
        image = imread(folder.figures / name)
        assert min(image.shape[:2]) > 300, name
        assert np.mean(image[..., :3].min(axis=-1) < 0.95) > 0.02, f"{name} is blank"
    assert sorted(path.name for path in folder.figures.iterdir()) == sorted(names)


def test_an_empty_folder_has_no_figures(tmp_path: Path) -> None:
    assert plots.draw(ResultFolder(tmp_path)) == ()
    assert list(tmp_path.iterdir()) == []


def test_a_pair_without_fields_is_left_out_of_the_pictures_and_kept_in_the_charts(tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path)
    folder.write_pair("intact", "stance", result("stuck"), {"displacement_mm": [], "force_N": []})
    assert [path.name for path in plots.draw(folder)] == ["force_displacement_stance.png", "fracture_loads.png"]


def test_the_lesion_is_seen_through_the_bone_and_only_where_it_is(folder: ResultFolder) -> None:
    intact, untreated = (plots.render(grid_of(folder, arm, "stance")).astype(float) for arm in ("intact", "untreated"))
    redder = (untreated[..., 0] - untreated[..., 1]) - (intact[..., 0] - intact[..., 1]) > 40
    drawn = intact.min(axis=-1) < 240
    # the lesion's edge is a third of the cube's, so a ninth of the cube's picture, less some slant
    assert 0.07 < redder.sum() / drawn.sum() < 0.15
    assert not np.any(redder & ~drawn)


def test_arms_stand_in_the_order_of_the_comparison(folder: ResultFolder) -> None:
    assert [arm for arm, _ in charts.order(folder)] == list(MATERIALS)


@pytest.mark.parametrize(
    ("material", "role"),
    [
        ("tumour_blastic", "lesion"),
        ("pmma", "cement"),
        ("ti6al4v", "device"),
        ("steel_316l", "device"),
        ("cocr", "device"),
        ("cortical", "bone"),
        ("marrow", "bone"),
    ],
)
def test_a_material_is_drawn_as_what_it_is(material: str, role: str) -> None:
    assert ROLES[role_of(material)] == role


def test_the_cut_shows_the_whole_section_once_with_medial_to_the_left(folder: ResultFolder) -> None:
    cut = section_of(grid_of(folder, "intact", "stance"))
    a, b, c = (cut["points"][cut["triangles"][:, i]] for i in range(3))
    area = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert area.sum() == pytest.approx(36.0)
    # away from the middle the stress is 20 MPa + x, and x, medial, runs to the left
    outer = cut["stress"] < 100
    across = ((a + b + c)[outer, 0]) / 3
    assert np.corrcoef(across, cut["stress"][outer])[0, 1] < -0.9


def test_one_scale_serves_every_arm_and_leaves_metal_above_it(folder: ResultFolder) -> None:
    cuts = [section_of(grid_of(folder, arm, "stance")) for arm in ("untreated", "pop_nail")]
    # bone lies between 17 and 23 MPa, the middle at 1000
    assert 20 <= scale_of(cuts) <= 23


def test_bodies_are_outlined_where_materials_meet(folder: ResultFolder) -> None:
    cut = section_of(grid_of(folder, "pop_nail", "stance"))
    outline, bodies, cortex = borders(cut["triangles"], cut["role"], cut["cortical"])
    length = [np.linalg.norm(np.diff(cut["points"][edges], axis=1), axis=-1).sum() for edges in (outline, bodies)]
    assert length[0] == pytest.approx(24.0)  # the cube's section, 6 by 6 mm
    assert length[1] > 4.0  # about the middle third, which is at least 1 mm wide all around
    assert len(cortex) == 0


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("collapsed", "2.00 kN"),
        ("plateau", "2.00 kN"),
        ("bracketed", "2.00\u20132.04 kN"),
        ("limit_reached", "\u2265 2.00 kN"),
        ("stuck", "no fracture load"),
    ],
)
def test_a_load_is_written_as_its_status_allows(status: str, text: str) -> None:
    assert charts.load_text(result(status)) == text


def test_bounds_that_print_alike_are_printed_once() -> None:
    alike = {"status": "bracketed", "fracture_load_N": 8100.0, "fracture_load_bracket_N": [8097.0, 8103.0]}
    assert charts.load_text(alike) == "8.10 kN"


def test_a_stuck_march_has_no_load_even_where_a_number_slipped_in() -> None:
    assert charts.load_text({"status": "stuck", "fracture_load_N": 5.0}) == "no fracture load"


def test_every_status_has_its_own_mark_and_fill() -> None:
    assert set(charts.MEANING) == set(charts.MARKER) == set(STATUSES)
    assert set(charts.HATCH) == set(STATUSES) - {"stuck"}
    assert len(set(charts.HATCH.values())) == len(charts.HATCH)
    assert len(set(charts.MARKER.values())) == len(charts.MARKER)
