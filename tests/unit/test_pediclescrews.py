from __future__ import annotations

import numpy as np
import pytest

from femrisk.errors import GeometryError
from femrisk.meshes import Vertebra
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.devices.cement import measure_cement
from femrisk.meshes.devices.pediclescrews import PedicleScrewSet, PlacedScrew


@pytest.fixture(scope="module")
def bone() -> VertebraAnatomy:
    return Vertebra(level="L1").resolved("female", 68).built()


def placed(bone: VertebraAnatomy, **keys: object) -> tuple[PlacedScrew, ...]:
    return PedicleScrewSet.model_validate(keys).placed(bone)


def test_two_screws_mirror_each_other_through_the_pedicles(bone: VertebraAnatomy) -> None:
    left, right = placed(bone)
    assert (left.solid.name, right.solid.name) == ("screw_left", "screw_right")
    assert left.shape.end * [-1, 1, 1] == pytest.approx(right.shape.end, abs=1.0)
    for screw, middle in ((left, bone.landmarks.left_pedicle), (right, bone.landmarks.right_pedicle)):
        # the middle of the pedicle lies on the axis
        assert screw.shape.distance(middle[None])[0] == pytest.approx(-3.25, abs=0.01)


def test_a_screw_is_as_long_as_asked_for_from_the_surface_to_its_tip(bone: VertebraAnatomy) -> None:
    for screw in placed(bone, length_mm=40):
        axis = screw.way.axis
        tip = screw.shape.end + screw.shape.radius * axis
        entry = tip - 40 * axis
        assert bone.outer.distance(entry[None])[0] == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize(("level", "diameter"), [("T10", 5.0), ("T12", 5.5), ("L1", 6.5), ("L3", 6.5), ("L5", 6.5)])
def test_screws_keep_bone_around_them_in_the_body(level: str, diameter: float) -> None:
    anatomy = Vertebra.model_validate({"level": level}).resolved("female", 68).built()
    for screw in placed(anatomy, diameter_mm=diameter, length_mm=35):
        ahead = (anatomy.surface_points - screw.way.middle) @ screw.way.axis > 11
        assert screw.shape.distance(anatomy.surface_points[ahead]).min() > 0.9


def test_screws_converge_as_the_pedicle_does_or_a_little_more(bone: VertebraAnatomy) -> None:
    angles = [np.degrees(np.arctan2(abs(one.way.axis[0]), one.way.axis[1])) for one in placed(bone)]
    assert angles == pytest.approx([11, 11], abs=4)
    (left, _) = placed(bone, convergence_deg=15, length_mm=40)
    assert np.degrees(np.arctan2(left.way.axis[0], left.way.axis[1])) == pytest.approx(15)


def test_a_screw_wider_than_its_pedicle_is_refused(bone: VertebraAnatomy) -> None:
    with pytest.raises(GeometryError, match=r"screws\.diameter_mm: is too wide for the pedicle of 8\.5 mm \(allowed"):
        placed(bone, diameter_mm=8.0)


def test_a_screw_through_the_anterior_wall_is_refused_with_what_fits(bone: VertebraAnatomy) -> None:
    with pytest.raises(
        GeometryError,
        match=r"screws\.length_mm: the left .* 6\.5 x 60 mm comes \d\.\d mm through the anterior wall .*up to 51 of",
    ):
        placed(bone, length_mm=60)


def test_a_screw_into_the_canal_is_refused_with_the_depth(bone: VertebraAnatomy) -> None:
    with pytest.raises(GeometryError, match=r"convergence_deg: the left screw .* enters the canal by \d\.\d mm"):
        placed(bone, convergence_deg=45)


def test_cement_around_screws_counts_beside_them(bone: VertebraAnatomy) -> None:
    part = PedicleScrewSet(cement_per_screw_ml=1.5)
    screws = part.placed(bone)
    cements = part.cements(bone, (), screws)
    assert cements[0].name.startswith("cement_mantle")
    found = measure_cement(cements, bone, ())
    assert found is not None
    # two times 1.5 mL, and what of the two screws lies in it: 12 to 20 mm of pi 3.25^2
    assert 3.0 + 2 * 0.40 < found.volume_ml < 3.0 + 2 * 0.66
    assert PedicleScrewSet().cements(bone, (), screws) == ()
