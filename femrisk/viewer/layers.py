"""What is shown of one arm in, the actors of one view out, and what lies under one of its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.viewer.body import Floats, Ints
from femrisk.viewer.choice import Plane
from femrisk.viewer.fields import Scale, coloured
from femrisk.viewer.shown import Cut, Shown, cut_of

#: how the borders of bodies and probed points are drawn
BORDER, MARK = "#1878b0", "#0b6e4f"


class Layers:
    """The actors of one view."""

    def __init__(self, renderer: Any) -> None:
        import pyvista
        from vtkmodules.vtkRenderingCore import vtkCellPicker

        self.renderer = renderer
        self.actors: dict[str, Any] = {}
        for name in ("skin", "cut", "borders", "marks"):
            actor = pyvista.Actor(mapper=pyvista.DataSetMapper(pyvista.PolyData()))
            actor.prop.ambient, actor.prop.diffuse = (0.25, 0.75) if name == "skin" else (1.0, 0.0)
            self.actors[name] = actor
            renderer.AddActor(actor)
        self.actors["borders"].prop.color, self.actors["borders"].prop.line_width = BORDER, 2.0
        self.actors["marks"].prop.color = MARK
        for name in ("borders", "marks"):
            self.actors[name].SetPickable(False)
        self.picker = vtkCellPicker()
        self.picker.SetTolerance(0.0)
        self.picture: Shown | None = None
        self.cut: Cut | None = None
        # else the first picture turns the camera to where pyvista likes it
        renderer.camera_set = True

    def show(self, picture: Shown | None, scale: Scale, table: NDArray[np.uint8]) -> None:
        """Draw a picture in place of the last one; None leaves the view as it is, unseen."""
        self.picture = picture
        if picture is None:
            return
        skin = self.actors["skin"].mapper
        skin.dataset = _surface(
            picture.points, picture.triangles, coloured(picture.values[picture.cells], scale, table)
        )
        skin.SetScalarModeToUseCellData()
        skin.RemoveAllClippingPlanes()
        self.cut = None
        for name in ("cut", "borders"):
            self.actors[name].SetVisibility(picture.plane is not None)
        if picture.plane is not None:
            skin.AddClippingPlane(_clipping(picture.plane))
            self.cut = cut_of(picture, picture.plane)
            corners = self.cut.section.at(picture.points)
            colours = coloured(picture.values[self.cut.cells], scale, table)
            self.actors["cut"].mapper.dataset = _surface(corners, self.cut.section.parts, colours)
            self.actors["cut"].mapper.SetScalarModeToUseCellData()
            towards = 0.05 * np.array(picture.plane.normal)
            lines = self.cut.borders.at(picture.points) + towards
            self.actors["borders"].mapper.dataset = _lines(lines, self.cut.borders.parts)

    def mark(self, points: Sequence[Floats], radius: float) -> None:
        """Put balls on points."""
        import pyvista

        balls = [pyvista.Sphere(radius=radius, center=point, theta_resolution=12, phi_resolution=8) for point in points]
        self.actors["marks"].mapper.dataset = pyvista.merge(balls) if balls else pyvista.PolyData()

    def pick(self, x: int, y: int) -> tuple[int, Floats, Floats] | None:
        """The cell, and the point as deformed and undeformed, under a pixel."""
        if self.picture is None or not self.picker.Pick(x, y, 0, self.renderer):
            return None
        part, at = self.picker.GetCellId(), np.array(self.picker.GetPickPosition())
        body = self.picture.still.body
        if self.cut is not None and self.picker.GetActor() is self.actors["cut"]:
            section = self.cut.section
            corners, before = section.at(self.picture.points)[section.parts[part]], section.at(body.points)
            return int(self.cut.cells[part]), at, _weights(corners, at) @ before[section.parts[part]]
        triangle = self.picture.triangles[part]
        return int(self.picture.cells[part]), at, _weights(self.picture.points[triangle], at) @ body.points[triangle]


def _weights(triangle: Floats, point: Floats) -> Floats:
    """(3,) barycentric coordinates of a point on a triangle (3, 3)."""
    edges = (triangle[1:] - triangle[0]).T
    inner, *_ = np.linalg.lstsq(edges, point - triangle[0])
    return np.array([1 - inner.sum(), *inner])


def _surface(points: Floats, triangles: Ints, colours: NDArray[np.uint8]) -> Any:
    """Triangles with their own colours, without the points that none of them needs."""
    import pyvista

    used = np.zeros(len(points), dtype=bool)
    used[triangles] = True
    number = np.cumsum(used) - 1
    surface: Any = pyvista.PolyData()
    if len(triangles):
        surface = pyvista.PolyData.from_regular_faces(points[used], number[triangles])
    surface.cell_data.set_array(colours, "colour")
    surface.cell_data.active_scalars_name = "colour"
    return surface


def _lines(points: Floats, parts: Ints) -> Any:
    import pyvista

    surface: Any = pyvista.PolyData()
    if len(parts):
        surface = pyvista.PolyData(points, lines=np.column_stack([np.full(len(parts), 2), parts]))
    return surface


def _clipping(plane: Plane) -> Any:
    """VTK keeps what lies on the side of the normal."""
    from vtkmodules.vtkCommonDataModel import vtkPlane

    found = vtkPlane()
    found.SetOrigin(*plane.origin)
    found.SetNormal(*(-np.array(plane.normal)))
    return found
