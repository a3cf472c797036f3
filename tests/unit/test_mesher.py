"""A ball of bone with a shell, a lesion, cement and a rod: what every mesh must hold, on shapes with known volumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from femrisk.errors import MeshError
from femrisk.meshes.anatomy import FemurAnatomy, FemurLandmarks
from femrisk.meshes.cells.complex import Complex
from femrisk.meshes.cells.cutting import cut
from femrisk.meshes.cells.sheets import Sheet, settle
from femrisk.meshes.cells.sizing import GROWTH, size_field
from femrisk.meshes.labelled import LabelledMesh, mean_ratios
from femrisk.meshes.mesher import mesh
from femrisk.meshes.quality import assess, gate
from femrisk.meshes.shapes import Ball, Cylinder, HalfSpace, Intersection, Offset, Solid

RADIUS, SHELL = 12.0, 1.2
SIZE = 3.0
LESION = Solid("lesion_1", Ball(np.array([5.0, 0.0, 0.0]), 4.0), "lesion", 1.2)
# half of the lesion: the plane passes through its centre; the shape ends outside the lesion, whose sheet bounds it
CEMENT = Solid(
    "cement",
    Intersection((HalfSpace(np.array([5.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])), Offset(LESION.shape, 2.0))),
    "cement",
    1.2,
    within="lesion_1",
)
ROD = Solid("rod", Cylinder(np.array([-4.0, 0.0, -20.0]), np.array([-4.0, 0.0, 20.0]), 2.0), "device", 4 / 3)
SOLIDS = (LESION, CEMENT, ROD)


def ball_anatomy() -> FemurAnatomy:
    """A ball with a shell; the landmarks only say that nothing is distal."""
    zero = np.zeros(3)
    axis = np.array([0.0, 0.0, 1.0])
    marks = FemurLandmarks(zero, RADIUS, axis, zero, 1.0, 1.0, axis, 1.0, 1.0, zero, np.array([0.0, 0.0, -50.0]), -60.0)
    return FemurAnatomy(
        outer=Ball(zero, RADIUS),
        inner=Ball(zero, RADIUS - SHELL),
        density=lambda points, cortical: np.where(cortical, 1.0, 0.2),
        landmarks=marks,
        surface_points=np.zeros((1, 3)),
        to_source=np.eye(3, 4),
        region=lambda points: (points[:, 2] > 0).astype(np.uint8),
    )


@pytest.fixture(scope="module")
def anatomy() -> FemurAnatomy:
    return ball_anatomy()


@pytest.fixture(scope="module")
def full(anatomy: FemurAnatomy) -> LabelledMesh:
    return mesh(anatomy, SOLIDS, SIZE)


@pytest.fixture(scope="module")
def base(anatomy: FemurAnatomy) -> LabelledMesh:
    return mesh(anatomy, (LESION, CEMENT), SIZE, sizing=SOLIDS)


def test_cells_are_well_shaped_and_conforming_in_one_piece(full: LabelledMesh, anatomy: FemurAnatomy) -> None:
    quality = assess(full, anatomy, SOLIDS)
    gate(quality)
    assert quality.worst_mean_ratio > 0.1
    assert (quality.overused_faces, quality.open_edges, quality.pieces, quality.inverted) == (0, 0, 1, 0)


def test_solids_are_as_large_as_their_formulas(full: LabelledMesh) -> None:
    volumes = full.volumes()
    lesion = 4 / 3 * np.pi * 4.0**3
    # a rod of radius 2 whose axis passes 4 mm from the centre: chord 2 sqrt(R^2 - d^2), averaged over its section
    # by the mean of d^2 = 4^2 + 2^2 / 2 (next term of the expansion: 0.1 %)
    rod = np.pi * 2.0**2 * 2 * np.sqrt(RADIUS**2 - 18.0)
    expected = {
        "bone": 4 / 3 * np.pi * RADIUS**3,
        "endosteum": 4 / 3 * np.pi * (RADIUS - SHELL) ** 3,
        "lesion_1": lesion,
        "cement": lesion / 2,
        "rod": rod,
    }
    for name, volume in expected.items():
        assert volumes[full.inside(name)].sum() == pytest.approx(volume, rel=0.01), name


def test_labels_agree_with_the_signed_distances(full: LabelledMesh, anatomy: FemurAnatomy) -> None:
    centroids = full.centroids()
    edge = (6 * 2**0.5 * full.volumes()) ** (1 / 3)
    shapes = {"bone": anatomy.outer, "endosteum": anatomy.inner, "lesion_1": LESION.shape, "rod": ROD.shape}
    for name, shape in shapes.items():
        distance = shape.distance(centroids)
        clear = np.abs(distance) > 0.3 * edge
        assert np.array_equal(full.inside(name)[clear], distance[clear] < 0), name


def test_cement_within_a_lesion_stays_in_it(full: LabelledMesh) -> None:
    assert not np.any(full.inside("cement") & ~full.inside("lesion_1"))


def test_cement_shares_the_lesion_sheet(full: LabelledMesh) -> None:
    # below the plane every cell of the lesion is cement: no film of lesion is left between cement and bone
    below = full.centroids()[:, 2] < -0.5
    assert np.array_equal(full.inside("cement")[below], full.inside("lesion_1")[below])


def test_density_and_region_come_from_the_bone(full: LabelledMesh) -> None:
    assert np.array_equal(full.density, np.where(full.inside("endosteum"), 0.2, 1.0)[:, None].repeat(4, axis=1))
    assert np.array_equal(full.region, full.centroids()[:, 2] > 0)


def test_the_same_input_gives_the_same_bits(full: LabelledMesh, anatomy: FemurAnatomy) -> None:
    again = mesh(anatomy, SOLIDS, SIZE)
    assert np.array_equal(again.points, full.points)
    assert np.array_equal(again.tets, full.tets)
    assert np.array_equal(again.membership, full.membership)


def test_a_device_changes_the_base_mesh_only_near_itself(full: LabelledMesh, base: LabelledMesh) -> None:
    far = base.points[ROD.shape.distance(base.points) > 4 * ROD.size_mm + SIZE]
    assert len(far) > 100
    assert {point.tobytes() for point in far} <= {point.tobytes() for point in full.points}


def test_the_size_field_is_what_each_solid_wants_and_grows_slowly(anatomy: FemurAnatomy) -> None:
    field = size_field(anatomy, SOLIDS, SIZE)
    middle = np.round((np.array([5.0, 0.0, 0.0]) - field.origin) / field.spacing).astype(int)
    assert field.values[tuple(middle)] == LESION.size_mm
    assert field.values.max() > SIZE
    inside = anatomy.outer.distance(field.points()).reshape(field.values.shape) < 0
    both = inside[1:] & inside[:-1]
    assert np.abs(np.diff(field.values, axis=0))[both].max() <= GROWTH * field.spacing + 1e-9


def test_cells_stay_small_as_far_from_a_solid_as_it_asks(anatomy: FemurAnatomy) -> None:
    far = replace(LESION, around_mm=6.0)
    field = size_field(anatomy, (far,), SIZE)
    away = far.shape.distance(field.points()).reshape(field.values.shape)
    inside = anatomy.outer.distance(field.points()).reshape(field.values.shape) < 0
    assert field.values[inside & (away <= 6.0)] == pytest.approx(far.size_mm)
    beyond = inside & (away > 6.0)
    expected = np.minimum(SIZE, far.size_mm + GROWTH * (away[beyond] - 6.0))
    assert field.values[beyond] == pytest.approx(expected)


def test_a_point_on_two_sheets_goes_to_where_they_meet() -> None:
    # the sphere of radius 5 and the plane x = 3 meet in the circle of radius 4
    sheets = (Sheet(Ball(np.zeros(3), 5.0)), Sheet(HalfSpace(np.array([3.0, 0, 0]), np.array([1.0, 0, 0]))))
    moved, left = settle(sheets, np.array([[2.7, 3.6, 0.0]]), np.array([3], dtype=np.uint32))
    assert moved[0, 0] == pytest.approx(3.0, abs=1e-3)
    assert np.hypot(moved[0, 1], moved[0, 2]) == pytest.approx(4.0, abs=1e-3)
    assert left[0] < 1e-3


def test_the_gate_names_a_flat_cell(base: LabelledMesh, anatomy: FemurAnatomy) -> None:
    points = base.points.copy()
    cell = base.tets[int(np.argmax(mean_ratios(base.points, base.tets)))]
    points[cell[3]] = points[cell[:3]].mean(axis=0)
    with pytest.raises(MeshError, match=r"mesh at \(.*\) mm: a cell is (nearly flat|inverted)"):
        gate(assess(replace(base, points=points), anatomy, (LESION, CEMENT)))


def test_the_gate_names_a_solid_that_lost_volume(base: LabelledMesh, anatomy: FemurAnatomy) -> None:
    membership = base.membership.copy()
    membership[base.inside("lesion_1") & (base.centroids()[:, 1] > 2)] = 3
    with pytest.raises(MeshError, match="mesh of lesion_1"):
        gate(assess(replace(base, membership=membership), anatomy, (LESION, CEMENT)))


def test_the_gate_refuses_a_bone_in_two_pieces(base: LabelledMesh, anatomy: FemurAnatomy) -> None:
    keep = np.abs(base.centroids()[:, 0] + 6) > 2
    parts = replace(
        base,
        cells=base.tets[keep],
        membership=base.membership[keep],
        region=base.region[keep],
        density=base.density[keep],
    )
    with pytest.raises(MeshError, match=r"mesh at \(-\d.*falls into 2 pieces"):
        gate(assess(parts, anatomy, (LESION, CEMENT)))


def test_in_a_wider_box_cells_fall_otherwise_and_fill_the_same_solids(anatomy: FemurAnatomy) -> None:
    usual, other = mesh(anatomy, (LESION,), SIZE), mesh(anatomy, (LESION,), SIZE, wider_mm=1.0)
    assert len(usual.cells) != len(other.cells)
    assert len(usual.cells) == pytest.approx(len(other.cells), rel=0.05)
    for name in usual.solids:
        volumes = [made.volumes()[made.inside(name)].sum() for made in (usual, other)]
        assert volumes[0] == pytest.approx(volumes[1], rel=0.005)


def test_a_vertex_left_off_its_sheet_is_on_a_new_one_that_passes_through_it() -> None:
    level = [Sheet(HalfSpace(np.array([0.0, 0.0, z]), np.array([0.0, 0.0, 1.0]))) for z in (0.5, 0.004)]
    points = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 2.0], [0.0, 2.0, 2.0], [-2.0, -2.0, 2.0], [0.0, 0.0, -2.0]])
    tets = np.array([[0, 1, 2, 3], [0, 1, 2, 4], [0, 2, 3, 4], [0, 3, 1, 4]])
    # the first vertex is bound to a sheet half a millimetre above it, and a new one, parallel to that, all but meets it
    bound = np.array([1, 0, 0, 0, 0], dtype=np.uint32)
    whole = Complex(points, tets, np.zeros(4, dtype=np.uint32), bound)
    made = cut(whole, tuple(level), 1, None)
    lengths = np.linalg.norm(made.points[made.tets[:, :, None]] - made.points[made.tets[:, None]], axis=-1)
    assert lengths[:, ~np.eye(4, dtype=bool)].min() > 0.1
    assert made.masks[0] == 3
    assert made.points[0] == pytest.approx(0.0)
