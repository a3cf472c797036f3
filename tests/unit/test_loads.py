"""Every sign of the loads, against directions worked out from how the bone lies in the machine."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from phantom import phantom

from femrisk.contacts import CLAMPED, EXCLUSION, RIM, STIFF_DEPTH, Boundary, Cap, Grip, machine_axes, smooth_step
from femrisk.loads import SidewaysFall, Stance
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.femur.parametric import ProximalFemur

UP = np.array([0.0, 0.0, 1.0])
HELD, FREE = ("held",) * 6, ("free",) * 3
STANCES = (Stance(kind="stance"), Stance(kind="stance", axis="hip_knee"), Stance(kind="stance", angle_deg=-10))
FALLS = (
    SidewaysFall(kind="sideways_fall"),
    SidewaysFall(kind="sideways_fall", adduction_deg=0, internal_rotation_deg=0),
    SidewaysFall(kind="sideways_fall", adduction_deg=30, internal_rotation_deg=-15),
)


@pytest.fixture(scope="module")
def tubes() -> Anatomy:
    return phantom()


@pytest.fixture(scope="module")
def femur() -> Anatomy:
    return ProximalFemur().resolved("female", 68).built()


def named(boundary: Boundary, name: str) -> Grip:
    return next(one for one in boundary.grips if one.name == name)


def in_the_bone(degrees_internal: float, degrees_knee_up: float) -> np.ndarray:
    """The way to the ground (3,) in the axes of a left femur that lies on its side in the laboratory.

    Laboratory: X to the head of the body, Y to its back, Z up. A body on its left side, hip straight: the femur's z is
    X, its lateral side (-x) faces the ground, so x is Z, and its front y is -Y. Then the knee is lifted and the femur
    is turned inwards about its own axis.
    """
    x, y, z = UP, np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    lift, turn = np.radians(degrees_knee_up), np.radians(degrees_internal)
    # the knee lies at -z; lifting it lowers z's end and tips x, square to it, towards the head of the body
    z, x = np.cos(lift) * z - np.sin(lift) * UP, np.cos(lift) * UP + np.sin(lift) * z
    # internal rotation turns the front of the bone towards its medial side, and the medial side to the back
    x, y = np.cos(turn) * x - np.sin(turn) * y, np.cos(turn) * y + np.sin(turn) * x
    assert np.linalg.det([x, y, z]) == pytest.approx(1.0)
    ground = -UP
    return np.array([ground @ x, ground @ y, ground @ z])


def test_stance_pushes_the_head_down_and_outwards(tubes: Anatomy) -> None:
    force = Stance(kind="stance", angle_deg=20).direction(tubes)
    # 20 degrees in the frontal plane: lateral is -x, distal is -z
    assert force == pytest.approx([-np.sin(np.pi / 9), 0.0, -np.cos(np.pi / 9)])
    assert Stance(kind="stance", angle_deg=-10).direction(tubes)[0] > 0


def test_the_hip_knee_axis_runs_from_the_head_to_a_knee_on_the_shaft_axis(tubes: Anatomy) -> None:
    force = Stance(kind="stance", axis="hip_knee").direction(tubes)
    # the head stands 54 cos 37 = 43.1 mm beside the axis and 54 sin 37 + 23 = 55.5 mm below the top of the bone's
    # 442 mm, so 43.1 mm over 442 - 23 = 419 mm
    assert np.arctan2(-force[0], -force[2]) == pytest.approx(np.arctan(43.126 / 419.0), abs=1e-4)
    assert force[1] == pytest.approx(0.0, abs=1e-12)
    longer = Stance(kind="stance", axis="hip_knee", femur_length_mm=600).direction(tubes)
    assert -longer[2] > -force[2]


def test_the_hip_knee_axis_of_a_femur_is_a_few_degrees_off_its_shaft(femur: Anatomy) -> None:
    force = Stance(kind="stance", axis="hip_knee").direction(femur)
    assert 3.0 < np.degrees(np.arccos(-force[2])) < 9.0
    assert force[0] < 0
    # the head lies in front of the shaft's axis, so the force runs backwards
    assert femur.landmarks.head_center[1] > 0
    assert force[1] < 0


@pytest.mark.parametrize(("turn", "lift"), [(0, 0), (15, 0), (0, 10), (15, 10), (-15, 30)])
def test_a_fall_pushes_towards_the_ground_a_turned_and_lifted_femur_lies_on(
    tubes: Anatomy, turn: float, lift: float
) -> None:
    load = SidewaysFall(kind="sideways_fall", adduction_deg=lift, internal_rotation_deg=turn)
    assert load.direction(tubes) == pytest.approx(in_the_bone(turn, lift), abs=1e-12)


def test_signs_of_a_fall(tubes: Anatomy) -> None:
    straight, lifted, turned = (
        SidewaysFall(kind="sideways_fall", adduction_deg=a, internal_rotation_deg=r).direction(tubes)
        for a, r in ((0, 0), (10, 0), (0, 15))
    )
    assert straight == pytest.approx([-1, 0, 0])
    assert (lifted[0] < 0, lifted[1], lifted[2] > 0) == (True, pytest.approx(0), True)
    assert (turned[0] < 0, turned[1] < 0, turned[2]) == (True, True, pytest.approx(0))


@pytest.mark.parametrize("load", FALLS)
def test_the_hinge_lies_across_shaft_and_force(tubes: Anatomy, load: SidewaysFall) -> None:
    hinge = load.boundary(tubes).axes[0]
    assert hinge @ UP == pytest.approx(0, abs=1e-12)
    assert hinge @ load.direction(tubes) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("load", [*STANCES, *FALLS])
def test_the_machine_is_right_handed_and_its_third_axis_faces_the_force(
    tubes: Anatomy, load: Stance | SidewaysFall
) -> None:
    axes = load.boundary(tubes).axes
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert axes[2] == pytest.approx(-load.direction(tubes))


def test_machine_axes_square_a_slanting_first_axis() -> None:
    axes = machine_axes(np.array([0.0, 0.0, -1.0]), np.array([3.0, 0.0, 1.0]))
    assert axes == pytest.approx(np.eye(3))


@pytest.mark.parametrize("load", [*STANCES, *FALLS])
def test_one_unknown_is_driven_and_it_is_the_heads_along_the_force(tubes: Anatomy, load: Stance | SidewaysFall) -> None:
    grips = load.boundary(tubes).grips
    driven = [(one.name, axis) for one in grips for axis, motion in enumerate(one.motion) if motion == "driven"]
    assert driven == [("head_cap", 2)]
    assert named(load.boundary(tubes), "head_cap").motion == ("free", "free", "driven", *FREE)


@pytest.mark.parametrize("load", STANCES)
def test_in_stance_the_pot_is_held_against_everything(tubes: Anatomy, load: Stance) -> None:
    boundary = load.boundary(tubes)
    assert [one.name for one in boundary.grips] == ["head_cap", "distal_pot"]
    assert named(boundary, "distal_pot").motion == HELD


@pytest.mark.parametrize("load", FALLS)
def test_in_a_fall_the_cup_stops_the_force_alone_and_the_pot_turns_on_its_hinge_alone(
    tubes: Anatomy, load: SidewaysFall
) -> None:
    boundary = load.boundary(tubes)
    assert [one.name for one in boundary.grips] == ["head_cap", "trochanter_cup", "distal_pot"]
    assert named(boundary, "trochanter_cup").motion == ("free", "free", "held", *FREE)
    assert named(boundary, "distal_pot").motion == ("held", "held", "held", "free", "held", "held")


@pytest.mark.parametrize("load", [*STANCES, *FALLS])
def test_the_head_is_pushed_at_its_surface_from_outside(femur: Anatomy, load: Stance | SidewaysFall) -> None:
    cap, force = named(load.boundary(femur), "head_cap").zone, load.direction(femur)
    assert isinstance(cap, Cap)
    assert abs(femur.outer.distance(cap.pole[None])[0]) < 0.3
    assert (cap.pole - femur.landmarks.head_center) @ force < -0.9 * femur.landmarks.head_radius
    assert femur.outer.distance((cap.pole + 3 * cap.direction)[None])[0] < 0


def test_the_cup_lies_under_the_point_of_the_trochanter_that_hits_the_ground_first(femur: Anatomy) -> None:
    load = SidewaysFall(kind="sideways_fall")
    force, cup = load.direction(femur), named(load.boundary(femur), "trochanter_cup")
    assert isinstance(cup.zone, Cap)
    assert (femur.surface_points @ force).max() == pytest.approx(cup.zone.pole @ force)
    assert cup.zone.direction == pytest.approx(-force)
    # near the greater trochanter, on the lateral side, and not on the shaft
    assert np.linalg.norm(cup.zone.pole - femur.landmarks.greater_trochanter) < 45
    assert cup.zone.pole[0] < 0
    assert cup.center == pytest.approx(cup.zone.pole)


def test_a_turned_femur_lies_on_the_back_of_its_trochanter(femur: Anatomy) -> None:
    poles = [
        named(SidewaysFall(kind="sideways_fall", internal_rotation_deg=turn).boundary(femur), "trochanter_cup").center
        for turn in (-15, 0, 15, 30)
    ]
    assert all(after[1] < before[1] for before, after in pairwise(poles))


def test_the_stiff_layer_is_whole_under_the_pole_and_gone_far_from_it(tubes: Anatomy) -> None:
    boundary = Stance(kind="stance").boundary(tubes)
    cap = named(boundary, "head_cap").zone
    assert isinstance(cap, Cap)
    depths = np.array([0.5, STIFF_DEPTH - RIM / 2, STIFF_DEPTH, STIFF_DEPTH + RIM / 2, 15.0])
    # a step of RIM mm round STIFF_DEPTH, half way in its middle
    assert cap.weight(cap.pole + depths[:, None] * cap.direction) == pytest.approx([1, 1, 0.5, 0, 0], abs=1e-9)
    far = np.array([[0.0, 0.0, -60.0], tubes.landmarks.neck_center, tubes.landmarks.head_center])
    assert boundary.stiffness_weight(far).tolist() == [0, 0, 0]
    # the other side of the head lies on the same line through the pole, and is no contact
    other = cap.pole + (2 * tubes.landmarks.head_radius - 1) * cap.direction
    assert cap.weight(other[None])[0] == 0


def test_the_rim_of_a_pad_fades_at_its_radius(tubes: Anatomy) -> None:
    cap = named(Stance(kind="stance", cap_radius_mm=12).boundary(tubes), "head_cap").zone
    assert isinstance(cap, Cap)
    across = np.cross(cap.direction, [0.0, 1.0, 0.0])
    across, center = across / np.linalg.norm(across), tubes.landmarks.head_center
    ways = np.array([0.0, 10.9, 12.0, 13.1])
    # points of the ball 0.5 mm under its surface, so many mm beside the force's line
    points = center + ways[:, None] * across - np.sqrt(22.5**2 - ways**2)[:, None] * cap.direction
    assert cap.weight(points) == pytest.approx([1, 1, 0.5, 0], abs=1e-6)


def test_grips_hold_less_than_their_stiff_layer(tubes: Anatomy) -> None:
    boundary = SidewaysFall(kind="sideways_fall").boundary(tubes)
    lower, upper = tubes.outer.bounds()
    points = np.random.default_rng(3).uniform(lower, upper, (200_000, 3))
    points = points[tubes.outer.distance(points) < 0]
    for one in boundary.grips:
        core = one.zone.core(points)
        assert core.any()
        assert (one.zone.weight(points)[core] > 0.45).all()
        assert (one.zone.weight(points) > 0).sum() > core.sum()


def test_no_fracture_is_looked_for_in_contacts_and_beside_them(tubes: Anatomy) -> None:
    boundary = Stance(kind="stance", pot_mm=30).boundary(tubes)
    rim = tubes.landmarks.distal_z + 30
    heights = rim + np.array([-20, -1, EXCLUSION - RIM / 2 - 0.1, EXCLUSION + RIM / 2 + 0.1, 40])
    points = np.stack([np.full(5, 10.0), np.zeros(5), heights], axis=1)
    assert boundary.contact(points).tolist() == [True, True, True, False, False]
    assert boundary.stiffness_weight(points).tolist() == pytest.approx([1, 1, 0, 0, 0], abs=1e-9)


def test_a_break_just_above_a_pot_is_the_clamps_and_one_beside_a_cap_is_not(tubes: Anatomy) -> None:
    boundary = Stance(kind="stance", pot_mm=30).boundary(tubes)
    rim = tubes.landmarks.distal_z + 30
    assert boundary.clamped(np.array([10.0, 0.0, rim + CLAMPED - RIM]))
    assert not boundary.clamped(np.array([10.0, 0.0, rim + CLAMPED + RIM]))
    assert not boundary.clamped(named(boundary, "head_cap").center)


def test_the_pot_holds_the_lower_end_alone(tubes: Anatomy) -> None:
    pot = named(Stance(kind="stance", pot_mm=40).boundary(tubes), "distal_pot").zone
    below, above = np.array([[0.0, 0, -150]]), np.array([[0.0, 0, -138]])
    # 40 mm from -180 end at -140; the lowest STIFF_DEPTH of them are glued
    assert pot.core(below)[0]
    assert not pot.core(above)[0]
    assert pot.weight(below)[0] == 1


def test_smooth_steps_are_smooth() -> None:
    way = np.linspace(-RIM, RIM, 401)
    values = smooth_step(way)
    assert (values[0], values[200], values[-1]) == (0, 0.5, 1)
    assert (np.diff(values) >= 0).all()
    assert np.abs(np.diff(values, 2)).max() < 2e-4


@pytest.mark.parametrize("side", ["left", "right"])
def test_both_sides_are_pushed_alike(femur: Anatomy, side: str) -> None:
    mirrored = ProximalFemur(side=side).resolved("female", 68).built()  # type: ignore[arg-type]
    for load in (STANCES[0], FALLS[0]):
        one, other = load.boundary(femur), load.boundary(mirrored)
        assert (one.axes == other.axes).all()
        assert all((a.center == b.center).all() for a, b in zip(one.grips, other.grips, strict=True))
    # what differs is the way back to the scan: x turns, so a force on a right femur is lateral there too
    assert np.sign(mirrored.to_source[0, 0]) == (1 if side == "left" else -1)
