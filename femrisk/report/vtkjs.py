"""Surfaces in, a scene for vtk.js out, and the code of vtk.js itself: what the page needs to draw without a network.

vtk.js is taken from trame-vtk's page for exported scenes, whose ``OfflineLocalView.load`` reads a zip with
``index.json``: the state of a render window as a tree of objects, and arrays by the hash of their content.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import files
from importlib.resources import files as resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.report.cuts import colours
from femrisk.report.surfaces import Surface, View

#: colours of the scale's table
COLOURS = 256
#: points are kept to 1/64 mm, normals to 1/128: what is left out in binary digits packs well
POINT_STEP, NORMAL_STEP, VALUE_DIGITS = 64.0, 128.0, 11


@dataclass(frozen=True)
class Arrays:
    """Arrays by the hash of their content; equal ones are kept once."""

    kept: dict[str, dict[str, str]] = field(default_factory=dict)

    def keep(self, values: NDArray[Any]) -> dict[str, Any]:
        """Keep an array, and give what vtk.js must know of it."""
        content = np.ascontiguousarray(values)
        name = hashlib.sha1(content.tobytes(), usedforsecurity=False).hexdigest()[:16]
        self.kept.setdefault(name, {"content": b64encode(content.tobytes()).decode()})
        kind = {"f": "Float32Array", "u": "Uint32Array"}[content.dtype.kind]
        width = content.shape[1] if content.ndim > 1 else 1
        return {"hash": name, "dataType": kind, "numberOfComponents": width, "size": content.size}


def packed(surfaces: Sequence[Surface], view: View) -> bytes:
    """The zip that vtk.js opens; every surface is an actor of its name, hidden but for those of the first arm."""
    arrays = Arrays()
    actors = [_actor(surface, arrays) for surface in surfaces]
    focus, towards = np.array(view.focus), np.array(view.direction)
    camera = _object(
        "camera",
        "vtkCamera",
        {
            "focalPoint": focus.tolist(),
            "position": (focus + 600 * towards).tolist(),
            "viewUp": [0, 0, 1],
            "parallelProjection": True,
            "parallelScale": view.half_height,
        },
    )
    renderer = _object(
        "renderer",
        "vtkRenderer",
        {"background": [1, 1, 1], "twoSidedLighting": True, "lightFollowCamera": True, "automaticLightCreation": True},
        [camera, *actors],
        [["setActiveCamera", [_reference("camera")]], *(["addViewProp", [_reference(one["id"])]] for one in actors)],
    )
    window = _object(
        "window", "vtkRenderWindow", {"numberOfLayers": 1}, [renderer], [["addRenderer", [_reference("renderer")]]]
    )
    content = json.dumps({"scene": {**window, "mtime": 1}, "hashes": arrays.kept}, separators=(",", ":"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        # a fixed date: the same results give the same file
        archive.writestr(zipfile.ZipInfo("index.json", (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED, 9)
    return stream.getvalue()


def code() -> str:
    """vtk.js and its loader as a module script, which puts ``OfflineLocalView`` into the window.

    Raises:
        ValueError: the installed trame-vtk keeps it elsewhere.
    """
    page = resources("trame_vtk").joinpath("tools", "static_viewer.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="module">(.*)</script>', page, re.DOTALL)
    if found is None or "OfflineLocalView" not in found[1]:
        raise ValueError("trame-vtk: no vtk.js in tools/static_viewer.html")
    # it brings the style of a page of its own, which cannot be scrolled, and an icon for the tab from the web
    plain = re.sub(r"var __vtkStyle\b.*?appendChild\(__vtkStyle\);", "", found[1], count=1, flags=re.DOTALL)
    return re.sub(r"https://kitware\.github\.io/[^`\"']*\.png", "data:,", plain)


def licence() -> str:
    """The licence under which vtk.js is passed on."""
    listed = next((one for one in files("trame-vtk") or () if one.name == "LICENSE"), None)
    return listed.read_text(encoding="utf-8").strip() if listed else "BSD 3-Clause, Copyright (c) Kitware Inc."


def _actor(surface: Surface, arrays: Arrays) -> dict[str, Any]:
    name = surface.name
    colour = [int(surface.colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    # a colour that stands for a number is shaded little: seen face on it is that of the scale
    ambient, diffuse, specular = (0.12, 0.9, 0.12) if surface.values is None else (0.42, 0.62, 0.0)
    look = {
        "color": colour,
        "diffuseColor": colour,
        "ambientColor": colour,
        "ambient": ambient,
        "diffuse": diffuse,
        "specular": specular,
        "specularPower": 12,
        "opacity": surface.opacity,
        "interpolation": 1,
    }
    mapper, data = f"{name}#mapper", f"{name}#data"
    parts, calls = [_data(surface, data, arrays)], [["setInputData", [_reference(data)]]]
    if surface.values is not None:
        parts.append(_object(f"{name}#scale", "vtkColorTransferFunction", {"nodes": _nodes(surface.top)}))
        calls.append(["setLookupTable", [_reference(f"{name}#scale")]])
    shown = {"scalarVisibility": surface.values is not None, "scalarMode": 2, "scalarRange": [0, surface.top]}
    children = [
        _object(mapper, "vtkMapper", {**shown, "useLookupTableScalarRange": False}, parts, calls),
        _object(f"{name}#look", "vtkProperty", look),
    ]
    joined = [["setMapper", [_reference(mapper)]], ["setProperty", [_reference(f"{name}#look")]]]
    return _object(name, "vtkActor", {"visibility": False}, children, joined)


def _data(surface: Surface, name: str, arrays: Arrays) -> dict[str, Any]:
    points = (np.round(surface.points * POINT_STEP) / POINT_STEP).astype("<f4")
    normals = (np.round(surface.normals * NORMAL_STEP) / NORMAL_STEP).astype("<f4")
    corners = np.column_stack([np.full(len(surface.triangles), 3), surface.triangles]).astype("<u4").ravel()
    fields = [_field("Normals", "pointData", "setNormals", arrays.keep(normals))]
    if surface.values is not None:
        values = arrays.keep(_short(surface.values))
        fields.append(_field("von_mises_MPa", "cellData", "setScalars", values))
    return _object(
        name,
        "vtkPolyData",
        {
            "points": {**arrays.keep(points), "vtkClass": "vtkPoints"},
            "polys": {**arrays.keep(corners), "vtkClass": "vtkCellArray"},
            "fields": fields,
        },
    )


def _short(values: NDArray[Any]) -> NDArray[Any]:
    """Single precision with so many binary digits, 0.05 % of each value."""
    mantissa, exponent = np.frexp(values)
    step = 2.0**VALUE_DIGITS
    return np.ldexp(np.round(mantissa * step) / step, exponent).astype("<f4")


def _field(name: str, location: str, registration: str, array: dict[str, Any]) -> dict[str, Any]:
    return {**array, "name": name, "location": location, "registration": registration, "vtkClass": "vtkDataArray"}


def _nodes(top: float) -> list[list[float]]:
    """Value, red, green, blue, midpoint, sharpness of each colour of the scale."""
    return [
        [round(top * i / (COLOURS - 1), 6), *(round(part, 4) for part in colour), 0.5, 0.0]
        for i, colour in enumerate(colours(COLOURS))
    ]


def _object(
    name: str,
    kind: str,
    properties: dict[str, Any],
    dependencies: Sequence[dict[str, Any]] = (),
    calls: Sequence[list[Any]] = (),
) -> dict[str, Any]:
    found: dict[str, Any] = {"id": name, "type": kind, "properties": properties}
    if dependencies:
        found["dependencies"] = list(dependencies)
    if calls:
        found["calls"] = list(calls)
    return found


def _reference(name: str) -> str:
    return "instance:${" + name + "}"
