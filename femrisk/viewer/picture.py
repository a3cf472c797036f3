"""What is shown in, pixels out: one window with a view per arm, one camera, and a plane that can be dragged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.output.plots import viewed_from
from femrisk.viewer.body import Floats, Ints
from femrisk.viewer.choice import Plane
from femrisk.viewer.fields import Field, Scale, coloured, named_colours
from femrisk.viewer.shown import Shown, colour_table, cut_of

#: how the borders of bodies and probed points are drawn
BORDER, MARK = "#1878b0", "#0b6e4f"
#: of a click: pixels that the mouse may move
STILL_PIXELS = 3


class Picture:
    """A window of one or two views without a screen; ``changed`` is called when its plane has been dragged.

    Args:
        changed: told of the plane while it is dragged.
        clicked: told of the view, the cell and the points (3,) as deformed and undeformed that were clicked on.
    """

    def __init__(self, changed: Callable[[Plane], None], clicked: Callable[[int, int, Floats, Floats], None]) -> None:
        import pyvista

        with pyvista.vtk_verbosity("error"):  # VTK says that there is no screen before it does without
            self.plotter: Any = pyvista.Plotter(off_screen=True, shape=(1, 2), border=False, window_size=[1100, 800])
        self.plotter.set_background("white", all_renderers=True)
        self.plotter.render_window.SetMultiSamples(0)
        self.table = colour_table()
        camera = self.plotter.renderers[0].GetActiveCamera()
        self.plotter.renderers[1].SetActiveCamera(camera)
        self.plotter.renderers[0].add_axes(interactive=False)
        self.layers = [_Layers(self.plotter.renderers[view]) for view in (0, 1)]
        self.handle = _Handle(self.plotter, changed)
        self.clicked = clicked
        self._listen()

    @property
    def window(self) -> Any:
        """The vtkRenderWindow."""
        return self.plotter.render_window

    def show(self, pictures: Sequence[Shown], scale: Scale) -> None:
        """Draw the pictures side by side."""
        for view, renderer in enumerate(self.plotter.renderers[:2]):
            renderer.SetDraw(view < len(pictures))
            renderer.SetViewport(*_viewport(view, len(pictures)))
        for layers, picture in zip_longest(self.layers, pictures):
            layers.show(picture, scale, self.table)

    def look(self, still: Any, direction: Sequence[float] | None = None) -> None:
        """Turn the camera to the whole of a bone, from where printed pictures see it or another direction."""
        points = still.body.points
        low, high = points.min(axis=0), points.max(axis=0)
        middle = (low + high) / 2
        towards = np.array(direction) if direction is not None else viewed_from(_Regions(still))
        camera = self.plotter.renderers[0].GetActiveCamera()
        camera.SetParallelProjection(True)
        camera.SetFocalPoint(*middle)
        camera.SetPosition(*(middle + 600 * towards))
        camera.SetViewUp(*((0.0, 0.0, 1.0) if abs(towards[2]) < 0.9 else (0.0, 1.0, 0.0)))
        camera.SetParallelScale(0.58 * float((high - low).max()))
        for renderer in self.plotter.renderers[:2]:
            renderer.ResetCameraClippingRange()

    def mark(self, points: Sequence[tuple[int, Floats]], radius: float) -> None:
        """Put a ball on probed points, each (3,) as deformed in the view of its number."""
        for view, layers in enumerate(self.layers):
            layers.mark([point for one, point in points if one == view], radius)

    def image(self, sharpness: int = 2) -> NDArray[np.uint8]:
        """The window as it stands, without the handle of the plane, (h, w, 3)."""
        shown = self.handle.is_shown
        self.handle.show(False)
        try:
            return pixels(self.window, sharpness)
        finally:
            self.handle.show(shown)

    def png(self, heads: Sequence[Mapping[str, str]], field: Field, scale: Scale, sharpness: int = 2) -> bytes:
        """The window as a file, with what each view shows and what the colours stand for written into it."""
        captions = [_caption(head) for head in heads]
        colours = [*captions, _key(field, scale, self.table)]
        for view, actor in enumerate(colours):
            self.plotter.renderers[view if view < len(heads) else 0].AddViewProp(actor)
        try:
            return _png(self.image(sharpness))
        finally:
            for view, actor in enumerate(colours):
                self.plotter.renderers[view if view < len(heads) else 0].RemoveViewProp(actor)
            self.window.Render()

    def close(self) -> None:
        """Give the window back."""
        self.plotter.close()

    def _listen(self) -> None:
        pressed: list[tuple[int, int]] = []
        interactor = self.plotter.iren.interactor

        def press(*_: Any) -> None:
            pressed[:] = [interactor.GetEventPosition()]

        def release(*_: Any) -> None:
            at = interactor.GetEventPosition()
            if pressed and max(abs(at[0] - pressed[0][0]), abs(at[1] - pressed[0][1])) <= STILL_PIXELS:
                self.pick(*at)
            pressed.clear()

        # before the camera's own observers, which keep the event to themselves
        interactor.AddObserver("LeftButtonPressEvent", press, 10.0)
        interactor.AddObserver("LeftButtonReleaseEvent", release, 10.0)

    def pick(self, x: int, y: int) -> None:
        """Tell what lies under a pixel of the window, if anything does."""
        view = int(self.layers[1].picture is not None and x >= self.window.GetSize()[0] // 2)
        found = self.layers[view].pick(x, y)
        if found is not None:
            self.clicked(view, *found)


class _Regions:
    """As much of a grid as the printed pictures look at to find their view."""

    def __init__(self, still: Any) -> None:
        self.cell_data = {"region": still.region}


class _Handle:
    """The plane to be dragged, in the left view."""

    def __init__(self, plotter: Any, changed: Callable[[Plane], None]) -> None:
        from vtkmodules.vtkInteractionWidgets import vtkImplicitPlaneRepresentation, vtkImplicitPlaneWidget2

        self.representation = vtkImplicitPlaneRepresentation()
        self.representation.SetPlaceFactor(1.0)
        self.representation.SetDrawPlane(False)
        self.representation.SetTubing(False)
        self.representation.ScaleEnabledOff()
        self.representation.OutlineTranslationOff()
        self.representation.GetOutlineProperty().SetOpacity(0.15)
        self.representation.SetEdgeColor(0.09, 0.47, 0.69)
        self.representation.GetNormalProperty().SetColor(0.09, 0.47, 0.69)
        self.representation.GetOutlineProperty().SetColor(0.4, 0.4, 0.4)
        self.widget = vtkImplicitPlaneWidget2()
        self.widget.SetRepresentation(self.representation)
        self.widget.SetInteractor(plotter.iren.interactor)
        self.widget.SetCurrentRenderer(plotter.renderers[0])
        self.widget.SetDefaultRenderer(plotter.renderers[0])
        self.is_dragged = False
        for event, dragged in (("StartInteractionEvent", True), ("EndInteractionEvent", False)):
            self.widget.AddObserver(event, lambda *_, now=dragged: setattr(self, "is_dragged", now))
        self.widget.AddObserver("InteractionEvent", lambda *_: changed(self.plane))

    @property
    def plane(self) -> Plane:
        """Where it is now."""
        origin, normal = self.representation.GetOrigin(), self.representation.GetNormal()
        return Plane(tuple(map(float, origin)), tuple(map(float, normal)))

    @property
    def is_shown(self) -> bool:
        """Whether it can be dragged."""
        return bool(self.widget.GetEnabled())

    def show(self, on: bool) -> None:
        """Show or hide it."""
        self.widget.SetEnabled(on)

    def put(self, plane: Plane, points: Floats) -> None:
        """Set it, in a box round points (n, 3)."""
        low, high = points.min(axis=0), points.max(axis=0)
        self.representation.PlaceWidget([low[0], high[0], low[1], high[1], low[2], high[2]])
        self.representation.SetOrigin(*plane.origin)
        self.representation.SetNormal(*plane.normal)


class _Layers:
    """The actors of one view."""

    def __init__(self, renderer: Any) -> None:
        import pyvista
        from vtkmodules.vtkRenderingCore import vtkCellPicker

        self.renderer = renderer
        self.plane: Any = None
        self.actors = {}
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
        self.cut: Any = None
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
        if self.picker.GetActor() is self.actors["cut"]:
            section = self.cut.section
            corners, before = section.at(self.picture.points)[section.parts[part]], section.at(body.points)
            return int(self.cut.cells[part]), at, _weights(corners, at) @ before[section.parts[part]]
        triangle = self.picture.triangles[part]
        return int(self.picture.cells[part]), at, _weights(self.picture.points[triangle], at) @ body.points[triangle]


def pixels(window: Any, sharpness: int = 1) -> NDArray[np.uint8]:
    """(h, w, 3) what a window shows, drawn anew, so many times as sharp."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

    window.Render()
    reader = vtkWindowToImageFilter()
    reader.SetInput(window)
    reader.SetScale(sharpness)
    reader.ReadFrontBufferOff()
    reader.Update()
    image = reader.GetOutput()
    width, height, _ = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]


def _caption(head: Mapping[str, str]) -> Any:
    from vtkmodules.vtkRenderingCore import vtkTextActor

    actor = vtkTextActor()
    actor.SetInput("\n".join(head[part] for part in ("title", "status", "increment")))
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    actor.SetPosition(0.02, 0.91)
    actor.GetTextProperty().SetColor(0.1, 0.15, 0.2)
    actor.GetTextProperty().SetFontSize(13)
    return actor


def _key(field: Field, scale: Scale, table: NDArray[np.uint8]) -> Any:
    """A bar of the scale's colours with its numbers, or of the names'."""
    from vtkmodules.vtkCommonCore import vtkLookupTable
    from vtkmodules.vtkRenderingAnnotation import vtkScalarBarActor

    colours = named_colours(len(scale.names)) if scale.names else table[::-1] if scale.down else table
    lookup = vtkLookupTable()
    lookup.SetNumberOfTableValues(len(colours))
    lookup.SetTableRange(scale.low, scale.high)
    for i, colour in enumerate(colours):
        lookup.SetTableValue(i, *(float(part) / 255 for part in colour), 1.0)
    for i, name in enumerate(scale.names):
        lookup.SetAnnotation(i, name.replace("_", " "))
    lookup.SetIndexedLookup(bool(scale.names))
    bar = vtkScalarBarActor()
    bar.SetLookupTable(lookup)
    bar.SetTitle(field.title + "\n")
    bar.SetOrientationToHorizontal() if not scale.names else bar.SetOrientationToVertical()
    bar.SetNumberOfLabels(5)
    bar.SetLabelFormat("%.4g")
    bar.SetUnconstrainedFontSize(True)
    for text in (bar.GetTitleTextProperty(), bar.GetLabelTextProperty(), bar.GetAnnotationTextProperty()):
        text.SetColor(0.1, 0.15, 0.2)
        text.SetFontSize(13)
        text.ItalicOff()
        text.ShadowOff()
        text.BoldOff()
    place = (0.72, 0.05, 0.12, 0.4) if scale.names else (0.25, 0.01, 0.5, 0.09)
    bar.SetPosition(place[0], place[1])
    bar.SetPosition2(place[2], place[3])
    return bar


def _png(image: NDArray[np.uint8]) -> bytes:
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkIOImage import vtkPNGWriter

    data, writer = vtkImageData(), vtkPNGWriter()
    data.SetDimensions(image.shape[1], image.shape[0], 1)
    data.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(image[::-1]).reshape(-1, 3), deep=True))
    writer.SetInputData(data)
    writer.WriteToMemoryOn()
    writer.Write()
    return vtk_to_numpy(writer.GetResult()).tobytes()


def _weights(triangle: Floats, point: Floats) -> Floats:
    """(3,) barycentric coordinates of a point on a triangle (3, 3)."""
    edges = (triangle[1:] - triangle[0]).T
    inner, *_ = np.linalg.lstsq(edges, point - triangle[0])
    return np.array([1 - inner.sum(), *inner])


def _viewport(view: int, views: int) -> tuple[float, float, float, float]:
    return (0.0, 0.0, 1.0, 1.0) if views == 1 and view == 0 else (0.5 * view, 0.0, 0.5 * view + 0.5, 1.0)


def _surface(points: Floats, triangles: Ints, colours: NDArray[np.uint8]) -> Any:
    """Triangles with their own colours, without the points that none of them needs."""
    import pyvista

    used = np.zeros(len(points), dtype=bool)
    used[triangles] = True
    number = np.cumsum(used) - 1
    surface = pyvista.PolyData()
    if len(triangles):
        surface = pyvista.PolyData.from_regular_faces(points[used].astype(np.float32), number[triangles])
    surface.cell_data.set_array(colours, "colour")
    surface.cell_data.active_scalars_name = "colour"
    return surface


def _lines(points: Floats, parts: Ints) -> Any:
    import pyvista

    surface = pyvista.PolyData()
    if len(parts):
        surface = pyvista.PolyData(points.astype(np.float32), lines=np.column_stack([np.full(len(parts), 2), parts]))
    return surface


def _clipping(plane: Plane) -> Any:
    """VTK keeps what lies on the side of the normal."""
    from vtkmodules.vtkCommonDataModel import vtkPlane

    found = vtkPlane()
    found.SetOrigin(*plane.origin)
    found.SetNormal(*(-np.array(plane.normal)))
    return found
