"""Fields of a finished pair of a result folder in, an XDMF and its HDF5 file out; what is alike is kept once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from meshio import vtu
from numpy.typing import NDArray

from femrisk.document import suggest
from femrisk.errors import InputError
from femrisk.output.atomic import replacing
from femrisk.output.charts import order
from femrisk.output.folder import ResultFolder, read_history
from femrisk.output.series import increments_in

Array = NDArray[Any]

#: What XDMF calls numbers and, by their width, rows. Its own symmetric tensors have their components in another order
#: than VTK's, so those are matrices of one column.
NUMBERS = {"f": "Float", "i": "Int", "u": "UInt"}
ROWS = {1: "Scalar", 3: "Vector", 6: "Matrix"}
#: Rows that are compressed together, whole: readers take them so.
ROWS_AT_ONCE = 1 << 14
#: How the kinds of cells of a VTU are called.
CELLS = {"tetra": "Tetrahedron", "tetra10": "Tetrahedron_10", "hexahedron": "Hexahedron"}


@dataclass(frozen=True)
class Step:
    """Everything a VTU of fields holds, at a travel of the machine."""

    #: mm
    travel: float
    #: (n, 3) mm; name of the kind of cells, and (m, v) of them
    points: Array
    kind: str
    cells: Array
    at_points: dict[str, Array]
    at_cells: dict[str, Array]


@dataclass(frozen=True)
class Found:
    """A finished pair, and the files of fields that are asked for, each with its travel in mm."""

    pair: tuple[str, str]
    files: tuple[tuple[float, Path], ...]

    def steps(self) -> Iterator[Step]:
        """Read them, one after another.

        Raises:
            InputError: a file is damaged, or has another mesh than the first.
        """
        first: Step | None = None
        for travel, file in self.files:
            step = _read(file, travel)
            first = first or step
            if not (np.array_equal(step.points, first.points) and np.array_equal(step.cells, first.cells)):
                raise InputError(str(file), "has another mesh than the increments before it (run the case again)")
            yield step


def find(path: Path, arm: str | None, load: str | None, series: bool) -> Found:
    """Find an arm under a load, by default the first; its increments, or the state at the largest force alone.

    Raises:
        InputError: no result folder, no such pair, or no such fields.
    """
    folder = ResultFolder(path)
    if not path.is_dir():
        raise InputError(str(path), "is no folder (allowed: for xdmf, a folder that femrisk run has written)")
    try:
        pairs = order(folder)
        if not pairs:
            raise InputError(str(path), "holds no finished pair of arm and load (allowed: a folder of femrisk run)")
        first = _named("--arm", arm, tuple(dict.fromkeys(one for one, _ in pairs)))
        pair = first, _named("--load", load, tuple(under for one, under in pairs if one == first))
        files = _files(folder, pair, series)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(str(path), f"cannot be read ({' '.join(str(error).split())})") from error
    if not files:
        raise InputError(str(folder.pair(*pair).path), "has no increments (allowed: --fields peak, got: series)")
    return Found(pair, files)


def _named(option: str, wanted: str | None, known: tuple[str, ...]) -> str:
    if wanted is None or wanted in known:
        return wanted or known[0]
    close = suggest(wanted, known)
    hint = f"; did you mean {close}?" if close else ""
    raise InputError(option, f"the folder has no such result{hint} (allowed: {', '.join(known)}, got: {wanted})")


def _files(folder: ResultFolder, pair: tuple[str, str], series: bool) -> tuple[tuple[float, Path], ...]:
    place, history = folder.pair(*pair), read_history(folder, *pair)
    travel = history["displacement_mm"].tolist()
    if series:
        return tuple((travel[number], place.increment(number)) for number in increments_in(place))
    return ((travel[int(np.argmax(history["force_N"]))], place.fields),)


def write(found: Found, path: Path) -> list[str]:
    """Write ``path`` and, beside it, its numbers; the first is there only when both are whole. Returns what to print.

    Raises:
        InputError: a name that XDMF cannot hold, or fields that cannot be read.
        OSError: the disk is full or the folder cannot be written.
    """
    heavy = path.with_suffix(".h5")
    if path.suffix not in (".xdmf", ".xmf") or ":" in path.name:
        raise InputError(f"-o {path}", "must end in .xdmf or .xmf, and hold no colon")
    try:
        with replacing(path) as light, replacing(heavy) as packed:
            text, step = _packed(found, packed, heavy.name)
            light.write_text(text, encoding="utf-8")
            # from here on no text names numbers of another one
            path.unlink(missing_ok=True)
    except OSError:
        if not path.exists():
            heavy.unlink(missing_ok=True)
        raise
    times = f"{len(found.files)} increments" if len(found.files) > 1 else "1 increment"
    names = ", ".join((*step.at_points, *step.at_cells))
    return [
        f"{path}, {heavy.name}: {' / '.join(found.pair)}, {times}, {len(step.points)} nodes, {len(step.cells)} cells",
        f"arrays: {names}",
    ]


def _packed(found: Found, file: Path, name: str) -> tuple[str, Step]:
    """Write the numbers, and return the text that names them, and the last step."""
    import h5py

    title = " / ".join(found.pair)
    root = ElementTree.Element("Xdmf", Version="3.0")
    domain = ElementTree.SubElement(root, "Domain")
    series = ElementTree.SubElement(domain, "Grid", Name=title, GridType="Collection", CollectionType="Temporal")
    kept: dict[str, tuple[Array, str]] = {}
    with h5py.File(file, "w") as store:
        for number, step in enumerate(found.steps()):

            def placed(key: str, values: Array, number: int = number) -> str:
                """Where an array lies: written anew where it is not the one before it."""
                if key not in kept or not np.array_equal(kept[key][0], values, equal_nan=values.dtype.kind == "f"):
                    place = f"/{key}/{number}"
                    rows = (min(ROWS_AT_ONCE, len(values)), *values.shape[1:])
                    store.create_dataset(
                        place, data=values, chunks=rows, compression="gzip", compression_opts=1, shuffle=True
                    )
                    kept[key] = values, place
                return f"{name}:{kept[key][1]}"

            grid = ElementTree.SubElement(series, "Grid", Name=title, GridType="Uniform")
            ElementTree.SubElement(grid, "Time", Value=repr(step.travel))
            count = str(len(step.cells))
            topology = ElementTree.SubElement(grid, "Topology", TopologyType=CELLS[step.kind], NumberOfElements=count)
            _item(topology, step.cells, placed("mesh/cells", step.cells))
            geometry = ElementTree.SubElement(grid, "Geometry", GeometryType="XYZ")
            _item(geometry, step.points, placed("mesh/points", step.points))
            for center, arrays in (("Node", step.at_points), ("Cell", step.at_cells)):
                for array, values in arrays.items():
                    rows = ROWS[values[:1].size]
                    told = ElementTree.SubElement(grid, "Attribute", Name=array, AttributeType=rows, Center=center)
                    _item(told, values, placed(f"{center}/{array}", values), " 1" if rows == "Matrix" else "")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n", step


def _item(parent: ElementTree.Element, values: Array, place: str, column: str = "") -> None:
    ElementTree.SubElement(
        parent, "DataItem", Format="HDF", Dimensions=" ".join(map(str, values.shape)) + column,
        NumberType=NUMBERS[values.dtype.kind], Precision=str(values.dtype.itemsize),
    ).text = place  # fmt: skip


def _read(file: Path, travel: float) -> Step:
    try:
        mesh = vtu.read(file)
        (block,) = mesh.cells
        cells = {name: np.asarray(values[0]) for name, values in mesh.cell_data.items()}
        if block.type not in CELLS:
            raise ValueError(f"cells of kind {block.type}")
    except Exception as error:  # its reader raises whatever it likes
        raise InputError(str(file), f"cannot be read ({' '.join(str(error).split())})") from error
    return Step(travel, mesh.points, block.type, block.data.astype(np.int32), dict(mesh.point_data), cells)
