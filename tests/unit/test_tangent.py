"""The operators of a state: however few of its cells are assembled anew, they are those of all cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from femrisk.equilibrium import Equilibrium
from femrisk.materials.curve import constant
from femrisk.meshes.labelled import Floats
from femrisk.onerank import OneRank
from femrisk.verification import bars


class Recorder(OneRank):
    """The solver, with the block values it was last given."""

    given: tuple[Floats, Floats]
    precision: Any = np.float64

    def fill(self, fine: Any, coarse: Floats) -> None:
        self.given = fine.copy(), coarse.copy()
        super().fill(fine.astype(np.float32), coarse)


def bar() -> Equilibrium:
    """A bar that is bent by a grip: some of its cells flow, and some of those that the grip holds."""
    mesh = bars.bar((2, 2, 6))
    boundary = bars.machine(bars.ALONG_X, bars.ALONG_Y, bars.HANGING)
    plain = bars.gripped(mesh, constant((len(mesh.tets), 4), bars.YOUNG, 0.3, 5.0), boundary)
    return Equilibrium(plain.domain, plain.unknowns, plain.curve, linear=Recorder)


def test_the_operators_of_a_state_do_not_depend_on_what_was_assembled_before() -> None:
    known, fresh = bar(), bar()
    elastic = known.linear()
    response = known.respond(known.rest(), elastic.unknowns)
    flows = response.moduli[..., 2].any(axis=1)
    held = known.tangent._mixed[0]
    assert flows.any()
    assert not flows.all()
    assert (flows & held).any()
    for problem in (known, fresh):
        problem.tangent.fill(response)
    pairs = zip(known.tangent._multigrid.given, fresh.tangent._multigrid.given, strict=True)  # type: ignore[union-attr]
    for level, (one, other) in enumerate(pairs):
        assert one == pytest.approx(other, abs=1e-12 * np.abs(other).max()), level
