"""The parametric vertebra: its measures come out as asked for, its density field and its landmarks as published."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from femrisk.errors import GeometryError
from femrisk.meshes import Vertebra
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.labelled import BODY_REGIONS, REGIONS
from femrisk.meshes.vertebra.atlas import trabecular_density
from femrisk.meshes.vertebra.involvement import body_volume
from femrisk.meshes.vertebra.means import INFERIOR_DISH_MM, SUPERIOR_DISH_MM, WAIST, Level
from femrisk.meshes.vertebra.parametric import fitted, half_extent, rims
from femrisk.meshes.vertebra.shape import VertebraShape


def resolved(**keys: object) -> Vertebra:
    return Vertebra.model_validate({"level": "L1", **keys}).resolved("female", 68)


def drawn(bone: Vertebra) -> VertebraShape:
    size = {name: value for name, value in bone.model_dump().items() if isinstance(value, float)}
    return fitted(bone.shape(size))


@pytest.fixture(scope="module")
def first() -> VertebraAnatomy:
    return resolved().built()


@pytest.mark.parametrize("level", get_args(Level))
def test_the_rims_of_every_level_measure_what_was_asked_for(level: str) -> None:
    bone = resolved(level=level)
    wanted = bone.superior_width_mm, bone.inferior_width_mm, bone.superior_depth_mm, bone.inferior_depth_mm
    shape = drawn(bone)
    assert rims(shape) == pytest.approx(np.array(wanted), abs=0.1)
    narrow = half_extent(shape, np.zeros(1), np.array([1.0, 0.0, 0.0]))
    assert 2 * narrow == pytest.approx((1 - WAIST) * np.mean(wanted[:2]), abs=0.1)


def test_means_are_those_of_the_table_for_the_sex() -> None:
    # women are drawn sqrt(2 / 2.2) and men sqrt(2.4 / 2.2) times as large: sections differ by 20 %
    woman, man = (Vertebra(level="L1").resolved(sex, 68) for sex in ("female", "male"))
    assert woman.posterior_height_mm == pytest.approx(23.8 * 0.9535, abs=0.01)
    areas = [bone.superior_width_mm * bone.superior_depth_mm for bone in (woman, man)]
    assert areas[1] / areas[0] == pytest.approx(1.2, abs=0.002)
    assert Vertebra(level="T10").resolved("male", 68).canal_width_mm == pytest.approx(22.2 * 1.0445 * 0.89, abs=0.01)


def test_a_measure_that_is_given_stays() -> None:
    assert resolved(canal_width_mm=20.0).canal_width_mm == 20.0
    assert resolved(preset="male").superior_width_mm == Vertebra(level="L1").resolved("male", 68).superior_width_mm


def test_density_falls_with_age_along_the_published_means() -> None:
    assert trabecular_density("female", 50) == 145.0
    # 145 at 50 and 90 at 70: 18 of 20 years down
    assert trabecular_density("female", 68) == pytest.approx(95.5)
    assert trabecular_density("male", 95) == 85.0


def test_the_canal_is_free_and_as_wide_and_deep_as_asked_for(first: VertebraAnatomy) -> None:
    marks = first.landmarks
    wall, half = marks.posterior_wall, marks.canal_width / 2
    middle = np.array([0.0, wall - marks.canal_depth / 2, 0.0])
    free = [middle, middle + [half - 1.5, 0, 0], [half - 2.5, marks.right_pedicle[1], marks.right_pedicle[2]]]
    free += [[0, wall - marks.canal_depth + 1.5, -8.0], [0, wall - 1.0, 0.0]]
    bone = [[half + 1.5, marks.right_pedicle[1], marks.right_pedicle[2]], [0, wall - marks.canal_depth - 1.5, -8.0]]
    assert (first.outer.distance(np.array(free)) > 0).all()
    assert (first.outer.distance(np.array(bone)) < 0).all()


def test_endplates_are_hollow_by_the_published_depths(first: VertebraAnatomy) -> None:
    half = first.landmarks.height / 2
    ends = np.array([[0.0, 0.0, half - SUPERIOR_DISH_MM], [0.0, 0.0, -half + INFERIOR_DISH_MM]])
    assert first.outer.distance(ends) == pytest.approx(np.zeros(2), abs=0.3)
    upper, lower = first.endplates(ends)
    assert (upper[0], lower[1]) == pytest.approx((0.0, 0.0), abs=0.1)


def test_pedicles_run_from_the_arch_into_the_body_and_are_as_wide_as_asked_for(first: VertebraAnatomy) -> None:
    marks = first.landmarks
    assert marks.right_pedicle[0] > 0 > marks.left_pedicle[0]
    for center, axis in (
        (marks.right_pedicle, marks.right_pedicle_axis),
        (marks.left_pedicle, marks.left_pedicle_axis),
    ):
        assert first.outer.distance(center + np.linspace(-8, 15, 24)[:, None] * axis).max() < -2
        across = np.cross(axis, [0.0, 0.0, 1.0])
        steps = np.linspace(-8, 8, 161)
        inside = first.outer.distance(center + steps[:, None] * across) < 0
        assert 0.1 * inside.sum() == pytest.approx(marks.pedicle_width, abs=1.2)


def test_the_bone_is_alike_on_both_sides(first: VertebraAnatomy) -> None:
    assert np.abs(first.outer.distance(first.surface_points * [-1, 1, 1])).max() < 0.1


def test_density_keeps_its_mean_and_the_ratios_of_its_halves(first: VertebraAnatomy) -> None:
    points = np.random.default_rng(2).uniform(*first.outer.bounds(), (60000, 3))
    points = points[first.outer.distance(points) < 0]
    body = np.isin(first.region(points), [REGIONS.index(name) for name in BODY_REGIONS])
    points = points[body]
    qct = (first.density(points, np.zeros(len(points), bool)) - 0.0523) / 1.22
    assert qct.mean() == pytest.approx(0.0955, rel=0.015)
    behind, above = points[:, 1] < 0, points[:, 2] > 0
    assert qct[behind].mean() / qct[~behind].mean() == pytest.approx(1.20, abs=0.04)
    assert qct[~above].mean() / qct[above].mean() == pytest.approx(0.80, abs=0.03)


def test_the_body_of_a_woman_holds_what_published_bodies_hold(first: VertebraAnatomy) -> None:
    # width x depth x height of 40.3 x 33.1 x 22.0 mm, a section of 0.85 of that box, 8 % off for the waist
    assert body_volume(first) / 1000 == pytest.approx(40.3 * 33.1 * 22.0 * 0.85 * 0.92 / 1000, rel=0.06)


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"wedge_deg": 12.0, "posterior_height_mm": 14.0}, "bone.wedge_deg"),
        ({"canal_width_mm": 36.0}, "bone.canal_width_mm"),
    ],
)
def test_measures_that_do_not_fit_together_are_refused(keys: dict[str, float], where: str) -> None:
    with pytest.raises(GeometryError, match=rf"{where}: .*allowed: "):
        resolved(**keys).built()
