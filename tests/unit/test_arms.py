from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from phantom import phantom
from pydantic import TypeAdapter, ValidationError

from femrisk.arms import Arm
from femrisk.meshes.lesions import PlacedLesion, SphereLesion

BONE = phantom()
KINDS = {
    "intact": "base",
    "untreated": "base",
    "pop": "base",
    "screws": "screws",
    "nail": "nail",
    "pop_screws": "screws",
    "pop_nail": "nail",
    "pvp": "base",
    "bkp": "base",
    "pedicle_screws": "screws",
    "pvp_screws": "screws",
}
READ: TypeAdapter[Arm] = TypeAdapter(Arm)


def arm(**keys: object) -> Arm:
    return READ.validate_python(keys)


def lesions() -> tuple[PlacedLesion, ...]:
    made = []
    for name, nature, site in (("first", "lytic", "neck"), ("second", "mixed", "head")):
        keys = {"kind": "sphere", "radius_mm": 7, "site": site, "nature": nature}
        made.append(SphereLesion.model_validate(keys).placed(BONE, name))
    return tuple(made)


def painted(point: np.ndarray, one: Arm) -> str:
    """The material at a point of the bone: the last painted solid that holds it."""
    solids, names = one.solids(BONE, lesions()), {lesion.name: lesion.shape for lesion in lesions()}
    shapes = names | {solid.name: solid.shape for solid in solids}
    inside = {solid.name: solid.within for solid in solids}
    material = "bone"
    for name, paint in one.paint(solids, lesions()):
        holder = inside.get(name)
        held = holder is None or holder not in names or names[holder].distance(point[None])[0] < 0
        if held and shapes[name].distance(point[None])[0] < 0:
            material = paint
    return material


def test_every_kind_is_read_and_has_its_family() -> None:
    assert {member.model_fields["kind"].annotation.__args__[0] for member in get_args(get_args(Arm)[0])} == set(KINDS)
    for kind, family in KINDS.items():
        assert arm(kind=kind).family() == family


@pytest.mark.parametrize(
    "keys",
    [
        {"kind": "pop", "fill_fraction": 0.9},
        {"kind": "pop_screws", "fill_fraction": 0.9, "screws": {"count": 3, "diameter_mm": 7.3}},
        {"kind": "pop_nail", "fill_fraction": 0.9, "nail": {"neck_angle_deg": 125, "lag_screw_diameter_mm": 10.5}},
    ],
)
def test_the_arms_of_the_contract_are_read_and_written_back(keys: dict[str, object]) -> None:
    assert READ.validate_json(READ.dump_json(arm(**keys))) == arm(**keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"kind": "intact", "fill_fraction": 0.9},
        {"kind": "pop", "screws": {"count": 3}},
        {"kind": "screws", "screws": {"count": 4}},
        {"kind": "screws", "screws": {"diameter_mm": 0.0073}},
        {"kind": "nail", "nail": {"metal": "wood"}},
        {"kind": "plaster"},
    ],
)
def test_wrong_arms_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        arm(**keys)


def test_cement_comes_before_devices() -> None:
    solids = arm(kind="pop_screws", screws={"hollow_perforated": True}).solids(BONE, lesions())
    assert [solid.role for solid in solids] == ["cement", "cement", "device", "device", "device"]
    solids = arm(kind="pop_nail").solids(BONE, lesions())
    assert [solid.name for solid in solids] == ["cement_first_90", "nail", "lag_screw", "locking_screw"]


def test_intact_paints_nothing() -> None:
    assert arm(kind="intact").solids(BONE, lesions()) == ()
    assert arm(kind="intact").paint((), lesions()) == ()


def test_untreated_is_tumour_by_nature() -> None:
    assert arm(kind="untreated").paint((), lesions()) == (("first", "tumour_lytic"), ("second", "tumour_mixed"))


def test_cement_wins_over_tumour_and_metal_over_both() -> None:
    middle = lesions()[0].center
    assert painted(middle, arm(kind="intact")) == "bone"
    assert painted(middle, arm(kind="untreated")) == "tumour_lytic"
    assert painted(middle, arm(kind="pop")) == "pmma"
    assert painted(middle, arm(kind="pop_screws", screws={"count": 1, "metal": "cocr"})) == "cocr"
    assert painted(middle, arm(kind="pop_nail", nail={"metal": "steel_316l"})) == "steel_316l"


def test_without_cement_a_screw_in_a_lesion_is_metal_and_the_rest_tumour() -> None:
    middle = lesions()[0].center
    one = arm(kind="screws", screws={"count": 1})
    assert painted(middle, one) == "ti6al4v"
    assert painted(middle + [0, 5, 0], one) == "tumour_lytic"


def test_what_the_cement_leaves_empty_stays_tumour() -> None:
    axis = BONE.landmarks.neck_axis
    one = arm(kind="pop", fill_fraction=0.6)
    assert painted(lesions()[0].center + 5 * axis, one) == "pmma"
    assert painted(lesions()[0].center - 6 * axis, one) == "tumour_lytic"


def test_equal_cement_of_several_arms_is_one_solid() -> None:
    alone = arm(kind="pop", fill_fraction=0.9).solids(BONE, lesions())
    nailed = arm(kind="pop_nail", fill_fraction=0.9).solids(BONE, lesions())
    assert alone[0].name == nailed[0].name
    points = np.random.default_rng(0).uniform(-30, 60, size=(500, 3))
    assert np.array_equal(alone[0].shape.distance(points), nailed[0].shape.distance(points))
