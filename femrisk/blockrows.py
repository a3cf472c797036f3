"""Where the stiffness of each element goes in the block rows of an operator: nodes and a level in, places out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from femrisk.element import places
from femrisk.grips import Level
from femrisk.meshes.labelled import Floats
from femrisk.multigrid import Pattern


@dataclass(frozen=True)
class BlockRows:
    """Where the blocks of one level's elements go in the block rows of its operator."""

    level: Level
    pattern: Pattern
    #: for each group of elements (m, k): (m, k, k) place of each node pair of an ordinary one
    element_places: tuple[NDArray[np.int32], ...]
    #: entries whose row or column is not free, and their (e, 3, 3) mask
    masked_entries: NDArray[np.int64]
    mask: Floats

    @classmethod
    def of(cls, groups: tuple[NDArray[np.int64], ...], level: Level) -> BlockRows:
        """Build the pattern of all node pairs that share an element, with held nodes replaced by their masters.

        Args:
            groups: nodes (m, k) of the elements, cells before interface elements.
            level: the unknowns.
        """
        nodes = len(level.slot)
        sharing = []
        for elements in groups:
            special = elements[mixed(elements, level)]
            masters = np.tile(np.unique(level.grips), (len(special), 1))
            sharing += [elements, np.hstack([special, masters])]
        # of voxels, one that a grip holds as a whole on this level may store energy on the other
        sharing.append(level.grips)
        pointers, indices = _pattern(tuple(sharing), nodes)
        where = tuple(
            places(*_pairs(elements), pointers, indices).reshape(*elements.shape, elements.shape[1])
            for elements in groups
        )
        rows = np.repeat(np.arange(nodes), np.diff(pointers))
        touched = np.flatnonzero(~level.free.all(axis=1)[rows] | ~level.free.all(axis=1)[indices])
        mask = (level.free[rows[touched]][:, :, None] & level.free[indices[touched]][:, None, :]).astype(float)
        everyone = np.arange(nodes)
        return cls(
            level,
            Pattern(pointers, indices, places(everyone, everyone, pointers, indices)),
            where,
            touched,
            mask,
        )

    def zeros(self, precision: type[np.floating[Any]]) -> Floats:
        """(entries, 3, 3) empty block values."""
        return np.zeros((len(self.pattern.indices), 3, 3), dtype=precision)

    def add_special(self, values: Floats, kept: Floats, cells: NDArray[np.int64]) -> None:
        """Add the stiffness (s, k, k, 3, 3) of elements whose nodes a grip holds, in terms of the grips' unknowns."""
        if not len(cells):
            return
        targets, maps = self._targets(cells)
        _add_held(values, kept, targets, maps, self.pattern.pointers, self.pattern.indices)

    def _targets(self, cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
        """(s, k, 2) unknowns each node hangs on (-1: none) and (s, k, 2, 3, 3) how."""
        slot = self.level.slot[cells]
        targets = np.stack([cells, np.full_like(cells, -1)], axis=-1)
        maps = np.zeros((*cells.shape, 2, 3, 3))
        maps[..., 0, :, :] = np.eye(3)
        held = slot >= 0
        targets[held] = self.level.masters[slot[held]]
        maps[held] = self.level.maps[slot[held]]
        return targets, maps

    def masked(self, values: Floats) -> Floats:
        """Rows and columns of unknowns that are not free removed, a fitting value left on their diagonal."""
        values[self.masked_entries] *= self.mask
        owned = self.level.numbering.owned
        diagonal = self.pattern.diagonal[:owned]
        fixed = ~self.level.free[:owned]
        node, component = np.nonzero(fixed)
        scale = np.abs(values[diagonal][:, [0, 1, 2], [0, 1, 2]])
        values[diagonal[node], component, component] = scale[~fixed].mean() if (~fixed).any() else 1.0
        return values


def _pairs(cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    width = cells.shape[1]
    return np.repeat(cells, width, axis=1).ravel(), np.tile(cells, (1, width)).ravel()


def _pattern(groups: tuple[NDArray[np.int64], ...], nodes: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pointers and sorted columns of all node pairs that share a row of one of the groups, and of the diagonal."""
    total = scipy.sparse.identity(nodes, dtype=np.int8, format="csr")
    for group in groups:
        if len(group):
            pointers = np.arange(0, group.size + 1, group.shape[1])
            entries = (np.ones(group.size, dtype=bool), group.ravel(), pointers)
            incidence = scipy.sparse.csr_matrix(entries, (len(group), nodes))
            total = total + (incidence.T @ incidence).astype(np.int8)
    total.sort_indices()
    return total.indptr.astype(np.int32), total.indices.astype(np.int32)


def mixed(cells: NDArray[np.int64], level: Level) -> NDArray[np.bool_]:
    """(m,) cells with a node in a grip, save those that move with one grip as a whole and store no energy."""
    return any_held(cells, level) & ~wholly_held(cells, level)


def any_held(cells: NDArray[np.int64], level: Level) -> NDArray[np.bool_]:
    """(m,) cells with a node in a grip."""
    return np.asarray((level.slot[cells] >= 0).any(axis=1))


def wholly_held(cells: NDArray[np.int64], level: Level) -> NDArray[np.bool_]:
    """(m,) cells that move with one grip as a whole."""
    held = level.slot[cells] >= 0
    if not len(level.masters):
        return np.zeros(len(cells), dtype=bool)
    master = np.where(held, level.masters[level.slot[cells], 0], -1)
    return np.asarray(held.all(axis=1) & (master == master[:, :1]).all(axis=1))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _add_held(values: Any, kept: Any, targets: Any, maps: Any, pointers: Any, indices: Any) -> None:
    """Add ``maps^T kept maps`` of every element to the block rows of its targets, see ``BlockRows.add_special``."""
    half, block = np.empty((3, 3)), np.empty((3, 3))
    elements, width = targets.shape[:2]
    for e in range(elements):
        for a in range(width):
            for x in range(2):
                row = targets[e, a, x]
                if row < 0:
                    continue
                columns = indices[pointers[row] : pointers[row + 1]]
                for b in range(width):
                    _multiply(maps[e, a, x].T, kept[e, a, b], half)
                    for y in range(2):
                        if targets[e, b, y] >= 0:
                            _multiply(half, maps[e, b, y], block)
                            place = pointers[row] + np.searchsorted(columns, targets[e, b, y])
                            for p in range(3):
                                for q in range(3):
                                    values[place, p, q] += block[p, q]


@numba.njit(inline="always")  # type: ignore[untyped-decorator]
def _multiply(left: Any, right: Any, out: Any) -> None:
    for p in range(3):
        for q in range(3):
            out[p, q] = left[p, 0] * right[0, q] + left[p, 1] * right[1, q] + left[p, 2] * right[2, q]
