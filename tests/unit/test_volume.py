"""Voxels know where they lie, on turned and mirrored axes too."""

from __future__ import annotations

import numpy as np
import pytest
from scans import placed

from femrisk.meshes.ct.volume import Volume, centres, trimmed


@pytest.fixture
def slanted() -> Volume:
    """Voxels of 0.7 x 0.9 x 2 mm on turned axes, whose values are 3 x - 2 y + z of their centres."""
    empty = placed(np.array([-9.0, -8.0, -7.0]), np.array([9.0, 8.0, 7.0]), (0.7, 0.9, 2.0), (20, -30, 10))
    return empty.with_values((centres(empty) @ [3.0, -2.0, 1.0]).reshape(empty.shape))


def mirrored(volume: Volume) -> Volume:
    """The same voxels counted from the other end of their first axis: a left-handed file."""
    start = volume.points(np.array([[volume.shape[0] - 1, 0, 0]]))[0]
    return Volume(volume.values[::-1], np.column_stack([-volume.affine[:, 0], volume.affine[:, 1:3], start]))


@pytest.mark.parametrize("hand", ["right", "left"])
def test_a_linear_field_comes_back_exactly(slanted: Volume, hand: str) -> None:
    volume = slanted if hand == "right" else mirrored(slanted)
    points = np.random.default_rng(0).uniform(-5, 5, (200, 3))
    np.testing.assert_allclose(volume.linear(points), points @ [3.0, -2.0, 1.0], atol=1e-9)


def test_indices_undo_points(slanted: Volume) -> None:
    indices = np.random.default_rng(0).uniform(-3, 30, (50, 3))
    np.testing.assert_allclose(slanted.indices(slanted.points(indices)), indices, atol=1e-9)


def test_a_crop_keeps_its_place(slanted: Volume) -> None:
    part = slanted.around(np.array([[1.0, 2.0, -3.0]]), 4.0)
    assert part.values.size < slanted.values.size
    np.testing.assert_allclose(part.values.ravel(), centres(part) @ [3.0, -2.0, 1.0], atol=1e-9)


def test_moving_to_a_frame_moves_the_values_along(slanted: Volume) -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    frame = np.column_stack([turn, [4.0, -5.0, 6.0]])
    points = np.random.default_rng(2).uniform(-3, 3, (50, 3))
    there = points @ frame[:, :3].T + frame[:, 3]
    np.testing.assert_allclose(slanted.moved(frame).linear(points), slanted.linear(there), atol=1e-9)


def test_a_trimmed_mask_has_room_even_at_the_end_of_the_image(slanted: Volume) -> None:
    mask = np.zeros(slanted.shape, dtype=bool)
    mask[0, 3:5, -1] = True
    block = trimmed(slanted.with_values(mask))
    assert block.shape == (3, 4, 3)
    wanted = slanted.points(np.argwhere(mask))
    np.testing.assert_allclose(block.points(np.argwhere(block.values)), wanted, atol=1e-9)
