"""The operators of a state: however few of its cells are assembled anew, they are those of all cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from femrisk.blockrows import any_held, wholly_held
from femrisk.equilibrium import Equilibrium
from femrisk.materials.curve import constant
from femrisk.meshes.labelled import Floats
from femrisk.onerank import OneRank
from femrisk.verification import bars


def bar(given: list[tuple[Floats, Floats]]) -> Equilibrium:
    """A bar that is bent by a grip: some of its cells flow, and some of those that the grip holds.

    Its solver adds to ``given`` the block values of both levels that it gets.
    """

    class Recorder(OneRank):
        precision: Any = np.float64

        def fill(self, fine: Any, coarse: Floats) -> None:
            given.append((fine.copy(), coarse.copy()))
            super().fill(fine.astype(np.float32), coarse)

    mesh = bars.bar((2, 2, 6))
    boundary = bars.machine(bars.ALONG_X, bars.ALONG_Y, bars.HANGING)
    plain = bars.gripped(mesh, constant((len(mesh.tets), 4), bars.YOUNG, 0.3, 5.0), boundary)
    return Equilibrium(plain.domain, plain.unknowns, plain.curve, linear=Recorder)


def test_the_operators_of_a_state_do_not_depend_on_what_was_assembled_before() -> None:
    by_parts: list[tuple[Floats, Floats]] = []
    at_once: list[tuple[Floats, Floats]] = []
    known, fresh = bar(by_parts), bar(at_once)
    response = known.respond(known.rest(), known.linear().unknowns)
    flows = response.moduli[..., 2].any(axis=1)
    cells, level = known.domain.cells, known.unknowns.fine
    held = any_held(cells, level) & ~wholly_held(cells, level)
    assert flows.any()
    assert not flows.all()
    assert (flows & held).any()
    for problem in (known, fresh):
        problem.tangent.fill(response)
    for one, other in zip(by_parts[-1], at_once[-1], strict=True):
        assert one == pytest.approx(other, abs=1e-12 * np.abs(other).max())
