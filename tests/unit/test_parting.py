"""Which faces of a treated bone may part, how they hold, and what of a nail is smooth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from femrisk.materials.field import MaterialField, paint
from femrisk.meshes.devices.slides import LAG_THREAD_MM, Slide, slides
from femrisk.meshes.labelled import LabelledMesh
from femrisk.meshes.shapes import Capsule, HalfSpace, Solid
from femrisk.parting import Weakness, part
from femrisk.verification.blocks import block

STRENGTH, ENERGY = 1.5, 0.2


@pytest.fixture(scope="module")
def mesh() -> LabelledMesh:
    """A block of 4 x 4 x 8 mm: a tumour's cells below z = -2, cement up to 0, a rod up to 2, bone above."""
    plain = block((2, 2, 4), np.array([-2.0, -2, -4]), np.array([2.0, 2, 4]))
    layer = np.floor((plain.centroids()[:, 2] + 4) / 2).astype(np.int64)
    bits = np.array([0b00111, 0b01011, 0b10011, 0b00011], dtype=np.uint32)
    return replace(
        plain,
        membership=bits[layer],
        solids=("bone", "endosteum", "lesion", "cement_lesion", "nail"),
        density=np.full((len(plain.tets), 4), 0.5),
    )


def field(mesh: LabelledMesh, cement: bool = True, rod: bool = True) -> MaterialField:
    layers = [("lesion", "tumour_lytic")]
    layers += [("cement_lesion", "pmma")] if cement else []
    layers += [("nail", "ti6al4v")] if rod else []
    return paint(mesh, tuple(layers))


def heights(mesh: LabelledMesh, materials: MaterialField, *smooth: Slide) -> dict[float, float]:
    """Height of each plane that parts, and its strength."""
    parting = part(mesh, materials, Weakness(STRENGTH, ENERGY, smooth))
    if parting is None:
        return {}
    level = parting.faces.points(mesh)[..., 2].mean(axis=1).round(6)
    assert (parting.law.energy == ENERGY).all()
    found = {float(z): np.unique(parting.law.strength[level == z]) for z in np.unique(level)}
    assert all(len(strengths) == 1 for strengths in found.values())
    return {z: float(strengths[0]) for z, strengths in found.items()}


def test_cement_comes_off_tissue_and_smooth_metal_slides_but_cement_stays_on_metal(mesh: LabelledMesh) -> None:
    # planes: tumour -2 cement 0 rod 2 bone; nothing sticks to tumour
    assert heights(mesh, field(mesh), Slide("nail")) == {-2.0: 0.0, 2.0: 0.0}


def test_a_threaded_device_stays_bonded(mesh: LabelledMesh) -> None:
    assert heights(mesh, field(mesh)) == {-2.0: 0.0}


def test_a_device_is_smooth_only_where_it_is_said_to_be(mesh: LabelledMesh) -> None:
    nowhere = HalfSpace(np.array([0.0, 0, -9]), np.array([0.0, 0, 1]))
    assert heights(mesh, field(mesh), Slide("nail", nowhere)) == {-2.0: 0.0}
    low = HalfSpace(np.array([0.0, 0, 2.5]), np.array([0.0, 0, 1]))
    assert heights(mesh, field(mesh), Slide("nail", low)) == {-2.0: 0.0, 2.0: 0.0}


def test_cement_holds_to_bone_by_its_strength(mesh: LabelledMesh) -> None:
    # the rod's cells are bone here
    assert heights(mesh, field(mesh, rod=False), Slide("nail")) == {-2.0: 0.0, 0.0: STRENGTH}


def test_a_bone_without_cement_and_metal_does_not_part(mesh: LabelledMesh) -> None:
    assert part(mesh, field(mesh, cement=False, rod=False), Weakness(STRENGTH, ENERGY, (Slide("nail"),))) is None


def test_parting_moves_no_point_and_no_cell(mesh: LabelledMesh) -> None:
    parting = part(mesh, field(mesh), Weakness(STRENGTH, ENERGY, ()))
    assert parting is not None
    assert (parting.mesh.points[parting.mesh.tets] == mesh.points[mesh.tets]).all()
    # the 3 x 3 vertices of one plane
    assert len(parting.mesh.points) == len(mesh.points) + 9


def test_of_a_nail_the_rod_and_the_shank_of_the_lag_screw_are_smooth() -> None:
    end, radius = np.array([50.0, 0, 0]), 5.0
    shape = Capsule(np.array([-40.0, 0, 0]), end, radius)
    names = ("nail", "lag_screw", "locking_screw", "screw_1")
    rod, shank = slides(tuple(Solid(name, shape, "device", 2.0) for name in names))
    assert rod == Slide("nail")
    assert shank.solid == "lag_screw"
    assert shank.region is not None
    # its tip is at x = 55
    border = np.array([[55 - LAG_THREAD_MM - 0.1, 3.0, 1.0], [55 - LAG_THREAD_MM + 0.1, 3.0, 1.0]])
    assert (shank.region.distance(border) < 0).tolist() == [True, False]
