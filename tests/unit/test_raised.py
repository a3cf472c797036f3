"""Kyphoplasty in a collapsed vertebra: where cement lies, how it is loaded, what stays as it is without collapse."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from femrisk.arms import BKP
from femrisk.case import Case
from femrisk.contacts import Plate
from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.devices.spinecement import USUAL_LIFT
from femrisk.plan import ArmTask, families, mesh_task, solve_task
from femrisk.preview import arms_table, bone_table, scores_of
from femrisk.raised import Raised, raised
from femrisk.scene import Scene, build

FALLEN, UPRIGHT = True, False
WEDGE = {"kind": "wedge", "height_loss_share": 0.3}


@cache
def scene(fallen: bool) -> Scene:
    """A vertebra, its kyphoplasty without the key, and one with it: with nothing given back where it has collapsed."""
    arm = {"kind": "bkp", "volume_ml": 3.0}
    arms = [arm, arm | {"name": "asked", "height_restored_fraction": 0.0 if fallen else 0.5}]
    return build(
        Case.model_validate(
            {
                "name": "spine",
                "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
                "bone": {"kind": "vertebra", "level": "L1", "collapse": WEDGE if fallen else None},
                "lesions": [{"kind": "sphere", "site": "vertebral_body", "radius_mm": 6}],
                "arms": arms,
                "loads": [{"kind": "flexion", "endplates": "discs"}],
                "scores": ["sins"],
            }
        )
    )


def bone(fallen: bool) -> VertebraAnatomy:
    found = scene(fallen).anatomy
    assert isinstance(found, VertebraAnatomy)
    return found


def task(name: str, fallen: bool = FALLEN) -> ArmTask:
    made = scene(fallen)
    return solve_task(made, families(made)[0], "flexion", (name,)).arms[0]


def high() -> Raised:
    return scene(FALLEN).raised["bkp"]


def test_a_fraction_of_nothing_changes_no_number() -> None:
    """Its mesh, contacts and paint are those of any arm that leaves the body as it is: there is nothing else."""
    assert "asked" not in scene(FALLEN).raised
    assert task("asked").lift is None
    arm = scene(FALLEN).case.arms[1]
    own, plain = scene(FALLEN).solids["asked"], arm.solids(scene(FALLEN).anatomy, scene(FALLEN).lesions)
    assert [solid.name for solid in own] == [solid.name for solid in plain]
    points = np.random.default_rng(3).uniform(-15, 15, (200, 3))
    for one, other in zip(own, plain, strict=True):
        assert np.array_equal(one.shape.distance(points), other.shape.distance(points))


def test_without_a_collapse_the_arm_is_the_one_without_the_key() -> None:
    made = scene(UPRIGHT)
    assert made.raised == {}
    assert mesh_task(made, families(made)[0]).lifts == ()
    # named by their content: equal names are one solid of the mesh
    assert [one.name for one in made.solids["asked"]] == [one.name for one in made.solids["bkp"]]
    assert replace(task("asked", UPRIGHT), arm="bkp") == task("bkp", UPRIGHT)


def test_the_default_is_what_was_found_in_cadavers() -> None:
    assert high().regained_share == pytest.approx(USUAL_LIFT)
    assert high().regained_mm == pytest.approx(USUAL_LIFT * 0.3 * bone(UPRIGHT).landmarks.anterior_height)


def test_height_cannot_be_given_back_where_it_is_not_known_how_it_was_lost() -> None:
    unknown = replace(bone(UPRIGHT), height_loss_share=None)
    with pytest.raises(GeometryError, match=r"height_restored_fraction: needs to know how .* bone\.collapse_kind"):
        BKP(kind="bkp", height_restored_fraction=0.5).raises(unknown)
    assert BKP(kind="bkp").raises(unknown) is None


def test_cement_of_a_raised_body_has_the_volume_asked_for() -> None:
    found = scene(FALLEN).cement("bkp")
    assert found is not None
    assert found.volume_ml == pytest.approx(3.0, rel=0.02)


def test_cement_is_cut_where_raising_brings_it_to_its_place() -> None:
    points = np.random.default_rng(1).uniform([-18, -12, -9], [18, 14, 9], (4000, 3))
    down = high().change.back(points)
    for below, above in zip(scene(FALLEN).solids["bkp"], high().solids, strict=True):
        there = above.shape.distance(points)
        clear = np.abs(there) > 0.1
        assert (there < 0).any()
        assert np.array_equal(below.shape.distance(down)[clear] < 0, there[clear] < 0)


def test_a_raised_body_is_loaded_as_it_stands() -> None:
    low, lifted = scene(FALLEN).boundaries["flexion"], high().boundaries["flexion"]
    assert low.pressed is not None
    assert lifted.pressed is not None
    # on the line of the force, 0.65 of the way from the posterior wall to the anterior one
    marks = lifted.pressed.anatomy.landmarks
    assert lifted.height == pytest.approx(0.35 * marks.posterior_height + 0.65 * marks.anterior_height)
    assert low.height is not None
    assert lifted.height is not None
    assert lifted.height - low.height == pytest.approx(0.65 * high().regained_mm)
    # plates stand farther off by the height that the face has gained on average, about half of one side's
    levels = [[grip.zone.level for grip in one.grips if isinstance(grip.zone, Plate)] for one in (low, lifted)]
    assert levels[1][0] - levels[0][0] == pytest.approx(high().regained_mm / 4, abs=0.4)
    lift = task("bkp").lift
    assert lift is not None
    assert lift.boundary is lifted


def test_sins_counts_the_collapse() -> None:
    assert scores_of(scene(FALLEN))["sins"].items["collapse"] == 2
    assert scores_of(scene(UPRIGHT))["sins"].items["collapse"] == 0


def test_check_says_what_is_lost_and_what_comes_back() -> None:
    table = arms_table(scene(FALLEN))
    assert list(table.columns[-1].cells) == ["6.2 (97%)", "-"]
    row = list(bone_table(scene(FALLEN)).columns[0].cells).index("height lost, mm")
    assert list(bone_table(scene(FALLEN)).columns[1].cells)[row] == "6.4 of 21.2 in front (wedge, 30%)"
    assert len(arms_table(scene(UPRIGHT)).columns) == len(table.columns) - 1


def test_cement_that_does_not_fit_the_raised_body_is_said_with_its_key() -> None:
    with pytest.raises(GeometryError, match=r"^volume_ml: 12\.0 mL of cement do not fit"):
        raised(scene(FALLEN).anatomy, (), BKP(kind="bkp", volume_ml=12), ())
