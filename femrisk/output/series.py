"""Frames of a march in, ``fields.pvd`` and a VTU for each of them out: what ParaView and ``femrisk view`` play."""

from __future__ import annotations

import shutil
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from femrisk.film import Frame
from femrisk.materials.field import MaterialField
from femrisk.meshes.labelled import LabelledMesh
from femrisk.outcome import PairResult
from femrisk.output.atomic import write_text
from femrisk.output.fields import HEXAHEDRON
from femrisk.output.folder import Pair
from femrisk.output.vtu import write_vtu

#: Of the 23 binary digits of a number's mantissa so many are kept: three decimal digits, and the rest packs well.
DIGITS = 11


def write_series(place: Pair, mesh: LabelledMesh, field: MaterialField, result: PairResult) -> None:
    """Write the frames of a pair on linear cells, in place of what was there; the times are travels in mm."""
    place.series.unlink(missing_ok=True)
    shutil.rmtree(place.increment(0).parent, ignore_errors=True)
    if not result.frames:
        return
    constant = {
        "material": field.index.astype(np.uint8),
        "region": mesh.region,
        "contact": result.contact.astype(np.uint8),
    }
    cells, kind = (mesh.cells[:, HEXAHEDRON], 12) if mesh.of_voxels else (mesh.tets, 10)
    points = mesh.points.astype(np.float32)
    entries = []
    for frame in result.frames:
        file = place.increment(frame.number)
        moved = {"displacement_mm": _at_vertices(mesh, frame)}
        write_vtu(file, points, cells, kind, moved, {**_of_cells(frame), **constant})
        entries.append(
            f'<DataSet timestep="{frame.travel:.9g}" group="" part="0" file="{file.parent.name}/{file.name}"/>'
        )
    write_text(
        place.series,
        '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n<Collection>\n'
        + "\n".join(entries)
        + "\n</Collection>\n</VTKFile>\n",
    )


def increments_in(place: Pair) -> tuple[int, ...]:
    """Numbers of the increments of a pair that have fields of their own.

    Raises:
        ValueError: the file is no collection of them.
    """
    if not place.series.is_file():
        return ()
    try:
        found = ElementTree.parse(place.series).iter("DataSet")
        return tuple(int(one.attrib["file"].split("/")[-1].removesuffix(".vtu")) for one in found)
    except (ElementTree.ParseError, KeyError) as error:
        raise ValueError(f"{place.series.name} is not a collection of increments ({error})") from error


def _at_vertices(mesh: LabelledMesh, frame: Frame) -> NDArray[np.float32]:
    displacement = np.zeros((len(mesh.points), 3), dtype=np.float32)
    displacement[mesh.cells] = frame.displacement
    return rounded(displacement)


def _of_cells(frame: Frame) -> dict[str, NDArray[Any]]:
    return {
        "von_mises_MPa": rounded(frame.von_mises),
        "plastic_strain": rounded(frame.plastic),
        **({} if frame.damage is None else {"damage": rounded(frame.damage)}),
        "principal_stress_MPa": rounded(frame.stress),
        "principal_strain": rounded(frame.strain),
    }


def rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same numbers to a relative 2 ** -(DIGITS + 1)."""
    cut = np.uint32(23 - DIGITS)
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    half = np.uint32(1) << (cut - np.uint32(1))
    return np.asarray(((bits + half) >> cut << cut).view(np.float32))
