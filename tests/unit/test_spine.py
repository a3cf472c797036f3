"""Lesions, loads and materials of a vertebra, against what the geometry and the laws give by hand."""

from __future__ import annotations

import numpy as np
import pytest
from phantom import phantom

from femrisk.arms import POP
from femrisk.contacts import CAST_DEPTH, PMMA_MODULUS, RIM, Plate
from femrisk.errors import GeometryError
from femrisk.loads import AxialCompression, Flexion, Stance
from femrisk.materials.field import host, paint
from femrisk.meshes import Vertebra
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.labelled import REGIONS, LabelledMesh
from femrisk.meshes.lesions import PlacedLesion, SphereLesion
from femrisk.meshes.vertebra.atlas import ARCH
from femrisk.meshes.vertebra.involvement import body_volume, measure_in_body


@pytest.fixture(scope="module")
def bone() -> VertebraAnatomy:
    return Vertebra(level="L1").resolved("female", 68).built()


def sphere(bone: VertebraAnatomy, radius: float = 8.0, **keys: object) -> PlacedLesion:
    lesion = SphereLesion.model_validate({"kind": "sphere", "radius_mm": radius, **keys})
    return lesion.placed(bone, "lesion")


@pytest.mark.parametrize(
    ("quadrant", "way"),
    [("anterior", (0, 1, 0)), ("posterior_wall", (0, -1, 0)), ("left", (-1, 0, 0)), ("right", (1, 0, 0))],
)
def test_quadrants_of_the_body_lie_on_their_side(
    bone: VertebraAnatomy, quadrant: str, way: tuple[int, int, int]
) -> None:
    lesion = sphere(bone, 5.0, site="vertebral_body", quadrant=quadrant)
    assert lesion.center @ np.array(way) > 6
    assert np.abs(lesion.center * (1 - np.abs(way))).max() < 1e-9
    assert lesion.site == "vertebral_body"
    assert (lesion.solid.size_mm, lesion.solid.around_mm) == (5.0 / 4, 0.0)


def test_a_central_lesion_is_measured_against_the_body(bone: VertebraAnatomy) -> None:
    taken = measure_in_body(sphere(bone, site="vertebral_body"), bone)
    volume = 4 / 3 * np.pi * 8**3
    assert taken.volume_ml == pytest.approx(volume / 1000, rel=0.01)
    assert taken.body_share == pytest.approx(volume / body_volume(bone), rel=0.02)
    # pi 8^2 of the section at mid-height, a superellipse of exponent 2.2 in front and 2.9 behind, 0.82 to 0.90 of a box
    # of 0.88 of 40.3 by 33.1 mm
    assert np.pi * 64 / (0.90 * 0.88**2 * 40.3 * 33.1) < taken.cross_section_share
    assert taken.cross_section_share < np.pi * 64 / (0.82 * 0.88**2 * 40.3 * 33.1)
    assert taken.breaches == ()
    assert taken.region == "vertebral_body"


@pytest.mark.parametrize(
    ("keys", "breaches"),
    [
        ({"quadrant": "posterior_wall"}, ("posterior_wall",)),
        ({"along_mm": 6.0}, ("superior_endplate",)),
        ({"along_mm": -6.0}, ("inferior_endplate",)),
        ({"radius": 13.0}, ("inferior_endplate", "superior_endplate")),
        ({"quadrant": "anterior", "depth": 0.2}, ("anterior_wall",)),
        ({"quadrant": "left", "depth": 0.2}, ("left_wall",)),
        ({"quadrant": "right", "depth": 0.2}, ("right_wall",)),
    ],
)
def test_breaches_are_named(bone: VertebraAnatomy, keys: dict[str, object], breaches: tuple[str, ...]) -> None:
    assert measure_in_body(sphere(bone, site="vertebral_body", **keys), bone).breaches == breaches  # type: ignore[arg-type]


def test_a_pedicle_is_found_on_its_side_and_may_be_destroyed(bone: VertebraAnatomy) -> None:
    for side, sign in (("left", -1), ("right", 1)):
        lesion = sphere(bone, 6.0, site="pedicle", quadrant=side)
        assert np.sign(lesion.center[0]) == sign
        assert lesion.site == f"{side}_pedicle"
        taken = measure_in_body(lesion, bone)
        assert taken.region == "pedicle"
        assert "pedicle" in taken.breaches
        assert taken.cross_section_share > 0.5
    by_hand = sphere(bone, 3.0, center_mm=tuple(bone.landmarks.left_pedicle.tolist()))
    assert by_hand.site == "left_pedicle"


def test_a_lesion_that_takes_the_whole_body_is_refused(bone: VertebraAnatomy) -> None:
    with pytest.raises(GeometryError, match="radius_mm: is larger than the bone"):
        sphere(bone, 40.0, site="vertebral_body")


def test_what_belongs_to_the_other_bone_is_refused(bone: VertebraAnatomy) -> None:
    for wrong in (
        lambda: Stance(kind="stance").boundary(bone),
        lambda: POP(kind="pop").solids(bone, ()),
        lambda: AxialCompression(kind="axial_compression").boundary(phantom()),
        lambda: sphere(bone, site="neck"),
        lambda: SphereLesion(kind="sphere", radius_mm=5, site="vertebral_body").placed(phantom(), "lesion"),
    ):
        with pytest.raises(GeometryError, match="allowed: "):
            wrong()


def test_axial_compression_holds_both_faces_and_drives_the_upper_one_down(bone: VertebraAnatomy) -> None:
    boundary = AxialCompression(kind="axial_compression").boundary(bone)
    assert boundary.axes[2] == pytest.approx([0, 0, 1])
    assert boundary.height == pytest.approx(bone.landmarks.height)
    assert boundary.layer_MPa == PMMA_MODULUS
    upper, lower = boundary.grips
    assert upper.motion == ("held", "held", "driven", "held", "held", "held")
    assert lower.motion == ("held",) * 6
    surface = bone.surface_points
    for grip, sign in ((upper, 1), (lower, -1)):
        core = grip.zone.core(surface)
        # the face is at least two thirds of the box round it, one point about every 0.64 mm2
        assert core.sum() > 0.67 * 40.3 * 33.1
        assert (sign * surface[core, 2] > 0.25 * bone.landmarks.height).all()
        assert (surface[core, 1] > bone.landmarks.posterior_wall - 4).all()
        assert (grip.zone.weight(surface)[core] > 0.5).all()
    tilting = AxialCompression(kind="axial_compression", upper="pivot").boundary(bone).grips[0]
    assert tilting.motion == ("held", "held", "driven", "free", "free", "held")


def test_flexion_drives_a_joint_in_front_of_the_middle_that_tilts_and_slides(bone: VertebraAnatomy) -> None:
    boundary = Flexion(kind="flexion", eccentricity=0.2).boundary(bone)
    upper, lower = boundary.grips
    assert upper.motion == ("held", "free", "driven", "free", "free", "held")
    assert lower.motion == ("held",) * 6
    marks = bone.landmarks
    # a wedge: the anterior wall is the lower one, and 0.2 of the depth in front of the middle is 0.7 of the way to it
    assert upper.center == pytest.approx([0, 0.2 * marks.body_depth, marks.height / 2])
    assert boundary.height == pytest.approx(0.3 * marks.posterior_height + 0.7 * marks.anterior_height)
    middle = Flexion(kind="flexion", eccentricity=0).boundary(bone)
    assert middle.height == pytest.approx(marks.height)


@pytest.mark.parametrize("kind", [AxialCompression, Flexion])
def test_discs_lie_between_plates_and_endplates_and_touch_no_bone(
    bone: VertebraAnatomy, kind: type[AxialCompression | Flexion]
) -> None:
    name = kind.model_fields["kind"].annotation.__args__[0]  # type: ignore[union-attr]
    boundary = kind(kind=name, endplates="discs", disc_height_mm=8).boundary(bone)
    potted = kind(kind=name).boundary(bone)
    for disc, face, sign in zip(boundary.grips, potted.grips, (1, -1), strict=True):
        assert disc.motion == face.motion
        rim = sign * bone.surface_points[face.zone.core(bone.surface_points), 2].mean()
        assert isinstance(disc.zone, Plate)
        assert sign * disc.zone.level == pytest.approx(rim + 8)
        assert not disc.zone.core(bone.surface_points).any()
    assert not boundary.contact(bone.surface_points).any()
    assert (boundary.stiffness_weight(bone.surface_points) == 0).all()
    assert boundary.height == potted.height


def test_failure_is_looked_for_right_up_to_the_layer(bone: VertebraAnatomy) -> None:
    boundary = AxialCompression(kind="axial_compression").boundary(bone)
    face = bone.landmarks.height / 2 - 0.7
    depths = np.array([CAST_DEPTH, 1.9, 1 + RIM / 2 + 0.1, 6.0])
    points = np.column_stack([np.zeros((4, 2)), face - depths])
    assert boundary.contact(points).tolist() == [True, True, False, False]


@pytest.fixture(scope="module")
def pair_of_cells() -> LabelledMesh:
    """Two tetrahedra: one of the body at 100 mg/cm3, one of the arch."""
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    return LabelledMesh(
        points=points,
        cells=np.array([[0, 1, 2, 3], [1, 2, 3, 4]]),
        membership=np.array([1, 1], dtype=np.uint32),
        solids=("bone",),
        region=np.array([REGIONS.index("vertebral_body"), REGIONS.index("pedicle")], dtype=np.uint8),
        density=np.array([4 * [1.22 * 0.1 + 0.0523], 4 * [ARCH]]),
    )


def test_the_body_follows_the_law_and_the_arch_is_one_material(pair_of_cells: LabelledMesh) -> None:
    field = paint(pair_of_cells, (), "kopperdahl_2002")
    assert field.names == ("cancellous", "posterior_elements")
    assert field.index.tolist() == [0, 1]
    assert field.bone().all()
    assert field.curve.young[:, 0] == pytest.approx([288.3, 3500.0])
    assert field.curve.strength[:, 0] == pytest.approx([1.74, 3500 * 0.0077])
    assert (field.curve.softening == 0).all()
    assert (field.curve.residual == field.curve.strength).all()
    assert field.strain_limits == (0.0070, 0.0077)
    assert host(pair_of_cells, "keller_1994_vertebra").curve.young[0, 0] == pytest.approx(
        1890 * (1.22 * 0.1 + 0.0523) ** 1.92
    )
