"""Kyphoplasty in a collapsed vertebra: where cement lies, how it is loaded, what stays as it is without collapse."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from femrisk.arms import BKP
from femrisk.case import Case
from femrisk.contacts import Plate
from femrisk.errors import CaseError, GeometryError
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.spinecement import USUAL_LIFT
from femrisk.plan import families, mesh_task, solve_task
from femrisk.preview import arms_table, bone_table, scores_of
from femrisk.raised import Raised
from femrisk.scene import Scene, build

WEDGE = {"kind": "wedge", "height_loss_share": 0.3}


@cache
def scene(fallen: bool = True, fraction: float | None = None, share: float = 0.3) -> Scene:
    bone: dict[str, Any] = {"kind": "vertebra", "level": "L1", "collapse": None}
    keys = {} if fraction is None else {"height_restored_fraction": fraction}
    return build(
        Case.model_validate(
            {
                "name": "spine",
                "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
                "bone": bone | ({"collapse": WEDGE | {"height_loss_share": share}} if fallen else {}),
                "lesions": [{"kind": "sphere", "site": "vertebral_body", "radius_mm": 6}],
                "arms": [{"kind": "untreated"}, {"kind": "bkp", "volume_ml": 3.0, **keys}],
                "loads": [{"kind": "flexion", "endplates": "discs"}],
            }
        )
    )


def high() -> Raised:
    return scene().raised["bkp"]


def bodies(made: Scene) -> tuple[str, ...]:
    return tuple(solid.name for solid in families(made)[0].solids)


def test_a_fraction_of_nothing_changes_no_number() -> None:
    """Its mesh, contacts and paint are those of the arm in a body that stays as it is: there is nothing else."""
    made = scene(fraction=0.0)
    assert made.raised == {}
    assert mesh_task(made, families(made)[0]).lifts == ()
    (arm,) = solve_task(made, families(made)[0], "flexion", ("bkp",)).arms
    assert arm.lift is None
    assert not any("raised" in name for name in bodies(made))


def test_without_a_collapse_the_arm_is_the_one_without_the_key() -> None:
    plain, asked = scene(fallen=False), scene(fallen=False, fraction=0.5)
    assert asked.raised == plain.raised == {}
    assert bodies(asked) == bodies(plain)
    points = np.random.default_rng(3).uniform(-15, 15, (200, 3))
    for one, other in zip(families(asked)[0].solids, families(plain)[0].solids, strict=True):
        assert np.array_equal(one.shape.distance(points), other.shape.distance(points))
    tasks = [solve_task(made, families(made)[0], "flexion", ("bkp",)).arms for made in (plain, asked)]
    assert tasks[0] == tasks[1]


def test_the_default_is_what_was_found_in_cadavers() -> None:
    assert high().regained_share == pytest.approx(USUAL_LIFT)
    upright = scene(fallen=False).anatomy
    assert isinstance(upright, VertebraAnatomy)
    assert high().regained_mm == pytest.approx(USUAL_LIFT * 0.3 * upright.landmarks.anterior_height)


def test_height_cannot_be_given_back_where_it_is_not_known_how_it_was_lost() -> None:
    upright = scene(fallen=False).anatomy
    assert isinstance(upright, VertebraAnatomy)
    unknown = replace(upright, height_loss_share=None)
    with pytest.raises(GeometryError, match=r"height_restored_fraction: needs to know how .* bone\.collapse_kind"):
        BKP(kind="bkp", height_restored_fraction=0.5).raises(unknown)
    assert BKP(kind="bkp").raises(unknown) is None
    assert BKP(kind="bkp", height_restored_fraction=0.5).raises(upright) is None


def test_cement_of_a_raised_body_has_the_volume_asked_for() -> None:
    found = scene().cement("bkp")
    assert found is not None
    assert found.volume_ml == pytest.approx(3.0, rel=0.02)


def test_cement_is_cut_where_raising_brings_it_to_its_place() -> None:
    points = np.random.default_rng(1).uniform([-18, -12, -9], [18, 14, 9], (4000, 3))
    down = high().change.back(points)
    for below, above in zip(scene().solids["bkp"], high().solids, strict=True):
        there = above.shape.distance(points)
        clear = np.abs(there) > 0.1
        assert (there < 0).any()
        assert np.array_equal(below.shape.distance(down)[clear] < 0, there[clear] < 0)


def test_a_raised_body_is_loaded_as_it_stands() -> None:
    low, raised = scene().boundaries["flexion"], high().boundaries["flexion"]
    assert low.pressed is not None
    assert raised.pressed is not None
    # on the line of the force, 0.65 of the way from the posterior wall to the anterior one
    marks = raised.pressed.anatomy.landmarks
    assert raised.height == pytest.approx(0.35 * marks.posterior_height + 0.65 * marks.anterior_height)
    assert low.height is not None
    assert raised.height is not None
    assert raised.height - low.height == pytest.approx(0.65 * high().regained_mm)
    # plates stand farther off by the height that the face has gained on average, about half of one side's
    levels = [[grip.zone.level for grip in one.grips if isinstance(grip.zone, Plate)] for one in (low, raised)]
    assert levels[1][0] - levels[0][0] == pytest.approx(high().regained_mm / 4, abs=0.4)
    (arm,) = solve_task(scene(), families(scene())[0], "flexion", ("bkp",)).arms
    assert arm.lift is not None
    assert arm.lift.boundary is raised


@pytest.mark.parametrize(("share", "points"), [(0.3, 2), (0.51, 3)])
def test_sins_counts_the_collapse(share: float, points: int) -> None:
    assert scores_of(scene(share=share))["sins"].items["collapse"] == points


def test_check_says_what_is_lost_and_what_comes_back() -> None:
    table = arms_table(scene())
    assert list(table.columns[-1].cells) == ["-", "6.2 (97%)"]
    row = list(bone_table(scene()).columns[0].cells).index("height lost, mm")
    assert list(bone_table(scene()).columns[1].cells)[row] == "6.4 of 21.2 in front (wedge, 30%)"
    assert len(arms_table(scene(fallen=False)).columns) == len(table.columns) - 1


def test_cement_that_does_not_fit_the_raised_body_is_one_line() -> None:
    case = scene().case
    arms = (case.arms[0], case.arms[1].model_copy(update={"volume_ml": 12.0}))
    with pytest.raises(CaseError, match=r"^arms\[1\]\.volume_ml: 12\.0 mL of cement do not fit"):
        build(case.model_copy(update={"arms": arms}))
