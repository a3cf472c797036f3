"""A complex whose facets cut corners in, the same complex with its facets as much outside their smooth sheet as inside.

A level of its own for a whole sheet (``levelling``) makes its solid as large as it should be, but too large where the
sheet is flatter than on average, or hollow, and too small where it is rounder. A wall between two such sheets is a few
per cent too thick or too thin. Here each vertex goes by as much as the facets round it lie off.
"""

from __future__ import annotations

import numpy as np

from femrisk.meshes.cells.complex import Complex, Ints
from femrisk.meshes.cells.improving import TARGET
from femrisk.meshes.cells.kernels import qualities
from femrisk.meshes.cells.levelling import missing
from femrisk.meshes.cells.sheets import PARALLEL, Sheet, slopes
from femrisk.meshes.cells.splitting import FACES
from femrisk.meshes.facets import TRIANGLE_BARYCENTRIC
from femrisk.meshes.labelled import Floats

#: how often all facets are looked at
ROUNDS = 3
#: how often they are looked at again at most where volumes come out wrong
VOLUME_ROUNDS = 6


def evened(mesh: Complex, sheets: tuple[Sheet, ...], volumes: tuple[float, ...]) -> Complex:
    """The complex with its vertices moved across their sheets until the facets lie on the shapes on average.

    Where cells are too coarse for a shape's details, so that its volume comes out wrong, they lie off it by as much as
    makes up for that, everywhere the same.

    Args:
        mesh: the complex.
        sheets: what it was cut along; their levels count no more.
        volumes: the true volume of every solid, mm3 (indexed by bit).
    """
    points, facets = mesh.points, [_facets(mesh, bit) for bit in range(len(sheets))]
    moving = np.unique(np.concatenate([corners.ravel() for corners in facets]))
    normals = slopes(sheets, points[moving], mesh.masks[moving])[1]
    inverse = np.linalg.pinv(normals, rcond=PARALLEL)
    levels = np.zeros(len(sheets))
    for turn in range(ROUNDS + VOLUME_ROUNDS):
        made = Complex(points, mesh.tets, mesh.membership, mesh.masks)
        if turn >= ROUNDS:
            lacks = missing(made, tuple(range(len(sheets))), volumes)
            if not lacks:
                break
            for bit, lack in lacks.items():
                levels[bit] += lack
        rise = np.zeros((len(points), len(sheets)))
        for bit, corners in enumerate(facets):
            rise[:, bit] = _rise(points, corners, sheets[bit], levels[bit])
        step = np.zeros_like(points)
        step[moving] = np.einsum("nks,ns->nk", inverse, rise[moving])
        points = _allowed(points, step, mesh.tets)
    return Complex(points, mesh.tets, mesh.membership, mesh.masks)


def _rise(points: Floats, facets: Ints, sheet: Sheet, level: float) -> Floats:
    """(n,) mm by which vertices must go outwards for facets round them to lie ``level`` off the shape on average."""
    corners = points[facets]
    places = np.einsum("sc,kcd->ksd", TRIANGLE_BARYCENTRIC, corners).reshape(-1, 3)
    off = sheet.shape.distance(places).reshape(len(facets), -1).mean(axis=1) - level
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    total = np.bincount(facets.ravel(), np.repeat(area * off, 3), len(points))
    return -total / np.maximum(np.bincount(facets.ravel(), np.repeat(area, 3), len(points)), 1e-12)


def _allowed(points: Floats, step: Floats, tets: Ints) -> Floats:
    """The points moved, but for corners of cells that would be bad: what is cut in later finds nothing to better."""
    step = step.copy()
    while True:
        spoilt = (qualities(points + step, tets) < TARGET) & step[tets].any(axis=(1, 2))
        if not spoilt.any():
            return points + step
        step[tets[spoilt]] = 0.0


def _facets(mesh: Complex, bit: int) -> Ints:
    """(k, 3) facets on a sheet: its solid on one side only, all corners on it."""
    flag = np.uint32(1 << bit)
    tets = mesh.tets[(mesh.membership & flag) != 0]
    faces = np.sort(tets[:, FACES].reshape(-1, 3), axis=1)
    count = len(mesh.points)
    number = (faces[:, 0] * count + faces[:, 1]) * count + faces[:, 2]
    _, first, often = np.unique(number, return_index=True, return_counts=True)
    faces = faces[first[often == 1]]
    return np.asarray(faces[((mesh.masks[faces] & flag) != 0).all(axis=1)])
