"""The map that collapses a vertebral body: it undoes itself, stops half way, and leaves alone what it should."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from femrisk.meshes.labelled import Floats
from femrisk.meshes.vertebra.heightchange import LARGEST_LOSS, ONSET, Collapse, CollapseKind, Footprint, HeightChange

KINDS: tuple[CollapseKind, ...] = ("wedge", "biconcave", "crush")
FRONT, WALL, BEHIND = 17.0, -16.0, -21.0


def lowered(kind: CollapseKind, share: float = 0.3) -> HeightChange:
    return HeightChange(Footprint(kind, FRONT, WALL, 40.0, BEHIND), 0.0, share)


def places(count: int = 4000) -> Floats:
    """Points of a box well round a whole vertebra."""
    return np.random.default_rng(7).uniform([-50, -70, -40], [50, 30, 40], (count, 3))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.3, LARGEST_LOSS])
def test_a_body_raised_by_all_it_has_lost_is_as_it_was(kind: CollapseKind, share: float) -> None:
    points, change = places(), lowered(kind, share)
    fallen = change.moved(points)
    assert np.abs(fallen - points).max() > 5
    assert change.regaining(1.0).moved(fallen) == pytest.approx(points, abs=1e-9)
    assert change.back(fallen) == pytest.approx(points, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_half_the_lost_height_is_half_of_it_where_most_was_lost(kind: CollapseKind) -> None:
    change = lowered(kind, 0.4)
    top = change.where.deepest + [0.0, 0.0, 10.0]
    fallen = change.moved(top[None])
    assert fallen[0, 2] == pytest.approx(6.0)
    raised = change.regaining(0.5)
    assert raised.moved(fallen)[0, 2] == pytest.approx(8.0)
    assert raised.regained_share == pytest.approx(0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fraction_of_nothing_moves_nothing(kind: CollapseKind) -> None:
    points = places()
    assert np.array_equal(lowered(kind).regaining(0.0).moved(points), points)


def test_a_wedge_keeps_its_posterior_wall_and_all_behind_it() -> None:
    points = places()
    behind = points[points[:, 1] <= WALL]
    assert np.array_equal(lowered("wedge").moved(behind), behind)


def test_a_biconcave_body_keeps_its_rims() -> None:
    turn = np.linspace(0, 2 * np.pi, 60)
    rim = np.column_stack([20 * np.sin(turn), 0.5 + 16.5 * np.cos(turn), np.full(60, 11.0)])
    assert lowered("biconcave").moved(rim) == pytest.approx(rim)


def test_a_crushed_body_loses_both_walls_and_keeps_what_lies_behind_the_pedicles_waist() -> None:
    walls = np.array([[0, FRONT, 11.0], [0, WALL, 11.0], [15, 0, -11.0]])
    assert lowered("crush").moved(walls)[:, 2] == pytest.approx(0.7 * walls[:, 2])
    points = places()
    behind = points[points[:, 1] <= BEHIND]
    assert np.array_equal(lowered("crush").moved(behind), behind)


def test_the_endplates_of_a_wedge_bend_and_do_not_crease() -> None:
    # where the slope sets in, g'' = 1 / (ONSET (1 - ONSET / 2) depth^2), and nothing elsewhere
    y = np.arange(WALL - 5, FRONT, 0.05)
    share = lowered("wedge").where.share(np.column_stack([np.zeros_like(y), y, np.zeros_like(y)]))
    slope = np.diff(share) / 0.05
    assert np.abs(np.diff(slope)).max() < 1.001 * 0.05 / (ONSET * (1 - ONSET / 2) * (FRONT - WALL) ** 2)
    assert share[-1] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_even_the_largest_loss_turns_nothing_upside_down(kind: CollapseKind) -> None:
    assert lowered(kind, LARGEST_LOSS).factor(places()).min() > 0.2


@pytest.mark.parametrize(
    "keys",
    [
        {"kind": "wedge"},
        {"kind": "burst", "height_loss_share": 0.3},
        {"kind": "wedge", "height_loss_share": 0},
        {"kind": "wedge", "height_loss_share": 0.61},
    ],
)
def test_a_wrong_collapse_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Collapse.model_validate(keys)
