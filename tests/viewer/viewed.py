"""A result folder with a series of fields, without a run: two arms, four increments on a cube of 162 cells."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from femrisk.film import Frame, von_mises
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.fields import write_fields
from femrisk.output.folder import ResultFolder
from femrisk.output.series import write_series

TRAVEL, FORCE = (0.0, 0.1, 0.2, 0.3, 0.4), (0.0, 1000.0, 2000.0, 2500.0, 2300.0)
PEAK = 3
MATERIALS = {"untreated": ["cancellous", "tumour_lytic"], "pop": ["cancellous", "pmma"]}
#: by how much more one arm is stressed than the other
SHARE = {"untreated": 1.0, "pop": 2.0}


def tensor(mesh: LabelledMesh, arm: str, number: int) -> np.ndarray:
    """(m, 6) stress: tension along x that grows with x, pressure along z, MPa."""
    stress = np.zeros((len(mesh.tets), 6))
    stress[:, 0] = SHARE[arm] * TRAVEL[number] * (50 + 10 * mesh.centroids()[:, 0])
    stress[:, 2] = -20 * SHARE[arm] * TRAVEL[number]
    return stress


def moved(points: np.ndarray, number: int) -> np.ndarray:
    """(n, 3) displacement, mm: all slide along z by the travel, and stretch along x by a tenth of it."""
    return TRAVEL[number] * np.column_stack([0.1 * points[:, 0], np.zeros(len(points)), np.ones(len(points))])


def frame(mesh: LabelledMesh, arm: str, number: int) -> Frame:
    """An increment."""
    stress = tensor(mesh, arm, number)
    principal = np.sort(stress[:, :3], axis=1)[:, ::-1]
    return Frame(
        number=number,
        travel=TRAVEL[number],
        force=SHARE[arm] * FORCE[number],
        displacement=moved(mesh.points, number)[mesh.cells].astype(np.float32),
        stress=principal.astype(np.float32),
        strain=(1e-3 * principal).astype(np.float32),
        plastic=np.full(len(stress), 0.01 * number, dtype=np.float32),
        von_mises=von_mises(stress).astype(np.float32),
    )


def write_viewed(path: Path, mesh: LabelledMesh, quadratic: tuple[np.ndarray, np.ndarray]) -> ResultFolder:
    """Write the folder."""
    folder = ResultFolder(path)
    lesion = mesh.inside("lesion")
    for arm, names in MATERIALS.items():
        stress = tensor(mesh, arm, PEAK)
        cells = {
            "von_mises_MPa": von_mises(stress),
            "plastic_strain": np.full(len(stress), 0.01 * PEAK),
            "stress": stress,
            "strain": 1e-3 * stress,
            "material": lesion.astype(np.int32),
            "region": mesh.region,
            "membership": mesh.membership,
            "contact": np.zeros(len(stress), dtype=bool),
            "density_g_per_cm3": mesh.density.mean(axis=1),
        }
        place = folder.pair(arm, "stance")
        points, nodes = quadratic
        write_fields(place.fields, points, nodes, {"displacement_mm": moved(points, PEAK)}, cells)
        frames = tuple(frame(mesh, arm, number) for number in range(1, len(TRAVEL)))
        field: Any = SimpleNamespace(index=lesion.astype(int))
        result: Any = SimpleNamespace(frames=frames, contact=np.zeros(len(stress), dtype=bool))
        write_series(place, mesh, field, result)
        told = {
            "arm": arm, "load": "stance", "status": "collapsed", "materials": names,
            "fracture_load_N": SHARE[arm] * max(FORCE), "fracture_load_bracket_N": None,
        }  # fmt: skip
        history = {"displacement_mm": list(TRAVEL), "force_N": [SHARE[arm] * force for force in FORCE]}
        folder.write_pair(arm, "stance", told, history)
    return folder
