"""A label becomes a smooth surface that encloses what its voxels do, whatever their shape; two bones are refused."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from scans import placed

from femrisk.errors import GeometryError
from femrisk.meshes.ct.labelsurface import marked, one_bone, smooth_surface
from femrisk.meshes.ct.volume import Volume, centres
from femrisk.meshes.labelled import Floats

RADIUS = 10.0
CENTER = np.array([2.3, -1.7, 4.1])


def balls(spacing: tuple[float, float, float], *balls: tuple[Floats, float, int]) -> Volume:
    """Labels of balls: centre, radius, label."""
    empty = placed(CENTER - 17, CENTER + 17, spacing, (15, -20, 35))
    labels = np.zeros(empty.values.size, dtype=np.uint8)
    for center, radius, label in balls:
        labels[np.linalg.norm(centres(empty) - center, axis=1) < radius] = label
    return empty.with_values(labels.reshape(empty.shape))


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.6, 0.6, 1.5), (0.9, 0.9, 2.5)])
def test_a_ball_comes_back_to_a_part_of_a_voxel(spacing: tuple[float, float, float]) -> None:
    labels = balls(spacing, (CENTER, RADIUS, 1))
    mask = one_bone(marked(labels, None, "labels"), "labels")
    surface = smooth_surface(mask, "labels")
    assert surface.volume() == pytest.approx(np.count_nonzero(labels.values) * labels.voxel_mm3, rel=1e-3)
    off = np.linalg.norm(surface.points - CENTER, axis=1) - RADIUS
    # a voxel's centre is off its ball by up to half a voxel either way: 0.29 of it, root mean square
    assert np.sqrt(np.mean(off**2)) < 0.12 * max(spacing)
    assert np.abs(off).max() < 0.5 * max(spacing)


def test_a_label_at_the_end_of_the_image_is_closed_there() -> None:
    labels = balls((1.0, 1.0, 1.0), (CENTER, RADIUS, 1))
    half = Volume(labels.values[:, :, : labels.shape[2] // 2], labels.affine)
    surface = smooth_surface(marked(half, None, "labels"), "labels")
    assert surface.volume() == pytest.approx(np.count_nonzero(half.values), rel=1e-3)


def test_specks_and_holes_are_mended_and_told(caplog: pytest.LogCaptureFixture) -> None:
    labels = balls((1.0, 1.0, 1.0), (CENTER, RADIUS, 1), (CENTER + [0, 0, 4], 3.0, 0), (CENTER + 9, 2.0, 1))
    with caplog.at_level(logging.WARNING, logger="femrisk"):
        mask = one_bone(marked(labels, (1,), "labels"), "labels")
    whole = balls((1.0, 1.0, 1.0), (CENTER, RADIUS, 1))
    assert np.count_nonzero(mask.values) == np.count_nonzero(whole.values)
    assert [message.split(": ")[1].split()[0] for message in caplog.messages] == ["ignored", "filled"]


def test_two_bones_under_one_label_are_refused() -> None:
    labels = balls((1.0, 1.0, 1.0), (CENTER - 6, 8.0, 1), (CENTER + 7, 6.0, 1))
    with pytest.raises(GeometryError, match=r"two bones under one label: 2\.\d ml, and 0\.9 ml round \("):
        one_bone(marked(labels, None, "labels"), "labels")


def test_an_empty_label_is_refused_with_what_there_is() -> None:
    labels = balls((1.0, 1.0, 1.0), (CENTER, RADIUS, 3))
    with pytest.raises(GeometryError, match=r"label 7 is empty: no voxel has it \(the file holds: 3\)"):
        marked(labels, (7,), "labels")
    with pytest.raises(GeometryError, match=r"the label map is empty: .*nothing but 0"):
        marked(labels.with_values(np.zeros_like(labels.values)), None, "labels")
    with pytest.raises(GeometryError, match="is no label map"):
        marked(labels.with_values(labels.values * 0.3), None, "labels")
    with pytest.raises(GeometryError, match=r"too few voxels for a bone .*got: 3\d\)"):
        one_bone(marked(balls((1.0, 1.0, 1.0), (CENTER, 2.0, 1)), None, "labels"), "labels")
