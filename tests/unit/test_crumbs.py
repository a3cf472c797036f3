"""Crumbs that no face joins to a bone are left out and said; larger pieces stay for the gate to refuse."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.meshes.cells.complex import Complex
from femrisk.meshes.cells.crumbs import CRUMB_SHARE, uncrumbled

# a tetrahedron of 1 / 6 mm3, and another that shares one corner with it
CORNERS = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])


def beside(size: float) -> Complex:
    points = np.concatenate([CORNERS, -size * CORNERS[[2, 1, 3]]])
    return Complex(points, np.array([[0, 1, 2, 3], [0, 4, 5, 6]]), np.ones(2, np.uint32), np.zeros(7, np.uint32))


def test_a_crumb_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    kept = uncrumbled(beside(0.9 * CRUMB_SHARE ** (1 / 3)))
    np.testing.assert_array_equal(kept.points, CORNERS)
    assert "left out" in caplog.text


def test_a_larger_piece_stays() -> None:
    assert len(uncrumbled(beside(1.1 * CRUMB_SHARE ** (1 / 3))).tets) == 2


def test_a_bone_in_one_piece_is_the_same_bone() -> None:
    whole = beside(0.1).only(np.array([True, False]))
    assert uncrumbled(whole) is whole
