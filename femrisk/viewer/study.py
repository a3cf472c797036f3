"""A result folder in, a ``Study`` out: its pairs, their marches, and the state of an arm at an increment."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.errors import InputError
from femrisk.film import principal
from femrisk.materials.field import AS_SCANNED, LIVING
from femrisk.materials.library import COMPRESSION_LIMIT, TENSION_LIMIT
from femrisk.materials.vertebral import YIELD_STRAINS
from femrisk.meshes.labelled import FEMUR_REGIONS, Floats
from femrisk.output.charts import order
from femrisk.output.folder import ResultFolder, read_history
from femrisk.output.series import increments_in
from femrisk.output.stresscut import role_of
from femrisk.viewer.body import Body, Ints, body_of


@dataclass(frozen=True)
class March:
    """One arm under one load, as its files tell it."""

    arm: str
    load: str
    result: Mapping[str, Any]
    #: (k,) of every increment, the unloaded state first, mm and N
    travel: Floats
    force: Floats
    #: increments that can be looked at; 0 where an elastic solve was scaled to the fracture load
    numbers: tuple[int, ...]
    #: the one of the largest force
    peak: int

    def travel_at(self, number: int) -> float | None:
        """mm; None of a scaled elastic state."""
        return float(self.travel[number]) if number else None

    def force_at(self, number: int) -> float | None:
        """N."""
        return float(self.force[number]) if number else self.result.get("fracture_load_N")

    def nearest(self, travel: float) -> int:
        """The increment whose travel is nearest."""
        return min(self.numbers, key=lambda number: abs((self.travel_at(number) or 0.0) - travel))


@dataclass(frozen=True)
class Still:
    """What does not change while an arm is pushed."""

    body: Body
    #: per cell: region, material and role numbers, density in g/cm3, whether it lies in a contact
    region: Ints
    material: Ints
    role: Ints
    density: Floats | None
    contact: NDArray[np.bool_]
    #: (m,) living bone: what carries a risk and sets a scale
    bone: NDArray[np.bool_]
    #: mm3
    volumes: Floats
    #: limits of principal strain in tension and compression
    limits: tuple[float, float]

    @property
    def is_vertebra(self) -> bool:
        """True where the cells are those of a vertebra."""
        return bool(self.region.min() >= len(FEMUR_REGIONS))


@dataclass(frozen=True)
class State:
    """An increment of one arm."""

    number: int
    #: (n, 3) of the body's points, mm
    displacement: Floats
    #: (m,) by the key of a field
    fields: Mapping[str, Floats]


@dataclass(frozen=True)
class Study:
    """What there is to be looked at."""

    folder: ResultFolder
    marches: Mapping[tuple[str, str], March]

    @property
    def loads(self) -> tuple[str, ...]:
        """Those with something to look at, in the order of the case."""
        return tuple(dict.fromkeys(load for _, load in self.marches))

    def arms(self, load: str) -> tuple[str, ...]:
        """Those of a load, likewise."""
        return tuple(arm for arm, other in self.marches if other == load)

    @property
    def materials(self) -> tuple[str, ...]:
        """Every material of any arm: what the numbers of the field mean."""
        return tuple(dict.fromkeys(name for march in self.marches.values() for name in march.result["materials"]))

    def still(self, arm: str, load: str) -> Still:
        """Read what does not change.

        Raises:
            InputError: the file is not one of femrisk's, or damaged.
        """
        file = self.folder.pair(arm, load).fields
        points, cells, _, data = _read(file)
        try:
            names = self.materials
            own = np.array([names.index(name) for name in self.marches[arm, load].result["materials"]])
            material, region = own[data["material"].astype(int)], data["region"].astype(int)
            roles, living = np.array([role_of(name) for name in names]), (*LIVING, AS_SCANNED)
            body = body_of(points, cells)
            none = np.zeros(len(cells))
            return Still(
                body=body,
                region=region,
                material=material,
                role=roles[material],
                density=data.get("density_g_per_cm3"),
                contact=data.get("contact", none) > 0,
                bone=np.array([name in living for name in names])[material],
                volumes=body.volumes(),
                limits=YIELD_STRAINS
                if region.min(initial=0) >= len(FEMUR_REGIONS)
                else (TENSION_LIMIT, COMPRESSION_LIMIT),
            )
        except (KeyError, ValueError, IndexError) as error:
            raise InputError(str(file), f"is not a file of fields of femrisk ({error})") from error

    def state(self, still: Still, arm: str, load: str, number: int) -> State:
        """Read an increment.

        Raises:
            InputError: the file is not one of femrisk's, or damaged.
        """
        place, march = self.folder.pair(arm, load), self.marches[arm, load]
        file = place.fields if number in (0, march.peak) else place.increment(number)
        points, cells, moved, data = _read(file)
        if len(cells) != still.body.cells or len(points) != len(still.body.points):
            raise InputError(str(file), "has other cells than fields.vtu (a run was interrupted: run it again)")
        displacement = np.zeros_like(points) if moved is None else moved
        return State(number, displacement, _fields_of(still, displacement, data))


def open_study(path: Path) -> Study:
    """Find what a folder has to be looked at.

    Raises:
        InputError: no folder, none of femrisk, or one without fields.
    """
    if not path.is_dir():
        raise InputError(str(path), "no such folder (allowed: a folder that femrisk run has written)")
    folder = ResultFolder(path)
    try:
        pairs = order(folder)
        if not pairs:
            raise InputError(str(path), "holds no finished pair of arm and load (allowed: a folder of femrisk run)")
        marches = {pair: march_of(folder, *pair) for pair in pairs if folder.pair(*pair).fields.is_file()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(str(path), f"cannot be read ({' '.join(str(error).split())})") from error
    if not marches:
        raise InputError(str(path), "holds no fields to look at (a sweep keeps them with keep: everything)")
    loads = list(dict.fromkeys(load for _, load in marches))
    return Study(folder, dict(sorted(marches.items(), key=lambda item: loads.index(item[0][1]))))


def march_of(folder: ResultFolder, arm: str, load: str) -> March:
    """Read what is known of a pair without its fields.

    Raises:
        ValueError: a file of it is damaged.
    """
    place, history = folder.pair(arm, load), read_history(folder, arm, load)
    travel, force = history["displacement_mm"], history["force_N"]
    peak = int(np.argmax(force)) if len(force) > 1 else 0
    there = {number for number in increments_in(place) if place.increment(number).is_file() and number < len(force)}
    return March(arm, load, folder.read_result(arm, load), travel, force, tuple(sorted(there | {peak})), peak)


def _read(file: Path) -> tuple[Floats, Ints, Floats | None, dict[str, Any]]:
    """Vertices, linear cells, displacement, and cell arrays of a VTU."""
    import pyvista

    try:
        with pyvista.vtk_verbosity("off"), warnings.catch_warnings(action="ignore"):
            grid = pyvista.read(file)
        kinds = {int(kind): cells for kind, cells in grid.cells_dict.items()}
    except Exception as error:  # VTK's readers raise whatever they like
        raise InputError(str(file), f"cannot be read ({' '.join(str(error).split())})") from error
    cells = kinds.get(12, kinds.get(10, kinds[24][:, :4] if 24 in kinds else None))
    if len(kinds) != 1 or cells is None or not grid.n_cells:
        raise InputError(str(file), "is not a file of fields of femrisk, or damaged")
    used, vertex = np.unique(cells, return_inverse=True)
    points = np.asarray(grid.points, dtype=float)[used]
    moved = grid.point_data.get("displacement_mm")
    data = {name: np.asarray(values) for name, values in grid.cell_data.items()}
    return points, vertex.reshape(cells.shape), None if moved is None else np.asarray(moved, dtype=float)[used], data


def _fields_of(still: Still, displacement: Floats, data: Mapping[str, Any]) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for key, name in (("von_mises", "von_mises_MPa"), ("plastic_strain", "plastic_strain"), ("damage", "damage")):
        if name in data:
            found[key] = data[name].astype(float)
    for key, tensor, ready in (
        ("stress", "stress", "principal_stress_MPa"),
        ("strain", "strain", "principal_strain"),
    ):
        values = data[ready].astype(float) if ready in data else principal(data[tensor]) if tensor in data else None
        if values is not None:
            found |= {f"{key}_{i + 1}": values[:, i] for i in range(3)}
    found["displacement"] = np.linalg.norm(still.body.mean(displacement), axis=1)
    if still.density is not None:
        found["density"] = still.density.astype(float)
    found["region"], found["material"] = still.region.astype(float), still.material.astype(float)
    if "strain_1" in found:
        over = np.maximum(found["strain_1"] / still.limits[0], -found["strain_3"] / still.limits[1])
        found["risk"] = np.where(still.bone, over, np.nan)
    return found
