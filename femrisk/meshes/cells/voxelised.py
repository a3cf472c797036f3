"""A bone and the solids in it as voxels: signed distances in, a mesh of hexahedra and what it missed out.

The voxels are those of the bone's scan where it has one, joined to cubes of about the wanted edge; else a lattice along
the axes of its frame. What lies where is asked at the middle of each voxel.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from femrisk.errors import MeshError
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.cells.extents import parts_of, true_volume
from femrisk.meshes.cells.voxels import Voxels
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.meshes.quality import SLIGHT
from femrisk.meshes.shapes import Solid

log = logging.getLogger(__name__)

#: a bone, points (n, 3) mm -> (n,) ash density, g/cm3
Reading = Callable[[Anatomy, Floats], Floats]


@dataclass(frozen=True)
class VoxelQuality:
    """What can be said of a mesh of voxels without solving on it."""

    cells: int
    vertices: int
    #: (3,) of a voxel, mm
    edges_mm: Floats
    #: pieces that are not joined to the bone, in words; None where there are none
    left_out: str | None
    #: name of each solid, bone and endosteum first
    solids: tuple[str, ...]
    #: (s,) volume of each solid's voxels, mm3, and of its smooth shape inside the bone
    volumes: Floats
    expected_volumes: Floats


def voxelised(anatomy: Anatomy, solids: tuple[Solid, ...], size_mm: float) -> tuple[LabelledMesh, VoxelQuality]:
    """Voxels of a bone with the solids in it.

    Args:
        anatomy: the bone.
        solids: lesions, then cements, then devices.
        size_mm: edge that is wanted, mm.

    Raises:
        MeshError: a solid that no voxel lies in.
    """
    parts = parts_of(anatomy, solids, size_mm)
    block, left_out = _block(anatomy, size_mm, _density).in_one_piece()
    if left_out:
        log.warning("voxels: left out, as not joined %s", left_out)
    mesh = block.mesh(anatomy.region)
    mesh = replace(mesh, membership=_membership(parts, mesh.centroids()), solids=tuple(part.name for part in parts))
    if anatomy.scan is None:
        # point by point: a cortex thinner than a voxel is in the points it passes through
        points = mesh.gauss_points().reshape(-1, 3)
        mesh = replace(mesh, density=_density(anatomy, points).reshape(-1, 8))
    elif anatomy.scan.as_scanned is not anatomy.scan.density:
        shown = _block(anatomy, size_mm, _shown).density[block.bone]
        mesh = replace(mesh, as_scanned=np.repeat(shown[:, None], 8, axis=1))
    corners = mesh.points[mesh.cells[0]]
    quality = VoxelQuality(
        cells=len(mesh.cells),
        vertices=len(mesh.points),
        edges_mm=np.linalg.norm(corners[[1, 2, 4]] - corners[0], axis=1),
        left_out=left_out,
        solids=mesh.solids,
        volumes=np.array([mesh.volumes()[mesh.inside(name)].sum() for name in mesh.solids]),
        expected_volumes=np.array([true_volume(parts, bit) for bit in range(len(parts))]),
    )
    for name, volume, expected in zip(mesh.solids, quality.volumes, quality.expected_volumes, strict=True):
        if volume == 0 and expected > SLIGHT:
            raise MeshError(f"voxels of {name}", f"there are none ({expected:.0f} mm3): try a smaller mesh_size_mm")
    return mesh, quality


def _block(anatomy: Anatomy, size_mm: float, read: Reading) -> Voxels:
    """The voxels round a bone, those of its scan if it has one, and then with the density that is ``read`` in them."""
    scan = anatomy.scan
    low, high = anatomy.outer.bounds()
    if scan is None:
        # a lattice that is even about x = 0, so that a bone and its mirror image have mirrored voxels
        first, last = np.floor(low / size_mm).astype(int) - 1, np.ceil(high / size_mm).astype(int) + 1
        first[0] = -max(-first[0], last[0])
        shape = last - first
        shape[0] = -2 * first[0]
        affine = np.column_stack([size_mm * np.eye(3), size_mm * (first + 0.5)])
        return _filled(anatomy, tuple(shape), affine, None)
    affine, shape = scan.labels.affine, scan.labels.shape
    factor = max(1, round(size_mm / float(np.cbrt(abs(np.linalg.det(affine[:, :3]))))))
    return _filled(anatomy, shape, affine, read).coarsened(factor)


def _filled(anatomy: Anatomy, shape: tuple[int, ...], affine: Floats, read: Reading | None) -> Voxels:
    """Which of the voxels of a block are bone, and the density that is ``read`` at their middles; None for none."""
    centers = np.indices(shape).reshape(3, -1).T @ affine[:, :3].T + affine[:, 3]
    bone = anatomy.outer.distance(centers) < 0
    density = np.zeros(len(centers))
    if read is not None:
        density[bone] = read(anatomy, centers[bone])
    return Voxels(bone.reshape(shape), density.reshape(shape), affine)


def _density(anatomy: Anatomy, points: Floats) -> Floats:
    """(n,) ash density at points (n, 3) of the bone, g/cm3."""
    cortical = np.zeros(len(points), dtype=bool) if anatomy.inner is None else anatomy.inner.distance(points) > 0
    return anatomy.density(points, cortical)


def _shown(anatomy: Anatomy, points: Floats) -> Floats:
    """The same with the lesions that its scan shows."""
    assert anatomy.scan is not None
    return anatomy.scan.as_scanned.density(points, np.zeros(len(points), dtype=bool))


def _membership(parts: tuple[Solid, ...], centers: Floats) -> NDArray[np.uint32]:
    """(m,) bit i where a voxel's middle lies in ``parts[i]``, and in the solid that is limited to."""
    inside = {part.name: part.shape.distance(centers) < 0 for part in parts[1:]}
    bits = np.ones(len(centers), dtype=np.uint32)
    for bit, part in enumerate(parts[1:], start=1):
        within = inside[part.name] if part.within is None else inside[part.name] & inside[part.within]
        bits |= within.astype(np.uint32) << np.uint32(bit)
    return bits
