"""A vertebra that has lost height, and one that got it back: bone, what lies in it, what it knows, and its mesh."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from test_surface import contour, write_stl

from femrisk.errors import MeshError
from femrisk.meshes import SurfaceVertebra, Vertebra
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.labelled import Floats, LabelledMesh, mean_ratios
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import Ball
from femrisk.meshes.vertebra.heightchange import CollapseKind, HeightChange
from femrisk.meshes.vertebra.involvement import body_volume
from femrisk.meshes.vertebra.reshaped import footprint, height_lost, moved_lesion, moved_mesh, reshaped

#: distances are splines on a grid of 0.8 mm: measured twice, the surface stays within 0.01 mm on average, within 0.2 mm
#: in the creases between processes
NEAR, NEAREST = 0.2, 0.01


@cache
def bone(kind: CollapseKind | None = None, share: float = 0.3) -> VertebraAnatomy:
    loss = None if kind is None else {"kind": kind, "height_loss_share": share}
    return Vertebra.model_validate({"level": "L1", "collapse": loss}).resolved("female", 68).built()


def change(kind: CollapseKind) -> HeightChange:
    found = bone(kind).collapse
    assert found is not None
    return found


def height(anatomy: VertebraAnatomy, y: float) -> float:
    """Height of the bone's own surface over a place of the midsagittal plane, mm."""
    z = np.arange(-15, 15, 0.01)
    depth = anatomy.outer.distance(np.column_stack([np.zeros_like(z), np.full_like(z, y), z]))
    return float(0.01 * (depth < 0).sum())


@pytest.mark.parametrize("kind", ["wedge", "crush"])
def test_a_body_raised_by_all_it_has_lost_has_the_surface_it_had(kind: CollapseKind) -> None:
    raised = reshaped(bone(kind), change(kind).regaining(1.0))
    gap = np.abs(raised.outer.distance(bone().surface_points))
    assert gap.max() < NEAR
    assert gap.mean() < NEAREST
    assert raised.height_loss_share == 0
    assert height_lost(raised) == pytest.approx(0)
    assert raised.landmarks.height == pytest.approx(bone().landmarks.height)


@pytest.mark.parametrize(("kind", "y"), [("wedge", 14.0), ("biconcave", 0.0), ("crush", 0.0)])
@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_the_bone_is_as_high_as_was_asked_for(kind: CollapseKind, y: float, fraction: float) -> None:
    anatomy = bone(kind) if fraction == 0 else reshaped(bone(kind), change(kind).regaining(fraction))
    share = float(change(kind).where.share(np.array([[0.0, y, 0.0]]))[0])
    assert height(anatomy, y) == pytest.approx((1 - 0.3 * share * (1 - fraction)) * height(bone(), y), abs=0.05)


def test_a_wedge_keeps_canal_pedicles_and_posterior_wall() -> None:
    upright, wedge = bone(), bone("wedge")
    behind = upright.surface_points[upright.surface_points[:, 1] < upright.landmarks.posterior_wall]
    assert np.abs(wedge.outer.distance(behind)).max() < NEAR
    for name in ("right_pedicle", "left_pedicle", "spinous_tip"):
        assert np.array_equal(getattr(wedge.landmarks, name), getattr(upright.landmarks, name))
    for name in ("canal_width", "canal_depth", "posterior_height", "body_depth", "body_width"):
        assert getattr(wedge.landmarks, name) == getattr(upright.landmarks, name)


def test_what_a_body_has_lost_is_told_in_mm_and_as_a_share() -> None:
    upright, wedge = bone(), bone("wedge")
    assert wedge.height_loss_share == 0.3
    assert height_lost(wedge) == pytest.approx(0.3 * upright.landmarks.anterior_height)
    assert wedge.landmarks.anterior_height == pytest.approx(0.7 * upright.landmarks.anterior_height)
    assert height_lost(upright) == 0


def test_a_crushed_body_holds_as_much_less() -> None:
    # all of the body lies in front of the ramp behind its posterior wall, but for the roots of the pedicles
    assert body_volume(bone("crush")) == pytest.approx(0.7 * body_volume(bone()), rel=0.01)


def test_density_and_region_go_along() -> None:
    points = bone().surface_points[::50] * [0.9, 0.9, 0.9]
    moved = change("wedge").moved(points)
    cortical = np.zeros(len(points), dtype=bool)
    assert bone("wedge").density(moved, cortical) == pytest.approx(bone().density(points, cortical))
    assert np.array_equal(bone("wedge").region(moved), bone().region(points))


def test_depths_under_an_endplate_are_those_of_the_body_as_it_stands() -> None:
    # 2 mm straight under the superior face, wherever that has come to lie
    y = np.linspace(-12, 14, 9)
    level = np.column_stack([np.zeros_like(y), y, np.zeros_like(y)])
    face = -bone("wedge").endplates(level)[0]
    under = level + np.column_stack([np.zeros_like(y), np.zeros_like(y), face - 2])
    # the hollow of a drawn endplate depends a little on the height at which it is asked for
    assert bone("wedge").endplates(under)[0] == pytest.approx(-2, abs=0.1)


def test_a_lesion_grows_with_the_bone_it_lies_in() -> None:
    lesion = PlacedLesion("met", Ball(np.array([0.0, 2.0, 1.0]), 6.0), np.array([0.0, 2.0, 1.0]), "lytic", "body", 6.0)
    raised = moved_lesion(lesion, change("crush").regaining(1.0))
    axis = np.arange(-14, 14, 0.4)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    volume = float(np.clip(0.5 - raised.shape.distance(points) / 0.4, 0, 1).sum() * 0.4**3)
    assert volume == pytest.approx(4 / 3 * np.pi * 216 / 0.7, rel=0.01)
    assert raised.center == pytest.approx([0, 2, 1 / 0.7])


def test_a_surface_gets_its_height_back_by_the_same_map(tmp_path: Path) -> None:
    file = write_stl(tmp_path / "fallen.stl", contour(bone("wedge"), 1.6))
    keys = {"anatomy": "vertebra", "level": "L1", "file": file, "units": "mm"}
    part = SurfaceVertebra.model_validate({**keys, "height_loss_share": 0.3, "collapse_kind": "wedge"})
    seen = part.resolved("female", 68).built()
    assert seen.collapse is not None
    raised = reshaped(seen, seen.collapse.regaining(1.0))
    # as found on the surface, whose sizes come back within 1 mm
    local = (bone().surface_points - seen.to_source[:, 3]) @ seen.to_source[:, :3]
    gap = np.abs(raised.outer.distance(local))
    assert np.percentile(gap, 99) < 1.0
    assert gap.mean() < 0.25
    assert raised.landmarks.anterior_height == pytest.approx(bone().landmarks.anterior_height, abs=1.0)


def cell(points: Floats) -> LabelledMesh:
    tets = np.array([[0, 1, 2, 3]])
    density, region = np.full((1, 4), 0.1), np.full(1, 6, dtype=np.uint8)
    return LabelledMesh(points, tets, np.ones(1, dtype=np.uint32), ("bone",), region, density)


def test_a_mesh_moves_its_points_and_nothing_else() -> None:
    made = cell(np.array([[0, 10, 0], [2, 10, 0], [0, 12, 0], [0, 10, 2.0]]))
    moved = moved_mesh(made, change("wedge"))
    assert moved.points[:3] == pytest.approx(made.points[:3])
    assert moved.points[3, 2] == pytest.approx(2 * float(change("wedge").factor(made.points[3:])[0]))
    same = replace(moved, points=made.points)
    assert all(np.array_equal(getattr(same, name), getattr(made, name)) for name in vars(made))


def test_a_cell_that_would_be_flattened_is_one_line() -> None:
    flat = cell(np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [1, 1, 0.003]]))
    assert mean_ratios(flat.points, flat.tets)[0] > 0.01
    with pytest.raises(MeshError, match=r"mesh at \(1, 1, 0\) mm: raising the body leaves a cell of mean ratio 0\.00"):
        moved_mesh(flat, HeightChange(footprint("crush", bone().landmarks), 0.0, 0.6))
