"""Chips that hang on a bone by an edge are dropped; whatever else touches itself is left for the gate to refuse."""

from __future__ import annotations

import numpy as np

from femrisk.meshes.complex import Complex
from femrisk.meshes.pinching import pinched, unpinched

# two tetrahedra on either side of x = 0 that share the edge from (0, 0, 0) to (0, 0, 1) alone
POINTS = np.array([[0.0, 0, 0], [0, 0, 1], [-1, -0.3, 0.5], [-1, 0.3, 0.5], [1, -0.3, 0.5], [1, 0.3, 0.5]], dtype=float)
TETS = np.array([[0, 1, 2, 3], [0, 1, 5, 4]])


def pair(on_surface: list[int]) -> Complex:
    masks = np.zeros(len(POINTS), dtype=np.uint32)
    masks[on_surface] = 1
    return Complex(POINTS, TETS, np.ones(2, dtype=np.uint32), masks)


def test_an_edge_with_four_faces_of_the_surface_is_found() -> None:
    assert pinched(TETS).tolist() == [[0, 1]]
    assert pinched(TETS[:1]).tolist() == []


def test_a_cell_with_all_corners_on_the_surface_is_a_chip_and_goes() -> None:
    kept = unpinched(pair([0, 1, 4, 5]))
    assert len(kept.tets) == 1
    assert (kept.points[kept.tets[0]][:, 0] <= 0).all()


def test_a_cell_that_reaches_inside_is_no_chip() -> None:
    assert len(unpinched(pair([0, 1, 4])).tets) == 2
