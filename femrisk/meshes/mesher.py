"""Signed distances of a bone and the solids in it in, a conforming labelled tetrahedral mesh out."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.complex import Complex
from femrisk.meshes.cutting import cut
from femrisk.meshes.extents import parts_of, true_volume
from femrisk.meshes.improving import improve
from femrisk.meshes.labelled import LabelledMesh
from femrisk.meshes.levelling import level
from femrisk.meshes.pinching import unpinched
from femrisk.meshes.shapes import Solid
from femrisk.meshes.sheets import Sheet
from femrisk.meshes.sizing import SizeField, size_field

#: most corrections of the sheets' levels after each cut
ROUNDS = 3


def mesh(
    anatomy: Anatomy, solids: tuple[Solid, ...], size_mm: float, sizing: tuple[Solid, ...] | None = None
) -> LabelledMesh:
    """Mesh a bone with solids cut into it, one sheet after the other.

    Args:
        anatomy: the bone.
        solids: lesions, then cements, then devices, in the order in which they are cut.
        size_mm: edge length in the bone, mm.
        sizing: every solid of the case, so that all its meshes share one size field; default: ``solids``.

    Returns:
        Cells inside the bone, bits ``bone``, ``endosteum``, then ``solids`` in order.
    """
    field = size_field(anatomy, solids if sizing is None else sizing, size_mm)
    parts = parts_of(anatomy, solids, size_mm)
    names = tuple(part.name for part in parts)
    volumes = tuple(true_volume(parts, bit) for bit in range(len(parts)))
    sheets: tuple[Sheet, ...] = ()
    made = _background(field)
    for bit, part in enumerate(parts):
        sheets = (*sheets, Sheet(part.shape))
        made = cut(made, sheets, bit, None if part.within is None else names.index(part.within))
        if bit == 0:
            made = unpinched(made.only(made.membership == 1))
        # devices are cut into what is then the finished base mesh of the case: far from them nothing changes
        kin = tuple(i for i in range(bit + 1) if (parts[i].role == "device") == (part.role == "device"))
        made, sheets = level(improve(made, sheets), sheets, kin, volumes, ROUNDS)
    return _labelled(made, names, anatomy)


def _labelled(made: Complex, names: tuple[str, ...], anatomy: Anatomy) -> LabelledMesh:
    """The finished mesh with regions and density sampled from the bone."""
    blank = LabelledMesh(
        points=made.points,
        tets=made.tets,
        membership=made.membership,
        solids=names,
        region=np.zeros(len(made.tets), dtype=np.uint8),
        density=np.zeros((len(made.tets), 4)),
    )
    cortical = np.repeat(~blank.inside("endosteum"), 4)
    density = anatomy.density(blank.gauss_points().reshape(-1, 3), cortical).reshape(-1, 4)
    return LabelledMesh(
        points=made.points,
        tets=made.tets,
        membership=made.membership,
        solids=names,
        region=anatomy.region(blank.centroids()),
        density=density,
    )


def _background(field: SizeField) -> Complex:
    """Tetrahedra of the box around the bone, made by gmsh with the size field."""
    import gmsh

    lower, upper = field.corners()
    gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        for name, value in {
            "General.Terminal": 0,
            "General.NumThreads": 1,
            "Mesh.RandomSeed": 1,
            "Mesh.MeshSizeFromPoints": 0,
            "Mesh.MeshSizeFromCurvature": 0,
            "Mesh.MeshSizeExtendFromBoundary": 0,
            "Mesh.Algorithm3D": 10,
            "Mesh.Optimize": 1,
        }.items():
            gmsh.option.setNumber(name, value)
        gmsh.model.add("box")
        gmsh.model.occ.addBox(*lower, *(upper - lower))
        gmsh.model.occ.synchronize()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "size.bin"
            with file.open("wb") as out:
                field.origin.astype(float).tofile(out)
                np.full(3, field.spacing).tofile(out)
                np.array(field.values.shape, dtype=np.int32).tofile(out)
                field.values.astype(float).tofile(out)
            tag = gmsh.model.mesh.field.add("Structured")
            gmsh.model.mesh.field.setString(tag, "FileName", str(file))
            gmsh.model.mesh.field.setNumber(tag, "TextFormat", 0)
            gmsh.model.mesh.field.setAsBackgroundMesh(tag)
            gmsh.model.mesh.generate(3)
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        _, nodes = gmsh.model.mesh.getElementsByType(4)
    finally:
        gmsh.finalize()
    number = np.full(int(tags.max()) + 1, -1, dtype=np.int64)
    number[tags.astype(np.int64)] = np.arange(len(tags))
    tets = number[nodes.astype(np.int64)].reshape(-1, 4)
    points = coordinates.reshape(-1, 3).copy()
    cells = Complex(points, tets, np.zeros(len(tets), dtype=np.uint32), np.zeros(len(points), dtype=np.uint32))
    return cells.only(np.ones(len(tets), dtype=bool))
