"""Signed distances of a bone and the solids in it in, a conforming labelled tetrahedral mesh out."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.cells.bisecting import bisected
from femrisk.meshes.cells.complex import Complex
from femrisk.meshes.cells.crumbs import uncrumbled
from femrisk.meshes.cells.cutting import cut
from femrisk.meshes.cells.evening import evened
from femrisk.meshes.cells.extents import parts_of, true_volume
from femrisk.meshes.cells.improving import improve
from femrisk.meshes.cells.levelling import Steps, missing, raised
from femrisk.meshes.cells.pinching import unpinched
from femrisk.meshes.cells.sheets import Sheet
from femrisk.meshes.cells.sizing import SizeField, size_field
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.meshes.shapes import Solid

#: most corrections of the sheets' levels after each cut
ROUNDS = 3
#: share by which a solid may be too large or small where arms asked for finer cells
LOOSE = 0.01
#: solids that come with the arms of a case
OF_ARMS = ("cement", "device")
#: share of the edge length of bone and lesions below which an arm is given smaller cells: enough for a locking screw
CLEARLY_LESS = 0.75


@dataclass(frozen=True)
class Cells:
    """Cells under way, the sheets they have been cut along, and how these were levelled, step by step."""

    mesh: Complex
    sheets: tuple[Sheet, ...]
    steps: tuple[Steps, ...]


def mesh(
    anatomy: Anatomy,
    solids: tuple[Solid, ...],
    size_mm: float,
    sizing: tuple[Solid, ...] | None = None,
    wider_mm: float = 0.0,
) -> LabelledMesh:
    """Mesh a bone with solids cut into it, one sheet after the other.

    Args:
        anatomy: the bone.
        solids: lesions, then cements, then devices, in the order in which they are cut.
        size_mm: edge length in the bone, mm.
        sizing: every solid of the case, so that all its meshes share one size field; default: ``solids``. Bone, lesions
            and contacts size the cells from the start. What cement and devices ask for is made afterwards by bisection
            beside them, so that an arm that is added to a case changes no other cell of its bone and lesions.
        wider_mm: by how much the box that cells are made in reaches further down than it must. In another box they fall
            otherwise, with the same lengths: what that changes in a result is noise of the mesh.

    Returns:
        Cells inside the bone, bits ``bone``, ``endosteum`` if it has one, then ``solids`` in order.
    """
    wanted = solids if sizing is None else sizing
    own = size_field(anatomy, tuple(solid for solid in wanted if solid.role not in OF_ARMS), size_mm)
    every = size_field(anatomy, wanted, size_mm)
    parts = parts_of(anatomy, solids, size_mm)
    volumes = tuple(true_volume(parts, bit) for bit in range(len(parts)))
    first = tuple(itertools.takewhile(lambda part: part.role not in OF_ARMS, parts))
    background = _background(own, wider_mm)
    made = _with_parts(Cells(background, (), ()), first, volumes)
    finer = bisected(background, lambda points: _clearly_less(every, own, points))
    if len(finer.tets) > len(background.tets):
        made = _levelled(_with_parts(Cells(finer, (), ()), first, volumes, made.steps), len(first), volumes)
    if anatomy.inner is not None:
        # of a wall of cells both sides count; a bone without one has details that coarse cells do not resolve
        made = replace(made, mesh=evened(made.mesh, made.sheets, volumes))
    made = _with_parts(made, parts, volumes)
    return _labelled(made.mesh, tuple(part.name for part in parts), anatomy)


def _with_parts(
    cells: Cells, parts: tuple[Solid, ...], volumes: tuple[float, ...], steps: tuple[Steps, ...] | None = None
) -> Cells:
    """Cut in the parts that are not in yet.

    Args:
        cells: the cells with the first of the parts.
        parts: all parts.
        volumes: the true volume of each, mm3.
        steps: by how much the sheets rise after each cut; found from the volumes when not given.
    """
    made, sheets, done = cells.mesh, cells.sheets, cells.steps
    for bit in range(len(sheets), len(parts)):
        part = parts[bit]
        sheets = (*sheets, Sheet(part.shape))
        within = next((i for i, other in enumerate(parts) if other.name == part.within), None)
        made = cut(made, sheets, bit, within)
        if bit == 0:
            made = uncrumbled(unpinched(made.only(made.membership == 1)))
        made = improve(made, sheets)
        # what an arm brings is cut into the finished bone and lesions: far from it nothing changes
        kin = tuple(i for i in range(bit + 1) if _stage(parts[i]) == _stage(part))
        for _ in range(ROUNDS):
            rise = missing(made, kin, volumes) if steps is None else steps[len(done)]
            done = (*done, rise)
            if not rise:
                break
            made, sheets = raised(made, sheets, rise)
    return Cells(made, sheets, done)


def _levelled(cells: Cells, count: int, volumes: tuple[float, ...]) -> Cells:
    """The cells with their first solids levelled again where finer cells made them too large."""
    made, sheets = cells.mesh, cells.sheets
    for _ in range(ROUNDS):
        rise = missing(made, tuple(range(count)), volumes, LOOSE)
        if not rise:
            break
        made, sheets = raised(made, sheets, rise)
    return Cells(made, sheets, cells.steps)


def _labelled(made: Complex, names: tuple[str, ...], anatomy: Anatomy) -> LabelledMesh:
    """The finished mesh with regions and density sampled from the bone."""
    blank = LabelledMesh(
        points=made.points,
        cells=made.tets,
        membership=made.membership,
        solids=names,
        region=np.zeros(len(made.tets), dtype=np.uint8),
        density=np.zeros((len(made.tets), 4)),
    )
    return sampled(blank, anatomy)


def sampled(mesh: LabelledMesh, anatomy: Anatomy) -> LabelledMesh:
    """The mesh with regions and density of a bone of this shape; nothing else of it depends on density."""
    named = replace(mesh, region=anatomy.region(mesh.centroids()))
    if anatomy.scan is not None:
        scan, corners = anatomy.scan, named.points[named.tets]
        ill = None if scan.as_scanned is scan.density else scan.as_scanned.in_cells(corners)
        return replace(named, density=scan.density.in_cells(corners), as_scanned=ill)
    cortical = np.repeat(~named.cancellous(), 4)
    return replace(named, density=anatomy.density(named.gauss_points().reshape(-1, 3), cortical).reshape(-1, 4))


def _stage(part: Solid) -> int:
    """Bone and lesions, then cements, then devices: each is cut into what is then finished."""
    return OF_ARMS.index(part.role) + 1 if part.role in OF_ARMS else 0


def _clearly_less(every: SizeField, own: SizeField, points: Floats) -> Floats:
    """(n,) edge length that arms ask for at points (n, 3), infinite where the case itself asks for much the same."""
    length = every.at(points)
    return np.where(length < CLEARLY_LESS * own.at(points), length, np.inf)


def _background(field: SizeField, wider_mm: float) -> Complex:
    """Tetrahedra of the box around the bone, made by gmsh with the size field."""
    import gmsh

    lower, upper = field.corners()
    lower = lower - wider_mm
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
