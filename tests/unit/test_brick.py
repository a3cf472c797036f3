"""The voxel as an element against what trilinear functions are, and its stiffness against its forces."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.brick import brick, isotropic_stiffness, octant_shares, restrict, stretched_stiffness
from femrisk.meshes.labelled import GAUSS_TRILINEAR, VOXEL_CORNERS

#: an oblique parallelepiped, mm
EDGES = np.array([[1.0, 0.1, 0.0], [-0.2, 1.5, 0.3], [0.1, 0.2, 0.8]])
CELL = np.arange(8)[None]
CORNERS = VOXEL_CORNERS @ EDGES


def tensor(six: np.ndarray) -> np.ndarray:
    return six[..., [[0, 3, 5], [3, 1, 4], [5, 4, 2]]]


@pytest.mark.parametrize("flows", [False, True])
def test_a_linear_displacement_has_its_strain_at_every_point(flows: bool) -> None:
    gradient = np.random.default_rng(1).normal(size=(3, 3))
    strain = brick(EDGES, flows).strains(CELL, CORNERS @ gradient.T)
    assert tensor(strain[0]) == pytest.approx(np.broadcast_to((gradient + gradient.T) / 2, (8, 3, 3)), abs=1e-12)


def test_a_voxel_that_may_flow_has_one_volumetric_strain_and_keeps_its_deviator() -> None:
    displacement = np.random.default_rng(2).normal(size=(8, 3))
    mean, pointwise = (brick(EDGES, flows).strains(CELL, displacement)[0] for flows in (True, False))
    traces = mean[:, :3].sum(axis=1)
    # the mean over the Gauss points of a parallelepiped is that over its volume
    assert traces == pytest.approx(np.full(8, pointwise[:, :3].sum(axis=1).mean()), abs=1e-12)
    apart = mean - pointwise
    assert apart[:, 3:] == pytest.approx(0.0, abs=1e-12)
    assert apart[:, :3] == pytest.approx(np.repeat(apart[:, :1], 3, axis=1), abs=1e-12)


def test_a_pointwise_strain_is_that_of_the_trilinear_functions() -> None:
    # u_x = x y z in the unit cube: e_xx = y z, e_xy = x z / 2, e_xz = x y / 2
    displacement = np.zeros((8, 3))
    displacement[:, 0] = VOXEL_CORNERS.prod(axis=1)
    x, y, z = (GAUSS_TRILINEAR @ VOXEL_CORNERS).T
    strain = brick(np.eye(3), flows=False).strains(CELL, displacement)[0]
    assert strain == pytest.approx(np.stack([y * z, 0 * x, 0 * x, x * z / 2, 0 * x, x * y / 2], axis=1), abs=1e-12)


@pytest.mark.parametrize("stretched", [False, True])
@pytest.mark.parametrize("flows", [False, True])
def test_the_stiffness_is_the_change_of_the_forces(flows: bool, stretched: bool) -> None:
    random, element = np.random.default_rng(3), brick(EDGES, flows)
    moduli, normals = random.uniform(1, 2, (8, 4 if stretched else 3)), random.normal(size=(8, 6))
    stretch, found, pairs = random.uniform(0.7, 1, (8, 3)), np.empty((8, 8, 3, 3)), np.ones((8, 6))
    if stretched:
        stretched_stiffness(element.operators, element.measure, moduli, normals, stretch, found)
        pairs = stretch[:, [0, 1, 2, 0, 1, 0]] * stretch[:, [0, 1, 2, 1, 2, 2]]
    else:
        isotropic_stiffness(
            element.operators, element.measure, element.pressed, element.sheared, moduli, normals, found
        )
    for corner in range(8):
        for axis in range(3):
            moved = np.zeros((8, 3))
            moved[corner, axis] = 1.0
            strain = element.strains(CELL, moved)[0]
            behind, one = strain * pairs, np.array([1.0, 1, 1, 0, 0, 0])
            flow = (behind * normals) @ np.array([1.0, 1, 1, 2, 2, 2])
            trace = behind[:, :3].sum(axis=1)
            stress = (
                (moduli[:, 0] - moduli[:, 1] / 3)[:, None] * trace[:, None] * one
                + moduli[:, 1, None] * behind
                - (moduli[:, 2] * flow)[:, None] * normals
            ) * pairs
            if stretched:
                stress += (moduli[:, 3] * strain[:, :3].sum(axis=1))[:, None] * one
            forces = element.internal_forces(CELL, stress[None], 8)
            assert found[:, corner, :, axis] == pytest.approx(forces, abs=1e-11)


def test_octants_share_out_a_linear_function_exactly() -> None:
    for octant, low in enumerate(VOXEL_CORNERS):
        # corners of the octant in the coarse cell of edge 2
        assert octant_shares()[octant] @ (2.0 * VOXEL_CORNERS) == pytest.approx(low + VOXEL_CORNERS)


def test_the_coarse_stiffness_has_the_energy_of_what_it_stands_for() -> None:
    element, shares = brick(EDGES), octant_shares()[5]
    coarse, motion = np.empty((8, 8, 3, 3)), np.random.default_rng(4).normal(size=(8, 3))
    own = element.sheared.sum(axis=0)
    restrict(shares, own, coarse)
    fine = shares @ motion
    assert np.einsum("ai,abij,bj", motion, coarse, motion) == pytest.approx(np.einsum("ai,abij,bj", fine, own, fine))
    assert element.coarse_sheared[5] == pytest.approx(coarse, abs=1e-12)
