"""Bone with a fabric, and bone that is crushed, on several ranks, each with the law of its own cells."""

from __future__ import annotations

import pytest
from test_skins import found

pytestmark = pytest.mark.slow


@pytest.mark.mpi
@pytest.mark.parametrize("law", ["woven", "crushed"])
def test_ranks_change_no_number_of_bone_with_a_law_of_its_own(law: str) -> None:
    one, two = (found(ranks, "woven_bar.py", law) for ranks in (1, 2))
    assert two.pop("status") == one.pop("status") != "stuck"
    assert one["plastic_work"] > one["elastic_energy"] > 0
    assert one["plastic_work"] + one["elastic_energy"] == pytest.approx(one["work"], rel=0.01)
    # two different linear solvers; Newton stops at 1e-6 of the force
    # what is kept to be looked at is the march itself, in single precision
    for one_of in (one, two):
        assert one_of.pop("framed_force") == 1
        assert max(one_of.pop(f"framed_{what}") for what in ("stress", "strain", "travel")) < 1e-6
    assert one["frames"] == 4
    assert two == pytest.approx(one, rel=1e-4)
    assert two["stiffness"] == pytest.approx(one["stiffness"], rel=1e-7)
