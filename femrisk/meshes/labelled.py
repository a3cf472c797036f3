"""The mesh every later room works on: arrays in, a frozen ``LabelledMesh`` out; plain numpy, no solver."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.errors import MeshError

Floats = NDArray[np.float64]

#: Barycentric coordinates of the four-point Gauss rule of a tetrahedron (degree 2), (4, 4).
GAUSS_BARYCENTRIC: Floats = np.full((4, 4), (5 - 5**0.5) / 20) + np.eye(4) * (5**0.5 / 5)

#: Corners of a voxel, first along its first edge, then the second, then the third, (8, 3).
VOXEL_CORNERS: NDArray[np.int64] = np.stack(np.meshgrid(*[[0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)[:, ::-1]
#: Corners of its six faces, counter-clockwise seen from outside, (6, 4).
VOXEL_FACES = np.array([[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]])
#: Shares of the corners in the points of the 2 x 2 x 2 Gauss rule of a voxel (degree 3), (8, 8).
GAUSS_TRILINEAR: Floats = np.where(VOXEL_CORNERS[:, None] == VOXEL_CORNERS, (1 + 3**-0.5) / 2, (1 - 3**-0.5) / 2).prod(
    axis=-1
)

#: Anatomical regions of each bone; together they are what ``LabelledMesh.region`` points into.
FEMUR_REGIONS = ("head", "neck", "intertrochanteric", "subtrochanteric", "shaft")
BODY_REGIONS = ("superior_endplate", "vertebral_body", "inferior_endplate")
VERTEBRA_REGIONS = (*BODY_REGIONS, "pedicle", "posterior_elements")
REGIONS = FEMUR_REGIONS + VERTEBRA_REGIONS


@dataclass(frozen=True)
class LabelledMesh:
    """Linear tetrahedra, or voxels, with the membership of each cell in each solid.

    Cell ``c`` lies inside ``solids[i]`` when bit ``i`` of ``membership[c]`` is set. ``solids[0]`` is always ``bone``
    (every cell) and in a femur ``solids[1]`` is ``endosteum`` (cells enclosed by the cortex: cancellous bone and
    canal). A vertebra has no endosteum: its shell is thinner than any cell.
    """

    #: (n, 3) mm, bone's standard frame
    points: Floats
    #: vertex indices, positively oriented: (m, 4) of tetrahedra, or (m, 8) of voxels in the order of ``VOXEL_CORNERS``
    cells: NDArray[np.int64]
    #: (m,) bit i = inside solids[i]
    membership: NDArray[np.uint32]
    #: name of each bit
    solids: tuple[str, ...]
    #: (m,) index into REGIONS
    region: NDArray[np.uint8]
    #: (m, 4) or (m, 8) ash density of the host bone at the Gauss points, g/cm3, before any lesion or treatment
    density: Floats
    #: the same with the lesions a scan shows; None where there is none in it
    as_scanned: Floats | None = None

    def inside(self, solid: str) -> NDArray[np.bool_]:
        """(m,) True for cells inside the named solid.

        Raises:
            KeyError: the mesh has no such solid; the message lists those it has.
        """
        if solid not in self.solids:
            raise KeyError(f"no solid {solid!r} in this mesh (has: {', '.join(self.solids)})")
        return np.asarray((self.membership >> np.uint32(self.solids.index(solid))) & 1 == 1)

    @property
    def tets(self) -> NDArray[np.int64]:
        """(m, 4) the cells, for what knows tetrahedra alone.

        Raises:
            MeshError: they are voxels.
        """
        if self.of_voxels:
            raise MeshError("mesh", "is of voxels where tetrahedra are needed")
        return self.cells

    @property
    def of_voxels(self) -> bool:
        """True where the cells are voxels, all of one size."""
        return bool(self.cells.shape[1] == len(VOXEL_CORNERS))

    @property
    def is_vertebra(self) -> bool:
        """True where the bone has no endosteum."""
        return "endosteum" not in self.solids

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions of this bone."""
        return VERTEBRA_REGIONS if self.is_vertebra else FEMUR_REGIONS

    def cancellous(self) -> NDArray[np.bool_]:
        """(m,) True for cells enclosed by the cortex; in a vertebra, those of its body."""
        if self.is_vertebra:
            return np.isin(self.region, [REGIONS.index(name) for name in BODY_REGIONS])
        return self.inside("endosteum")

    def volumes(self) -> Floats:
        """(m,) cell volumes, mm3."""
        if self.of_voxels:
            return signed_volumes(self.points, self.cells[:, [0, 1, 2, 4]]) * 6
        return signed_volumes(self.points, self.cells)

    def centroids(self) -> Floats:
        """(m, 3) cell centroids, mm."""
        return np.asarray(self.points[self.cells].mean(axis=1))

    def gauss_points(self) -> Floats:
        """(m, 4, 3) or (m, 8, 3) positions of the Gauss points, mm."""
        shares = GAUSS_TRILINEAR if self.of_voxels else GAUSS_BARYCENTRIC
        return np.asarray(np.einsum("gv,mvk->mgk", shares, self.points[self.cells]))

    def save(self, path: str | Path) -> None:
        """Write every array to ``path`` (npz)."""
        arrays: dict[str, Any] = {
            "points": self.points,
            "cells": self.cells,
            "membership": self.membership,
            "solids": np.array(self.solids),
            "region": self.region,
            "density": self.density,
        }
        if self.as_scanned is not None:
            arrays["as_scanned"] = self.as_scanned
        with Path(path).open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> LabelledMesh:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as data:
            return cls(
                points=data["points"],
                cells=data["cells"],
                membership=data["membership"],
                solids=tuple(str(name) for name in data["solids"]),
                region=data["region"],
                density=data["density"],
                as_scanned=data.get("as_scanned"),
            )


def signed_volumes(points: Floats, tets: NDArray[np.int64]) -> Floats:
    """(m,) signed volumes of tetrahedra, mm3."""
    a, b, c, d = (points[tets[:, i]] for i in range(4))
    return np.asarray(np.einsum("mi,mi->m", np.cross(b - a, c - a), d - a) / 6)


def mean_ratios(points: Floats, tets: NDArray[np.int64]) -> Floats:
    """(m,) mean-ratio quality 12 (3V)^(2/3) / sum(edge^2): 1 regular, 0 flat, negative inverted (Liu & Joe 1994)."""
    volumes = signed_volumes(points, tets)
    edges = sum(
        np.sum((points[tets[:, i]] - points[tets[:, j]]) ** 2, axis=1)
        for i, j in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
    )
    return np.asarray(np.sign(volumes) * 12 * np.abs(3 * volumes) ** (2 / 3) / edges)
