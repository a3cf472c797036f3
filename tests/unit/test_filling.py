"""A real lesion is filled from the other side or from around, and the record says which."""

from __future__ import annotations

import numpy as np
import pytest
from scans import placed

from femrisk.meshes.ct.filling import filled
from femrisk.meshes.ct.volume import Volume, centres
from femrisk.meshes.labelled import Floats


@pytest.fixture
def body() -> tuple[Volume, Floats, Floats]:
    """A ball of 16 mm, denser towards y, with a lesion of 5 mm on its right side; True in the lesion, in the bone."""
    empty = placed(np.full(3, -18.0), np.full(3, 18.0), (1.0, 1.0, 1.0), (0, 0, 0))
    points = centres(empty)
    lesion = np.linalg.norm(points - [7, 1, 0], axis=1) < 5
    values = np.where(lesion, 0.02, 0.2 + 0.005 * points[:, 1]).reshape(empty.shape)
    inside = (np.linalg.norm(points, axis=1) < 16).reshape(empty.shape)
    return empty.with_values(values), lesion.reshape(empty.shape), inside


def test_the_other_side_gives_what_a_symmetric_bone_had(body: tuple[Volume, Floats, Floats]) -> None:
    ash, lesion, inside = body
    mended, told = filled(ash, lesion, inside, mirrored=True)
    wanted = (0.2 + 0.005 * centres(ash)[:, 1]).reshape(ash.shape)
    np.testing.assert_allclose(mended.values[lesion], wanted[lesion], atol=1e-6)
    assert told == (f"intact: 100 % of the lesions' {lesion.sum()} voxels filled from the other side",)


def test_the_surroundings_give_about_their_mean(body: tuple[Volume, Floats, Floats]) -> None:
    ash, lesion, inside = body
    mended, told = filled(ash, lesion, inside, mirrored=False)
    assert mended.values[lesion].mean() == pytest.approx(0.205, rel=0.03)
    assert told == (f"intact: {lesion.sum()} voxels of lesions filled from the bone around them",)


def test_a_lesion_over_the_middle_is_filled_from_around_where_its_mirror_is_ill(
    body: tuple[Volume, Floats, Floats],
) -> None:
    ash, _, inside = body
    lesion = (np.linalg.norm(centres(ash) - [2, 0, 0], axis=1) < 5).reshape(ash.shape)
    mended, told = filled(ash.with_values(np.where(lesion, 0.0, ash.values)), lesion, inside, mirrored=True)
    assert len(told) == 2
    assert mended.values[lesion].min() > 0.1


def test_without_a_lesion_nothing_changes(body: tuple[Volume, Floats, Floats]) -> None:
    ash, lesion, inside = body
    assert filled(ash, np.zeros_like(lesion), inside, mirrored=True) == (ash, ())
