"""What is read of a result folder: pairs, increments, fields; and what cannot be looked at is told in a line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from viewed import FORCE, PEAK, SHARE, TRAVEL, moved, tensor

from femrisk.errors import InputError
from femrisk.film import von_mises
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.folder import ResultFolder
from femrisk.viewer.fields import present
from femrisk.viewer.study import Study, open_study


@pytest.fixture(scope="module")
def study(viewed: Path) -> Study:
    return open_study(viewed)


def test_marches_have_their_increments_and_their_peak(study: Study) -> None:
    march = study.marches["pop", "stance"]
    assert march.numbers == (1, 2, 3, 4)
    assert (march.peak, march.travel_at(2), march.force_at(2)) == (PEAK, TRAVEL[2], SHARE["pop"] * FORCE[2])
    assert march.nearest(0.26) == 3


@pytest.mark.parametrize("number", [2, PEAK])
def test_fields_of_an_increment_are_those_that_were_written(
    study: Study, small_mesh: LabelledMesh, number: int
) -> None:
    still = study.still("pop", "stance")
    state = study.state(still, "pop", "stance", number)
    stress = tensor(small_mesh, "pop", number)
    principal = np.sort(stress[:, :3], axis=1)
    # an increment of the series is kept to 12 binary digits
    near = {"rtol": 2.0**-11, "atol": 1e-6}
    assert np.allclose(state.fields["von_mises"], von_mises(stress), **near)
    assert np.allclose(state.fields["stress_1"], principal[:, 2], **near)
    assert np.allclose(state.fields["strain_3"], 1e-3 * principal[:, 0], **near)
    assert np.allclose(state.displacement, moved(still.body.points, number), rtol=1e-3, atol=1e-3)
    assert np.allclose(state.fields["plastic_strain"], 0.01 * number, **near)
    assert np.allclose(state.fields["density"], 0.5)


def test_the_risk_is_that_of_bone_alone(study: Study, small_mesh: LabelledMesh) -> None:
    still = study.still("untreated", "stance")
    risk = study.state(still, "untreated", "stance", PEAK).fields["risk"]
    lesion = small_mesh.inside("lesion")
    strain = np.sort(1e-3 * tensor(small_mesh, "untreated", PEAK)[:, :3], axis=1)
    expected = np.maximum(strain[:, 2] / 0.0073, -strain[:, 0] / 0.0104)
    assert np.isnan(risk[lesion]).all()
    assert np.allclose(risk[~lesion], expected[~lesion], rtol=1e-5)


def test_materials_have_the_same_number_in_every_arm(study: Study, small_mesh: LabelledMesh) -> None:
    assert study.materials == ("cancellous", "pmma", "tumour_lytic")
    lesion = small_mesh.inside("lesion")
    for arm, name in (("pop", "pmma"), ("untreated", "tumour_lytic")):
        material = study.still(arm, "stance").material
        assert set(material[lesion]) == {study.materials.index(name)}
        assert set(material[~lesion]) == {study.materials.index("cancellous")}


def test_fields_that_are_not_there_are_not_offered(study: Study) -> None:
    still = study.still("pop", "stance")
    keys = [field.key for field in present(study.state(still, "pop", "stance", 1).fields)]
    assert "damage" not in keys
    assert {"von_mises", "stress_1", "strain_3", "plastic_strain", "displacement", "density", "region", "risk"} <= set(
        keys
    )


def test_without_a_series_the_largest_force_is_there(viewed: Path, tmp_path: Path) -> None:
    shutil.copytree(viewed, tmp_path / "peak", ignore=shutil.ignore_patterns("fields", "fields.pvd"))
    march = open_study(tmp_path / "peak").marches["pop", "stance"]
    assert march.numbers == (PEAK,)


def test_a_scaled_elastic_solution_is_looked_at_as_one_state(viewed: Path, tmp_path: Path) -> None:
    shutil.copytree(viewed, tmp_path / "linear", ignore=shutil.ignore_patterns("fields", "fields.pvd"))
    place = ResultFolder(tmp_path / "linear").pair("pop", "stance")
    place.history.write_text("displacement_mm,force_N\n0.0,0.0\n")
    march = open_study(tmp_path / "linear").marches["pop", "stance"]
    assert (march.numbers, march.travel_at(0), march.force_at(0)) == ((0,), None, SHARE["pop"] * max(FORCE))


def test_an_increment_whose_file_is_gone_is_left_out(viewed: Path, tmp_path: Path) -> None:
    shutil.copytree(viewed, tmp_path / "lost")
    ResultFolder(tmp_path / "lost").pair("pop", "stance").increment(2).unlink()
    assert open_study(tmp_path / "lost").marches["pop", "stance"].numbers == (1, 3, 4)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        open_study(tmp_path / "nowhere")


def test_a_folder_without_results_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished pair"):
        open_study(tmp_path)


def test_results_without_fields_are_told(viewed: Path, tmp_path: Path) -> None:
    shutil.copytree(viewed, tmp_path / "numbers", ignore=shutil.ignore_patterns("*.vtu", "*.pvd"))
    with pytest.raises(InputError, match="no fields"):
        open_study(tmp_path / "numbers")


@pytest.mark.parametrize("content", [b"", b"<VTKFile", b"not a file of VTK\n"])
def test_damaged_fields_are_told(viewed: Path, tmp_path: Path, content: bytes) -> None:
    shutil.copytree(viewed, tmp_path / "broken")
    ResultFolder(tmp_path / "broken").pair("pop", "stance").fields.write_bytes(content)
    with pytest.raises(InputError, match=r"fields\.vtu"):
        open_study(tmp_path / "broken").still("pop", "stance")


def test_increments_of_another_mesh_are_told(viewed: Path, tmp_path: Path, small_mesh: LabelledMesh) -> None:
    from femrisk.output.vtu import write_vtu

    shutil.copytree(viewed, tmp_path / "other")
    study = open_study(tmp_path / "other")
    file = study.folder.pair("pop", "stance").increment(1)
    write_vtu(file, small_mesh.points, small_mesh.tets[:5], 10, {}, {})
    with pytest.raises(InputError, match="other cells"):
        study.state(study.still("pop", "stance"), "pop", "stance", 1)
