"""A mesh cut along inner faces: what is parted, what stays joined, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.meshes.cells.splitting import Faces, inner_faces, split
from femrisk.meshes.labelled import LabelledMesh
from femrisk.verification.blocks import block


@pytest.fixture
def cube() -> LabelledMesh:
    """2 x 2 x 2 mm in 4 x 4 x 4 cubes of six cells."""
    return block((4, 4, 4), np.full(3, -1.0), np.full(3, 1.0), jitter=0.1)


def seam(mesh: LabelledMesh, first: np.ndarray) -> tuple[Faces, np.ndarray]:
    faces = inner_faces(mesh)
    return faces, first[faces.cells[:, 0]] != first[faces.cells[:, 1]]


def area(corners: np.ndarray) -> float:
    return float(
        np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
    )


def test_every_inner_face_is_met_once_with_the_same_points_on_both_sides(cube: LabelledMesh) -> None:
    faces = inner_faces(cube)
    # each cell has four faces; those of the surface (2 triangles on each of 6 x 16 squares) have one cell
    assert len(faces.cells) == (4 * len(cube.tets) - 6 * 16 * 2) / 2
    ends = [np.take_along_axis(cube.tets[faces.cells[:, i]], faces.corners[:, i], axis=1) for i in range(2)]
    assert (ends[0] == ends[1]).all()
    assert (faces.cells[:, 0] != faces.cells[:, 1]).all()


def test_a_cut_right_through_leaves_two_bodies(cube: LabelledMesh) -> None:
    upper = cube.centroids()[:, 2] > 0
    faces, along = seam(cube, upper)
    parted = split(cube, faces, along)
    assert np.intersect1d(parted.tets[upper], parted.tets[~upper]).size == 0
    # the 5 x 5 vertices of the plane are there twice
    assert len(parted.points) == len(cube.points) + 25
    assert parted.volumes() == pytest.approx(cube.volumes(), rel=1e-15)
    assert area(faces.take(along).points(parted)) == pytest.approx(4.0, rel=1e-12)
    assert (parted.points[parted.tets] == cube.points[cube.tets]).all()


def test_the_border_of_a_cut_inside_stays_one(cube: LabelledMesh) -> None:
    upper = cube.centroids()[:, 2] > 0
    faces, along = seam(cube, upper)
    middle = np.abs(faces.points(cube)[..., :2]).max(axis=(1, 2)) < 0.7
    parted = split(cube, faces, along & middle)
    # of the 3 x 3 vertices of the cut only the one inside is doubled
    assert len(parted.points) == len(cube.points) + 1
    shared = np.intersect1d(parted.tets[upper], parted.tets[~upper])
    assert len(shared) == 24
    assert np.abs(parted.points[shared][:, :2]).max(axis=1).min() > 0.4


def test_an_enclosed_body_shares_no_vertex_with_its_host(cube: LabelledMesh) -> None:
    core = (np.abs(cube.centroids()) < 0.5).all(axis=1)
    faces, along = seam(cube, core)
    parted = split(cube, faces, along)
    assert np.intersect1d(parted.tets[core], parted.tets[~core]).size == 0
    # the 3 x 3 x 3 vertices of the core but for its centre
    assert len(parted.points) == len(cube.points) + 26


def test_no_cut_changes_nothing(cube: LabelledMesh) -> None:
    faces = inner_faces(cube)
    same = split(cube, faces, np.zeros(len(faces.cells), dtype=bool))
    assert (same.tets == cube.tets).all()
    assert (same.points == cube.points).all()
