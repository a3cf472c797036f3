"""Meshes that cases share: in goes a mesh to make, out comes the one on the shelf, made once for each content.

A mesh depends on the shapes of bone and solids and on the wanted size of cells, and on nothing else: cases that differ
in density, materials, loads or patient find the same one, and sample their own bone on it.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import pickle
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from femrisk import __version__
from femrisk.meshes.cells.voxelised import VoxelQuality, voxelised
from femrisk.meshes.labelled import LabelledMesh
from femrisk.meshes.mesher import mesh, sampled
from femrisk.meshes.quality import MeshQuality, assess, gate
from femrisk.output.atomic import replacing
from femrisk.plan import MeshTask


def make(task: MeshTask) -> tuple[LabelledMesh, MeshQuality | VoxelQuality]:
    """The mesh of a task and its measures; voxels are made as quickly as they are read, and lie on no shelf.

    Raises:
        MeshError: it cannot be made, or would spoil a result.
    """
    solids = task.family.solids
    if task.kind == "voxel":
        return voxelised(task.anatomy, solids, task.size_mm)
    made = shelved(task)
    quality = assess(made, task.anatomy, solids)
    gate(quality)
    return made, quality


def shelved(task: MeshTask) -> LabelledMesh:
    """The tetrahedra of a task, from the task's shelf where it has one; who comes second waits for the first.

    Raises:
        MeshError: it cannot be made.
    """
    if task.shelf is None:
        return mesh(task.anatomy, task.family.solids, task.size_mm, task.sizing)
    key = key_of(task)
    file = task.shelf / key[:2] / f"{key[2:]}.npz"
    with alone(file.with_suffix(".lock")):
        if file.is_file():
            return sampled(LabelledMesh.load(file), task.anatomy)
        made = mesh(task.anatomy, task.family.solids, task.size_mm, task.sizing)
        with replacing(file) as temporary:
            made.save(temporary)
    return made


def key_of(task: MeshTask) -> str:
    """Name of a mesh by its content."""
    shapes = (task.anatomy.outer, task.anatomy.inner, task.family.solids, task.sizing, task.size_mm)
    text = io.BytesIO()
    pickler = pickle.Pickler(text, protocol=4)
    # without its memo a pickle tells values, not which of them are one object
    pickler.fast = True
    pickler.dump(shapes)
    return hashlib.sha256(f"femrisk {__version__}\n".encode() + text.getbuffer()).hexdigest()[:32]


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock, after a wait; it goes with the process. Where a file system knows none, a mesh is made twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
