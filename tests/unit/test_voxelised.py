"""Bones of known volume as voxels: what lies where, what is left out, and voxels of a scan."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from phantom import phantom

from femrisk.contacts import CAST_DEPTH, cast_depth
from femrisk.errors import MeshError
from femrisk.meshes.anatomy import FemurAnatomy
from femrisk.meshes.cells.voxelised import voxelised
from femrisk.meshes.labelled import Floats
from femrisk.meshes.shapes import Ball, Capsule, Solid, Union

LESION = Solid("lesion", Ball(np.array([0.3, 0.4, -60.6]), 9.0), "lesion", 2.0)
CEMENT = Solid("cement", Ball(np.array([0.0, 5.0, -60.0]), 9.0), "cement", 2.0, within="lesion")


@pytest.fixture(scope="module")
def bone() -> FemurAnatomy:
    return phantom()


def test_solids_keep_their_volumes_and_cement_its_bounds(bone: FemurAnatomy) -> None:
    mesh, quality = voxelised(bone, (LESION, CEMENT), 2.0)
    assert mesh.solids == ("bone", "endosteum", "lesion", "cement")
    assert quality.volumes == pytest.approx(quality.expected_volumes, rel=0.05)
    assert quality.edges_mm == pytest.approx([2.0, 2.0, 2.0])
    assert not (mesh.inside("cement") & ~mesh.inside("lesion")).any()


def test_a_cortex_thinner_than_a_voxel_keeps_its_mass() -> None:
    # bone of 1 g/cm3 in a cortex of 2 mm, none in it
    def density(points: Floats, cortical: np.ndarray) -> Floats:
        return np.where(cortical, 1.0, 0.0)

    thin = replace(phantom(), density=density)
    mesh, quality = voxelised(thin, (), 3.7)
    mass = float((mesh.volumes() * mesh.density.mean(axis=1)).sum())
    assert mass == pytest.approx(quality.expected_volumes[0] - quality.expected_volumes[1], rel=0.05)


def test_a_mirrored_bone_has_mirrored_voxels(bone: FemurAnatomy) -> None:
    class Mirrored:
        def distance(self, points: Floats) -> Floats:
            return bone.outer.distance(points * [-1.0, 1.0, 1.0])

        def bounds(self) -> Floats:
            low, high = bone.outer.bounds()
            return np.array([[-high[0], *low[1:]], [-low[0], *high[1:]]])

    plain = voxelised(bone, (), 3.0)[0].centroids()
    other = voxelised(replace(bone, outer=Mirrored()), (), 3.0)[0].centroids() * [-1.0, 1.0, 1.0]
    assert sorted(map(tuple, other.round(6))) == sorted(map(tuple, plain.round(6)))


def test_what_hangs_loose_is_left_out_and_told(bone: FemurAnatomy, caplog: pytest.LogCaptureFixture) -> None:
    crumb = Ball(np.array([40.0, 0.0, -60.0]), 3.0)
    with caplog.at_level(logging.WARNING):
        _, quality = voxelised(replace(bone, outer=Union((bone.outer, crumb))), (), 2.0)
    assert quality.left_out is not None
    assert "1 piece of" in quality.left_out
    assert quality.left_out in caplog.text


def test_a_solid_between_the_voxels_is_refused(bone: FemurAnatomy) -> None:
    wire = Solid("wire", Capsule(np.array([3.0, 3.0, -100.0]), np.array([3.0, 3.0, -60.0]), 1.0), "device", 1.0)
    with pytest.raises(MeshError, match=r"voxels of wire: there are none \(\d+ mm3\): try a smaller mesh_size_mm"):
        voxelised(bone, (wire,), 3.0)


def test_a_scan_gives_its_own_voxels_joined_to_about_the_edge_asked_for(bone: FemurAnatomy) -> None:
    # voxels of 1.5 mm, turned by 0.2 about z
    turn = np.array([[np.cos(0.2), -np.sin(0.2), 0], [np.sin(0.2), np.cos(0.2), 0], [0, 0, 1]])
    low, high = bone.outer.bounds()
    affine = np.column_stack([1.5 * turn, turn @ (low - 30)])
    labels = SimpleNamespace(affine=affine, shape=tuple(np.ceil((high - low + 60) / 1.5).astype(int)))
    shown = SimpleNamespace(density=lambda points, cortical: 0.5 * bone.density(points, cortical))
    scan: Any = SimpleNamespace(labels=labels, density=SimpleNamespace(density=bone.density), as_scanned=shown)
    mesh, quality = voxelised(replace(bone, scan=scan), (), 2.8)
    assert quality.edges_mm == pytest.approx([3.0, 3.0, 3.0])
    assert quality.volumes[0] == pytest.approx(quality.expected_volumes[0], rel=0.03)
    edge = mesh.points[mesh.cells[0, 1]] - mesh.points[mesh.cells[0, 0]]
    assert edge == pytest.approx(3 * turn[:, 0])
    # one density in each voxel, and that of a bone with the lesions the scan shows
    assert np.ptp(mesh.density, axis=1) == pytest.approx(0.0)
    assert mesh.as_scanned is not None
    assert mesh.as_scanned.shape == mesh.density.shape
    assert (mesh.as_scanned < mesh.density).all()


def test_resin_fills_the_steps_of_voxels(bone: FemurAnatomy) -> None:
    assert cast_depth(voxelised(bone, (), 4.0)[0]) == pytest.approx(2.0)
    assert cast_depth(voxelised(bone, (), 1.4)[0]) == CAST_DEPTH
