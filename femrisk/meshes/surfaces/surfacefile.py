"""A surface file and its units in, triangles in millimetres out; wrong units, and what is no surface, are refused."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.surfaces.triangles import Triangles

#: mm in one unit
UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0}
#: longest extent, mm: of a femur from mid-shaft up, or of a whole one (whole: mean 442, standard deviation 28); of a
#: vertebra from T10 to L5 (parametric ones: 65 to 99)
LONGEST = {"proximal_femur": (100.0, 620.0), "vertebra": (45.0, 150.0)}
#: file endings that can be read
ENDINGS = (".stl", ".ply", ".obj", ".vtp")
#: a surface of MOST_FACES triangles has about 100 MB in binary, 500 MB as text
LARGEST_FILE_BYTES = 600_000_000


def read_surface(path: str | Path, units: str, where: str, bone: str = "proximal_femur") -> Triangles:
    """Triangles of a file, mm.

    Raises:
        GeometryError: no readable surface, or one whose size in ``units`` is not that of the kind of ``bone``.
    """
    path = Path(path)
    check_file(path, where)
    surface = read_triangles(path, where)
    check_units(surface, units, where, bone)
    return Triangles(surface.points * UNITS[units], surface.faces)


def check_file(path: Path, where: str) -> None:
    """Refuse what cannot be opened, or has an unknown ending, before a reader sees it.

    Raises:
        GeometryError: with the reason.
    """
    if path.suffix.lower() not in ENDINGS:
        raise GeometryError(where, f"unknown kind of surface file (allowed: {', '.join(ENDINGS)}, got: {path.name})")
    try:
        if not path.is_file():
            raise GeometryError(
                where, f"not a file: {path}" if path.exists() else f"no such file: {path}{similar(path)}"
            )
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise GeometryError(where, f"cannot be read: {path}: {reason}") from error
    if not 0 < size <= LARGEST_FILE_BYTES:
        raise GeometryError(where, f"{path.name} has {size} bytes (allowed: 1 to {LARGEST_FILE_BYTES})")


def similar(path: Path) -> str:
    """A hint at a file of nearly that name beside it."""
    names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f"; did you mean {path.with_name(close[0])}?" if close else ""


def read_triangles(path: Path, where: str) -> Triangles:
    """Triangles as they stand in the file; polygons are cut into triangles.

    Raises:
        GeometryError: the file holds none.
    """
    # imported here, so that a case without a surface never loads it
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkObject
    from vtkmodules.vtkFiltersCore import vtkTriangleFilter

    reader = reader_for(path.suffix.lower())
    reader.SetFileName(str(path))
    triangulate = vtkTriangleFilter()
    triangulate.PassVertsOff()
    triangulate.PassLinesOff()
    triangulate.SetInputConnection(reader.GetOutputPort())
    # what the reader would print is said in one line below
    talkative = vtkObject.GetGlobalWarningDisplay()
    vtkObject.GlobalWarningDisplayOff()
    try:
        triangulate.Update()
    finally:
        vtkObject.SetGlobalWarningDisplay(talkative)
    found = triangulate.GetOutput()
    if reader.GetErrorCode() or not found.GetNumberOfPolys():
        raise GeometryError(where, f"{path.name} holds no surface, or is damaged (allowed: {', '.join(ENDINGS)})")
    points = vtk_to_numpy(found.GetPoints().GetData()).astype(np.float64)  # type: ignore[no-untyped-call]
    faces = vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int64)  # type: ignore[no-untyped-call]
    if not np.isfinite(points).all():
        raise GeometryError(where, f"{path.name} has coordinates that are no finite numbers")
    return Triangles(points, faces)


def reader_for(ending: str) -> Any:
    """The VTK reader of a file ending."""
    if ending == ".vtp":
        from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

        return vtkXMLPolyDataReader()
    if ending == ".ply":
        from vtkmodules.vtkIOPLY import vtkPLYReader

        return vtkPLYReader()
    from vtkmodules.vtkIOGeometry import vtkOBJReader, vtkSTLReader

    return vtkSTLReader() if ending == ".stl" else vtkOBJReader()


def check_units(surface: Triangles, units: str, where: str, bone: str) -> None:
    """Refuse a surface that is no such bone in the declared units, and say which units or bone it looks like.

    Raises:
        GeometryError: its longest extent lies outside ``LONGEST``.
    """
    extent = float(np.ptp(surface.points[np.unique(surface.faces)], axis=0).max())
    low, high = LONGEST[bone]
    if low <= extent * UNITS[units] <= high:
        return
    fitting = [unit for unit, factor in UNITS.items() if low <= extent * factor <= high]
    others = [name for name, (least, most) in LONGEST.items() if least <= extent * UNITS[units] <= most]
    names = {"mm": "millimetres", "cm": "centimetres", "m": "metres"}
    hint = f"; is this a {others[0].replace('_', ' ')}: anatomy: {others[0]}?" if others else ""
    hint = f"; this looks like {names[fitting[0]]}: units: {fitting[0]}" if fitting else hint
    raise GeometryError(
        where,
        f"the surface is {extent * UNITS[units]:.3g} mm long{hint} "
        f"(allowed: {low:g} to {high:g} mm, got: {extent:.3g} {units})",
    )
