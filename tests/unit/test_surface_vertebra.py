"""Landmarks of vertebrae found on their own surfaces, however they lie in space, and what is no vertebra refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from test_surface import angle_deg, contour, write_stl

from femrisk.errors import GeometryError
from femrisk.meshes import SurfaceVertebra, Vertebra
from femrisk.meshes.anatomy import VertebraAnatomy, VertebraLandmarks
from femrisk.meshes.labelled import BODY_REGIONS, REGIONS, Floats
from femrisk.meshes.surfaces.soliddistance import solid_distance
from femrisk.meshes.surfaces.triangles import Triangles, close
from femrisk.meshes.vertebra.body import measure_body
from femrisk.meshes.vertebra.involvement import body_volume
from femrisk.meshes.vertebra.marks import landmarks_on
from femrisk.meshes.vertebra.orienting import find_pose
from femrisk.meshes.vertebra.surface import VertebraSurfaceLandmarks

#: from the thinnest to the stoutest arch
TRIED = ("T10", "L1", "L5")


def rotation(seed: int) -> Floats:
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return np.asarray(turn * np.linalg.det(turn))


def bone(file: Path | str, **changes: object) -> SurfaceVertebra:
    values = {"anatomy": "vertebra", "level": "L1", "file": file, "units": "mm", **changes}
    return SurfaceVertebra.model_validate(values).resolved("female", 68)


def marked(surface: Triangles) -> tuple[Floats, Floats, VertebraLandmarks]:
    """Origin (3,) and axes (3, 3) of the standard frame, and the landmarks in it."""
    pose = find_pose(surface, "file")
    standing = Triangles(pose.local(surface.points), surface.faces)
    box = np.array([standing.points.min(axis=0), standing.points.max(axis=0)])
    outer, _ = solid_distance(standing, box, 1.0)
    body = measure_body(outer.distance, pose.depth, "file")
    canal = pose.local(pose.canal[None])[0]
    return pose.origin, pose.axes, landmarks_on(standing, outer.distance, body, canal, "file")


@pytest.fixture(scope="module")
def true() -> dict[str, VertebraAnatomy]:
    return {level: Vertebra(level=level).resolved("female", 68).built() for level in TRIED}


@pytest.fixture(scope="module")
def surfaces(true: dict[str, VertebraAnatomy]) -> dict[str, Triangles]:
    return {level: contour(anatomy, 1.6) for level, anatomy in true.items()}


@pytest.fixture
def stl(surfaces: dict[str, Triangles], tmp_path: Path) -> Path:
    return write_stl(tmp_path / "vertebra.stl", surfaces["L1"])


def check_landmarks(found: VertebraLandmarks, wanted: VertebraLandmarks) -> None:
    """Sizes to 1 mm (the surface is blurred by 1 mm), pedicles to 0.7 mm across their axis and 3 mm along it."""
    sizes = ("anterior_wall", "posterior_wall", "body_width", "anterior_height", "posterior_height", "pedicle_width")
    for name in (*sizes, "pedicle_height", "canal_width", "canal_depth"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), abs=1.0), name
    assert np.linalg.norm(found.spinous_tip - wanted.spinous_tip) < 2.5
    for side in ("right", "left"):
        axis = getattr(wanted, f"{side}_pedicle_axis")
        off = getattr(found, f"{side}_pedicle") - getattr(wanted, f"{side}_pedicle")
        assert angle_deg(getattr(found, f"{side}_pedicle_axis"), axis) < 5
        assert abs(off @ axis) < 3
        assert np.linalg.norm(off - (off @ axis) * axis) < 0.7


@pytest.mark.parametrize(("level", "seed"), [("T10", 1), ("L1", 2), ("L5", 3)])
def test_landmarks_are_found_however_the_surface_lies(
    surfaces: dict[str, Triangles], true: dict[str, VertebraAnatomy], level: str, seed: int
) -> None:
    turn, shift = rotation(seed), np.array([112.0, -40.0, 715.0])
    surface = surfaces[level]
    origin, axes, marks = marked(Triangles(surface.points @ turn.T + shift, surface.faces))
    assert np.linalg.norm(turn.T @ (origin - shift)) < 0.5
    for found, wanted in zip((turn.T @ axes).T, np.eye(3), strict=True):
        assert angle_deg(found, wanted) < 1.0
    check_landmarks(marks, true[level].landmarks)


def test_a_mirrored_surface_has_mirrored_landmarks(surfaces: dict[str, Triangles]) -> None:
    # the spinous process leans to the right, as it often does, so that the sides differ
    surface, mirror = surfaces["L1"], np.array([-1.0, 1, 1])
    leaning = surface.points + np.clip(-40 - surface.points[:, 1:2], 0, None) * np.array([0.2, 0, 0])
    origin, axes, marks = marked(Triangles(leaning, surface.faces))
    other_origin, other_axes, other = marked(Triangles(leaning * mirror, surface.faces[:, ::-1]))
    assert np.linalg.det(other_axes) == pytest.approx(1)
    np.testing.assert_allclose(other_origin, mirror * origin, atol=0.3)
    for i, sign in enumerate((-1.0, 1.0, 1.0)):
        assert angle_deg(other_axes[:, i], sign * mirror * axes[:, i]) < 0.5
    np.testing.assert_allclose(other.right_pedicle, mirror * marks.left_pedicle, atol=0.7)
    np.testing.assert_allclose(other.left_pedicle, mirror * marks.right_pedicle, atol=0.7)
    assert marks.spinous_tip[0] > 2
    assert other.spinous_tip[0] < -2


def test_a_parametric_vertebra_read_from_its_surface_is_that_vertebra_again(
    stl: Path, true: dict[str, VertebraAnatomy]
) -> None:
    made, drawn = bone(stl).built(), true["L1"]
    np.testing.assert_allclose(made.to_source, np.eye(3, 4), atol=0.5)
    assert body_volume(made) == pytest.approx(body_volume(drawn), rel=0.03)
    points = np.random.default_rng(2).uniform(*drawn.outer.bounds(), (40_000, 3))
    points = points[(drawn.outer.distance(points) < -1) & (made.outer.distance(points) < -1)]
    body = [np.isin(one.region(points), [REGIONS.index(name) for name in BODY_REGIONS]) for one in (made, drawn)]
    assert (body[0] == body[1]).mean() > 0.98
    none = np.zeros(len(points), bool)
    made_density, drawn_density = made.density(points, none), drawn.density(points, none)
    both = body[0] & body[1]
    # a gradient of 20 % over half a body of 16 mm, found 0.5 mm off: 1 %
    np.testing.assert_allclose(made_density[both], drawn_density[both], rtol=0.02)
    assert ((made_density.mean() - 0.0523) / 1.22) > 0.0955


def test_the_faces_of_the_body_are_its_endplates(stl: Path) -> None:
    made = bone(stl).built()
    x, y = (part.ravel() for part in np.meshgrid(np.arange(-12, 13, 3.0), np.arange(-9, 10, 3.0)))
    start = np.column_stack([x, y, np.zeros_like(x)])
    upper, lower = made.endplates(start)
    for height in (-upper, lower):
        surface = start + height[:, None] * np.array([0.0, 0.0, 1.0])
        assert np.abs(made.outer.distance(surface)).max() < 0.2


def test_given_landmarks_win_over_found_ones(surfaces: dict[str, Triangles], true: dict[str, VertebraAnatomy]) -> None:
    tip = true["L1"].landmarks.spinous_tip
    given = VertebraSurfaceLandmarks(
        superior_endplate_mm=(0.0, 1.0, 10.5), inferior_endplate_mm=(0.0, -1.0, -9.5), spinous_tip_mm=tuple(tip)
    )
    pose = bone("vertebra.stl", landmarks=given).placed(surfaces["L1"])
    np.testing.assert_allclose(pose.origin, [0, 0, 0.5], atol=1e-12)
    np.testing.assert_allclose(pose.axes[:, 2], np.array([0, 2, 20]) / np.hypot(2, 20), atol=1e-12)
    # the tip lies in the plane of x = 0
    assert (tip - pose.origin) @ pose.axes[:, 0] == pytest.approx(0, abs=1e-9)


def test_endplates_given_upside_down_turn_the_bone_over(surfaces: dict[str, Triangles]) -> None:
    given = VertebraSurfaceLandmarks(superior_endplate_mm=(0, 0, -9.5), inferior_endplate_mm=(0, 0, 10))
    pose = bone("vertebra.stl", landmarks=given).placed(surfaces["L1"])
    np.testing.assert_allclose(pose.axes, np.diag([-1.0, 1, -1]), atol=0.02)


def test_a_given_landmark_off_the_bone_is_refused(surfaces: dict[str, Triangles]) -> None:
    given = VertebraSurfaceLandmarks(spinous_tip_mm=(0, -90, 0))
    with pytest.raises(GeometryError, match=r"spinous_tip_mm: \(0\.0, -90\.0, 0\.0\) mm lies \d\d\.\d mm from"):
        bone("vertebra.stl", landmarks=given).placed(surfaces["L1"])


def test_both_endplates_are_given_or_neither() -> None:
    with pytest.raises(ValidationError, match="given together"):
        VertebraSurfaceLandmarks(superior_endplate_mm=(0, 0, 10))
    with pytest.raises(ValidationError, match="closer than 10 mm"):
        VertebraSurfaceLandmarks(superior_endplate_mm=(0, 0, 4), inferior_endplate_mm=(0, 0, -4))


def shaped(distance: Floats, axis: Floats) -> Triangles:
    """The zero level of samples on a cube of points."""
    import pyvista

    grid = pyvista.ImageData(dimensions=(len(axis),) * 3, spacing=(axis[1] - axis[0],) * 3, origin=(axis[0],) * 3)
    grid["distance"] = distance
    found = grid.contour([0.0], scalars="distance").triangulate()
    return close(Triangles(np.asarray(found.points, float), found.regular_faces.astype(np.int64)), "shape")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ball", "no canal found: nothing passes through"),
        ("ring", "no body with two endplates"),
        ("plate_with_a_hole", "too little to tell top from bottom"),
        ("nut", "too little to tell top from bottom"),
    ],
)
def test_what_is_no_vertebra_is_refused(name: str, says: str) -> None:
    axis = np.arange(-46.0, 47.0, 2.0)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    plate = np.max([np.abs(x) - 30, np.abs(y) - 30, np.abs(z) - 11], axis=0)
    distance = {
        "ball": np.sqrt(x**2 + y**2 + z**2) - 30,
        "ring": np.hypot(np.hypot(x, y) - 28, z) - 11,
        "plate_with_a_hole": np.maximum(plate, 8 - np.hypot(x, y + 15)),
        "nut": np.maximum(plate, 8 - np.hypot(x, y)),
    }[name]
    with pytest.raises(GeometryError, match=says):
        marked(shaped(distance.ravel(), axis))


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (1e-3, "looks like metres: units: m"),
        (6.0, r"is this a proximal femur: anatomy: proximal_femur\? \(allowed: 45 to 150 mm"),
    ],
)
def test_other_units_and_other_bones_are_named(
    surfaces: dict[str, Triangles], tmp_path: Path, factor: float, says: str
) -> None:
    path = write_stl(tmp_path / "other.stl", Triangles(surfaces["L1"].points * factor, surfaces["L1"].faces))
    with pytest.raises(GeometryError, match=says):
        bone(path).built()


def test_density_comes_from_sex_and_age_and_stays_where_given() -> None:
    assert bone("a.stl").trabecular_density_mg_per_cm3 == pytest.approx(95.5)
    assert bone("a.stl", trabecular_density_mg_per_cm3=120.0).trabecular_density_mg_per_cm3 == 120.0


@pytest.mark.slow
def test_a_real_vertebra_stands_upright(data_folder: Path) -> None:
    file = data_folder / "surfaces" / "lumbar_L3_mm.stl"
    if not file.is_file():
        pytest.skip(f"no {file}")
    anatomy = bone(file, level="L3").built()
    # the file's own frame is that of a musculoskeletal model: x anterior, y up, z right
    for i, wanted in enumerate(([0.0, 0, 1], [1.0, 0, 0], [0.0, 1, 0])):
        assert angle_deg(anatomy.to_source[:, i], np.array(wanted)) < 15
    marks = anatomy.landmarks
    # means of L3: width 46, depth 35, height 24, canal 24 by 17.5, pedicle 10 by 14; this one is tall and coarse
    assert 40 < marks.body_width < 52
    assert 30 < marks.body_depth < 40
    assert 20 < marks.height < 33
    assert 15 < marks.canal_width < 30
    assert marks.right_pedicle[2] > 2
    np.testing.assert_allclose(marks.right_pedicle, marks.left_pedicle * [-1, 1, 1], atol=0.5)
    assert marks.spinous_tip[1] < marks.posterior_wall - 35
    assert marks.spinous_tip[2] < -5
