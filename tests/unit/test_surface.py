"""Landmarks found on surfaces whose landmarks are known, and every wrong surface refused with a clear line."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from femrisk.errors import GeometryError
from femrisk.meshes.femur.headfit import find_head, fit_sphere
from femrisk.meshes.femur.parametric import ProximalFemur
from femrisk.meshes.femur.surface import SurfaceBone, SurfaceLandmarks
from femrisk.meshes.labelled import REGIONS
from femrisk.meshes.surfaces.triangles import Triangles, close

#: a rotation and a shift, as a scanner's frame might have
TURN = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
TURN *= np.linalg.det(TURN)
SHIFT = np.array([112.0, -40.0, 715.0])


def contour(anatomy, step=2.0):
    """The bone's periosteal surface as triangles."""
    import pyvista

    box = anatomy.outer.bounds()
    low, count = box[0] - 3, np.ceil((np.ptp(box, axis=0) + 6) / step).astype(int) + 1
    grid = pyvista.ImageData(dimensions=tuple(count), spacing=(step,) * 3, origin=tuple(low))
    grid["distance"] = anatomy.outer.distance(np.asarray(grid.points, float))
    found = grid.contour([0.0], scalars="distance").triangulate()
    return close(Triangles(np.asarray(found.points, float), found.regular_faces.astype(np.int64)), "contour")


def write_stl(path, surface):
    """Binary STL: 80 bytes of header, then normal, corners and a zero for each triangle."""
    record = np.zeros(len(surface.faces), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("zero", "<u2")])
    record["corners"] = surface.corners()
    path.write_bytes(bytes(80) + np.uint32(len(record)).tobytes() + record.tobytes())
    return path


@pytest.fixture(scope="module")
def femur():
    return ProximalFemur(neck_shaft_angle_deg=130, length_mm=170).resolved("female", 68)


@pytest.fixture(scope="module")
def true(femur):
    return femur.built()


@pytest.fixture(scope="module")
def surface(true):
    """A left femur in a scanner's frame."""
    found = contour(true)
    return Triangles(found.points @ TURN.T + SHIFT, found.faces)


@pytest.fixture(scope="module")
def placed(surface):
    return bone("femur.stl").placed(surface)


@pytest.fixture
def stl(surface, tmp_path):
    return write_stl(tmp_path / "femur.stl", surface)


def bone(file, **changes):
    values = {"file": file, "units": "mm", "side": "left", "anteversion_deg": 16.4, "length_mm": 170.0, **changes}
    return SurfaceBone(**values).resolved("female", 68)


def angle_deg(one, other):
    return np.degrees(np.arccos(np.clip(one @ other / np.linalg.norm(one) / np.linalg.norm(other), -1, 1)))


def check_landmarks(found, true):
    for name in ("head_center", "neck_center", "greater_trochanter", "lesser_trochanter"):
        assert np.linalg.norm(getattr(found, name) - getattr(true, name)) < 1.5, name
    assert found.head_radius == pytest.approx(true.head_radius, abs=0.5)
    assert angle_deg(found.neck_axis, true.neck_axis) < 1.5
    for name in ("neck_width_si", "neck_width_ap", "shaft_diameter_ml", "shaft_diameter_ap"):
        assert getattr(found, name) == pytest.approx(getattr(true, name), abs=1.0), name


def test_the_rim_where_the_neck_begins_does_not_pull_at_the_head(surface, true):
    center, radius = find_head(surface, "femur.stl")
    assert np.linalg.norm(center - (TURN @ true.landmarks.head_center + SHIFT)) < 0.1
    assert radius == pytest.approx(true.landmarks.head_radius, abs=0.05)


def test_landmarks_of_a_left_femur_are_found_in_any_frame(placed, true):
    frame, marks, _ = placed
    check_landmarks(marks, true.landmarks)
    assert angle_deg(TURN.T @ frame[:, 2], np.array([0, 0, 1.0])) < 1.5
    assert angle_deg(TURN.T @ frame[:, 0], np.array([1.0, 0, 0])) < 1.5
    assert np.linalg.norm(frame[:, 3] - SHIFT) < 1.5
    assert np.linalg.det(frame[:, :3]) == pytest.approx(1)


def test_a_right_femur_is_mirrored_with_anterior_in_front(surface, true):
    # the mirror image through x = 0 of the scanner's frame is a right femur
    mirror = np.array([-1.0, 1, 1])
    right = Triangles(surface.points * mirror, surface.faces[:, ::-1])
    frame, marks, standing = bone("femur.stl", side="right").placed(right)
    check_landmarks(marks, true.landmarks)
    assert np.linalg.det(frame[:, :3]) == pytest.approx(-1)
    assert angle_deg((TURN.T @ (mirror * frame[:, 1])), np.array([0, 1.0, 0])) < 1.5
    assert standing.volume() == pytest.approx(surface.volume(), rel=1e-9)


def test_to_source_leads_back_to_the_file(surface, placed):
    frame, marks, standing = placed
    np.testing.assert_allclose(standing.points @ frame[:, :3].T + frame[:, 3], surface.points, atol=1e-9)
    assert marks.head_center[0] > 0


def test_landmarks_do_not_change_with_the_order_of_triangles(surface, placed):
    order = np.random.default_rng(5).permutation(len(surface.faces))
    other = bone("femur.stl").placed(Triangles(surface.points, surface.faces[order]))
    np.testing.assert_allclose(other[0], placed[0], atol=1e-6)


def test_the_other_side_is_refused(surface):
    with pytest.raises(GeometryError, match=r"lesser trochanter lies in front.*the other side"):
        bone("femur.stl", side="right").placed(surface)


def test_given_landmarks_win_over_found_ones(surface, true):
    center = TURN @ true.landmarks.head_center + SHIFT
    given = SurfaceLandmarks(head_center_mm=tuple(center + TURN[:, 1]), head_radius_mm=20.0)
    frame, marks, _ = bone("femur.stl", landmarks=given).placed(surface)
    assert marks.head_radius == 20.0
    np.testing.assert_allclose(frame[:, :3] @ marks.head_center + frame[:, 3], center + TURN[:, 1], atol=1e-9)


def test_a_shaft_axis_given_upside_down_is_turned(surface):
    points = tuple(tuple(TURN @ [0, 0, z] + SHIFT) for z in (-40.0, -110.0))
    up = [
        bone("femur.stl", landmarks=SurfaceLandmarks(shaft_points_mm=pair)).placed(surface)[0][:, 2]
        for pair in (points, points[::-1])
    ]
    np.testing.assert_allclose(up[0], TURN[:, 2], atol=1e-9)
    np.testing.assert_allclose(up[1], up[0], atol=1e-12)


def test_a_given_landmark_outside_the_bone_is_refused(surface):
    given = SurfaceLandmarks(head_center_mm=(0, 0, 0), head_radius_mm=22)
    with pytest.raises(GeometryError, match=r"head_center_mm: \(0\.0, 0\.0, 0\.0\) mm lies outside"):
        bone("femur.stl", landmarks=given).placed(surface)


def test_landmarks_that_belong_together_are_given_together():
    with pytest.raises(ValidationError, match="given together"):
        SurfaceLandmarks(head_radius_mm=22)
    with pytest.raises(ValidationError, match="closer than 30 mm"):
        SurfaceLandmarks(shaft_points_mm=((0, 0, 0), (0, 0, 29)))


def test_a_shorter_bone_is_cut_where_it_ends(surface, true, caplog):
    _, marks, _ = bone("femur.stl", length_mm=250.0).placed(surface)
    assert 0 <= marks.distal_z - true.landmarks.distal_z < 4
    assert "where the surface ends" in caplog.text


@pytest.mark.parametrize(("factor", "looks"), [(1e-3, "metres"), (0.1, "centimetres")])
def test_a_file_in_other_units_is_named_as_such(surface, tmp_path, factor, looks):
    path = write_stl(tmp_path / "small.stl", Triangles(surface.points * factor, surface.faces))
    with pytest.raises(GeometryError, match=f"looks like {looks}"):
        bone(path).built()


def test_a_file_that_is_no_femur_in_any_unit_is_refused(surface, tmp_path):
    path = write_stl(tmp_path / "huge.stl", Triangles(surface.points * 7, surface.faces))
    with pytest.raises(GeometryError, match=r"mm long \(allowed: 100 to 620 mm"):
        bone(path).built()


def test_an_open_file_is_refused_with_the_place(surface, tmp_path):
    hole = surface.points[surface.faces].mean(axis=1)
    spot = hole[1000]
    kept = np.linalg.norm(hole - spot, axis=1) > 5
    path = write_stl(tmp_path / "open.stl", Triangles(surface.points, surface.faces[kept]))
    with pytest.raises(GeometryError, match=r"the surface is open: a gap of 1\d\.\d mm at") as error:
        bone(path).built()
    named = np.array(str(error.value).split("(")[1].split(")")[0].split(","), float)
    assert np.linalg.norm(named - spot) < 3


def test_a_self_crossing_file_is_refused_with_the_place(surface, true, tmp_path):
    # the greater trochanter's tip pulled down through the head-facing side into the shaft
    tip = TURN @ true.landmarks.greater_trochanter + SHIFT
    reach = np.linalg.norm(surface.points - tip, axis=1)
    pull = np.clip(1 - reach / 6, 0, 1)[:, None] * (TURN @ [60.0, 0, -10])
    path = write_stl(tmp_path / "crossing.stl", Triangles(surface.points + pull, surface.faces))
    with pytest.raises(GeometryError, match=r"crosses itself over \d+\.\d mm at"):
        bone(path).built()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.stl", None, "no such file"),
        ("femur.stl", b"", "0 bytes"),
        ("femur.stl", b"no triangles here\n", "no surface, or is damaged"),
        ("femur.stl", bytes(84), "no surface, or is damaged"),
        ("femur.ply", b"ply\nformat ascii 1.0\nend_header\n", "no surface, or is damaged"),
        ("femur.obj", b"v 0 0 0\nv 1 0 0\n", "no surface, or is damaged"),
        ("femur.vtp", b"<VTKFile><oops>", "no surface, or is damaged"),
        ("femur.step", b"ISO-10303-21;", "unknown kind of surface file"),
    ],
)
def test_what_is_no_surface_file_is_refused(tmp_path, name, content, says, capfd):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(GeometryError, match=says):
        bone(tmp_path / name).built()
    assert capfd.readouterr() == ("", "")


def test_a_misspelt_file_is_guessed(stl):
    with pytest.raises(GeometryError, match=r"no such file: .*femurr\.stl; did you mean .*femur\.stl\?"):
        bone(stl.with_name("femurr.stl")).built()


def test_an_assumed_anteversion_is_said(surface, caplog):
    frame, _, _ = bone("femur.stl", anteversion_deg=None).placed(surface)
    assert "an anteversion of 16.4 degrees is assumed" in caplog.text
    # the true femur has the preset's anteversion too
    assert angle_deg(TURN.T @ frame[:, 0], np.array([1.0, 0, 0])) < 1.5


@pytest.mark.parametrize("ending", ["stl", "ply", "obj", "vtp"])
def test_every_kind_of_file_holds_the_same_surface(surface, tmp_path, ending):
    import pyvista

    from femrisk.meshes.surfaces.surfacefile import read_surface

    path = tmp_path / f"femur.{ending}"
    pyvista.PolyData.from_regular_faces(surface.points, surface.faces).save(path)
    read = read_surface(path, "mm", "file")
    # float32 keeps 715 mm to 6e-5; the OBJ writer keeps six digits
    assert close(read, "file").volume() == pytest.approx(surface.volume(), rel=1e-4)


def test_a_bone_without_a_head_is_refused(surface):
    standing = (surface.points - SHIFT) @ TURN
    # a stick: every section shrunk on the shaft's axis above the lesser trochanter
    stick = standing.copy()
    stick[:, :2] *= np.clip(14 / np.maximum(np.linalg.norm(standing[:, :2], axis=1), 1), 0, 1)[:, None]
    with pytest.raises(GeometryError, match="no femoral head found"):
        bone("femur.stl").placed(Triangles(stick, surface.faces))


def test_a_head_alone_has_too_little_shaft(surface):
    low = (surface.points - SHIFT) @ TURN[:, 2] < -60
    points = surface.points - np.where(low, (surface.points - SHIFT) @ TURN[:, 2] + 60, 0)[:, None] * TURN[:, 2]
    with pytest.raises(GeometryError, match="too little shaft"):
        bone("femur.stl").placed(Triangles(points, surface.faces))


def test_a_sphere_is_fitted_exactly():
    directions = np.random.default_rng(0).normal(size=(50, 3))
    points = np.array([3.0, -4, 5]) + 22 * directions / np.linalg.norm(directions, axis=1)[:, None]
    center, radius = fit_sphere(points, np.ones(50))
    np.testing.assert_allclose(center, [3, -4, 5], atol=1e-9)
    assert radius == pytest.approx(22)


def test_defaults_come_from_sex_and_age():
    found = SurfaceBone(file=Path("a.stl"), units="mm", side="left").resolved("male", 70)
    like = ProximalFemur().resolved("male", 70)
    for name in ("length_mm", "superior_neck_cortex_mm", "inferior_neck_cortex_mm", "density_scale"):
        assert getattr(found, name) == getattr(like, name), name
    assert found.shaft_cortex_mm is None


@pytest.mark.slow
def test_the_surface_of_a_parametric_femur_is_that_femur_again(stl, femur, true):
    made = bone(stl, shaft_cortex_mm=femur.shaft_cortex_mm).built()
    rng = np.random.default_rng(11)
    box = true.outer.bounds()
    points = rng.uniform(box[0], box[1], (40_000, 3))
    inside = {"true": true.outer.distance(points) < 0, "made": made.outer.distance(points) < 0}
    both = inside["true"] & inside["made"]
    # landmarks lie up to 1.5 mm off, and the bone's volume over its surface is about 7 mm
    assert both.sum() / (inside["true"] | inside["made"]).sum() > 0.93
    assert inside["made"].sum() == pytest.approx(inside["true"].sum(), rel=0.02)
    canal = [(a.inner.distance(points) < 0).sum() for a in (true, made)]
    assert canal[1] == pytest.approx(canal[0], rel=0.04)
    deep = both & (true.inner.distance(points) < -3) & (made.inner.distance(points) < -3)
    cortical = np.zeros(deep.sum(), bool)
    densities = [a.density(points[deep], cortical).mean() for a in (true, made)]
    assert densities[1] == pytest.approx(densities[0], rel=0.05)


def test_a_case_is_loaded_without_the_surface_reader():
    import subprocess
    import sys

    code = "import sys, femrisk.meshes.femur.surface; print([n for n in ('pyvista', 'vtkmodules') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.slow
def test_a_real_femur_stands_upright(data_folder):
    file = data_folder / "surfaces" / "femur_right_mm.stl"
    if not file.is_file():
        pytest.skip(f"no {file}")
    real = SurfaceBone(file=file, units="mm", side="right").resolved("female", 68)
    anatomy = real.built()
    marks = anatomy.landmarks
    # the file's own frame has the head's centre at its origin (it is a segment of a musculoskeletal model), y up
    np.testing.assert_allclose(anatomy.to_source @ [*marks.head_center, 1], [0, 0, 0], atol=1.0)
    assert angle_deg(anatomy.to_source[:, 2], np.array([0, 1.0, 0])) < 15
    # in adults: neck-shaft angle 125 +- 6, anteversion 14 +- 8, neck SI over head diameter about 0.7
    assert 110 < 90 + np.degrees(np.arcsin(marks.neck_axis[2])) < 140
    assert 0 < np.degrees(np.arctan2(marks.neck_axis[1], marks.neck_axis[0])) < 35
    assert 0.55 < marks.neck_width_si / (2 * marks.head_radius) < 0.85
    assert marks.lesser_trochanter[1] < -5
    assert marks.greater_trochanter[0] < 5
    names = [REGIONS[i] for i in anatomy.region(np.array([marks.head_center, marks.greater_trochanter]))]
    assert names == ["head", "intertrochanteric"]
    # rounding keeps the volume: the faceted bone between the cut and the top, thrown at
    _, _, standing = real.placed(close_file(file))
    cut = clip_volume(standing, marks.distal_z)
    box = anatomy.outer.bounds()
    points = np.random.default_rng(0).uniform(box[0], box[1], (200_000, 3))
    volume = (anatomy.outer.distance(points) < 0).mean() * np.ptp(box, axis=0).prod()
    assert volume == pytest.approx(cut, rel=0.015)


def test_a_real_right_femur_is_no_left_one(data_folder):
    file = data_folder / "surfaces" / "femur_right_mm.stl"
    if not file.is_file():
        pytest.skip(f"no {file}")
    with pytest.raises(GeometryError, match="the other side"):
        SurfaceBone(file=file, units="mm", side="left").resolved("female", 68).placed(close_file(file))


def close_file(file):
    from femrisk.meshes.surfaces.surfacefile import read_surface

    return close(read_surface(file, "mm", "file"), "file")


def clip_volume(standing, z):
    """Volume above a height: sections, summed every half millimetre."""
    from femrisk.meshes.surfaces.sections import sections

    heights = np.arange(z + 0.25, standing.points[:, 2].max(), 0.5)
    up = np.array([0.0, 0, 1])
    return 0.5 * sum(section.area for h in heights for section in sections(standing, h * up, up))
