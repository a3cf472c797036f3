from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from phantom import phantom
from pydantic import ValidationError

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.devices.cement import CementPart, bounded, fill_plane, measure_cement
from femrisk.meshes.devices.nail import BentRod, CephalomedullaryNail, nail_axis
from femrisk.meshes.devices.screws import ScrewSet
from femrisk.meshes.femur.parametric import ProximalFemur
from femrisk.meshes.involvement import volume_inside
from femrisk.meshes.lesions import PlacedLesion, SphereLesion
from femrisk.meshes.shapes import Capsule, Shape, Solid

BONE = phantom()
AXIS = BONE.landmarks.neck_axis


@cache
def femur() -> Anatomy:
    """The example's bone, long enough for a short nail above the pot."""
    bone = ProximalFemur(head_diameter_mm=46, neck_shaft_angle_deg=127, length_mm=230)
    return bone.resolved("female", 68).built()


def ball(radius: float = 8.0, name: str = "lesion_1", nature: str = "lytic", **keys: object) -> PlacedLesion:
    place = keys or {"site": "neck"}
    part = SphereLesion.model_validate({"kind": "sphere", "radius_mm": radius, "nature": nature, **place})
    return part.placed(BONE, name)


def volume(shape: Shape) -> float:
    return volume_inside(shape, BONE.outer, 64)


def capsule(solid: Solid) -> Capsule:
    assert isinstance(solid.shape, Capsule)
    return solid.shape


# cement


@pytest.mark.parametrize("fraction", [0.05, 0.5, 0.9, 1.0])
def test_cement_fills_its_share_of_the_lesion(fraction: float) -> None:
    lesion = ball()
    (cement,) = CementPart(fill_fraction=fraction).cements(BONE, (lesion,))
    share = volume(bounded(cement, BONE, (lesion,))) / volume(lesion.shape)
    assert share == pytest.approx(fraction, abs=0.01)
    assert cement.within == "lesion_1"


def test_only_the_part_of_the_lesion_inside_the_bone_counts() -> None:
    lesion = ball(8.0, site="neck", quadrant="inferior", depth=0.0)
    (cement,) = CementPart(fill_fraction=0.5).cements(BONE, (lesion,))
    share = volume(bounded(cement, BONE, (lesion,))) / volume(lesion.shape)
    assert share == pytest.approx(0.5, abs=0.01)


def test_what_stays_empty_faces_the_lateral_entry() -> None:
    lesion = ball()
    (cement,) = CementPart(fill_fraction=0.7).cements(BONE, (lesion,))
    medial, lateral = lesion.center + 7 * AXIS, lesion.center - 7 * AXIS
    assert cement.shape.distance(np.array([medial, lateral])) @ [1, 0] < 0
    assert cement.shape.distance(lateral[None])[0] > 0


def test_half_a_ball_is_filled_up_to_its_middle() -> None:
    lesion = ball()
    assert fill_plane(lesion, BONE, 0.5).distance(lesion.center[None])[0] == pytest.approx(0, abs=0.1)


def test_a_volume_below_that_of_the_lesion_is_a_share_of_it() -> None:
    lesion = ball()
    cements = CementPart(volume_ml=1.0).cements(BONE, (lesion,))
    assert len(cements) == 1
    assert volume(bounded(cements[0], BONE, (lesion,))) == pytest.approx(1000, rel=0.02)


def test_a_volume_above_that_of_the_lesion_is_pressed_into_the_bone_around_it() -> None:
    lesion = ball()
    cements = CementPart(volume_ml=4.0).cements(BONE, (lesion,))
    # the lesion holds 2.14 mL; a ball of 4 mL has a radius of 9.85 mm, well inside the neck's endosteum (14 mm)
    assert [cement.within for cement in cements] == ["lesion_1", "endosteum"]
    found = measure_cement(cements, BONE, (lesion,))
    assert found is not None
    assert found.volume_ml == pytest.approx(4.0, rel=0.02)
    assert cements[1].shape.distance(lesion.center[None] + [0, 9.85, 0])[0] == pytest.approx(0, abs=0.1)


def test_more_cement_than_fits_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"volume_ml: 80\.0 mL of cement do not fit"):
        CementPart(volume_ml=80).cements(BONE, (ball(),))


def test_a_plume_stays_inside_the_endosteum() -> None:
    lesion = ball(8.0, site="neck", quadrant="inferior", offset_mm=5)
    plume = CementPart(fill_fraction=1.0, plume_mm=4).cements(BONE, (lesion,))[1]
    # 5 + 8 + 4 = 17 mm from the axis, outside the neck (16 mm)
    assert plume.shape.distance((BONE.landmarks.neck_center - 16.5 * np.array([-0.6018, 0, 0.7986]))[None])[0] < 0
    assert measure_cement((plume,), BONE, (lesion,)).leak is None  # type: ignore[union-attr]


def test_cement_in_a_breached_lesion_may_leak_and_says_where() -> None:
    lesion = ball(8.0, site="neck", quadrant="inferior", depth=0.2)
    found = measure_cement(CementPart().cements(BONE, (lesion,)), BONE, (lesion,))
    assert found is not None
    assert found.leak is not None
    assert found.leak.startswith("inferior neck at (")
    inside = ball(8.0)
    assert measure_cement(CementPart().cements(BONE, (inside,)), BONE, (inside,)).leak is None  # type: ignore[union-attr]


def test_every_lytic_lesion_is_filled_unless_they_are_named() -> None:
    lesions = (ball(4, "a"), ball(4, "b", "blastic", site="head"), ball(4, "c", site="intertrochanteric"))
    assert [one.within for one in CementPart().cements(BONE, lesions)] == ["a", "c"]
    assert [one.within for one in CementPart(fills=("b",)).cements(BONE, lesions)] == ["b"]
    with pytest.raises(GeometryError, match="allowed: a, b, c, got: d"):
        CementPart(fills=("d",)).cements(BONE, lesions)
    with pytest.raises(GeometryError, match="no lytic lesion"):
        CementPart().cements(BONE, lesions[1:2])


def test_equal_cement_has_equal_names_and_unequal_cement_unequal_ones() -> None:
    lesion = ball()
    parts = [{}, {"fill_fraction": 0.9}, {"fill_fraction": 0.905}, {"volume_ml": 1.0}, {"plume_mm": 1.0}]
    names = [tuple(one.name for one in CementPart.model_validate(keys).cements(BONE, (lesion,))) for keys in parts]
    assert names[0] == names[1] == ("cement_lesion_1_90",)
    assert len(set(names)) == len(names) - 1


@pytest.mark.parametrize(
    "keys",
    [{"fill_fraction": 0}, {"fill_fraction": 1.1}, {"fill_fraction": 90}, {"volume_ml": 5, "fill_fraction": 0.5}],
)
def test_a_wrong_amount_of_cement_is_refused(keys: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        CementPart.model_validate(keys)


# screws


def offsets(solids: tuple[Solid, ...], bone: Anatomy) -> np.ndarray:
    """(k, 2) superior and anterior offset of each screw from the neck axis, mm."""
    superior = bone.landmarks.shaft_axis - bone.landmarks.neck_axis * bone.landmarks.neck_axis[2]
    superior /= np.linalg.norm(superior)
    anterior = np.cross(superior, bone.landmarks.neck_axis)
    return np.array([[capsule(solid).end @ superior, capsule(solid).end @ anterior] for solid in solids])


def test_three_screws_form_an_inverted_triangle() -> None:
    place = offsets(ScrewSet().placed(femur()), femur())
    low, front, back = place
    assert low[0] < 0 < min(front[0], back[0])
    assert front[1] > 2 > -2 > back[1]
    assert abs(low[1]) < 2


def test_two_screws_lie_above_each_other_and_one_in_the_middle() -> None:
    two, one = offsets(ScrewSet(count=2).placed(BONE), BONE), offsets(ScrewSet(count=1).placed(BONE), BONE)
    assert two[0, 0] < -5
    assert two[1, 0] > 5
    assert two[:, 1] == pytest.approx([0, 0], abs=0.1)
    assert one[0] == pytest.approx([0, 0], abs=0.1)


@pytest.mark.parametrize("diameter", [6.5, 7.3])
def test_screws_of_the_default_femur_keep_bone_around_them_and_between_them(diameter: float) -> None:
    bone = femur()
    screws = ScrewSet(diameter_mm=diameter).placed(bone)
    for screw in screws:
        shape = capsule(screw)
        axis = (shape.end - shape.start) / np.linalg.norm(shape.end - shape.start)
        # where they enter they cross the surface: 3 mm and a radius outside, 14 mm deep of the entry
        ahead = (bone.surface_points - shape.start) @ axis > shape.radius + 3 + 14
        assert shape.distance(bone.surface_points[ahead]).min() > 1.4
        assert bone.outer.distance(shape.start[None])[0] > 0
    for first, second in ((0, 1), (0, 2), (1, 2)):
        apart = np.linalg.norm(offsets(screws, bone)[first] - offsets(screws, bone)[second])
        assert apart - diameter >= 1.5 - 1e-9


@pytest.mark.parametrize("gap", [3.0, 5.0, 12.0])
def test_the_tip_stays_so_far_below_the_heads_surface(gap: float) -> None:
    for screw in ScrewSet(tip_to_surface_mm=gap).placed(BONE):
        shape = capsule(screw)
        surface = shape.end + (shape.radius + gap) * AXIS
        assert np.linalg.norm(surface - BONE.landmarks.head_center) == pytest.approx(23.0, abs=0.02)
        assert shape.distance(BONE.surface_points[BONE.surface_points @ AXIS > 54]).min() > 1.0


def test_a_screw_through_the_joint_is_refused_with_the_place() -> None:
    # 3 mm along a screw that lies off the head's centre are a little less across the surface
    with pytest.raises(GeometryError, match=r"screw_1 comes through the joint surface .* by (2\.\d|3\.0) mm at \("):
        ScrewSet(tip_to_surface_mm=-3, count=1).placed(BONE)


def test_screws_that_do_not_fit_the_neck_say_what_is_missing() -> None:
    # a neck of 10 mm radius leaves offsets up to 10 - 4.25 - 1.5 = 4.25 mm; two of three 8.5 mm screws, on a circle
    # of that radius at most 7.4 mm apart, need 8.5 + 1.5 = 10 mm
    with pytest.raises(GeometryError, match=r"screws: 3 of 8\.5 mm do not fit the neck at .*: [23]\.\d mm are missing"):
        ScrewSet(diameter_mm=8.5).placed(phantom(neck=10.0, cortex=1.5))
    with pytest.raises(GeometryError, match=r"screws: 1 of 8\.5 mm do not fit"):
        ScrewSet(diameter_mm=8.5, count=1).placed(phantom(neck=5.0, cortex=1.0))


def test_the_mantle_surrounds_the_front_of_perforated_screws_only() -> None:
    part = ScrewSet(hollow_perforated=True, mantle_mm=2.0, perforated_mm=30.0)
    screws = part.placed(BONE)
    (mantle,) = part.mantle(screws)
    shape = capsule(screws[0])
    aside = np.array([0.0, shape.radius + 1.9, 0.0])
    places = np.array([shape.end - 10 * AXIS + aside, shape.end - 45 * AXIS + aside])
    assert mantle.shape.distance(places) == pytest.approx([-0.1, 9.6], abs=3)
    assert (mantle.shape.distance(places) < 0).tolist() == [True, False]
    assert (mantle.role, mantle.within) == ("cement", "endosteum")
    assert ScrewSet().mantle(screws) == ()


# nail


def test_the_default_femur_takes_a_nail_of_11_mm() -> None:
    bone = femur()
    nail, lag, locking = CephalomedullaryNail().placed(bone)
    assert [solid.name for solid in (nail, lag, locking)] == ["nail", "lag_screw", "locking_screw"]
    assert isinstance(nail.shape, BentRod)
    tip = nail.shape.ends[0] - 5.5
    shaft = bone.surface_points[(bone.surface_points[:, 2] < -60) & (bone.surface_points[:, 2] > tip + 5)]
    # 27 mm shaft, 6.5 mm cortex: the nail's surface lies 6 to 10 mm below the periosteum all round
    assert 5 < nail.shape.distance(shaft).min() < nail.shape.distance(shaft).max() < 12
    # it leaves the bone between head and greater trochanter's tip
    top = nail.shape.centers[np.argmin(np.abs(nail.shape.heights - nail.shape.ends[1]))]
    assert bone.landmarks.greater_trochanter[0] - 2 < top[0] < 0
    assert abs(bone.outer.distance(top[None])[0]) < 1.5


def test_the_nail_follows_the_bow_of_the_canal() -> None:
    bone = femur()
    axis = nail_axis(bone, 4.0, 170.0)
    middle = [axis.at(z) for z in np.arange(-130.0, -55.0, 15.0)]
    # on the canal's centre, although the bow carries it 1 mm and more from a straight line
    depth = bone.inner.distance(np.array(middle))
    assert depth.max() < -4
    chord = (axis.at(-130.0) + axis.at(-55.0)) / 2
    assert axis.at(-92.5)[1] - chord[1] > 0.3


@pytest.mark.parametrize("angle", [120.0, 125.0, 130.0])
def test_the_lag_screw_aims_at_the_centre_of_the_head_at_its_angle(angle: float) -> None:
    lag = capsule(CephalomedullaryNail(neck_angle_deg=angle, tip_apex_distance_mm=24).placed(BONE)[1])
    axis = (lag.end - lag.start) / np.linalg.norm(lag.end - lag.start)
    assert np.degrees(np.arccos(-axis[2])) == pytest.approx(angle, abs=0.1)
    assert lag.distance(BONE.landmarks.head_center[None])[0] == pytest.approx(-lag.radius, abs=0.01)
    # half the tip-apex distance on each of the two films
    tip = lag.end + lag.radius * axis
    assert BONE.outer.distance(tip[None])[0] == pytest.approx(-12, abs=0.01)


def test_lag_screw_and_nail_cross() -> None:
    nail, lag, _ = CephalomedullaryNail().placed(femur())
    shape = capsule(lag)
    along = shape.start + np.linspace(0, 1, 300)[:, None] * (shape.end - shape.start)
    assert nail.shape.distance(along).min() < -7


def test_the_locking_screw_runs_through_nail_and_both_cortices() -> None:
    nail, _, locking = CephalomedullaryNail().placed(BONE)
    shape = capsule(locking)
    assert BONE.outer.distance(np.array([shape.start, shape.end])).min() > 2.5
    assert isinstance(nail.shape, BentRod)
    # 25 mm above the tip, whose ball of 5.5 mm begins 5.5 mm above it
    assert shape.start[2] == pytest.approx(nail.shape.ends[0] - 5.5 + 25)
    assert len(CephalomedullaryNail(distal_locking=False).placed(BONE)) == 2


def test_a_nail_wider_than_the_canal_says_by_how_much_and_where() -> None:
    narrow = phantom(canal=4.0)
    with pytest.raises(GeometryError, match=r"nail: is 3\.0 mm wider than the canal at \(.*11\.0 mm in 8\.0 mm"):
        CephalomedullaryNail().placed(narrow)
    assert len(CephalomedullaryNail(ream_mm=3.5).placed(narrow)) == 3


def test_a_nail_longer_than_the_bone_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"nail\.length_mm: the nail is \d+ mm too long"):
        CephalomedullaryNail(length_mm=300).placed(BONE)


def test_a_lag_screw_through_the_joint_is_refused_with_the_place() -> None:
    with pytest.raises(GeometryError, match=r"nail\.tip_apex_distance_mm: the lag screw .* by 3\.0 mm at \("):
        CephalomedullaryNail(tip_apex_distance_mm=-6).placed(BONE)


def test_a_lag_screw_through_the_neck_is_refused_with_the_place() -> None:
    with pytest.raises(GeometryError, match=r"nail\.neck_angle_deg: the lag screw breaks \d+\.\d mm through .* at \("):
        CephalomedullaryNail(neck_angle_deg=150).placed(phantom(neck=11.0))


def test_a_bent_rod_is_nearly_a_distance() -> None:
    rod = CephalomedullaryNail().placed(femur())[0].shape
    lower, upper = rod.bounds()
    points = np.random.default_rng(0).uniform(lower - 5, upper + 5, size=(4000, 3))
    near = points[np.abs(rod.distance(points)) < 3]
    step = 0.01
    slope = np.stack([rod.distance(near + step * e) - rod.distance(near - step * e) for e in np.eye(3)]) / (2 * step)
    assert len(near) > 500
    steepness = np.linalg.norm(slope, axis=0)
    assert steepness.max() < 1.01
    assert np.quantile(steepness, 0.02) > 0.98


def test_a_bent_rod_lies_in_its_box() -> None:
    rod = CephalomedullaryNail().placed(femur())[0].shape
    lower, upper = rod.bounds()
    points = np.random.default_rng(1).uniform(lower - 8, upper + 8, size=(20_000, 3))
    inside = points[rod.distance(points) < 0]
    assert len(inside) > 1000
    assert (inside >= lower).all()
    assert (inside <= upper).all()
