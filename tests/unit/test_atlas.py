"""The density atlas holds its sources' values where it says, changes smoothly, and scales as documented."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.meshes.anatomy import FemurLandmarks
from femrisk.meshes.femur import atlas as table
from femrisk.meshes.femur.atlas import CORTICAL_SHARE, DONOR_SCALE, Atlas, age_scale
from femrisk.meshes.femur.cortex import Cortex, neck_thickness
from femrisk.meshes.labelled import REGIONS, Floats
from femrisk.meshes.shapes import Capsule, Offset

AXIS = np.array([0.8, 0.0, 0.6])
MARKS = FemurLandmarks(
    head_center=54 * AXIS,
    head_radius=23.0,
    neck_axis=AXIS,
    neck_center=30 * AXIS,
    neck_width_si=32.0,
    neck_width_ap=28.0,
    shaft_axis=np.array([0.0, 0.0, 1.0]),
    shaft_diameter_ml=28.0,
    shaft_diameter_ap=28.0,
    greater_trochanter=np.array([-12.0, -8.0, 30.0]),
    lesser_trochanter=np.array([16.0, -18.0, -30.0]),
    distal_z=-150.0,
)
# stands for the bone: the canal is judged by the depth below this endosteum alone
SHAFT = Capsule(np.array([0.0, 0.0, -170.0]), np.array([0.0, 0.0, -20.0]), 14.0)
#: across the neck, up
SUPERIOR = np.array([-0.6, 0.0, 0.8])


def made(density_scale: float = DONOR_SCALE, trochanter: float = table.TROCHANTER) -> Atlas:
    return Atlas(MARKS, SHAFT, Offset(SHAFT, -6.0), density_scale, trochanter)


def at(place: Floats, *, cortical: bool = False, atlas: Atlas | None = None) -> float:
    return float((atlas or made()).density(np.array([place]), np.array([cortical]))[0])


def test_each_cancellous_region_has_the_value_of_its_source() -> None:
    # medial head, away from the weight-bearing column
    assert at(54 * AXIS + np.array([17.0, 0, -8.0])) == pytest.approx(table.HEAD, abs=0.02)
    # the column runs from the calcar, 13 mm under the neck, to the dome, 20 mm over the head's centre
    dome, calcar = 54 * AXIS + 20.7 * (SUPERIOR + 0.5 * AXIS) / np.sqrt(1.25), 22 * AXIS - 13.4 * SUPERIOR
    assert at(0.5 * (dome + calcar)) == pytest.approx(table.COMPRESSIVE, abs=0.005)
    # and in front of it the neck has its own value
    assert at(26 * AXIS + np.array([0.0, 16.0, 0.0])) == pytest.approx(table.NECK, abs=0.02)
    assert at(np.array([-14.0, -5.0, 5.0])) == pytest.approx(table.TROCHANTER, abs=0.01)
    assert at(np.array([0.0, 0.0, -100.0])) == pytest.approx(table.MARROW, abs=0.005)
    # superior neck, above Ward's triangle and lateral to the column
    assert 0.15 < at(28 * AXIS + 13 * SUPERIOR) < table.COMPRESSIVE


def test_wards_triangle_is_the_weakest_place_of_the_neck() -> None:
    rng = np.random.default_rng(2)
    points = rng.uniform([-5, -12, -15], [45, 12, 45], (20_000, 3))
    neck = points[(points @ AXIS > 8) & (points @ AXIS < 35) & (np.abs(points @ SUPERIOR) < 14)]
    density = made().density(neck, np.zeros(len(neck), bool))
    assert density.min() == pytest.approx(table.WARD, abs=0.02)
    weakest = neck[np.argmin(density)]
    # at the base of the neck, close to its axis
    assert 8 < weakest @ AXIS < 20
    assert abs(weakest @ SUPERIOR) < 6


def test_the_cortex_is_densest_in_the_shaft_and_lightest_round_the_head() -> None:
    shaft = at(np.array([13.0, 0, -110.0]), cortical=True)
    neck = at(28 * AXIS - 15 * SUPERIOR, cortical=True)
    head = at(54 * AXIS + np.array([22.0, 0, 0]), cortical=True)
    trochanter = at(np.array([-22.0, 0, 5.0]), cortical=True)
    assert [shaft, neck, trochanter, head] == pytest.approx([1.10, 0.95, 0.89, 0.80], abs=0.01)


def test_cancellous_bone_lines_the_endosteum_where_the_canal_opens() -> None:
    middle, edge = np.array([0.0, 0, -36.0]), np.array([-7.5, 0, -36.0])
    assert at(middle) < at(edge) - 0.03


def test_the_field_has_no_jumps() -> None:
    rng = np.random.default_rng(4)
    points = rng.uniform([-28, -25, -145], [75, 25, 55], (20_000, 3))
    step = rng.normal(size=points.shape)
    step *= 0.01 / np.linalg.norm(step, axis=1)[:, None]
    for cortical in (False, True):
        flags = np.full(len(points), cortical)
        change = np.abs(made().density(points + step, flags) - made().density(points, flags))
        # at most the head's 0.39 to the trochanter's 0.13 within some 2 mm: far below 0.2 per mm
        assert change.max() < 0.2 * 0.01


def test_no_bone_leaves_the_limits_at_any_scale() -> None:
    points = np.random.default_rng(5).uniform([-30, -30, -150], [80, 30, 60], (20_000, 3))
    for scale in (0.3, 0.8, 1.3):
        for cortical in (False, True):
            density = made(scale, 0.4).density(points, np.full(len(points), cortical))
            assert density.min() >= 0.02
            assert density.max() <= 1.3


def test_cancellous_bone_follows_the_scale_fully_and_cortex_by_its_share() -> None:
    head, shaft = 54 * AXIS + np.array([17.0, 0, -8.0]), np.array([13.0, 0, -110.0])
    weak = made(0.5 * DONOR_SCALE)
    assert at(head, atlas=weak) == pytest.approx(0.5 * at(head))
    assert at(shaft, cortical=True, atlas=weak) == pytest.approx((1 - 0.5 * CORTICAL_SHARE) * at(shaft, cortical=True))


def test_the_trochanter_can_be_set_apart_from_everything_else() -> None:
    dense = made(trochanter=0.17)
    assert at(np.array([-14.0, -5.0, 5.0]), atlas=dense) == pytest.approx(0.17, abs=0.01)
    assert at(54 * AXIS, atlas=dense) == pytest.approx(at(54 * AXIS), abs=1e-3)


def test_a_patient_of_the_donors_age_gets_about_the_donors_bone() -> None:
    assert age_scale("female", 67) / DONOR_SCALE == pytest.approx(1, abs=0.05)
    assert age_scale("male", 67) / DONOR_SCALE == pytest.approx(1, abs=0.05)


def test_density_falls_with_age_and_faster_in_women() -> None:
    for sex in ("female", "male"):
        scales = [age_scale(sex, age) for age in (18, 25, 40, 60, 80, 95, 110)]
        assert scales[0] == scales[1] == 1
        assert scales == sorted(scales, reverse=True)
    assert age_scale("female", 70) < age_scale("male", 70)


def test_regions_follow_the_landmarks() -> None:
    places = {
        "head": 54 * AXIS,
        "neck": 28 * AXIS,
        "intertrochanteric": np.zeros(3),
        "subtrochanteric": np.array([0.0, 0, -30 - 25.0]),
        "shaft": np.array([0.0, 0, -30 - 51.0]),
    }
    found = made().region(np.array(list(places.values())))
    assert [REGIONS[index] for index in found] == list(places)
    assert found.dtype == np.uint8


def test_the_top_of_the_greater_trochanter_is_no_neck() -> None:
    assert REGIONS[made().region(MARKS.greater_trochanter[None])[0]] == "intertrochanteric"


# Poole 2010: 1.63 at 25 to 0.33 at 85 above, 3.9 to 3.3 below
@pytest.mark.parametrize(
    ("age", "superior", "inferior"),
    [(25, 1.63, 3.9), (55, 0.98, 3.6), (40, 1.63 - 1.3 / 4, 3.75), (90, 0.33, 3.3), (18, 1.63, 3.9)],
)
def test_the_necks_cortex_thins_with_age_as_published(age: float, superior: float, inferior: float) -> None:
    assert neck_thickness(age) == pytest.approx((superior, inferior))


def test_the_cortex_is_thick_where_the_bone_bends_and_a_shell_elsewhere() -> None:
    cortex = Cortex(MARKS, superior_neck=1.1, inferior_neck=3.5, shaft=6.5)
    forward = np.array([0.0, 1.0, 0.0])
    thick = np.cos(np.radians(30)) * -SUPERIOR + np.sin(np.radians(30)) * forward
    places = [
        26 * AXIS + 15 * thick,
        26 * AXIS - 15 * thick,
        76 * AXIS,
        np.array([-22.0, 0, 10]),
        np.array([14.0, 0, -110]),
        np.array([-14.0, 0, -110]),
        MARKS.lesser_trochanter,
    ]
    below, above, head, lateral, medial_shaft, lateral_shaft, lesser = cortex.thickness(np.array(places))
    assert below == pytest.approx(3.5, abs=0.3)
    assert above == pytest.approx(1.1, abs=0.1)
    assert head == pytest.approx(cortex.shell, abs=0.05)
    assert lateral == pytest.approx(cortex.shell, abs=0.1)
    assert medial_shaft == pytest.approx(6.5, abs=0.05)
    assert lateral_shaft == pytest.approx(6.5, abs=0.05)
    # a shell over an apophysis, not a solid knob
    assert lesser < 3
