"""A bone, its solids and the wanted cells in, a mesh good enough to carry a result and its measures out."""

from __future__ import annotations

from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.labelled import LabelledMesh
from femrisk.meshes.quality import MeshQuality, assess, gate
from femrisk.meshes.shapes import Solid
from femrisk.meshes.voxelised import VoxelQuality, voxelised


def make(
    anatomy: Anatomy, solids: tuple[Solid, ...], size_mm: float, sizing: tuple[Solid, ...], kind: str = "tetrahedra"
) -> tuple[LabelledMesh, MeshQuality | VoxelQuality]:
    """A mesh of a ``kind`` of cells; the rest as for ``mesher.mesh``.

    Raises:
        MeshError: a mesh that would spoil a result.
    """
    if kind == "voxel":
        return voxelised(anatomy, solids, size_mm)
    from femrisk.meshes.mesher import mesh

    made = mesh(anatomy, solids, size_mm, sizing)
    quality = assess(made, anatomy, solids)
    gate(quality)
    return made, quality
