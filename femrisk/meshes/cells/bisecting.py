"""Tetrahedra and the edge length wanted in places in, the same tetrahedra bisected there and nowhere else out.

Rivara's longest-edge bisection: the path from a cell over ever longer edges ends at an edge that is the longest of all
its cells; bisecting such edges keeps the mesh conforming and its angles bounded.
Source: Rivara, Int J Numer Meth Eng 40:3313-3324 (1997).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.cells.complex import EDGES, Complex, Ints
from femrisk.meshes.labelled import Floats

#: edges longer than this many times what is wanted are bisected: as much as gmsh's own longest edges exceed its size
TOO_LONG = 1.6


def bisected(cells: Complex, wanted: Callable[[Floats], Floats]) -> Complex:
    """Bisect until no edge is too long.

    Args:
        cells: tetrahedra that no sheet has cut yet.
        wanted: points (k, 3) in mm to edge lengths (k,) in mm; infinite where nothing is asked for.
    """
    points, tets = cells.points, cells.tets
    while True:
        edges, of_cell = _edges(tets, len(points))
        middles = points[edges].mean(axis=1)
        lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
        rank = np.empty(len(edges), dtype=np.int64)
        rank[np.argsort(lengths, kind="stable")] = np.arange(len(edges))
        longest = of_cell[np.arange(len(tets)), rank[of_cell].argmax(axis=1)]
        asked = (lengths > TOO_LONG * wanted(middles))[longest]
        if not asked.any():
            return Complex(points, tets, np.zeros(len(tets), dtype=np.uint32), np.zeros(len(points), dtype=np.uint32))
        around = np.bincount(of_cell.ravel(), minlength=len(edges))
        terminal = np.bincount(longest, minlength=len(edges)) == around
        chosen = np.unique(longest[_path(asked, longest, of_cell, len(edges))])
        chosen = chosen[terminal[chosen]]
        number = np.full(len(edges), -1, dtype=np.int64)
        number[chosen] = len(points) + np.arange(len(chosen))
        points = np.concatenate([points, middles[chosen]])
        tets = _halved(tets, edges[longest], number[longest])


def _edges(tets: Ints, count: int) -> tuple[Ints, Ints]:
    """(k, 2) edges, and (m, 6) which of them each cell has."""
    pairs = np.sort(tets[:, EDGES], axis=2)
    keys, place = np.unique(pairs[..., 0] * count + pairs[..., 1], return_inverse=True)
    return np.stack(np.divmod(keys, count), axis=1), place.reshape(len(tets), 6)


def _path(asked: NDArray[np.bool_], longest: Ints, of_cell: Ints, edges: int) -> NDArray[np.bool_]:
    """(m,) the cells asked for and, over their longest edges, all on whose bisection they wait."""
    marked = asked
    while True:
        waiting = np.zeros(edges, dtype=bool)
        waiting[longest[marked]] = True
        grown = waiting[of_cell].any(axis=1)
        if np.array_equal(grown, marked):
            return marked
        marked = grown


def _halved(tets: Ints, longest: Ints, middle: Ints) -> Ints:
    """The cells, those with a ``middle`` (m,) of their longest edge (m, 2) replaced by two."""
    split = middle >= 0
    old, ends, new = tets[split], longest[split], middle[split, None]
    return np.concatenate([tets[~split], *(np.where(old == ends[:, [i]], new, old) for i in range(2))])
