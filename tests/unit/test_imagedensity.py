"""Density from voxels to Gauss points: exact for straight fields, convergent, blind to noise, whole at the surface."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from scans import placed
from scipy import ndimage

from femrisk.meshes.ct.imagedensity import PARTS, ImageDensity, extended, sampling
from femrisk.meshes.ct.volume import Volume, centres
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.verification.blocks import block

#: wave of the known field, mm
WAVE = 6.0


@pytest.fixture(scope="module")
def mesh() -> LabelledMesh:
    """384 elements of 3 mm in a cube of 12 mm."""
    return block((4, 4, 4), np.full(3, -6.0), np.full(3, 6.0))


def field(points: Floats) -> Floats:
    """0.4 + 0.2 sin(k x) cos(k y): about the contrast of trabecular bone, with a structure of some millimetres."""
    k = 2 * np.pi / WAVE
    return np.asarray(0.4 + 0.2 * np.sin(k * points[:, 0]) * np.cos(k * points[:, 1]))


def voxels(of: Callable[[Floats], Floats], step: float, noise: float = 0.0) -> ImageDensity:
    """Voxels that hold the mean of ``of`` over themselves (27 points)."""
    empty = placed(np.full(3, -8.0), np.full(3, 8.0), (step,) * 3, (10, 20, 30))
    indices, values = np.indices(empty.shape).reshape(3, -1).T, 0.0
    for offset in np.stack(np.meshgrid(*[[-1 / 3, 0, 1 / 3]] * 3), axis=-1).reshape(-1, 3):
        values = values + of(empty.points(indices + offset)) / 27
    values = values + noise * np.random.default_rng(0).standard_normal(len(indices))
    return ImageDensity(empty.with_values(values.reshape(empty.shape)))


def means(of: Callable[[Floats], Floats], mesh: LabelledMesh) -> Floats:
    """(m,) mean of a field over each element, from 120 points."""
    points, _ = sampling(8)
    corners = mesh.points[mesh.tets]
    return of(np.einsum("sv,mvk->msk", points, corners).reshape(-1, 3)).reshape(len(corners), -1).mean(axis=1)


def off(found: Floats, true: Floats) -> float:
    return float(np.sqrt(np.mean((found - true) ** 2)))


def test_a_straight_field_keeps_the_mean_of_every_element(mesh: LabelledMesh) -> None:
    def straight(points: Floats) -> Floats:
        return 0.5 + points @ [0.01, -0.02, 0.005]

    found = voxels(straight, 1.1).in_cells(mesh.points[mesh.tets])
    np.testing.assert_allclose(found.mean(axis=1), straight(mesh.centroids()), atol=1e-9)
    # a quarter's middle lies at 0.52, 0.16, 0.16, 0.16 of the corners, its Gauss point at 0.59: 0.81 of the slope
    there = straight(mesh.gauss_points().reshape(-1, 3)).reshape(-1, 4)
    slopes = (found - found.mean(axis=1)[:, None]) / (there - there.mean(axis=1)[:, None])
    assert 0.6 < slopes.min() < slopes.max() < 1.0


def test_an_element_is_averaged_better_than_it_is_probed(mesh: LabelledMesh) -> None:
    image, true = voxels(field, 0.4), means(field, mesh)
    average = off(image.in_cells(mesh.points[mesh.tets]).mean(axis=1), true)
    everywhere = np.zeros(4 * len(mesh.tets), dtype=bool)
    gauss = off(image.density(mesh.gauss_points().reshape(-1, 3), everywhere).reshape(-1, 4).mean(axis=1), true)
    center = off(image.density(mesh.centroids(), everywhere[: len(mesh.tets)]), true)
    assert average < 0.8 * gauss
    assert average < 0.15 * center


def test_the_mean_of_elements_converges_with_the_voxels(mesh: LabelledMesh) -> None:
    true, steps = means(field, mesh), np.array([1.2, 0.8, 0.4])
    errors = [off(voxels(field, step).in_cells(mesh.points[mesh.tets]).mean(axis=1), true) for step in steps]
    # voxels and straight lines between them blur: second order; 0.004 of a contrast of 0.4 is 1 %
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] > 1.7
    assert errors[-1] < 0.004


def test_noise_is_averaged_away(mesh: LabelledMesh) -> None:
    def even(points: Floats) -> Floats:
        return np.full(len(points), 0.3)

    image = voxels(even, 0.75, noise=0.05)
    probed = image.density(mesh.gauss_points().reshape(-1, 3), np.zeros(4 * len(mesh.tets), dtype=bool))
    # a quarter of an element of 4.5 mm3 holds 2.7 voxels of 0.42 mm3, and shares more with its neighbours
    assert image.in_cells(mesh.points[mesh.tets]).std() < 0.75 * probed.std()


def test_shares_are_whole() -> None:
    for parts in range(PARTS[0], PARTS[1] + 1):
        points, shares = sampling(parts)
        np.testing.assert_allclose(points.sum(axis=1), 1)
        np.testing.assert_allclose(points.mean(axis=0), 0.25)
        np.testing.assert_allclose(shares.sum(axis=0), 1)


def test_a_million_points_take_seconds(mesh: LabelledMesh) -> None:
    image = voxels(field, 1.0)
    corners = np.tile(mesh.points[mesh.tets], (80, 1, 1))
    start = time.process_time()
    found = image.in_cells(corners)
    # 123 000 points here; eight times as many in less than ten seconds
    assert time.process_time() - start < 10 / (1e6 / found.size)


@pytest.fixture(scope="module")
def ball() -> tuple[Volume, Floats]:
    """A ball of 15 mm of even density 0.5 in soft tissue of 0.05, blurred by 0.8 mm in voxels of 1 mm; its depth."""
    empty = placed(np.full(3, -20.0), np.full(3, 20.0), (1.0, 1.0, 1.0), (0, 0, 0))
    depth = np.linalg.norm(centres(empty), axis=1).reshape(empty.shape) - 15
    values = ndimage.gaussian_filter(np.where(depth < 0, 0.5, 0.05), 0.8)
    return empty.with_values(values), depth


def test_a_rim_gets_back_what_blur_took(ball: tuple[Volume, Floats]) -> None:
    ash, depth = ball
    rim = (depth < 0) & (depth > -1)
    assert ash.values[rim].mean() < 0.42
    mended = extended(ash, depth, 1.5)
    # 1.5 mm under the surface, 1.9 standard deviations of the blur, 0.014 of 0.45 are missing
    assert mended.values[rim].min() > 0.47
    beyond = (depth > 0) & (depth < 3)
    assert mended.values[beyond].min() > 0.47


def test_a_cortex_in_the_rim_is_kept(ball: tuple[Volume, Floats]) -> None:
    ash, depth = ball
    cortex = (depth < 0) & (depth > -1)
    dense = ash.with_values(np.where(cortex, 1.0, ash.values))
    np.testing.assert_allclose(extended(dense, depth, 1.0).values[cortex], 1.0)


def test_no_rim_changes_nothing_inside(ball: tuple[Volume, Floats]) -> None:
    ash, depth = ball
    np.testing.assert_allclose(extended(ash, depth, 0.0).values[depth < 0], ash.values[depth < 0], rtol=1e-6)
