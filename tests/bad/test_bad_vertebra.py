"""A surface given for a vertebra that is none, or not whole: exit code 2, one line, with what is allowed."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from femrisk.__main__ import main
from femrisk.meshes import Vertebra

BONE = "{kind: surface, anatomy: vertebra, level: L1, file: bone.obj, units: mm}"
CASE = f"""\
name: spine
patient: {{sex: female, age_years: 68, height_cm: 165, mass_kg: 70}}
bone: {BONE}
lesions:
  - {{kind: sphere, site: vertebral_body, radius_mm: 8, nature: lytic}}
arms:
  - {{kind: intact}}
  - {{kind: untreated}}
loads:
  - {{kind: axial_compression}}
"""


@functools.cache
def vertebra() -> tuple[np.ndarray, np.ndarray]:
    """Points and triangles of an L1's surface."""
    import pyvista

    outer = Vertebra(level="L1").resolved("female", 68).built().outer
    box = outer.bounds()
    count = np.ceil((np.ptp(box, axis=0) + 6) / 2).astype(int) + 1
    grid = pyvista.ImageData(dimensions=tuple(count), spacing=(2.0,) * 3, origin=tuple(box[0] - 3))
    grid["distance"] = outer.distance(np.asarray(grid.points, float))
    found = grid.contour([0.0], scalars="distance").triangulate()
    return np.asarray(found.points, float), found.regular_faces


def text(points: np.ndarray, faces: np.ndarray) -> str:
    """The surface as OBJ."""
    lines = [f"v {x:.6g} {y:.6g} {z:.6g}" for x, y, z in points]
    return "\n".join([*lines, *(f"f {a} {b} {c}" for a, b, c in faces + 1)]) + "\n"


def box(size: tuple[float, float, float]) -> str:
    """A closed box as OBJ."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * size
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return text(corners, np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))]))


def opened() -> str:
    """An L1 without what lies within 6 mm of the front of its body."""
    points, faces = vertebra()
    middles = points[faces].mean(axis=1)
    front = middles[np.argmax(middles[:, 1])]
    return text(points, faces[np.linalg.norm(middles - front, axis=1) > 6])


def whole(factor: float = 1.0) -> str:
    points, faces = vertebra()
    return text(points * factor, faces)


def checked(bone: str, surface: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The error lines of ``femrisk check``, without the path of the case."""
    (tmp_path / "bone.obj").write_text(surface)
    case = tmp_path / "case.yaml"
    case.write_text(CASE.replace(BONE, bone))
    assert main(("check", str(case))) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert all(line.startswith("femrisk: error: ") for line in lines)
    return [line.split("case.yaml:3: ", 1)[1] for line in lines]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("open", ("bone.file: the surface is open: a gap of 1", "(allowed: a closed surface")),
        ("metres", ("bone.file: ", "looks like metres: units: m (allowed: 45 to 150 mm")),
        ("whole_femur", ("bone.file: the surface is 400 mm long; is this a proximal femur: anatomy: proximal_",)),
        ("short_femur", ("bone.file: no canal found: nothing passes through", "(allowed: one hole)")),
    ],
)
def test_a_surface_that_is_no_whole_vertebra_is_one_line(
    name: str, expected: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    surface = {
        "open": opened,
        "metres": lambda: whole(1e-3),
        "whole_femur": lambda: box((80, 80, 400)),
        "short_femur": lambda: box((40, 60, 140)),
    }[name]()
    (line,) = checked(BONE, surface, tmp_path, capsys)
    assert [part for part in expected if part not in line] == [], line


def test_a_vertebra_given_as_a_femur_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    femur = CASE.replace("site: vertebral_body", "site: neck").replace("axial_compression", "stance")
    (tmp_path / "bone.obj").write_text(whole())
    case = tmp_path / "case.yaml"
    case.write_text(femur.replace(BONE, "{kind: surface, side: left, file: bone.obj, units: mm}"))
    assert main(("check", str(case))) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "case.yaml:3: bone.file: the surface is 7" in line
    assert "mm long; is this a vertebra: anatomy: vertebra? (allowed: 100 to 620 mm" in line


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("level: L1", "level: L6", "bone.level: unknown value (allowed: T10, T11, T12, L1, L2, L3, L4, L5, got: L6)"),
        ("level: L1, ", "", "bone.level: this key is needed (allowed: T10, T11, T12"),
        ("level: L1", "level: L1, side: left", "bone.side: unknown key"),
        ("level: L1", "level: L1, landmarks: {spinous_tip: [0, 0, 0]}", "did you mean spinous_tip_mm, in mm?"),
    ],
)
def test_a_wrong_key_of_a_surface_is_one_line(
    old: str, new: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = checked(BONE.replace(old, new), "", tmp_path, capsys)
    assert expected in line


def test_an_unknown_bone_on_a_surface_is_said_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = checked(BONE.replace("vertebra", "tibia"), "", tmp_path, capsys)
    assert "bone.anatomy: unknown value (allowed: proximal_femur, vertebra, got: tibia)" in lines
