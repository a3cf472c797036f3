"""Linear solves by two-level p-multigrid (PETSc): block values in, a displacement correction out.

Conjugate gradients on the P2 operator, preconditioned by one symmetric Gauss-Seidel sweep over node blocks before and
after a correction from the reassembled P1 operator, which algebraic multigrid treats with its rigid-body modes and
the same kind of sweep.
"""

from __future__ import annotations

from dataclasses import dataclass

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from petsc4py import PETSc

from femrisk.domain import Domain
from femrisk.grips import LEVER, Level, Unknowns
from femrisk.meshes.labelled import Floats

#: Strength threshold of the algebraic multigrid; the lever against jumps of the modulus.
THRESHOLD = 0.03
#: Solves stop here and say so.
MAX_ITERATIONS = 400


@dataclass(frozen=True)
class Solved:
    """One linear solve."""

    #: (n, 3) local unknowns, ghosts included
    correction: Floats
    iterations: int
    #: False when the operator was found indefinite or the iterations ran out
    converged: bool


@dataclass(frozen=True)
class Pattern:
    """Local block rows: pointers and columns, both in local node numbers."""

    pointers: NDArray[np.int32]
    indices: NDArray[np.int32]
    #: where each row's own block stands
    diagonal: NDArray[np.int32]


class Multigrid:
    """The two operators and the solver over them; ``fill`` gives new values to the same pattern."""

    #: type of the fine block values it wants
    precision = np.float64

    def __init__(self, domain: Domain, unknowns: Unknowns, fine_pattern: Pattern, coarse_pattern: Pattern) -> None:
        self._fine, self._coarse = unknowns.fine, unknowns.coarse
        self._patterns = (fine_pattern, coarse_pattern)
        comm = domain.comm
        self._operators = (
            _matrix(comm, self._fine, "baij"),
            _matrix(comm, self._coarse, "aij"),
        )
        self._interpolation = _distributed(domain, unknowns, interpolation(domain, unknowns))
        self._modes = _rigid_body_modes(domain, unknowns)
        self._vector = _ghosted(comm, self._fine)
        self._solution = self._vector.duplicate()
        self._ksp: PETSc.KSP | None = None

    def fill(self, fine: Floats, coarse: Floats) -> None:
        """Hand over block values (entries, 3, 3) of both patterns; shares of other ranks' rows are added there."""
        for matrix, pattern, values in zip(self._operators, self._patterns, (fine, coarse), strict=True):
            matrix.zeroEntries()
            matrix.setValuesBlockedLocalCSR(pattern.pointers, pattern.indices, values, PETSc.InsertMode.ADD)
            matrix.assemble()

    def prepare(self) -> None:
        """Build the preconditioner from the values now in the operators."""
        if self._ksp is not None:
            self._ksp.destroy()
        self._operators[1].setNearNullSpace(self._modes)
        self._ksp = _solver(self._operators, self._interpolation)

    def solve(self, right: Floats, tolerance: float) -> Solved:
        """Solve for a right-hand side (n, 3) whose ghost rows hold this rank's share of other ranks' rows."""
        assert self._ksp is not None, "prepare comes before solve"
        with self._vector.localForm() as local:
            local.array[:] = right.ravel()
        self._vector.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        self._ksp.setTolerances(rtol=tolerance, atol=0.0, max_it=MAX_ITERATIONS)
        self._ksp.solve(self._vector, self._solution)
        self._solution.ghostUpdate(PETSc.InsertMode.INSERT, PETSc.ScatterMode.FORWARD)
        with self._solution.localForm() as local:
            correction = local.array.reshape(-1, 3).copy()
        return Solved(correction, self._ksp.getIterationNumber(), self._ksp.getConvergedReason() > 0)

    def assembled(self, shares: Floats) -> Floats:
        """Sum the ranks' shares (n, 3) of every node, on every rank that knows the node."""
        with self._vector.localForm() as local:
            local.array[:] = shares.ravel()
        self._vector.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        self._vector.ghostUpdate(PETSc.InsertMode.INSERT, PETSc.ScatterMode.FORWARD)
        with self._vector.localForm() as local:
            return np.asarray(local.array.reshape(-1, 3).copy())


class CoarseSolver:
    """One cycle of algebraic multigrid on the P1 operator of a single rank."""

    def __init__(self, domain: Domain, unknowns: Unknowns, pattern: Pattern) -> None:
        self._pattern = pattern
        self._matrix = _matrix(domain.comm, unknowns.coarse, "aij")
        self._modes = _rigid_body_modes(domain, unknowns)
        self._right, self._solution = self._matrix.createVecs()
        self._ksp: PETSc.KSP | None = None

    def fill(self, values: Floats) -> None:
        """Hand over block values (entries, 3, 3)."""
        self._matrix.zeroEntries()
        self._matrix.setValuesBlockedLocalCSR(
            self._pattern.pointers, self._pattern.indices, values, PETSc.InsertMode.ADD
        )
        self._matrix.assemble()

    def prepare(self) -> None:
        """Set up on the values now in the operator, and keep that set-up when they change."""
        if self._ksp is not None:
            self._ksp.destroy()
        self._matrix.setNearNullSpace(self._modes)
        self._ksp = PETSc.KSP().create(self._matrix.comm)
        self._ksp.setOperators(self._matrix)
        options = _algebraic(self._ksp)
        self._ksp.setUp()
        _forget(self._ksp, options)
        self._ksp.getPC().setReusePreconditioner(True)

    def solve(self, right: Floats) -> Floats:
        """(3 n,) -> (3 n,)."""
        assert self._ksp is not None, "prepare comes before solve"
        self._right.array[:] = right
        self._ksp.solve(self._right, self._solution)
        return np.asarray(self._solution.array)


def _matrix(comm: object, level: Level, kind: str) -> PETSc.Mat:
    size = 3 * level.numbering.owned
    matrix = PETSc.Mat().create(comm)
    matrix.setSizes(((size, None), (size, None)), bsize=3)
    matrix.setType(kind)
    lgmap = PETSc.LGMap().create(level.numbering.to_global.astype(PETSc.IntType), bsize=3, comm=comm)
    matrix.setLGMap(lgmap, lgmap)
    matrix.setUp()
    return matrix


def _ghosted(comm: object, level: Level) -> PETSc.Vec:
    owned = level.numbering.owned
    ghosts = level.numbering.to_global[owned:].astype(PETSc.IntType)
    return PETSc.Vec().createGhost(ghosts, size=(3 * owned, None), bsize=3, comm=comm)


def interpolation(domain: Domain, unknowns: Unknowns) -> scipy.sparse.csr_matrix:
    """Fine unknowns this rank owns from its coarse ones, (3 owned, 3 coarse).

    The mean of its parents' displacements; nothing to or from prescribed unknowns.
    """
    fine, coarse = unknowns.fine, unknowns.coarse
    owned, share = fine.numbering.owned, 1 / domain.parents.shape[1]
    plain = np.flatnonzero(fine.slot[:owned] < 0)
    parents = domain.parents[plain]
    row, column = np.repeat(plain, parents.shape[1]), parents.ravel()
    held = coarse.slot[column] >= 0
    loose = scipy.sparse.csr_matrix(
        (np.full(int((~held).sum()), share), (row[~held], column[~held])), (owned, len(coarse.slot))
    )
    slot, own = coarse.slot[column[held]], fine.grips.ravel() < owned
    r = np.concatenate([row[held], row[held], fine.grips.ravel()[own]])
    c = np.concatenate([*coarse.masters[slot].T, coarse.grips.ravel()[own]])
    v = np.concatenate(
        [*(share * coarse.maps[slot]).swapaxes(0, 1), np.broadcast_to(np.eye(3), (int(own.sum()), 3, 3))]
    )
    i, j = np.broadcast_arrays(3 * r[:, None, None] + np.arange(3)[:, None], 3 * c[:, None, None] + np.arange(3))
    gripped = scipy.sparse.csr_matrix((v.ravel(), (i.ravel(), j.ravel())), (3 * owned, 3 * len(coarse.slot)))
    from_free = scipy.sparse.diags(coarse.free.ravel().astype(float))
    local = (scipy.sparse.kron(loose, np.eye(3), "csr") + gripped) @ from_free
    local = (scipy.sparse.diags(fine.free[:owned].ravel().astype(float)) @ local).tocsr()
    local.eliminate_zeros()
    local.sort_indices()
    return local


def _distributed(domain: Domain, unknowns: Unknowns, local: scipy.sparse.csr_matrix) -> PETSc.Mat:
    """The interpolation as PETSc's matrix over all ranks."""
    fine, coarse = unknowns.fine, unknowns.coarse
    to_global = (3 * coarse.numbering.to_global[:, None] + np.arange(3)).ravel()
    matrix = PETSc.Mat().createAIJ(
        ((3 * fine.numbering.owned, None), (3 * coarse.numbering.owned, None)),
        csr=(local.indptr.astype(PETSc.IntType), to_global[local.indices].astype(PETSc.IntType), local.data),
        comm=domain.comm,
    )
    matrix.assemble()
    return matrix


def _rigid_body_modes(domain: Domain, unknowns: Unknowns) -> PETSc.NullSpace:
    """The six rigid motions in the coarse unknowns, orthonormal, for the algebraic multigrid."""
    owned = unknowns.coarse.numbering.owned
    modes = [
        unknowns.rigid_motion(unknowns.coarse, domain.vertices, *np.split(row, 2))[:owned]
        for row in np.diag([1.0, 1.0, 1.0, 1 / LEVER, 1 / LEVER, 1 / LEVER])
    ]
    vectors: list[PETSc.Vec] = []
    for mode in modes:
        vector = PETSc.Vec().createMPI((3 * owned, None), bsize=3, comm=domain.comm)
        vector.array[:] = mode.ravel()
        for other in vectors:
            vector.axpy(-vector.dot(other), other)
        vector.normalize()
        vectors.append(vector)
    return PETSc.NullSpace().create(vectors=vectors, comm=domain.comm)


def _solver(operators: tuple[PETSc.Mat, PETSc.Mat], interpolation: PETSc.Mat) -> PETSc.KSP:
    fine, coarse = operators
    ksp = PETSc.KSP().create(fine.comm)
    ksp.setOperators(fine)
    ksp.setType("cg")
    ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
    pc = ksp.getPC()
    pc.setType("mg")
    pc.setMGLevels(2)
    pc.setMGInterpolation(1, interpolation)
    smoother = pc.getMGSmoother(1)
    smoother.setType("richardson")
    smoother.setTolerances(max_it=1)
    smoother.getPC().setType("sor")
    bottom = pc.getMGCoarseSolve()
    bottom.setOperators(coarse)
    options = _algebraic(bottom)
    ksp.setUp()
    _forget(bottom, options)
    return ksp


def _algebraic(ksp: PETSc.KSP) -> tuple[str, ...]:
    """Make a solver one cycle of algebraic multigrid; the options it leaves are dropped by ``_forget`` after set-up."""
    ksp.setType("preonly")
    prefix = f"femrisk_{id(ksp):x}_"
    ksp.getPC().setOptionsPrefix(prefix)
    options = PETSc.Options(prefix)
    values: dict[str, object] = {
        "pc_type": "gamg",
        "pc_gamg_threshold": THRESHOLD,
        "mg_levels_ksp_type": "richardson",
        "mg_levels_ksp_max_it": 1,
        "mg_levels_pc_type": "sor",
    }
    if ksp.comm.size > 1:
        values["mg_coarse_pc_type"] = "redundant"
    for name, value in values.items():
        options[name] = value
    ksp.getPC().setFromOptions()
    return tuple(values)


def _forget(ksp: PETSc.KSP, names: tuple[str, ...]) -> None:
    options = PETSc.Options(ksp.getPC().getOptionsPrefix())
    for name in names:
        del options[name]
