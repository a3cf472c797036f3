"""How a case is run changes no number: arms left out or reordered, workers side by side, ranks; every bone, coarse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from subjects import SUBJECTS, Subject

from femrisk.comparison import Comparison
from femrisk.run import run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param]


@pytest.fixture(scope="module")
def two_arms(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    """Intact and untreated, one after the other; pictures are not drawn, here or in what is compared with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("femrisk.run.draw", lambda folder: {})
        yield run(subject.case(subject.arms[:2]), tmp_path_factory.mktemp("two_arms"))


def test_leaving_an_arm_out_of_a_run_changes_no_number(subject: Subject, two_arms: Comparison, tmp_path: Path) -> None:
    (alone,) = run(subject.case(subject.arms[:2]), tmp_path, arms=("untreated",)).rows
    assert alone == replace(two_arms.rows[1], ratio_to_intact=None, load_at_strain_ratio_to_intact=None)


def test_the_order_of_arms_and_workers_side_by_side_change_no_number(
    subject: Subject, two_arms: Comparison, tmp_path: Path
) -> None:
    swapped = run(subject.case(subject.arms[1::-1]), tmp_path, jobs=2)
    assert [row.arm for row in swapped.rows] == ["untreated", "intact"]
    assert swapped.rows[::-1] == two_arms.rows


@pytest.mark.mpi
@pytest.mark.parametrize(("bone", "model"), [("femur", "keyak_plasticity"), ("vertebra", "perfect_plasticity")])
def test_ranks_change_no_number(bone: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("femrisk.run.draw", lambda folder: {})
    case = SUBJECTS[bone].case(("untreated",), model=model)
    (one,), (split,) = (run(case, tmp_path / f"{ranks}", ranks=ranks).rows for ranks in (1, 2))
    assert split.stiffness_N_per_mm == pytest.approx(one.stiffness_N_per_mm, rel=1e-6)
    assert split.linear_fracture_load_N == pytest.approx(one.linear_fracture_load_N, rel=1e-6)
    assert split.status == one.status != "stuck"
    assert one.fracture_load_N is not None
    print(f"{split.fracture_load_N} N on two ranks, {one.fracture_load_N} N on one")
    # two different linear solvers; Newton stops at 1e-6 of the force (and loads of a femur were seen to agree to 5e-7)
    assert split.fracture_load_N == pytest.approx(one.fracture_load_N, rel=3e-6)
    elastic, split_elastic = (_shell_share(tmp_path / f"{ranks}" / "arms" / "untreated") for ranks in (1, 2))
    assert split_elastic == pytest.approx(elastic, rel=1e-6)


def _shell_share(arm: Path) -> float:
    """What the shell carries before anything yields; nothing of a bone without one."""
    (file,) = arm.glob("*/result.json")
    share = json.loads(file.read_text())["shell_load_share"]
    return 0.0 if share is None else float(share["elastic"])
