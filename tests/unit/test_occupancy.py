"""What lesions take of a vertebra, on one of a drum, two pedicles and an arch, against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import Ball, Capsule, Cylinder, HalfSpace, Intersection, Shape, Union
from femrisk.meshes.vertebra.occupancy import VertebraParts, measure_vertebra
from femrisk.meshes.vertebra.spine import COLUMNS, VertebraMeasure
from femrisk.patient import Patient
from femrisk.scores.sins import sins
from femrisk.scores.spine import kostuik, taneichi

RADIUS, HALF = 20.0, 12.0
DRUM = Cylinder(np.array([0.0, 0.0, -HALF]), np.array([0.0, 0.0, HALF]), RADIUS)


def tube(x: float) -> Shape:
    """A pedicle: from inside the body to the arch."""
    return Capsule(np.array([x, -12.0, 4.0]), np.array([x, -34.0, 4.0]), 5.0)


ARCH = Capsule(np.array([-22.0, -38.0, 0.0]), np.array([22.0, -38.0, 0.0]), 6.0)


def in_body(points: Floats) -> np.ndarray:
    return DRUM.distance(points) < 1.0


def in_pedicle(points: Floats) -> np.ndarray:
    return ~in_body(points) & (points[:, 1] > -32)


PARTS = VertebraParts(Union((DRUM, tube(-12.0), tube(12.0), ARCH)), in_body, in_pedicle)


def lesion(shape: Shape, nature: str = "lytic") -> PlacedLesion:
    return PlacedLesion("lesion", shape, np.zeros(3), nature, "body", 5.0)


def ball(x: float, y: float, z: float, radius: float) -> PlacedLesion:
    return lesion(Ball(np.array([x, y, z]), radius))


def measured(*lesions: PlacedLesion, parts: VertebraParts = PARTS, grid: float = 1.0) -> VertebraMeasure:
    return measure_vertebra("L1", parts, lesions, 0.0, grid)


def test_a_ball_in_the_middle_takes_its_volume_and_its_disc() -> None:
    found = measured(ball(0, 0, 0, 9))
    assert found.body_volume_share == pytest.approx(4 / 3 * 9**3 / (RADIUS**2 * 2 * HALF), rel=0.01)
    assert found.body_section_share == pytest.approx(81 / 400, rel=0.01)
    assert found.columns is not None
    taken = [found.columns[name].volume_share for name in COLUMNS]
    # each of the four quarters has a quarter of the ball, the posterior elements nothing
    assert taken[:4] == pytest.approx([found.body_volume_share] * 4, rel=0.06)
    assert taken[4:] == [0, 0]
    assert all(column.breached_height_share == 0 for column in found.columns.values())
    assert found.left == found.right
    assert found.left is not None
    assert (found.left.pedicle, found.left.facet) == (0, 0)


def test_shares_do_not_hang_on_the_grid() -> None:
    lesions = ball(7, -6, 2, 10), ball(12, -24, 4, 6)
    coarse, fine = (measured(*lesions, grid=grid) for grid in (1.5, 0.7))
    assert coarse.body_volume_share == pytest.approx(fine.body_volume_share, abs=0.005)
    assert coarse.body_section_share == pytest.approx(fine.body_section_share, abs=0.02)
    assert coarse.right is not None
    assert fine.right is not None
    assert coarse.right.pedicle == pytest.approx(fine.right.pedicle, abs=0.03)


def test_what_two_lesions_share_counts_once() -> None:
    one, twice = measured(ball(0, 0, 0, 9)), measured(ball(0, 0, 0, 9), ball(0, 0, 0, 8))
    assert twice.body_volume_share == one.body_volume_share
    assert twice.natures == ("lytic", "lytic")


def test_a_section_that_is_little_more_than_a_rim_is_no_section() -> None:
    # a body like a ball of 20 mm, and a lesion that takes its cap above z = 12 whole; sections of half of the largest
    # area or more end at z = 20 sqrt(1 / 2) = 14.1, so the sections of the cap at 12 to 14 mm count, and below 12 none
    body = VertebraParts(Ball(np.zeros(3), 20.0), lambda points: points[:, 1] > -50, lambda points: points[:, 1] < -50)
    low, high = (
        Intersection((Ball(np.zeros(3), 60.0), HalfSpace(np.array([0.0, 0.0, z]), np.array([0.0, 0.0, -1.0]))))
        for z in (12.0, 16.0)
    )
    assert measured(lesion(low), parts=body).body_section_share == pytest.approx(1)
    assert measured(lesion(high), parts=body).body_section_share == 0


def test_left_is_where_x_is_negative() -> None:
    found = measured(ball(-12, -25, 4, 10))
    assert found.left is not None
    assert found.right is not None
    assert found.left.pedicle == pytest.approx(1, abs=0.05)
    assert found.right.pedicle == 0


def test_facets_that_were_not_drawn_are_unknown_only_where_their_side_is_touched() -> None:
    found = measured(ball(15, -38, 0, 4))
    assert found.left is not None
    assert found.right is not None
    assert (found.left.facet, found.right.facet) == (0, None)
    drawn = replace(PARTS, facets=lambda points: (np.abs(points[:, 0]) > 18) & (points[:, 1] < -30))
    found = measured(ball(24, -38, 0, 8), parts=drawn)
    assert found.left is not None
    assert found.right is not None
    assert (found.left.facet, found.right.facet) == (0, pytest.approx(0.9, abs=0.1))


@pytest.mark.parametrize(
    ("place", "share"),
    [((0, 8, 0), 0), ((-9, 8, 0), 0), ((9, -8, 0), None), ((12, -25, 4), None), ((15, -38, 0), None)],
)
def test_rib_joints_that_were_not_drawn_are_unknown_only_where_a_lesion_comes_near(
    place: tuple[float, float, float], share: float | None
) -> None:
    found = measured(ball(*place, 5))
    assert found.left is not None
    assert found.right is not None
    assert (found.left.costovertebral, found.right.costovertebral) == (0, share)


def test_half_of_the_body_is_the_anterior_columns() -> None:
    # everything in front of y = 1: no more than a sliver of the anterior quarters is left, their wall is breached
    front = Intersection((Ball(np.zeros(3), 60.0), HalfSpace(np.array([0.0, 1.0, 0.0]), np.array([0.0, -1.0, 0.0]))))
    assert front.distance(np.array([[0.0, 10.0, 0.0]]))[0] < 0
    found = measured(lesion(front))
    assert found.columns is not None
    destroyed = [name for name in COLUMNS if found.columns[name].volume_share > 0.5]
    assert destroyed == ["body_anterior_left", "body_anterior_right"]
    assert all(found.columns[name].breached_height_share == pytest.approx(1) for name in destroyed)
    patient = Patient(sex="female", age_years=68, height_cm=165, mass_kg=70)
    assert kostuik(patient, found).value == 2
    assert taneichi(patient, found).items["verdict"] == "impending collapse"


def test_a_vertebra_is_scored_from_its_shapes() -> None:
    patient = Patient(
        sex="male", age_years=60, height_cm=175, mass_kg=80, spinal_pain="mechanical", spinal_alignment="normal"
    )
    # L1 3, mechanical 3, lytic 2, normal 0, no collapse and a tenth of the body 0, one pedicle 1
    found = sins(patient, measured(ball(0, 0, 0, 9), ball(12, -25, 4, 5)))
    assert found.value == 9
