from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes import Vertebra
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.devices.cement import bounded, measure_cement
from femrisk.meshes.devices.eikonal import arrival
from femrisk.meshes.devices.ground import Ground
from femrisk.meshes.devices.needles import needles
from femrisk.meshes.devices.spinecement import BalloonPart, PlumePart
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import PlacedLesion, SphereLesion
from femrisk.meshes.shapes import Ellipsoid, Solid, Union


@pytest.fixture(scope="module")
def bone() -> VertebraAnatomy:
    return Vertebra(level="L1").resolved("female", 68).built()


@pytest.fixture(scope="module")
def ground(bone: VertebraAnatomy) -> Ground:
    return Ground.of(bone, ())


def ball(bone: VertebraAnatomy, radius: float = 7.0, name: str = "met", **keys: object) -> PlacedLesion:
    place = keys or {"site": "vertebral_body"}
    return SphereLesion.model_validate({"kind": "sphere", "radius_mm": radius, **place}).placed(bone, name)


def filled(
    ground: Ground, solids: tuple[Solid, ...], lesions: tuple[PlacedLesion, ...], anatomy: VertebraAnatomy
) -> Floats:
    """(n,) distance from all cement at the points of the ground."""
    return Union(tuple(bounded(one, anatomy, lesions) for one in solids)).distance(ground.points)


def share_of(lesion: PlacedLesion, cement: Floats, ground: Ground) -> float:
    """Share of a lesion that cement fills."""
    within = lesion.shape.distance(ground.points)
    return ground.held(np.maximum(cement, within)) / ground.held(within)


# the front


def test_a_front_in_uniform_ground_arrives_by_its_distance() -> None:
    start = np.full((31, 31, 31), np.inf)
    places = np.stack(np.meshgrid(*[np.arange(31)] * 3, indexing="ij"), axis=-1) * 0.5
    reach = np.linalg.norm(places - 7.5, axis=-1)
    start[reach < 1.5] = 2 * reach[reach < 1.5]
    late = arrival(start, np.full(start.shape, 2.0), 0.5)[reach > 3] / (2 * reach[reach > 3]) - 1
    # of first order: late along diagonals, the more so near the start
    assert late.min() > -1e-9
    assert late.max() < 0.10
    assert late.mean() < 0.05


def test_a_front_goes_round_a_wall_and_not_through_it() -> None:
    slowness = np.ones((21, 21, 1))
    slowness[10, :20] = np.inf
    start = np.full(slowness.shape, np.inf)
    start[5, 0] = 0.0
    found = arrival(start, slowness, 1.0)
    assert not np.isfinite(found[10, 5, 0])
    # straight through it would be 10; over the gap at the far end at least two times 20
    assert found[15, 0, 0] > 40


# the plume


@pytest.mark.parametrize("millilitres", [0.5, 1.5, 2.5, 5.0])
def test_the_plume_holds_the_volume_asked_for(millilitres: float, bone: VertebraAnatomy, ground: Ground) -> None:
    # a ball of 7 mm holds 1.4 mL: less than it, some of the bone, a layer around it, and most of the body
    lesion = ball(bone)
    solids = PlumePart(volume_ml=millilitres).cements(bone, (lesion,))
    found = measure_cement(solids, bone, (lesion,))
    assert found is not None
    assert found.volume_ml == pytest.approx(millilitres, rel=0.02)


def test_the_default_is_the_share_at_which_strength_was_back(bone: VertebraAnatomy) -> None:
    solids = PlumePart().cements(bone, ())
    found = measure_cement(solids, bone, ())
    assert found is not None
    # 16.2 % of the body of 22 mL
    assert found.volume_ml == pytest.approx(0.162 * 22.0, rel=0.03)


def test_the_plume_is_one_piece_around_the_needles_tip(bone: VertebraAnatomy, ground: Ground) -> None:
    part = PlumePart(volume_ml=3.0, approach="unipedicular", side="right")
    cement = filled(ground, part.cements(bone, ()), (), bone)
    pieces, count = ndimage.label(ground.grid(cement < 0))
    (needle,) = needles(bone, "unipedicular", "right")
    nearest = int(np.argmin(np.linalg.norm(ground.points - needle.tip, axis=1)))
    assert count == 1
    assert pieces.ravel()[nearest] == 1


def test_cement_from_two_needles_lies_on_both_sides(bone: VertebraAnatomy, ground: Ground) -> None:
    cement = filled(ground, PlumePart(volume_ml=1.0).cements(bone, ()), (), bone)
    left, right = (ground.held(np.where(ground.points[:, 0] * side > 0, cement, 9.0)) for side in (-1, 1))
    assert left == pytest.approx(right, rel=0.05)


def test_a_lesion_in_reach_is_full_before_the_bone_beyond_it(bone: VertebraAnatomy, ground: Ground) -> None:
    lesion = ball(bone)
    cement = filled(ground, PlumePart(volume_ml=2.0).cements(bone, (lesion,)), (lesion,), bone)
    assert share_of(lesion, cement, ground) > 0.98
    # without it, the same cement leaves most of that place alone
    plain = filled(ground, PlumePart(volume_ml=2.0).cements(bone, ()), (), bone)
    assert share_of(lesion, plain, ground) < 0.6


def test_what_stays_empty_of_a_lesion_is_far_from_where_cement_came_in(bone: VertebraAnatomy, ground: Ground) -> None:
    lesion = ball(bone, 7.0, center_mm=[0, -2, 0])
    cement = filled(ground, PlumePart(volume_ml=1.2).cements(bone, (lesion,)), (lesion,), bone)
    assert 0.3 < share_of(lesion, cement, ground) < 0.95
    within = lesion.shape.distance(ground.points) < -0.5
    # the needles end in front of it
    assert ground.points[within & (cement > 0), 1].mean() < ground.points[within & (cement < 0), 1].mean() - 3


def test_a_lesion_out_of_reach_stays_empty(bone: VertebraAnatomy, ground: Ground) -> None:
    lesion = ball(bone, 3.5, site="pedicle", quadrant="left")
    cement = filled(ground, PlumePart(volume_ml=1.0).cements(bone, (lesion,)), (lesion,), bone)
    assert share_of(lesion, cement, ground) == 0


@pytest.mark.parametrize("nature", ["mixed", "blastic"])
def test_only_lytic_lesions_are_filled_first(nature: str, bone: VertebraAnatomy) -> None:
    solids = PlumePart(volume_ml=2.0).cements(bone, (ball(bone, site="vertebral_body", nature=nature),))
    assert [one.within for one in solids] == [None]


def test_the_plume_stays_under_the_surface_of_whole_bone(bone: VertebraAnatomy) -> None:
    # 45 % of the body meets every wall; bone of about 1 mm is left
    (plume,) = PlumePart(body_fraction=0.45).cements(bone, ())
    assert plume.shape.distance(bone.surface_points).min() > 0.8


def test_cement_near_a_wall_is_named_with_its_place(bone: VertebraAnatomy) -> None:
    found = measure_cement(PlumePart(body_fraction=0.45).cements(bone, ()), bone, ())
    assert found is not None
    assert found.leak is not None
    assert "mm of the superior endplate at (" in found.leak
    assert "leaves the bone" not in found.leak
    little = measure_cement(PlumePart(volume_ml=0.5).cements(bone, ()), bone, ())
    assert little is not None
    assert little.leak is None


def test_cement_in_a_breached_lesion_leaves_the_bone(bone: VertebraAnatomy) -> None:
    lesion = ball(bone, 7.0, site="vertebral_body", quadrant="anterior", depth=0.2)
    found = measure_cement(PlumePart(volume_ml=2.5).cements(bone, (lesion,)), bone, (lesion,))
    assert found is not None
    assert found.leak is not None
    assert "leaves the bone through the anterior wall at (" in found.leak


def test_more_cement_than_fits_is_refused_with_the_numbers(bone: VertebraAnatomy) -> None:
    with pytest.raises(GeometryError, match=r"volume_ml: 20\.0 mL of cement do not fit: there is room for 18\.\d mL"):
        PlumePart(volume_ml=20).cements(bone, ())


def test_equal_cement_has_equal_names_and_unequal_cement_unequal_ones(bone: VertebraAnatomy) -> None:
    keys: list[dict[str, object]] = [
        {"volume_ml": 1.0},
        {"volume_ml": 1.5},
        {"volume_ml": 1.0, "approach": "unipedicular"},
        {"volume_ml": 1.0, "approach": "unipedicular", "side": "right"},
    ]
    names = [PlumePart.model_validate(one).cements(bone, ())[0].name for one in keys]
    names.append(BalloonPart(volume_ml=1.0).cements(bone, ())[0].name)
    assert len(set(names)) == len(names)
    assert PlumePart(volume_ml=1.0).cements(bone, ())[0].name == names[0]


@pytest.mark.parametrize(
    "keys",
    [
        {"volume_ml": 3, "body_fraction": 0.2},
        {"body_fraction": 16},
        {"approach": "bipedicular", "side": "right"},
        {"fill_fraction": 0.9},
    ],
)
def test_a_wrong_amount_of_cement_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PlumePart.model_validate(keys)


# needles


@pytest.mark.parametrize("level", ["T10", "L5"])
def test_needles_lie_in_the_bone_up_to_the_anterior_third(level: str) -> None:
    anatomy = Vertebra.model_validate({"level": level}).resolved("female", 68).built()
    left, right = needles(anatomy, "bipedicular", "left")
    assert left.tip[0] < 0 < right.tip[0]
    for needle in (left, right):
        marks = anatomy.landmarks
        assert needle.tip[1] == pytest.approx(marks.anterior_wall - marks.body_depth / 3)
        along = needle.way.middle + np.linspace(0, 1, 60)[:, None] * (needle.tip - needle.way.middle)
        assert anatomy.outer.distance(along).max() < -1.5


# balloons


@pytest.mark.parametrize("millilitres", [2.0, 5.0])
def test_the_cavities_of_two_balloons_hold_the_volume(millilitres: float, bone: VertebraAnatomy) -> None:
    solids = BalloonPart(volume_ml=millilitres).cements(bone, ())
    found = measure_cement(solids, bone, ())
    assert found is not None
    assert found.volume_ml == pytest.approx(millilitres, rel=0.02)
    first, second = (one.shape for one in solids)
    assert isinstance(first, Ellipsoid)
    assert isinstance(second, Ellipsoid)
    # two ellipsoids of 20 mm: half of V each = 4/3 pi 10 r^2; they do not touch at 5 mL (r = 7.7 mm)
    assert first.semi_axes == pytest.approx([10, *[np.sqrt(0.75 * 500 * millilitres / np.pi / 10)] * 2], rel=0.02)
    assert first.center * [-1, 1, 1] == pytest.approx(second.center)


def test_balloons_fill_the_lesion_they_reach(bone: VertebraAnatomy, ground: Ground) -> None:
    lesion = ball(bone, 6.0)
    cement = filled(ground, BalloonPart(volume_ml=3.5).cements(bone, (lesion,)), (lesion,), bone)
    assert share_of(lesion, cement, ground) > 0.98
    assert ground.held(cement) == pytest.approx(3500, rel=0.02)


def test_balloons_that_meet_a_wall_are_refused(bone: VertebraAnatomy) -> None:
    with pytest.raises(GeometryError, match=r"volume_ml: 9\.0 mL of cement do not fit: there is room for 5\.\d mL"):
        BalloonPart(volume_ml=9).cements(bone, ())
