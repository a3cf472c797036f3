"""A window in, a plane in its left view out that is dragged with the mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from femrisk.viewer.body import Floats
from femrisk.viewer.choice import Plane, three

BLUE = (0.09, 0.47, 0.69)


class Handle:
    """The plane to be dragged, in the left view."""

    def __init__(self, plotter: Any, changed: Callable[[Plane], None]) -> None:
        from vtkmodules.vtkInteractionWidgets import vtkImplicitPlaneRepresentation, vtkImplicitPlaneWidget2

        self.representation: Any = vtkImplicitPlaneRepresentation()
        self.representation.SetPlaceFactor(1.0)
        self.representation.SetDrawPlane(False)
        self.representation.SetTubing(False)
        self.representation.ScaleEnabledOff()
        self.representation.OutlineTranslationOff()
        self.representation.GetOutlineProperty().SetOpacity(0.15)
        self.representation.SetEdgeColor(*BLUE)
        self.representation.GetNormalProperty().SetColor(*BLUE)
        self.representation.GetOutlineProperty().SetColor(0.4, 0.4, 0.4)
        widget: Any = vtkImplicitPlaneWidget2()
        widget.SetRepresentation(self.representation)
        widget.SetInteractor(plotter.iren.interactor)
        widget.SetCurrentRenderer(plotter.renderers[0])
        widget.SetDefaultRenderer(plotter.renderers[0])
        self.widget, self.is_dragged = widget, False
        for event, dragged in (("StartInteractionEvent", True), ("EndInteractionEvent", False)):
            widget.AddObserver(event, lambda *_, now=dragged: setattr(self, "is_dragged", now))
        widget.AddObserver("InteractionEvent", lambda *_: changed(self.plane))

    @property
    def plane(self) -> Plane:
        """Where it is now."""
        origin, normal = self.representation.GetOrigin(), self.representation.GetNormal()
        return Plane(three(origin), three(normal))

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
