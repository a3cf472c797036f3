"""gmsh: a problem in, its mesh written in version 4.1 of gmsh's format; the bone's frame, nothing lumped.

Written by hand since two readers are to find the same in it: gmsh, and meshio, which numbers nodes and elements by
their place in the file and takes an array only if it has a row for every element.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.export.grids import cell_arrays
from femrisk.export.problem import Problem
from femrisk.meshes.labelled import Floats

#: Kinds of elements, as gmsh numbers them; its quadratic tetrahedron has the last two middles the other way round.
POINT, TETRA10 = 15, 11
ORDER = (0, 1, 2, 3, 4, 5, 6, 7, 9, 8)


@dataclass(frozen=True)
class Entity:
    """What gmsh calls a point or a volume, alone in a group of the same number."""

    name: str
    #: 0 of a grip, 3 of a material; a number counts once over both
    dimension: int
    number: int
    #: ``POINT`` or ``TETRA10``, and (k, 1) or (k, 10) nodes in gmsh's order
    kind: int
    elements: NDArray[np.int64]
    #: (3,) where a point is, (6,) lowest and highest coordinates of a volume, mm
    place: Floats


def write_msh(path: str | Path, problem: Problem) -> None:
    """Write a volume per material of the legend and a point per grip, each with a group of its name.

    Nodes keep their order. Cells stand one material behind another, those of a material in their order: the array
    ``element`` has their numbers in other files, from 1. Arrays are 0 on the points of the grips.

    ``path`` is written in place.
    """
    # one volume after another, none of them cut: readers take each for a block of cells
    order = np.argsort(problem.field.index, kind="stable")
    entities = [*_materials(problem, order), *_grips(problem)]
    with open(path, "wb") as file:
        file.writelines(_section("MeshFormat", [b"4.1 1 8\n", _integers(1), b"\n"]))
        file.writelines(_section("PhysicalNames", _names(entities)))
        file.writelines(_section("Entities", _entities(entities)))
        file.writelines(_section("Nodes", _nodes(entities, problem.nodes)))
        file.writelines(_section("Elements", _elements(entities)))
        count = sum(len(entity.elements) for entity in entities)
        for name, values in {"element": np.arange(1, len(order) + 1), **cell_arrays(problem)}.items():
            file.writelines(_section("ElementData", _array(name, values[order], count)))


def _materials(problem: Problem, order: NDArray[np.int64]) -> Iterator[Entity]:
    index = problem.field.index[order]
    for material in np.unique(index).tolist():
        cells = problem.cells[order[index == material]]
        corners = problem.nodes[cells[:, :4]].reshape(-1, 3)
        box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
        yield Entity(problem.field.names[material], 3, material + 1, TETRA10, cells[:, ORDER], box)


def _grips(problem: Problem) -> Iterator[Entity]:
    for number, hold in enumerate(problem.holds, start=len(problem.field.names) + 1):
        yield Entity(f"grip_{hold.grip.name}", 0, number, POINT, hold.nodes[:, None], hold.grip.center)


def _section(name: str, content: Iterable[bytes]) -> Iterator[bytes]:
    yield f"${name}\n".encode()
    yield from content
    yield f"$End{name}\n".encode()


def _names(entities: list[Entity]) -> Iterator[bytes]:
    yield f"{len(entities)}\n".encode()
    for entity in entities:
        yield f'{entity.dimension} {entity.number} "{entity.name}"\n'.encode()


def _entities(entities: list[Entity]) -> Iterator[bytes]:
    """Points, then volumes; there are no curves and no surfaces, and so nothing that bounds a volume."""
    points = [entity for entity in entities if entity.dimension == 0]
    volumes = [entity for entity in entities if entity.dimension == 3]
    yield _sizes(len(points), 0, 0, len(volumes))
    for entity in points + volumes:
        yield _integers(entity.number) + np.asarray(entity.place, dtype=np.float64).tobytes()
        yield _sizes(1) + _integers(entity.number) + (_sizes(0) if entity.dimension else b"")
    yield b"\n"


def _nodes(entities: list[Entity], nodes: Floats) -> Iterator[bytes]:
    """Nodes in their order, cut wherever the next one lies in another entity: the grip that holds it, or a material."""
    owner = np.zeros(len(nodes), dtype=np.int64)
    for place, entity in enumerate(entities):
        owner[entity.elements] = place
    ends = [*np.flatnonzero(np.diff(owner, prepend=-1)).tolist(), len(nodes)]
    yield _sizes(len(ends) - 1, len(nodes), 1, len(nodes))
    for start, end in pairwise(ends):
        entity = entities[owner[start]]
        yield _integers(entity.dimension, entity.number, 0) + _sizes(end - start)
        yield np.arange(start + 1, end + 1, dtype=np.uint64).tobytes()
        yield np.asarray(nodes[start:end], dtype=np.float64).tobytes()
    yield b"\n"


def _elements(entities: list[Entity]) -> Iterator[bytes]:
    ends = np.cumsum([0, *(len(entity.elements) for entity in entities)]).tolist()
    yield _sizes(len(entities), ends[-1], 1, ends[-1])
    for entity, (start, end) in zip(entities, pairwise(ends), strict=True):
        yield _integers(entity.dimension, entity.number, entity.kind) + _sizes(end - start)
        yield (np.column_stack([np.arange(start, end), entity.elements]) + 1).astype(np.uint64).tobytes()
    yield b"\n"


def _array(name: str, values: NDArray[Any], count: int) -> Iterator[bytes]:
    """One value per element: ``values`` of cells, then 0; with one time, step 0, one component."""
    yield f'1\n"{name}"\n1\n0.0\n3\n0\n1\n{count}\n'.encode()
    rows = np.zeros(count, dtype=[("element", np.int32), ("value", np.float64)])
    rows["element"] = np.arange(1, count + 1)
    rows["value"][: len(values)] = values
    yield rows.tobytes()
    yield b"\n"


def _integers(*numbers: int) -> bytes:
    return np.array(numbers, dtype=np.int32).tobytes()


def _sizes(*numbers: int) -> bytes:
    return np.array(numbers, dtype=np.uint64).tobytes()
