"""What is shown in, pixels out: one window with a view per arm, one camera, and a plane that can be dragged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.output.plots import viewed_from
from femrisk.viewer.body import Floats
from femrisk.viewer.choice import Plane
from femrisk.viewer.fields import Field, Scale
from femrisk.viewer.handle import Handle
from femrisk.viewer.layers import Layers
from femrisk.viewer.paper import caption, key_of, pixels, png_of
from femrisk.viewer.shown import Shown, colour_table

#: of a click: how far the mouse may move, as a share of the window
STILL_SHARE = 0.003


class Picture:
    """A window of one or two views without a screen; ``changed`` is called when its plane has been dragged.

    Args:
        changed: told of the plane while it is dragged.
        clicked: told of the view, the cell and the points (3,) as deformed and undeformed that were clicked on.
    """

    def __init__(self, changed: Callable[[Plane], None], clicked: Callable[[int, int, Floats, Floats], None]) -> None:
        import pyvista

        library: Any = pyvista
        with library.vtk_verbosity("error"):  # VTK says that there is no screen before it does without
            self.plotter: Any = library.Plotter(off_screen=True, shape=(1, 2), border=False, window_size=[1100, 800])
        self.plotter.set_background("white", all_renderers=True)
        self.plotter.render_window.SetMultiSamples(0)
        self.table = colour_table()
        camera = self.plotter.renderers[0].GetActiveCamera()
        self.plotter.renderers[1].SetActiveCamera(camera)
        self.plotter.renderers[0].add_axes(interactive=False)
        self.layers = [Layers(self.plotter.renderers[view]) for view in (0, 1)]
        self.handle = Handle(self.plotter, changed)
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
        camera.SetParallelScale(0.53 * float((high - low).max()))
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
        captions = [caption(head) for head in heads]
        colours = [*captions, key_of(field, scale, self.table)]
        for view, actor in enumerate(colours):
            self.plotter.renderers[view if view < len(heads) else 0].AddViewProp(actor)
        try:
            return png_of(self.image(sharpness))
        finally:
            for view, actor in enumerate(colours):
                self.plotter.renderers[view if view < len(heads) else 0].RemoveViewProp(actor)
            self.window.Render()

    def close(self) -> None:
        """Give the window back."""
        self.plotter.close()

    def _listen(self) -> None:
        pressed: list[NDArray[np.float64]] = []
        interactor: Any = self.plotter.iren.interactor

        def place() -> NDArray[np.float64]:
            # as a share of the window, which is smaller while something moves
            return np.asarray(np.array(interactor.GetEventPosition()) / self.window.GetSize())

        def press(*_: Any) -> None:
            pressed[:] = [place()]

        def release(*_: Any) -> None:
            if pressed and np.abs(place() - pressed[0]).max() <= STILL_SHARE:
                self.pick(*interactor.GetEventPosition())
            pressed.clear()

        interactor.AddObserver("LeftButtonPressEvent", press, 10.0)
        # while the camera turns, its style keeps the mouse's events to itself
        interactor.GetInteractorStyle().AddObserver("EndInteractionEvent", release)

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


def _viewport(view: int, views: int) -> tuple[float, float, float, float]:
    return (0.0, 0.0, 1.0, 1.0) if views == 1 and view == 0 else (0.5 * view, 0.0, 0.5 * view + 0.5, 1.0)
