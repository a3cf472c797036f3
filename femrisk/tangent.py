"""The stiffness of one arm under one load: a response in, the correction that Newton's method makes of it out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from femrisk.balance import Balance
from femrisk.blockrows import BlockRows, any_held, wholly_held
from femrisk.cohesive import COARSE, FINE, WEIGHTS, Joints, Pull, assemble_joints
from femrisk.domain import Domain
from femrisk.grips import Unknowns
from femrisk.materials.fabric import Fabric
from femrisk.materials.planestress import Stretch
from femrisk.membrane import Membrane, assemble_membrane
from femrisk.meshes.labelled import Floats
from femrisk.multigrid import Multigrid, Solved
from femrisk.onerank import OneRank

#: What ``element.assemble`` calls a cell that has nothing to add.
IDLE = 2
#: Accuracy of the linear solves inside Newton, relative to their own right-hand side.
INNER_TOLERANCE = 3e-2
#: A kept preconditioner is rebuilt when it needs this many times the iterations of a fresh one, and as many more.
REBUILD = (2.0, 8)


@dataclass(frozen=True)
class Response:
    """Stresses, residual and tangent at some displacement."""

    stress: Floats
    plastic_strain: Floats
    accumulated: Floats
    moduli: Floats
    normal: Floats
    #: (n, 3) forces on the unknowns, summed over ranks
    forces: Floats
    #: what weak interfaces do; None where there are none
    pull: Pull | None = None
    #: what a skin does; likewise
    skin: Stretch | None = None


@dataclass(frozen=True)
class Unloaded:
    """The cells' block values of both levels while nothing flows, and the moduli they were made of."""

    fine: Floats
    coarse: Floats
    moduli: Floats


class Tangent:
    """The operators of both levels and the linear solver over them.

    Args:
        domain: this rank's share of the mesh.
        unknowns: the grips' change of unknowns.
        joints: interface elements, or None.
        linear: the linear solver; by default the fastest for the number of ranks.
        membrane: a skin on some facets, or None.
        fabric: ratios of moduli of this rank's cells, or None where all are isotropic.
    """

    def __init__(
        self,
        domain: Domain,
        unknowns: Unknowns,
        joints: Joints | None = None,
        linear: type[OneRank] | type[Multigrid] | None = None,
        membrane: Membrane | None = None,
        fabric: Fabric | None = None,
    ) -> None:
        self._domain, self._joints, self._membrane = domain, joints, membrane
        self._stretch = np.empty((0, 4, 3)) if fabric is None else fabric.stretch
        self._balance = Balance(domain, unknowns)
        self._fine_groups, self._coarse_groups = [domain.cells], [domain.corners]
        if joints is not None:
            self._fine_groups.append(joints.nodes)
            self._coarse_groups.append(joints.vertices)
        if membrane is not None:
            self._fine_groups.append(membrane.nodes)
            self._coarse_groups.append(membrane.vertices)
        self._fine = BlockRows.of(tuple(self._fine_groups), unknowns.fine)
        self._coarse = BlockRows.of(tuple(self._coarse_groups), unknowns.coarse)
        self._mixed, self._kinds = [], []
        for fine, coarse in zip(self._fine_groups, self._coarse_groups, strict=True):
            # of voxels, a grip may hold nodes of the coarse cell that are none of the voxel's
            held = any_held(fine, unknowns.fine) | any_held(coarse, unknowns.coarse)
            idle = wholly_held(fine, unknowns.fine) & wholly_held(coarse, unknowns.coarse)
            self._mixed.append(held & ~idle)
            self._kinds.append(held.astype(np.int8) + idle)
        kind = linear or (OneRank if domain.comm.size == 1 else Multigrid)
        self._multigrid = kind(domain, unknowns, self._fine.pattern, self._coarse.pattern)
        self._fresh_iterations: int | None = None
        self._unloaded: Unloaded | None = None

    def fill(self, response: Response, flat: bool = False) -> None:
        """Assemble both operators; ``flat``: interfaces that fail and cells that soften keep what they bear."""
        fine, coarse = self._cells(without_softening(response) if flat else response)
        if self._joints is not None and response.pull is not None:
            tangent = response.pull.flat if flat else response.pull.tangent
            for level, values, shapes, groups in (
                (self._fine, fine, FINE, self._fine_groups),
                (self._coarse, coarse, COARSE, self._coarse_groups),
            ):
                kept = assemble_joints(
                    self._joints.areas, WEIGHTS, shapes, tangent, values, level.element_places[1], self._kinds[1]
                )
                level.add_special(values, kept, groups[1][self._mixed[1]])
        if self._membrane is not None and response.skin is not None:
            for level, values, operators, groups in (
                (self._fine, fine, self._membrane.fine, self._fine_groups),
                (self._coarse, coarse, self._membrane.coarse, self._coarse_groups),
            ):
                kept = assemble_membrane(
                    self._membrane.measure, operators, response.skin.tangent, values, level.element_places[-1],
                    self._kinds[-1],
                )  # fmt: skip
                level.add_special(values, kept, groups[-1][self._mixed[-1]])
        self._multigrid.fill(self._fine.masked(fine), self._coarse.masked(coarse))

    def _cells(self, response: Response) -> tuple[Floats, Floats]:
        """The cells' block values of both levels.

        They are linear in the moduli, so that of a state in which few cells flow only the difference is assembled.
        """
        known = self._unloaded
        if known is None:
            fine, coarse = self._fine.zeros(self._multigrid.precision), self._coarse.zeros(np.float64)
            moduli, kinds, mixed = response.moduli, self._kinds[0], self._mixed[0]
        else:
            fine, coarse = known.fine.copy(), known.coarse.copy()
            changed = (response.moduli != known.moduli).any(axis=(1, 2))
            moduli, kinds = response.moduli - known.moduli, np.where(changed, self._kinds[0], np.int8(IDLE))
            mixed = self._mixed[0] & changed
        kept_fine, kept_coarse = self._domain.assemble(
            moduli, response.normal, self._stretch, fine, self._fine.element_places[0], coarse,
            self._coarse.element_places[0], kinds,
        )  # fmt: skip
        self._fine.add_special(fine, kept_fine, self._fine_groups[0][mixed])
        self._coarse.add_special(coarse, kept_coarse, self._coarse_groups[0][mixed])
        if known is None and not response.moduli[..., 2].any():
            self._unloaded = Unloaded(fine.copy(), coarse.copy(), response.moduli)
        return fine, coarse

    def refresh(self) -> None:
        """Build the preconditioner from the operators; the iterations it needs are counted anew."""
        self._multigrid.prepare()
        self._fresh_iterations = None

    def solve(self, forces: Floats, tolerance: float) -> Solved:
        """The motion that takes a share of all but ``tolerance`` off forces (n, 3)."""
        return self._multigrid.solve(self._balance.share(-forces), tolerance)

    def correct(self, response: Response, needed: float) -> Floats | None:
        """A Newton correction, or None when the tangent is indefinite; a preconditioner that got old is rebuilt.

        ``needed`` is the share of the residual that Newton may leave: no use in solving for less. Where interfaces that
        fail, and bone that softens beside them, make the tangent indefinite, the correction is that of interfaces and
        bone that hold on to what they bear.
        """
        self.fill(response)
        fresh = self._fresh_iterations is None
        if fresh:
            self.refresh()
        solved = self.solve(response.forces, min(max(needed, INNER_TOLERANCE), 0.1))
        if fresh:
            self._fresh_iterations = solved.iterations
        if not solved.converged and self._joints is not None:
            self.fill(response, flat=True)
            self.refresh()
            solved = self.solve(response.forces, min(max(needed, INNER_TOLERANCE), 0.1))
        if not solved.converged or solved.iterations > REBUILD[0] * (self._fresh_iterations or 0) + REBUILD[1]:
            self._fresh_iterations = None
        return solved.correction if solved.converged else None

    def assembled(self, shares: Floats) -> Floats:
        """Sum the ranks' shares (n, 3) of every node, on every rank that knows the node."""
        return self._multigrid.assembled(shares)


def without_softening(response: Response) -> Response:
    """A response whose cells flow at constant strength where they soften: no tangent of theirs is indefinite."""
    moduli = response.moduli.copy()
    moduli[..., 2] = np.minimum(moduli[..., 2], moduli[..., 1])
    return replace(response, moduli=moduli)
