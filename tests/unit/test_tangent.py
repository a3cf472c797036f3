"""The operators of a state: however few of its cells are assembled anew, they are those of all cells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from femrisk.blockrows import any_held, wholly_held
from femrisk.equilibrium import Equilibrium
from femrisk.materials.curve import constant
from femrisk.meshes.labelled import Floats
from femrisk.onerank import OneRank
from femrisk.tangent import without_softening
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


def test_operators_that_are_flat_are_those_of_cells_that_yield_at_constant_strength() -> None:
    given: list[tuple[Floats, Floats]] = []
    problem = bar(given)
    full = np.ones_like(problem.curve.young)
    unknowns = problem.linear().unknowns
    ideal = problem.respond(problem.rest(), unknowns)
    problem.curve = replace(problem.curve, plateau=0 * full, softening=-0.05 * bars.YOUNG * full, residual=1.0 * full)
    response = problem.respond(problem.rest(), unknowns)
    # a motion along the flow meets 2 G as it is left, less what flows
    stiffness = response.moduli[..., 1] - response.moduli[..., 2]
    flat = without_softening(response)
    assert (stiffness < 0).any()
    assert flat.moduli[..., 1] - flat.moduli[..., 2] == pytest.approx(np.maximum(stiffness, 0))
    flows = ideal.moduli[..., 2] > 0
    assert ideal.moduli[flows][:, 1] - ideal.moduli[flows][:, 2] == pytest.approx(0, abs=1e-9 * bars.YOUNG)
    problem.tangent.fill(response)
    problem.tangent.fill(flat)
    problem.tangent.fill(response, flat=True)
    softens, wanted, found = (fine for fine, _ in given[-3:])
    assert np.abs(softens - wanted).max() > 1e-3 * np.abs(wanted).max()
    assert found == pytest.approx(wanted, abs=1e-12 * np.abs(wanted).max())
