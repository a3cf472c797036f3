from __future__ import annotations

import numpy as np
import pytest
from phantom import phantom
from pydantic import TypeAdapter, ValidationError

from femrisk.errors import GeometryError
from femrisk.meshes.ct.labellesion import Lesion
from femrisk.meshes.irregular import even_directions, irregular_body
from femrisk.meshes.lesions import EllipsoidLesion, IrregularLesion, SphereLesion
from femrisk.meshes.sites import QUADRANTS, VERTEBRA_SITES, direction, frame

BONE = phantom()
NECK = BONE.landmarks.neck_axis
#: perpendicular to the neck axis (37 degrees above horizontal), upwards
SUPERIOR = np.array([-np.sin(np.radians(37)), 0, np.cos(np.radians(37))])


def sphere(**keys: object) -> SphereLesion:
    return SphereLesion.model_validate({"kind": "sphere", "radius_mm": 6.0, **keys})


def test_depth_counts_from_the_surface_to_the_axis() -> None:
    # the neck is a tube of 16 mm radius: depth 0, 0.25 and 1 lie 16, 12 and 0 mm from its axis
    for depth, offset in ((0.0, 16.0), (0.25, 12.0), (1.0, 0.0)):
        lesion = sphere(site="femoral_neck", quadrant="inferior", depth=depth).placed(BONE, "lesion")
        assert lesion.center == pytest.approx(BONE.landmarks.neck_center - offset * SUPERIOR, abs=0.01)


def test_half_depth_is_the_default_on_a_side() -> None:
    lesion = sphere(site="neck", quadrant="anterior").placed(BONE, "lesion")
    assert lesion.center == pytest.approx(BONE.landmarks.neck_center + [0, 8, 0], abs=0.01)


def test_offset_is_a_distance_from_the_axis() -> None:
    lesion = sphere(site="shaft", quadrant="lateral", offset_mm=5).placed(BONE, "lesion")
    # the shaft's region begins 50 mm below the lesser trochanter (-30) and ends at the cut (-180)
    assert lesion.center == pytest.approx([-5, 0, -130], abs=0.01)


def test_medial_in_the_neck_is_its_inferior_side() -> None:
    places = [sphere(site="neck", quadrant=word).placed(BONE, "l").center for word in ("medial", "inferomedial")]
    inferior = sphere(site="neck", quadrant="inferior").placed(BONE, "l").center
    assert places[0] == pytest.approx(inferior, abs=0.01)
    assert places[1] == pytest.approx(inferior, abs=0.01)


def test_along_moves_towards_the_head() -> None:
    lesion = sphere(site="neck", along_mm=5).placed(BONE, "lesion")
    assert lesion.center == pytest.approx(BONE.landmarks.neck_center + 5 * NECK)


def test_short_and_long_site_names_mean_the_same() -> None:
    lesions = [sphere(site=site).placed(BONE, "l") for site in ("head", "femoral_head")]
    assert lesions[0].center == pytest.approx(lesions[1].center)
    assert {lesion.site for lesion in lesions} == {"head"}


@pytest.mark.parametrize("site", sorted(QUADRANTS.keys() - VERTEBRA_SITES))
def test_every_quadrant_of_every_site_lies_on_its_side_inside_the_bone(site: str) -> None:
    middle = frame(BONE, site).origin
    for quadrant in QUADRANTS[site]:
        lesion = sphere(site=site, quadrant=quadrant).placed(BONE, "lesion")
        assert BONE.outer.distance(lesion.center[None])[0] < 0
        if quadrant != "central":
            assert (lesion.center - middle) @ direction(quadrant) > 1.0


@pytest.mark.parametrize(
    ("site", "quadrant"),
    [("neck", "superomedial"), ("neck", "inferolateral"), ("head", "lateral"), ("shaft", "superior")],
)
def test_a_quadrant_along_the_local_axis_is_refused(site: str, quadrant: str) -> None:
    with pytest.raises(ValidationError, match="has no meaning"):
        sphere(site=site, quadrant=quadrant)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"site": "neck", "center_mm": (0, 0, 0)},
        {"center_mm": (0, 0, 0), "quadrant": "medial"},
        {"site": "neck", "quadrant": "medial", "depth": 0.5, "offset_mm": 3},
        {"site": "neck", "depth": 0.2},
        {"site": "elbow"},
        {"site": "neck", "radius_mm": 0},
        {"site": "neck", "radius_mm": float("nan")},
        {"site": "neck", "colour": "red"},
    ],
)
def test_unclear_places_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        sphere(**keys)


def test_a_lesion_with_every_default_written_out_reads_back_equal() -> None:
    adapter: TypeAdapter[Lesion] = TypeAdapter(Lesion)
    for keys in ({"center_mm": (1, 2, 3)}, {"site": "neck", "quadrant": "inferomedial"}):
        lesion = sphere(**keys)
        assert adapter.validate_json(adapter.dump_json(lesion)) == lesion


def test_coordinates_find_their_site() -> None:
    head = BONE.landmarks.head_center
    assert sphere(center_mm=tuple(head)).placed(BONE, "l").site == "head"
    assert sphere(center_mm=(0, 0, -140)).placed(BONE, "l").site == "shaft"


def test_a_lesion_may_breach_the_cortex_with_its_centre_outside() -> None:
    lesion = sphere(center_mm=(14 + 5, 0, -130)).placed(BONE, "lesion")
    assert BONE.outer.distance(lesion.center[None])[0] == pytest.approx(5)


def test_a_lesion_outside_the_bone_says_by_how_many_mm() -> None:
    # 26 mm from a shaft of 14 mm radius, 6 mm radius: 12 mm beyond the surface, 6 mm too far
    with pytest.raises(GeometryError, match=r"center_mm: .* 12\.0 mm beyond the surface, 6\.0 mm more") as error:
        sphere(center_mm=(26, 0, -130)).placed(BONE, "lesion")
    assert error.value.exit_code == 2


@pytest.mark.parametrize(("site", "radius", "excess"), [("shaft", 17.0, 3.0), ("neck", 20.0, 4.0)])
def test_a_lesion_larger_than_the_bone_says_by_how_many_mm(site: str, radius: float, excess: float) -> None:
    with pytest.raises(GeometryError, match=r"radius_mm: .*larger than the bone") as error:
        sphere(site=site, radius_mm=radius).placed(BONE, "lesion")
    reported = float(str(error.value).split("reaches ")[1].split(" mm")[0])
    # the slices lie up to 1.5 mm from the lesion's middle, their points 2 mm apart
    assert reported == pytest.approx(excess, abs=0.6)


def test_a_lesion_that_leaves_a_sliver_of_the_section_is_allowed() -> None:
    assert sphere(site="shaft", radius_mm=13.0).placed(BONE, "lesion").size_mm == 13.0


def test_a_lesion_of_a_femur_asks_for_small_cells_through_the_wall_beside_it() -> None:
    solid = sphere(site="neck", radius_mm=9.0).placed(BONE, "lesion").solid
    assert (solid.size_mm, solid.around_mm) == (1.5, 6.0)


def test_a_bone_cut_high_has_no_shaft_site() -> None:
    with pytest.raises(GeometryError, match="no shaft region"):
        sphere(site="shaft").placed(phantom(distal_z=-85.0), "lesion")


def test_ellipsoid_axes_follow_the_neck() -> None:
    keys = {"kind": "ellipsoid", "site": "femoral_neck", "semi_axes_mm": (10, 8, 6)}
    lesion = EllipsoidLesion.model_validate(keys).placed(BONE, "lesion")
    for half, axis in ((10, NECK), (8, SUPERIOR), (6, np.array([0, 1, 0]))):
        tips = lesion.center + half * np.array([axis, -axis])
        assert lesion.shape.distance(tips) == pytest.approx([0, 0], abs=1e-5)
    assert lesion.size_mm == 6


@pytest.mark.parametrize("roughness", [0.0, 0.15, 0.3])
def test_irregular_body_has_the_volume_of_its_ball(roughness: float) -> None:
    body = irregular_body(np.array([1.0, 2.0, 3.0]), 9.0, roughness, seed=5)
    lower, upper = body.bounds()
    points = np.random.default_rng(0).uniform(lower, upper, size=(200_000, 3))
    share = np.mean(body.distance(points) < 0)
    # Monte Carlo: 200 000 points at a share near 0.4 have a standard error of 0.3 %
    assert share * np.prod(upper - lower) == pytest.approx(4 / 3 * np.pi * 9**3, rel=0.01)


def test_irregular_body_is_a_distance_near_its_surface() -> None:
    body = irregular_body(np.zeros(3), 10.0, 0.3, seed=2)
    directions = even_directions(2000)
    surface = body.radii(directions)[:, None] * directions
    step = 1e-4
    slope = np.stack([body.distance(surface + step * e) - body.distance(surface - step * e) for e in np.eye(3)])
    assert body.distance(surface) == pytest.approx(np.zeros(2000), abs=1e-9)
    assert np.linalg.norm(slope / (2 * step), axis=0) == pytest.approx(np.ones(2000), abs=1e-3)


def test_irregular_body_depends_on_its_seed_only() -> None:
    points = np.random.default_rng(1).normal(scale=8, size=(50, 3))
    first, again, other = (irregular_body(np.zeros(3), 8.0, 0.2, seed).distance(points) for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.2


def test_roughness_is_the_spread_of_the_radius() -> None:
    body = irregular_body(np.zeros(3), 10.0, 0.2, seed=1)
    assert np.std(np.log(body.radii(even_directions(5000)))) == pytest.approx(0.2, rel=0.01)


def test_irregular_lesion_is_placed_like_the_others() -> None:
    keys = {"kind": "irregular", "site": "neck", "radius_mm": 7, "seed": 3}
    lesion = IrregularLesion.model_validate(keys).placed(BONE, "lesion")
    assert lesion.center == pytest.approx(BONE.landmarks.neck_center)
    assert 3.5 < lesion.size_mm < 7
    assert lesion.solid.role == "lesion"
