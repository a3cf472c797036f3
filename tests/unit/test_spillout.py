"""What blur laid outside a bone goes back into it, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest
from scans import placed
from scipy import ndimage

from femrisk.meshes.ct.imagedensity import extended
from femrisk.meshes.ct.spillout import returned
from femrisk.meshes.ct.volume import Volume, centres
from femrisk.meshes.labelled import Floats

RADIUS, SOFT, BLUR = 15.0, 0.05, 0.6


def ball(inside: Floats | float, outside: Floats | float = SOFT, blur_mm: float = BLUR) -> tuple[Volume, Floats]:
    """A scan of a ball in voxels of 0.5 mm, and their depth; both densities may depend on the place."""
    empty = placed(np.full(3, -RADIUS - 6), np.full(3, RADIUS + 6), (0.5, 0.5, 0.5), (0, 0, 0))
    depth = radii(empty) - RADIUS
    values = outside + share_under(depth) * (np.asarray(inside) - outside)
    return empty.with_values(ndimage.gaussian_filter(values, blur_mm / 0.5)), depth


def share_under(depth: Floats) -> Floats:
    """How much of a voxel lies under a surface."""
    return np.clip(0.5 - depth / 0.5, 0, 1)


def radii(volume: Volume) -> Floats:
    """(nx, ny, nz) distance from the middle."""
    return np.linalg.norm(centres(volume), axis=1).reshape(volume.shape)


@pytest.fixture(scope="module")
def radius() -> Floats:
    return radii(ball(0.5)[0])


def test_even_bone_comes_back_up_to_its_surface() -> None:
    ash, depth = ball(0.5)
    rim = (depth < 0) & (depth > -1)
    assert ash.values[rim].min() < 0.3
    # on a ball the shell outside is larger than the one inside: 3 % are left there
    np.testing.assert_allclose(returned(ash, depth, 2.0).values[rim], 0.5, atol=0.03)


def test_a_thin_cortex_keeps_its_mass(radius: Floats) -> None:
    bone = 1.0 - 0.8 * share_under(radius - (RADIUS - 1))
    ash, depth = ball(bone)
    shares = share_under(depth)
    mended = extended(returned(ash, depth, 2.0), depth, 0.0)
    mass = [float((shares * values).sum()) for values in (bone, ash.values, mended.values)]
    assert mass[1] < 0.98 * mass[0]
    assert mass[2] == pytest.approx(mass[0], rel=0.01)


def test_another_bone_near_by_gives_nothing(radius: Floats) -> None:
    alone, depth = ball(0.5)
    above = centres(alone)[:, 2].reshape(alone.shape) > 0.6 * RADIUS
    beside, _ = ball(0.5, np.where(above & (radius > RADIUS + 3), 1.0, SOFT))
    rim = (depth < 0) & (depth > -2)
    gained = returned(beside, depth, 2.0).values - returned(alone, depth, 2.0).values
    # the blur of a bone of 1.0, 3 mm away, meets that of this one half-way
    assert np.abs(gained[rim]).max() < 0.1


def test_soft_tissue_is_that_of_the_place() -> None:
    empty, depth = ball(0.5)
    sides = np.where(centres(empty)[:, 0].reshape(empty.shape) > 0, -0.08, 0.05)
    ash, _ = ball(0.5, sides)
    rim = (depth < 0) & (depth > -1)
    np.testing.assert_allclose(returned(ash, depth, 2.0).values[rim], 0.5, atol=0.03)


def test_a_bone_that_was_cut_out_of_its_image_stays_as_it_is(radius: Floats) -> None:
    ash, depth = ball(0.5)
    cut = ash.with_values(np.where(radius < RADIUS, ash.values, 0.0))
    np.testing.assert_allclose(returned(cut, depth, 2.0).values, cut.values, atol=1e-12)


def test_a_reach_of_zero_changes_nothing() -> None:
    ash, depth = ball(0.5)
    np.testing.assert_array_equal(returned(ash, depth, 0.0).values, ash.values)
