"""The scene for vtk.js: what goes in comes out of the zip, equal arrays are kept once, and the code is only code."""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from femrisk.report import vtkjs
from femrisk.report.cuts import band, colours, legend
from femrisk.report.surfaces import Surface, View

VIEW = View((1.0, 2.0, 3.0), (0.0, 1.0, 0.0), 50.0)


def triangle(name: str, values: list[float] | None, shift: float = 0.0) -> Surface:
    points = np.array([[0.0, 0, 0], [10.011, 0, 0], [0, 10, shift]])
    return Surface(
        name=name,
        points=points,
        normals=np.tile([0.0, 0, 1], (3, 1)),
        triangles=np.array([[0, 1, 2]]),
        colour="#ff8000",
        opacity=0.35,
        values=None if values is None else np.array(values),
        top=75.0,
    )


def opened(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        read: dict[str, Any] = json.loads(archive.read("index.json"))
    return read


def found(scene: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Objects of a kind, in the order of the tree."""
    here = [scene] if scene["type"] == kind else []
    return here + [one for child in scene.get("dependencies", ()) for one in found(child, kind)]


def test_points_triangles_and_stress_come_out_as_they_went_in() -> None:
    content = opened(vtkjs.packed([triangle("surface/pop/stance", [61.37])], VIEW))
    (data,) = found(content["scene"], "vtkPolyData")

    def array(described: dict[str, Any], kind: str) -> np.ndarray:
        return np.frombuffer(b64decode(content["hashes"][described["hash"]]["content"]), kind)

    points = array(data["properties"]["points"], "<f4").reshape(-1, 3)
    assert np.abs(points - triangle("", None).points).max() <= 0.5 / 64
    assert array(data["properties"]["polys"], "<u4").tolist() == [3, 0, 1, 2]
    (stress,) = [one for one in data["properties"]["fields"] if one["name"] == "von_mises_MPa"]
    assert stress["location"] == "cellData"
    assert array(stress, "<f4")[0] == pytest.approx(61.37, rel=5e-4)


def test_the_colours_span_the_scale_and_are_those_of_the_legend() -> None:
    content = opened(vtkjs.packed([triangle("surface/pop/stance", [1.0])], VIEW))
    (scale,) = found(content["scene"], "vtkColorTransferFunction")
    nodes = scale["properties"]["nodes"]
    assert (nodes[0][0], nodes[-1][0]) == (0, 75)
    for node, colour, stop in ((nodes[0], colours(2)[0], band()[:7]), (nodes[-1], colours(2)[1], band()[-7:])):
        assert node[1:4] == pytest.approx(colour, abs=1e-4)
        assert [int(stop[i : i + 2], 16) for i in (1, 3, 5)] == [round(255 * part) for part in colour]
    (mapper,) = found(content["scene"], "vtkMapper")
    assert mapper["properties"]["scalarRange"] == [0, 75]


def test_equal_arrays_are_kept_once() -> None:
    alike = [triangle("surface/pop/stance", [1.0]), triangle("surface/pop/fall", [2.0])]
    other = [*alike, triangle("surface/pop_nail/fall", [2.0], shift=1.0)]
    # points, normals, triangles, and a stress each; then other points only
    assert [len(opened(vtkjs.packed(one, VIEW))["hashes"]) for one in (alike, other)] == [5, 6]


def test_a_body_has_its_colour_and_no_scale() -> None:
    content = opened(vtkjs.packed([triangle("inside/pop/cement", None)], VIEW))
    (look,) = found(content["scene"], "vtkProperty")
    assert look["properties"]["color"] == pytest.approx([1.0, 128 / 255, 0.0])
    assert look["properties"]["opacity"] == 0.35
    assert found(content["scene"], "vtkColorTransferFunction") == []


def test_the_camera_stands_in_front() -> None:
    (camera,) = found(opened(vtkjs.packed([triangle("a", None)], VIEW))["scene"], "vtkCamera")
    assert camera["properties"]["position"] == [1.0, 602.0, 3.0]
    assert camera["properties"]["parallelScale"] == 50.0


def test_the_code_brings_neither_style_nor_icon_and_its_licence_is_at_hand() -> None:
    code = vtkjs.code()
    assert "OfflineLocalView" in code
    assert "</script" not in code
    assert "overflow:hidden}\\n" not in code
    assert "kitware.github.io/vtk-js/icon" not in code
    assert "Kitware" in vtkjs.licence()


@pytest.mark.parametrize(
    ("top", "shown"),
    [
        (75.0, ["0", "15", "30", "45", "60", "75"]),
        (100.0, ["0", "25", "50", "75", "100"]),
        (1.7, ["0", "0.34", "0.68", "1.02", "1.36", "1.70"]),
        (1300.0, ["0", "325", "650", "975", "1300"]),
        (3.1, ["0", "3.1"]),
    ],
)
def test_the_numbers_of_a_legend_need_no_rounding(top: float, shown: list[str]) -> None:
    assert [one.text for one in legend(top, "stance")] == shown
