"""A state of a march in, a ``Frame`` of it out: of one rank's cells, and of the whole mesh on every rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np

from femrisk.damaged import DamageState
from femrisk.domain import Domain, everywhere
from femrisk.equilibrium import Equilibrium
from femrisk.film import Frame, Singles, principal, von_mises
from femrisk.history import State
from femrisk.meshes.labelled import Floats


def frame_of(equilibrium: Equilibrium, state: State, before: Sequence[Frame]) -> Frame:
    """This rank's cells in a state."""
    nodes, vertices = equilibrium.domain.cells, 8 if equilibrium.domain.cells.shape[1] == 8 else 4
    again = not before or state.travel <= before[-1].travel
    return Frame(
        number=1 if again else before[-1].number + 1,
        travel=state.travel,
        force=state.force,
        displacement=_single(equilibrium.displacement(state)[nodes[:, :vertices]]),
        stress=_single(principal(state.stress.mean(axis=1))),
        strain=_single(principal(equilibrium.domain.strains(equilibrium.displacement(state)).mean(axis=1))),
        plastic=_single(state.accumulated.mean(axis=1)),
        von_mises=_single(von_mises(state.stress).mean(axis=1)),
        damage=_single(1 - state.retained.mean(axis=1)) if isinstance(state, DamageState) else None,
    )


def whole(domain: Domain, frame: Frame, bone: slice) -> Frame:
    """The same of all cells of the bone."""

    def all_of(local: Singles) -> Singles:
        return _single(everywhere(domain, local)[bone])

    return replace(
        frame,
        displacement=all_of(frame.displacement),
        stress=all_of(frame.stress),
        strain=all_of(frame.strain),
        plastic=all_of(frame.plastic),
        von_mises=all_of(frame.von_mises),
        damage=None if frame.damage is None else all_of(frame.damage),
    )


def _single(values: Floats) -> Singles:
    return values.astype(np.float32)
