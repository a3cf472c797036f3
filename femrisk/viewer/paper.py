"""A window, words and a scale in, a picture with a legend as a PNG file out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.viewer.fields import Field, Scale, named_colours

INK, LETTERS = (0.1, 0.15, 0.2), 26


def pixels(window: Any, sharpness: int = 1) -> NDArray[np.uint8]:
    """(h, w, 3) what a window shows, drawn anew, so many times as sharp."""
    from vtkmodules.util import numpy_support
    from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

    # VTK's own way to a larger image draws several views into each of its tiles
    size = window.GetSize()
    window.SetSize(*(sharpness * side for side in size))
    window.Render()
    reader = vtkWindowToImageFilter()
    reader.SetInput(window)
    reader.ReadFrontBufferOff()
    reader.Update()
    window.SetSize(*size)
    image = reader.GetOutput()
    width, height, _ = image.GetDimensions()
    arrays: Any = numpy_support
    return np.asarray(arrays.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3])


def caption(head: Mapping[str, str]) -> Any:
    """What a view shows, in its upper corner."""
    from vtkmodules.vtkRenderingCore import vtkTextActor

    actor = vtkTextActor()
    actor.SetInput("\n".join(head[part] for part in ("title", "status", "increment")))
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    actor.SetPosition(0.02, 0.91)
    actor.GetTextProperty().SetColor(*INK)
    actor.GetTextProperty().SetFontSize(LETTERS)
    return actor


def key_of(field: Field, scale: Scale, table: NDArray[np.uint8]) -> Any:
    """A bar of the scale's colours with its numbers, or of the names'."""
    from vtkmodules.vtkCommonCore import vtkLookupTable, vtkVariant
    from vtkmodules.vtkRenderingAnnotation import vtkScalarBarActor

    colours = named_colours(len(scale.names)) if scale.names else table[::-1] if scale.down else table
    lookup: Any = vtkLookupTable()
    lookup.SetNumberOfTableValues(len(colours))
    lookup.SetTableRange(scale.low, scale.high)
    for i, colour in enumerate(colours):
        lookup.SetTableValue(i, *(float(part) / 255 for part in colour), 1.0)
    for i, name in enumerate(scale.names):
        lookup.SetAnnotation(vtkVariant(i), name.replace("_", " "))
    lookup.SetIndexedLookup(bool(scale.names))
    bar = vtkScalarBarActor()
    bar.SetLookupTable(lookup)
    bar.SetTitle(field.title + "\n")
    bar.SetOrientationToHorizontal() if not scale.names else bar.SetOrientationToVertical()
    bar.SetNumberOfLabels(5)
    bar.SetLabelFormat("%.4g")
    bar.SetUnconstrainedFontSize(True)
    for text in (bar.GetTitleTextProperty(), bar.GetLabelTextProperty(), bar.GetAnnotationTextProperty()):
        text.SetColor(*INK)
        text.SetFontSize(LETTERS)
        text.ItalicOff()
        text.ShadowOff()
        text.BoldOff()
    place = (0.72, 0.05, 0.12, 0.4) if scale.names else (0.25, 0.01, 0.5, 0.09)
    bar.SetPosition(place[0], place[1])
    bar.SetPosition2(place[2], place[3])
    return bar


def png_of(image: NDArray[np.uint8]) -> bytes:
    """The file of an image (h, w, 3)."""
    from vtkmodules.util import numpy_support
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkIOImage import vtkPNGWriter

    arrays: Any = numpy_support
    data, writer = vtkImageData(), vtkPNGWriter()
    data.SetDimensions(image.shape[1], image.shape[0], 1)
    data.GetPointData().SetScalars(arrays.numpy_to_vtk(np.ascontiguousarray(image[::-1]).reshape(-1, 3), deep=True))
    writer.SetInputData(data)
    writer.WriteToMemoryOn()
    writer.Write()
    return bytes(arrays.vtk_to_numpy(writer.GetResult()).tobytes())
