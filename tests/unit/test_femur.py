"""A parametric femur has the measures it was asked for, measured back from its surface alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.femur.parametric import ProximalFemur
from femrisk.meshes.labelled import REGIONS, Floats
from femrisk.meshes.sampled import lattice

ASKED = {
    "female": ProximalFemur().resolved("female", 68),
    "tall man": ProximalFemur(
        head_diameter_mm=51, neck_shaft_angle_deg=133, anteversion_deg=5, neck_width_si_mm=36, neck_width_ap_mm=33
    ).resolved("male", 45),
}


@pytest.fixture(scope="module", params=ASKED)
def femur(request: pytest.FixtureRequest) -> tuple[ProximalFemur, Anatomy]:
    return ASKED[request.param], built(request.param)


@cache
def built(name: str) -> Anatomy:
    return ASKED[name].built()


def head_fit(anatomy: Anatomy) -> tuple[Floats, float]:
    """Centre and radius of the sphere through the dome of the head, by linear least squares."""
    way = np.array([0.7, 0.1, 0.7])
    dome = anatomy.surface_points[anatomy.surface_points @ way > anatomy.farthest(way) @ way - 14]
    unknowns = np.linalg.lstsq(np.c_[2 * dome, np.ones(len(dome))], np.sum(dome**2, axis=1))[0]
    return unknowns[:3], float(np.sqrt(unknowns[3] + unknowns[:3] @ unknowns[:3]))


def section(anatomy: Anatomy, center: Floats, first: Floats, second: Floats, half: float = 24.0) -> Floats:
    """(n, 2) points of a plane section inside the bone, in the section's own axes, connected to its centre."""
    steps = np.arange(-half, half, 0.25)
    local = lattice2(steps)
    inside = anatomy.outer.distance(center + local[:, :1] * first + local[:, 1:] * second) < 0
    labels = ndimage.label(inside.reshape(len(steps), -1))[0]
    return local[labels.ravel() == labels[len(steps) // 2, len(steps) // 2]]


def lattice2(steps: Floats) -> Floats:
    return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)


def shaft_line(anatomy: Anatomy) -> tuple[Floats, Floats]:
    """A point and the direction of the best line through the centroids of the shaft's sections."""
    heights = np.linspace(anatomy.landmarks.distal_z + 1, anatomy.landmarks.lesser_trochanter[2] - 20, 12)
    x, y = np.eye(3)[:2]
    middles = np.array([[*section(anatomy, np.array([0, 0, z]), x, y).mean(axis=0), z] for z in heights])
    direction = np.linalg.svd(middles - middles.mean(axis=0))[2][0]
    return middles.mean(axis=0), direction * np.sign(direction[2])


def test_the_head_is_a_ball_of_the_diameter_asked_for(femur: tuple[ProximalFemur, Anatomy]) -> None:
    asked, anatomy = femur
    center, radius = head_fit(anatomy)
    assert 2 * radius == pytest.approx(asked.head_diameter_mm, abs=0.2)
    assert center == pytest.approx(anatomy.landmarks.head_center, abs=0.2)


def test_offset_and_neck_shaft_angle_are_those_asked_for(femur: tuple[ProximalFemur, Anatomy]) -> None:
    asked, anatomy = femur
    point, direction = shaft_line(anatomy)
    center = head_fit(anatomy)[0]
    across = (center - point) - (center - point) @ direction * direction
    assert np.linalg.norm(across) == pytest.approx(asked.offset_mm, abs=1)
    neck = center - anatomy.landmarks.neck_center
    angle = np.degrees(np.arccos(-(neck @ direction) / np.linalg.norm(neck)))
    assert angle == pytest.approx(asked.neck_shaft_angle_deg, abs=1)
    assert np.degrees(np.arctan2(center[1], center[0])) == pytest.approx(asked.anteversion_deg, abs=1)


def test_the_narrowest_neck_section_has_the_widths_asked_for(femur: tuple[ProximalFemur, Anatomy]) -> None:
    asked, anatomy = femur
    axis = anatomy.landmarks.neck_axis
    up = np.array([0, 0, 1.0]) - axis[2] * axis
    up /= np.linalg.norm(up)
    places = np.arange(-6, 6.5, 1.0)
    sections = [section(anatomy, anatomy.landmarks.neck_center + t * axis, up, np.cross(axis, up)) for t in places]
    narrowest = sections[int(np.argmin([len(inside) for inside in sections]))]
    width = np.ptp(narrowest, axis=0) + 0.25
    assert width == pytest.approx([asked.neck_width_si_mm, asked.neck_width_ap_mm], abs=1)


def test_the_shaft_has_the_diameters_and_cortex_asked_for(femur: tuple[ProximalFemur, Anatomy]) -> None:
    asked, anatomy = femur
    z = anatomy.landmarks.distal_z + 1
    width = np.ptp(section(anatomy, np.array([0, 0, z]), np.eye(3)[0], np.eye(3)[1]), axis=0) + 0.25
    assert width == pytest.approx([asked.shaft_diameter_ml_mm, asked.shaft_diameter_ap_mm], abs=1)
    across = np.arange(0, 25, 0.05)[:, None] * np.array([1.0, 0, 0]) + np.array([0, 0, z])
    wall = np.count_nonzero((anatomy.outer.distance(across) < 0) & (anatomy.inner.distance(across) > 0)) * 0.05
    assert wall == pytest.approx(asked.shaft_cortex_mm, abs=0.3)


def test_both_surfaces_are_distances_near_themselves(femur: tuple[ProximalFemur, Anatomy]) -> None:
    """A mesher that steps by the distance along the gradient lands within some hundredths of a millimetre."""
    anatomy = femur[1]
    rng = np.random.default_rng(9)
    near = anatomy.surface_points[::5] + rng.uniform(-2, 2, anatomy.surface_points[::5].shape)
    near = near[near[:, 2] > anatomy.landmarks.distal_z + 8]
    for shape in (anatomy.outer, anatomy.inner):
        slope = np.stack([shape.distance(near + 0.01 * e) - shape.distance(near - 0.01 * e) for e in np.eye(3)], axis=1)
        close = np.abs(shape.distance(near)) < 1
        assert np.quantile(np.linalg.norm(slope / 0.02, axis=1)[close], [0.02, 0.98]) == pytest.approx(1, abs=0.05)
        feet = near - shape.distance(near)[:, None] * slope / 0.02
        assert np.quantile(np.abs(shape.distance(feet[close])), 0.98) < 0.05


def test_the_length_is_that_asked_for(femur: tuple[ProximalFemur, Anatomy]) -> None:
    asked, anatomy = femur
    low, high = anatomy.outer.bounds()
    assert high[2] - low[2] == pytest.approx(asked.length_mm, abs=0.3)
    assert low[2] == anatomy.landmarks.distal_z


def test_the_trochanters_are_where_a_left_femur_has_them(femur: tuple[ProximalFemur, Anatomy]) -> None:
    anatomy = femur[1]
    greater, lesser = anatomy.landmarks.greater_trochanter, anatomy.landmarks.lesser_trochanter
    shaft = anatomy.landmarks.shaft_diameter_ml / 2
    # lateral and behind the neck; its tip about as high as the head's centre
    assert greater[0] < -5
    assert greater[1] < 0
    assert abs(greater[2] - anatomy.landmarks.head_center[2]) < 0.5 * anatomy.landmarks.head_radius
    # the lesser one medial, behind, below the origin by about one to one and a half head radii
    assert lesser[0] > 0.7 * shaft
    assert lesser[1] < -shaft
    assert 1 < -lesser[2] / anatomy.landmarks.head_radius < 2
    # both on the surface
    assert anatomy.outer.distance(np.array([greater, lesser])) == pytest.approx(0, abs=0.05)


def test_the_shaft_bows_forwards_by_the_sagitta_of_its_radius(femur: tuple[ProximalFemur, Anatomy]) -> None:
    asked, anatomy = femur
    assert asked.bow_radius_mm is not None
    bottom, top = anatomy.landmarks.distal_z + 1, -50.0 * anatomy.landmarks.head_radius / 23
    front = []
    for z in (bottom, (bottom + top) / 2):
        front.append(section(anatomy, np.array([0, 0, z]), np.eye(3)[0], np.eye(3)[1])[:, 1].max())
    # an arc rises (L / 2)^2 / 2R over the chord's ends; the flare towards the trochanters adds to that at the middle
    sagitta = ((top - bottom) / 2) ** 2 / (2 * asked.bow_radius_mm)
    assert sagitta - 0.5 < front[1] - front[0] < sagitta + 2.0


def test_the_cortex_is_thin_above_the_neck_and_thick_below(femur: tuple[ProximalFemur, Anatomy]) -> None:
    asked, anatomy = femur
    marks = anatomy.landmarks
    superior = np.array([0, 0, 1.0]) - marks.neck_axis[2] * marks.neck_axis
    superior /= np.linalg.norm(superior)
    thickness = []
    for way in (superior, -superior):
        line = marks.neck_center + np.arange(0, 28, 0.02)[:, None] * way
        thickness.append(
            np.count_nonzero((anatomy.outer.distance(line) < 0) & (anatomy.inner.distance(line) > 0)) * 0.02
        )
    assert asked.superior_neck_cortex_mm is not None
    assert asked.inferior_neck_cortex_mm is not None
    assert asked.superior_neck_cortex_mm - 0.1 < thickness[0] < 1.6
    assert 0.75 * asked.inferior_neck_cortex_mm < thickness[1] < asked.inferior_neck_cortex_mm + 1


def test_the_medial_base_of_the_neck_has_a_calcar(femur: tuple[ProximalFemur, Anatomy]) -> None:
    # 4 to 6 mm: the outline half way from the neck's base to the lesser trochanter, in the plane of neck and shaft
    _, anatomy = femur
    marks = anatomy.landmarks
    medial = np.append(marks.head_center[:2], 0.0) / np.linalg.norm(marks.head_center[:2])
    line = np.arange(0, 40, 0.02)[:, None] * medial + 0.4 * marks.lesser_trochanter[2] * np.eye(3)[2]
    cortical = (anatomy.outer.distance(line) < 0) & (anatomy.inner.distance(line) > 0)
    assert 4 < 0.02 * np.count_nonzero(cortical) < 6.5  # a little aslant


def test_the_trochanters_hold_as_much_mineral_as_those_of_women_over_65() -> None:
    # Cheng 2009, 66 women: 0.21-0.22 +- 0.04 g/cm3 by QCT over the whole region; ash = 0.877 QCT + 0.079
    anatomy = built("female")
    low, high = anatomy.outer.bounds()
    points = lattice([np.arange(low[i], high[i], 1.5) for i in range(3)])
    points = points[anatomy.outer.distance(points) < 0]
    points = points[anatomy.region(points) == REGIONS.index("intertrochanteric")]
    ash = anatomy.density(points, anatomy.inner.distance(points) > 0).mean()
    assert (ash - 0.079) / 0.877 == pytest.approx(0.215, abs=0.04)


# areal density of the neck: MrOS, mean of men of 73 (n = 4720); NHANES III, women: 0.86 at 25 falling by 0.5 % a year
@pytest.mark.parametrize(("sex", "age", "areal"), [("male", 73, 0.787), ("female", 68, 0.675)])
def test_a_projection_of_the_neck_weighs_what_densitometry_finds(sex: str, age: float, areal: float) -> None:
    anatomy = ProximalFemur().resolved(sex, age).built()
    marks, step = anatomy.landmarks, 0.8
    axes = [np.arange(low, high, step) for low, high in anatomy.outer.bounds().T]
    axes[2] = axes[2][axes[2] > -20]
    points = lattice(axes)
    points = points[np.abs((points - marks.neck_center) @ marks.neck_axis) < 7.5]
    points = points[anatomy.outer.distance(points) < 0]
    mass = anatomy.density(points, anatomy.inner.distance(points) > 0).sum() * (step / 10) ** 3
    shadow = len(np.unique(np.round(points[:, [0, 2]] / step, 3), axis=0)) * (step / 10) ** 2
    assert mass / shadow == pytest.approx(areal, rel=0.05)


def test_left_and_right_differ_by_a_mirror_alone_to_the_last_bit() -> None:
    left = built("female")
    right = ProximalFemur(side="right").resolved("female", 68).built()
    points = np.random.default_rng(5).uniform([-25, -20, -100], [60, 30, 45], (2000, 3))
    assert np.array_equal(left.outer.distance(points), right.outer.distance(points))
    assert np.array_equal(left.inner.distance(points), right.inner.distance(points))
    assert np.array_equal(left.density(points, points[:, 0] > 0), right.density(points, points[:, 0] > 0))
    there, here = (points @ a.to_source[:, :3].T + a.to_source[:, 3] for a in (right, left))
    assert there == pytest.approx(here * [-1, 1, 1])
    assert np.linalg.det(right.to_source[:, :3]) == pytest.approx(-1)


def test_resolving_fills_every_measure_and_keeps_those_given() -> None:
    resolved = ProximalFemur(head_diameter_mm=46, neck_shaft_angle_deg=127).resolved("male", 60)
    assert None not in resolved.model_dump().values()
    assert (resolved.head_diameter_mm, resolved.neck_shaft_angle_deg, resolved.preset) == (46, 127, "male")
    assert resolved.resolved("female", 20) == resolved
    # offset / sin(127 deg) = 45.5 / 0.79864
    assert resolved.neck_length_mm == pytest.approx(56.97, abs=0.01)


def test_integers_are_kept_like_any_number() -> None:
    assert ProximalFemur.model_validate({"length_mm": 190}).resolved("female", 70).length_mm == 190


@pytest.mark.parametrize(
    ("measures", "place"),
    [
        ({"neck_length_mm": 50.0, "offset_mm": 60.0}, "neck_length_mm"),
        ({"offset_mm": 68.0, "neck_shaft_angle_deg": 140.0}, "neck_length_mm"),
        ({"length_mm": 132.0, "neck_shaft_angle_deg": 140.0}, "length_mm"),
        ({"shaft_diameter_ml_mm": 21.0, "shaft_cortex_mm": 9.5}, "shaft_cortex_mm"),
        ({"head_diameter_mm": 36.0, "neck_width_si_mm": 46.0}, "neck_width_si_mm"),
    ],
)
def test_measures_that_cannot_go_together_are_refused_with_their_place(measures: dict[str, float], place: str) -> None:
    with pytest.raises(GeometryError, match=f"bone.{place}: .*allowed.*got"):
        ProximalFemur.model_validate(measures).resolved("female", 70).built()


@pytest.mark.parametrize("value", [0.046, 4.6, 460, float("nan"), "wide"])
def test_a_head_in_metres_or_centimetres_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        ProximalFemur.model_validate({"head_diameter_mm": value})


def random_femur(seed: int) -> ProximalFemur:
    """Independent measures across the ranges of people, their widths in proportion to the head."""
    rng = np.random.default_rng(seed)
    head = rng.uniform(38, 56)
    neck, shaft = head * rng.uniform(0.64, 0.82), head * rng.uniform(0.52, 0.68)
    return ProximalFemur(
        head_diameter_mm=head,
        neck_shaft_angle_deg=rng.uniform(112, 140),
        anteversion_deg=rng.uniform(-5, 35),
        neck_length_mm=head * rng.uniform(1.0, 1.4),
        neck_width_si_mm=neck,
        neck_width_ap_mm=neck * rng.uniform(0.72, 1.0),
        shaft_diameter_ml_mm=shaft,
        shaft_diameter_ap_mm=shaft * rng.uniform(0.92, 1.08),
        shaft_cortex_mm=shaft * rng.uniform(0.15, 0.28),
        length_mm=rng.uniform(190, 260),
        bow_radius_mm=rng.uniform(700, 2500),
        density_scale=rng.uniform(0.4, 1.2),
    )


@pytest.mark.parametrize("seed", [pytest.param(s, marks=[pytest.mark.slow] if s > 0 else []) for s in range(8)])
def test_random_measures_give_one_bone_without_holes_around_one_canal(seed: int) -> None:
    anatomy = random_femur(seed).resolved("female", 70).built()
    low, high = anatomy.outer.bounds()
    axes = [np.arange(low[i] - 3, high[i] + 4.0, 2.0) for i in range(3)]
    points, shape = lattice(axes), tuple(len(axis) for axis in axes)
    bone = (anatomy.outer.distance(points) < 0).reshape(shape)
    hollow = bone & (anatomy.inner.distance(points) < 0).reshape(shape)
    for solid in (bone, hollow):
        assert ndimage.label(solid)[1] == 1
        assert ndimage.label(~solid, np.ones((3, 3, 3)))[1] == 1
        assert euler_characteristic(solid) == 1
    assert not any(np.any(np.take(bone, [0, -1], axis)) for axis in range(3))
    density = anatomy.density(points[bone.ravel()], ~hollow[bone])
    assert density.min() >= 0.02
    assert density.max() <= 1.3


def euler_characteristic(solid: np.ndarray) -> int:
    """Of a union of closed cubes: vertices - edges + faces - cubes; 1 for a ball, less by one for each handle."""
    total = 0
    padded = np.pad(solid, 1)
    for axes in ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        cells = padded
        for axis in axes:
            cells = np.take(cells, range(cells.shape[axis] - 1), axis) | np.take(
                cells, range(1, cells.shape[axis]), axis
            )
        total += (-1) ** (len(axes) + 1) * int(cells.sum())
    return total
