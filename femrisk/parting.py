"""Where a treated bone may come apart: a mesh, its materials and how interfaces hold in, the mesh cut open out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from femrisk.materials.field import HOSTS, MaterialField
from femrisk.materials.interface import Interface
from femrisk.meshes.cells.splitting import Faces, inner_faces, split
from femrisk.meshes.devices.screws import Metal
from femrisk.meshes.devices.slides import Slide
from femrisk.meshes.labelled import LabelledMesh


@dataclass(frozen=True)
class Weakness:
    """How the interfaces of an arm hold."""

    #: tensile strength between cement and bone, MPa, and energy to part them, N/mm
    strength: float
    energy: float
    #: smooth metal, which holds to nothing but cement
    slides: tuple[Slide, ...]


@dataclass(frozen=True)
class Parting:
    """A mesh cut along its weak interfaces; cells keep their order."""

    mesh: LabelledMesh
    faces: Faces
    law: Interface


def part(mesh: LabelledMesh, field: MaterialField, weakness: Weakness) -> Parting | None:
    """Cut between cement and tissue, and between smooth metal and tissue; None where the arm has neither.

    Tissue is bone, marrow and tumour; nothing sticks to tumour. Cement and metal are bonded to each other, threads to
    the tissue.
    """
    faces = inner_faces(mesh)
    cement = field.named("pmma")
    metal = np.any([field.named(name) for name in get_args(Metal)], axis=0)
    tissue = ~(cement | metal)
    beside_cement = _between(faces, cement, tissue)
    sticks = _between(faces, cement, field.index < len(HOSTS))
    middle = faces.points(mesh).mean(axis=1)
    smooth = np.zeros(len(faces.cells), dtype=bool)
    for slide in weakness.slides:
        here = True if slide.region is None else slide.region.distance(middle) < 0
        smooth |= _between(faces, metal & mesh.inside(slide.solid), tissue) & here
    along = beside_cement | smooth
    if not along.any():
        return None
    strength = np.where(sticks[along], weakness.strength, 0.0)
    return Parting(
        split(mesh, faces, along), faces.take(along), Interface(strength, np.full(len(strength), weakness.energy))
    )


def _between(faces: Faces, ones: NDArray[np.bool_], others: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(f,) faces with one of these cells (m,) on one side and one of those on the other."""
    first, second = faces.cells.T
    return np.asarray((ones[first] & others[second]) | (others[first] & ones[second]))
