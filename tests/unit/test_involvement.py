from __future__ import annotations

import numpy as np
import pytest
from phantom import phantom

from femrisk.meshes.ct.labellesion import Lesion
from femrisk.meshes.involvement import LesionMeasure, measure, volume_inside
from femrisk.meshes.lesions import SphereLesion
from femrisk.meshes.shapes import Ball, HalfSpace

#: shaft: radius 14 outside, 8 inside; neck: 16 and 14
BONE = phantom()


def taken(radius: float, **keys: object) -> LesionMeasure:
    lesion: Lesion = SphereLesion.model_validate({"kind": "sphere", "radius_mm": radius, **keys})
    return measure(lesion.placed(BONE, "lesion"), BONE)


def test_volume_of_a_ball_cut_in_half() -> None:
    ball, half = Ball(np.array([1.0, 2.0, 3.0]), 7.0), HalfSpace(np.array([1.0, 2.0, 3.0]), np.array([0.3, 0.5, 1.0]))
    assert volume_inside(ball, half) == pytest.approx(2 / 3 * np.pi * 7**3, rel=0.005)


def test_a_ball_in_the_canal_touches_no_cortex() -> None:
    found = taken(6.0, site="shaft")
    assert found.volume_ml == pytest.approx(4 / 3 * np.pi * 6**3 / 1000, rel=0.005)
    assert found.cross_section_share == pytest.approx(6**2 / 14**2, rel=0.03)
    assert found.diameter_share == pytest.approx(6 / 14, rel=0.02)
    assert found.axial_cortical_mm == 0
    assert found.circumferential_cortical_share == 0
    assert found.cortex_loss_share == 0
    assert not found.breach
    assert found.region == "shaft"


def test_a_ball_wider_than_the_canal_takes_cortex_all_round() -> None:
    found = taken(11.0, site="shaft")
    # it stands wider than the canal (8 mm) over 2 sqrt(11^2 - 8^2) = 15.1 mm; surface points are 1 mm apart
    assert found.axial_cortical_mm == pytest.approx(15.1, abs=1.1)
    assert found.circumferential_cortical_share == pytest.approx(1.0, abs=0.01)
    # 3 of 6 mm of cortex
    assert found.cortex_loss_share == pytest.approx(0.5, abs=0.1)
    assert not found.breach


def test_a_ball_on_the_surface_takes_its_chord_of_the_circumference() -> None:
    found = taken(8.0, site="shaft", quadrant="medial", depth=0.0)
    # a point at angle t on the surface (radius 14) is nearest to the ball, through the cortex down to radius 8, at
    # radius 14 cos t; it is touched while 14 sin t < 8 (cos t > 8/14 then holds): 2 asin(8/14) of 360 degrees = 0.194
    assert found.circumferential_cortical_share == pytest.approx(2 * np.arcsin(8 / 14) / (2 * np.pi), abs=0.02)
    assert found.axial_cortical_mm == pytest.approx(16.0, abs=1.1)
    assert found.breach


def test_a_ball_through_the_whole_width_of_the_neck_has_all_of_its_diameter() -> None:
    found = taken(16.0, site="neck", quadrant="anterior", offset_mm=2.0)
    assert found.diameter_share == pytest.approx(1.0, abs=0.03)
    assert found.breach
    assert found.region == "neck"


def test_measures_grow_with_the_lesion() -> None:
    found = [taken(radius, site="neck", quadrant="inferomedial") for radius in (5.0, 8.0, 10.0, 12.0)]
    for name in ("volume_ml", "cross_section_share", "diameter_share", "axial_cortical_mm"):
        values = [getattr(one, name) for one in found]
        assert values == sorted(values)
        assert values[-1] > values[0]


def test_measuring_twice_gives_the_same_numbers() -> None:
    assert taken(9.0, site="neck", quadrant="superior") == taken(9.0, site="neck", quadrant="superior")


def test_a_tiny_lesion_takes_next_to_nothing() -> None:
    found = taken(0.2, site="neck")
    assert found.volume_ml == pytest.approx(4 / 3 * np.pi * 0.2**3 / 1000, rel=0.01)
    assert found.cross_section_share < 0.002
    assert not found.breach
