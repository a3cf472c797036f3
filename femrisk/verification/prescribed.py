"""Displacements prescribed node by node, and loads on nodes: a ``Domain`` in, ``Unknowns`` without grips out.

Everything else (strains, material, stiffness, solver, Newton, march) is the code that computes real results.
"""

from __future__ import annotations

from dataclasses import replace

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from femrisk.domain import Domain, Numbering, distribute
from femrisk.equilibrium import Equilibrium
from femrisk.grips import Level, Unknowns
from femrisk.history import History, State
from femrisk.march import Found, Rules, march
from femrisk.materials.curve import YieldCurve
from femrisk.membrane import Membrane
from femrisk.meshes.labelled import GAUSS_BARYCENTRIC, Floats, LabelledMesh
from femrisk.tangent import Response
from femrisk.verification.blocks import NEAR


def alone(mesh: LabelledMesh) -> Domain:
    """The mesh on one rank."""
    return distribute(mesh, MPI.COMM_SELF)


def prescribe(domain: Domain, free: NDArray[np.bool_], values: Floats) -> Unknowns:
    """Unknowns of which those not ``free`` (n, 3) move by ``values`` (n, 3) per millimetre of travel."""
    coarse = np.ones((len(domain.vertices), 3), dtype=bool)
    np.logical_and.at(coarse, domain.seats[:, 0], free[domain.seats[:, 1]])
    return Unknowns(
        fine=_level(domain.fine, free),
        coarse=_level(domain.coarse, coarse),
        driven=np.where(free, 0.0, values),
        axes=np.eye(3),
        centers=np.empty((0, 3)),
    )


def _level(numbering: Numbering, free: NDArray[np.bool_]) -> Level:
    nobody = np.empty((0, 2), dtype=np.int64)
    return Level(numbering, np.full(len(free), -1), nobody, nobody, np.empty((0, 2, 3, 3)), free)


def symmetric(domain: Domain) -> NDArray[np.bool_]:
    """(n, 3) free unknowns of a body cut at x = 0, y = 0 and z = 0, where its nodes stay in these planes."""
    return np.asarray(np.abs(domain.nodes) > NEAR)


def on_sphere(domain: Domain, radius: float) -> NDArray[np.bool_]:
    """(n,) nodes of the faceted sphere; a middle node lies under it, but between two of its vertices."""
    on = np.abs(np.linalg.norm(domain.vertices, axis=1) - radius) < NEAR * radius
    return np.asarray(on[domain.parents].all(axis=1))


def gauss_points(domain: Domain) -> Floats:
    """(m, 4, 3) mm, in the order of the domain's cells."""
    return np.asarray(np.einsum("gv,mvk->mgk", GAUSS_BARYCENTRIC, domain.vertices[domain.corners]))


class Loaded(Equilibrium):
    """Equilibrium under loads (n, 3) N on the nodes, the same at every travel."""

    def __init__(
        self, domain: Domain, unknowns: Unknowns, curve: YieldCurve, loads: Floats, membrane: Membrane | None = None
    ) -> None:
        super().__init__(domain, unknowns, curve, membrane=membrane)
        self._loads = loads

    def respond(self, state: State, unknowns: Floats, curve: YieldCurve | None = None) -> Response:
        """The response, whose forces are those the loads leave unbalanced."""
        response = super().respond(state, unknowns, curve)
        return replace(response, forces=response.forces - self.unknowns.fine.reduce(self._loads))


def marched(equilibrium: Equilibrium, rules: Rules, elastic: State) -> tuple[History, list[Found]]:
    """March from the elastic state at 1 mm; the history and every equilibrium on the way."""
    *found, history = list(march(equilibrium, rules, elastic.unknowns * rules.first_step))
    assert isinstance(history, History), "a march ends with its history"
    return history, [one for one in found if isinstance(one, Found)]
