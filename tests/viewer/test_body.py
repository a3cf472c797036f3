"""Skins, sections and places of cells against what is known of cubes."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.meshes.labelled import LabelledMesh
from femrisk.viewer.body import Body, body_of
from femrisk.viewer.cutting import cut_cells, cut_faces


@pytest.fixture(scope="module")
def cube(small_mesh: LabelledMesh) -> Body:
    return body_of(small_mesh.points, small_mesh.tets)


@pytest.fixture(scope="module")
def voxels() -> Body:
    """2 x 1 x 1 hexahedra of 1 mm."""
    grid = np.array([[x, y, z] for z in (0.0, 1) for y in (0.0, 1) for x in (0.0, 1, 2)])
    first = np.array([0, 1, 4, 3, 6, 7, 10, 9])
    return body_of(grid, np.stack([first, first + 1]))


def enclosed(body: Body, triangles: np.ndarray) -> float:
    corner = body.points[triangles]
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6)


def area(points: np.ndarray) -> float:
    return float(np.linalg.norm(np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]), axis=1).sum() / 2)


def test_the_skin_of_a_cube_is_closed_and_looks_outward(cube: Body) -> None:
    triangles, cells = cube.skin(np.ones(cube.cells, dtype=bool))
    # 6 sides of 3 x 3 squares, two triangles each; the volume is positive where normals look outward
    assert len(triangles) == len(cells) == 108
    assert enclosed(cube, triangles) == pytest.approx(216.0)


def test_any_choice_of_cells_has_a_closed_skin_of_its_own(cube: Body) -> None:
    some = np.random.default_rng(3).random(cube.cells) < 0.4
    triangles, cells = cube.skin(some)
    assert some[cells].all()
    assert enclosed(cube, triangles) == pytest.approx(cube.volumes()[some].sum())


def test_voxels_are_cut_alike_on_both_sides_of_a_face(voxels: Body) -> None:
    triangles, cells = voxels.skin(np.ones(2, dtype=bool))
    # 10 squares; the faces within a voxel and between the two are no skin
    assert len(triangles) == 20
    assert set(cells) == {0, 1}
    assert enclosed(voxels, triangles) == pytest.approx(2.0)
    assert voxels.volumes() == pytest.approx([1.0, 1.0])
    assert voxels.centroids()[0] == pytest.approx([0.5, 0.5, 0.5], abs=0.2)


def test_faces_between_kinds_close_one_of_them_off(cube: Body, small_mesh: LabelledMesh) -> None:
    lesion = small_mesh.inside("lesion")
    faces = cube.between(lesion.astype(int), np.ones(cube.cells, dtype=bool))
    # a cube of 2 mm: 24 mm2
    assert area(cube.points[faces]) == pytest.approx(24.0)
    assert len(cube.between(lesion.astype(int), lesion)) == 0


@pytest.mark.parametrize("at", [-2.9, -1.0, 0.3, 2.5])
def test_a_section_of_a_cube_has_its_area_and_lies_in_the_plane(cube: Body, at: float) -> None:
    height = cube.points[:, 2] - at
    section = cut_cells(cube.tets, height)
    corners = section.at(cube.points)
    assert area(corners[section.parts]) == pytest.approx(36.0)
    assert np.allclose(corners[:, 2], at)
    assert np.all(np.ptp(cube.points[cube.tets[section.source]][..., 2], axis=1) > 0)


def test_values_are_carried_onto_an_oblique_section(cube: Body) -> None:
    normal = np.array([0.6, 0.0, 0.8])
    section = cut_cells(cube.tets, cube.points @ normal)
    # 6 mm across y, and 6 / 0.8 along the plane
    assert area(section.at(cube.points)[section.parts]) == pytest.approx(6 * 6 / 0.8)
    values = cube.points @ np.array([1.0, 2.0, 3.0])
    assert np.allclose(section.at(values), section.at(cube.points) @ np.array([1.0, 2.0, 3.0]))


def test_a_plane_beside_the_body_cuts_nothing(cube: Body) -> None:
    assert len(cut_cells(cube.tets, cube.points[:, 2] - 10).parts) == 0
    assert len(cut_faces(cube.faces, cube.points[:, 2] - 10).parts) == 0


def test_lines_go_round_the_cube(cube: Body) -> None:
    triangles, _ = cube.skin(np.ones(cube.cells, dtype=bool))
    section = cut_faces(triangles, cube.points[:, 2] - 0.4)
    ends = section.at(cube.points)[section.parts]
    assert np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum() == pytest.approx(24.0)


def test_a_point_is_found_in_its_cell(cube: Body) -> None:
    for cell in (0, 50, 161):
        found = cube.find(cube.centroids()[cell])
        assert found is not None
        assert found[0] == cell
        assert found[1] == pytest.approx([0.25] * 4)
    assert cube.find(np.array([3.1, 0, 0])) is None
    assert cube.find(np.array([100.0, 0, 0])) is None


def test_inverted_cells_do_not_turn_the_skin_inside_out(small_mesh: LabelledMesh) -> None:
    turned = small_mesh.tets.copy()
    turned[::2] = turned[::2][:, [0, 1, 3, 2]]
    body = body_of(small_mesh.points, turned)
    assert enclosed(body, body.skin(np.ones(body.cells, dtype=bool))[0]) == pytest.approx(216.0)


def test_a_face_of_three_cells_is_refused() -> None:
    points = np.vstack([np.eye(3), np.zeros(3), [[-1.0, -1, -1]], [[2.0, 2, 2]]])
    with pytest.raises(ValueError, match="more than two cells"):
        body_of(points, np.array([[0, 1, 2, 3], [0, 1, 2, 4], [0, 1, 2, 5]]))
