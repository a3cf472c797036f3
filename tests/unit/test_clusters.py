"""Connected groups of cells on a row of boxes, each cut into tetrahedra."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.clusters import largest, neighbours, threshold_of_volume
from femrisk.meshes.labelled import signed_volumes


def strip(cells: int) -> tuple[np.ndarray, np.ndarray]:
    """A chain of tetrahedra, each sharing a face with the next: vertices k..k+3 of a helix."""
    angle = np.arange(cells + 3) * 2.3
    points = np.stack([np.cos(angle), np.sin(angle), 0.4 * np.arange(cells + 3)], axis=1)
    tets = np.arange(cells)[:, None] + np.arange(4)
    wrong = signed_volumes(points, tets) < 0
    tets[wrong] = tets[wrong][:, [0, 1, 3, 2]]
    return points, tets


def test_neighbours_of_a_chain_are_the_next_and_the_last() -> None:
    _, tets = strip(6)
    links = neighbours(tets).toarray()
    assert (links == (np.abs(np.subtract.outer(range(6), range(6))) == 1)).all()


def test_the_heavier_of_two_groups_is_found() -> None:
    _, tets = strip(8)
    chosen = np.array([1, 1, 1, 0, 1, 1, 0, 0], bool)
    weights = np.array([1, 1, 1, 9, 4, 1, 9, 9], float)
    assert largest(tets, chosen, weights).tolist() == [4, 5]
    assert largest(tets, np.zeros(8, bool), weights).tolist() == []


def test_the_threshold_waits_for_a_connected_volume() -> None:
    # single cells 0, 2, 4 are hottest but apart; 5, 6, 7 are the first three in a row
    _, tets = strip(8)
    value = np.array([9.0, 1.0, 8.0, 1.0, 7.0, 5.0, 6.0, 4.0])
    volumes = np.ones(8)
    level, group = threshold_of_volume(tets, value, volumes, 3.0)
    assert level == 5.0
    assert sorted(group.tolist()) == [4, 5, 6]
    level, group = threshold_of_volume(tets, value, volumes, 1.0)
    assert (level, group.tolist()) == (9.0, [0])


def test_more_volume_than_there_is_gives_no_threshold() -> None:
    _, tets = strip(3)
    level, group = threshold_of_volume(tets, np.ones(3), np.ones(3), 3.5)
    assert level == 0.0
    assert len(group) == 0


def test_the_threshold_equals_brute_force() -> None:
    random = np.random.default_rng(2)
    _, tets = strip(30)
    value, volumes = random.random(30), random.uniform(0.5, 1.5, 30)
    level, _ = threshold_of_volume(tets, value, volumes, 4.0)

    def heaviest(limit: float) -> float:
        sums, run = [0.0], 0.0
        for one, volume in zip(value, volumes, strict=True):
            run = run + volume if one >= limit else 0.0
            sums.append(run)
        return max(sums)

    assert heaviest(level) >= 4.0
    assert heaviest(np.nextafter(level, 2)) < 4.0
    assert level == pytest.approx(max(limit for limit in value if heaviest(limit) >= 4.0))
