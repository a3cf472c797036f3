"""Blocks of voxels as meshes: what is bone, what is left out, how coarser voxels come about."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.clusters import neighbours
from femrisk.errors import GeometryError, MeshError
from femrisk.meshes.cells.voxels import Voxels
from femrisk.meshes.facets import outer_facets
from femrisk.meshes.labelled import LabelledMesh

#: indices to mm: voxels of 1 x 2 x 0.5 mm, turned a little about x
TURN = np.array([[1.0, 0, 0], [0, np.cos(0.3), -np.sin(0.3)], [0, np.sin(0.3), np.cos(0.3)]])
AFFINE = np.column_stack([TURN @ np.diag([1.0, 2.0, 0.5]), [5.0, -3.0, 1.0]])


def voxels(bone: np.ndarray, density: np.ndarray | None = None, affine: np.ndarray = AFFINE) -> Voxels:
    return Voxels(bone, np.full(bone.shape, 0.3) if density is None else density, affine)


def meshed(block: Voxels) -> LabelledMesh:
    return block.mesh(lambda points: np.zeros(len(points), dtype=np.uint8))


def ragged() -> np.ndarray:
    """A block of 3 x 4 x 5 with holes, one piece."""
    bone = np.ones((3, 4, 5), dtype=bool)
    bone[0, 0, 0] = bone[1, 2, 3] = bone[2, 3, :2] = False
    return bone


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_every_voxel_of_bone_is_a_cell_at_its_place(mirror: float) -> None:
    affine = AFFINE * np.array([[mirror], [1.0], [1.0]])
    mesh = meshed(voxels(ragged(), affine=affine))
    assert mesh.volumes() == pytest.approx(np.full(ragged().sum(), 1.0))
    expected = np.argwhere(ragged()) @ affine[:, :3].T + affine[:, 3]
    assert mesh.centroids() == pytest.approx(expected)
    assert mesh.gauss_points().mean(axis=1) == pytest.approx(expected)


def test_voxels_that_touch_share_their_points() -> None:
    mesh = meshed(voxels(np.ones((2, 3, 4), dtype=bool)))
    assert len(mesh.points) == 3 * 4 * 5
    # faces between the voxels of a 2 x 3 x 4 block: 1*12 + 2*8 + 3*6
    assert neighbours(mesh.cells).nnz == 2 * (12 + 16 + 18)


def test_the_outer_faces_are_those_of_the_block_and_look_out_of_it() -> None:
    mesh = meshed(voxels(np.ones((2, 3, 4), dtype=bool)))
    outer = outer_facets(mesh)
    # sides of 2 x 6 x 2 mm
    assert outer.areas(mesh).sum() == pytest.approx(2 * (2 * 6 + 6 * 2 + 2 * 2))
    away = mesh.points[outer.vertices(mesh)].mean(axis=1) - mesh.points.mean(axis=0)
    assert (np.einsum("fk,fk->f", outer.normals(mesh), away) > 0).all()


def test_coarser_voxels_lie_where_the_finer_ones_lay() -> None:
    bone = np.ones((4, 6, 2), dtype=bool)
    fine, coarse = (meshed(one) for one in (voxels(bone), voxels(bone).coarsened(2)))
    assert len(coarse.cells) * 8 == len(fine.cells)
    assert coarse.volumes().sum() == pytest.approx(fine.volumes().sum())
    assert coarse.points.min(axis=0) == pytest.approx(fine.points.min(axis=0))
    assert coarse.points.max(axis=0) == pytest.approx(fine.points.max(axis=0))


def test_a_coarser_voxel_is_bone_when_most_of_it_is_and_has_the_mean_density_of_that_part() -> None:
    bone, density = np.zeros((2, 2, 4), dtype=bool), np.full((2, 2, 4), 9.0)
    bone[:, :, 0], density[:, 0, 0], density[:, 1, 0] = True, 0.2, 0.4
    bone[0, 0, 1], density[0, 0, 1] = True, 0.8
    bone[0, :, 2], bone[1, 0, 3] = True, True
    coarse = voxels(bone, density).coarsened(2)
    # five of eight are enough, three are not
    assert coarse.bone.tolist() == [[[True, False]]]
    assert coarse.density[0, 0, 0] == pytest.approx((2 * 0.2 + 2 * 0.4 + 0.8) / 5)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_a_ball_keeps_its_volume_in_coarser_voxels(factor: int) -> None:
    places = np.indices((48, 48, 48)).reshape(3, -1).T - np.array([23.1, 24.3, 22.8])
    ball = (np.linalg.norm(places, axis=1) < 20).reshape(48, 48, 48)
    # of blocks of which half is bone, as many are kept as not
    assert voxels(ball).coarsened(factor).bone.sum() * factor**3 == pytest.approx(ball.sum(), rel=0.015)


def test_what_is_not_joined_by_faces_is_left_out_and_told() -> None:
    bone = np.zeros((4, 4, 4), dtype=bool)
    bone[:2, :2, :2] = True
    bone[2, 2, 2] = bone[3, 0, 0] = True  # one touches by a corner, one not at all
    whole, told = voxels(bone).in_one_piece()
    assert whole.bone.sum() == 8
    assert told == "by faces: 2 pieces of 2 voxels in all (2 mm3, 20.0 % of the bone) not joined to the rest"
    assert whole.in_one_piece()[1] is None


def test_an_empty_block_is_refused() -> None:
    with pytest.raises(GeometryError, match="hold no bone"):
        voxels(np.zeros((2, 2, 2), dtype=bool)).in_one_piece()
    with pytest.raises(GeometryError, match="hold no bone"):
        meshed(voxels(np.zeros((2, 2, 2), dtype=bool)))


def test_a_room_that_knows_tetrahedra_alone_says_so() -> None:
    with pytest.raises(MeshError, match="of voxels where tetrahedra are needed"):
        _ = meshed(voxels(ragged())).tets
