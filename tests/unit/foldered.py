"""A result folder as a run leaves it, without a run: two loads, four arms, every status, on a cube of 162 cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from femrisk.case import Case, read_case, text_of
from femrisk.compare import compare
from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.atomic import write_json, write_text
from femrisk.output.fields import write_fields
from femrisk.output.folder import ResultFolder
from femrisk.scores import Score

EXAMPLE = Path(__file__).parents[2] / "cases" / "femur_neck_lytic.yaml"
VERSION = "9.8.7"
#: names of the legend; the last one fills the cube's middle
MATERIALS = {
    "intact": ["cancellous"],
    "untreated": ["cancellous", "tumour_lytic"],
    "pop": ["cancellous", "tumour_lytic", "pmma"],
    "pop_nail": ["cancellous", "tumour_lytic", "pmma", "ti6al4v"],
}
#: status, fracture load in N and share of the plastic work under a contact
LOADS: dict[str, dict[str, tuple[str, float | None, float]]] = {
    "stance": {
        "intact": ("collapsed", 9385.12, 0.1),
        "untreated": ("plateau", 1528.77, 0.0),
        "pop": ("bracketed", 7806.79, 0.05),
        "pop_nail": ("limit_reached", 10236.4, 0.0),
    },
    "sideways_fall": {
        "intact": ("collapsed", 4745.2, 0.56),
        "untreated": ("stuck", None, 0.0),
        "pop": ("collapsed", 4370.8, 0.1),
        "pop_nail": ("limit_reached", 10640.1, 0.2),
    },
}


def example() -> Case:
    """The demo's case with the arms of this folder."""
    case = read_case(EXAMPLE).resolved()
    return case.model_copy(update={"arms": tuple(arm for arm in case.arms if arm.name in MATERIALS)})


def result(arm: str, load: str) -> dict[str, Any]:
    """The ``result.json`` of a pair."""
    status, force, contact = LOADS[load][arm]
    told = force is not None
    return {
        "arm": arm,
        "load": load,
        "status": status,
        "model": "keyak_plasticity",
        "interfaces": "bonded",
        "fracture_load_N": force,
        "fracture_load_bracket_N": [force, 1.03 * force] if force and status == "bracketed" else None,
        "stiffness_N_per_mm": 4100.5,
        "energy_to_peak_J": 5.25 if told else None,
        "displacement_at_peak_mm": 1.0 if told else None,
        "linear_fracture_load_N": 6390.1,
        "linear_fracture_load_band_N": {"10": 5590.0, "100": 6390.1, "250": 6780.0},
        "failure_region": "neck" if told else None,
        "failure_material": "cancellous" if told else None,
        "failure_centroid_mm": [0.5, 0.25, 1.0] if told else None,
        "failure_beside_pot": False,
        "cement_volume_ml": 5.9 if "pop" in arm else None,
        "implant_peak_von_mises_MPa": 391.2 if arm == "pop_nail" else None,
        "load_share": {"bone": 0.45, "tumour": -0.02, "cement": 0.57},
        "contact_share_of_plastic_work": contact,
        "materials": MATERIALS[arm],
        "increments": 9,
        "newton_iterations": 31,
        "cutbacks": 1,
        "energy_balance_error": -0.0013,
        "dofs": 1234,
        "cells": 162,
        "seconds": 12.3,
    }


def scores() -> dict[str, Score]:
    """One score that calls the risk high, and one that calls it low."""
    return {
        "mirels": Score("mirels", 12.0, {"unit": "points"}, "12 points", "Prophylactic fixation.", "Mirels 1989"),
        "axial_cortical_involvement": Score(
            "axial_cortical_involvement",
            17.6,
            {"limit_mm": 30.0, "unit": "mm"},
            "not above 30 mm",
            "Radiotherapy.",
            "2004",
        ),
    }


def write_results(path: Path, mesh: LabelledMesh, quadratic: tuple[np.ndarray, np.ndarray]) -> ResultFolder:
    """Write the folder."""
    folder, case = ResultFolder(path), example()
    results = [result(arm, load) for arm in MATERIALS for load in LOADS]
    for index, one in enumerate(results):
        arm, load = one["arm"], one["load"]
        cells = {
            "von_mises_MPa": np.where(mesh.inside("lesion"), 1000.0, 20.0 + index + mesh.centroids()[:, 0]),
            "material": np.where(mesh.inside("lesion"), len(MATERIALS[arm]) - 1, 0),
            "region": mesh.region,
            "membership": mesh.membership,
        }
        write_fields(folder.pair(arm, load).fields, *quadratic, {}, cells)
        peak = one["fracture_load_N"] or 900.0
        history = {"displacement_mm": [0.0, 0.5, 1.0, 1.5], "force_N": [0.0, 0.7 * peak, peak, 0.95 * peak]}
        folder.write_pair(arm, load, one, history)
    comparison = compare(
        case.name,
        VERSION,
        case.patient,
        results,
        scores(),
        {str(arm.name): arm.kind for arm in case.arms},
        {str(load.name): load.kind for load in case.loads},
    )
    write_text(path / "comparison.json", comparison.to_json())
    write_text(path / "case.yaml", text_of(case))
    write_json(
        path / "provenance.json",
        {
            "case_id": "0123456789abcdef",
            "version": VERSION,
            "versions": {"python": "3.12.1", "gmsh": None},
            "machine": {"system": "Linux", "processor": "x86_64", "cores": 2},
            "wall_seconds": 371.13,
            "cpu_seconds": 661.12,
            "peak_memory_of_one_process_MB": 956.2,
            "solver": "conjugate gradients",
            "failures": {},
        },
    )
    quality = {"cells": 162, "vertices": 64, "worst_mean_ratio": 0.3, "inverted": 0, "below": [0, 0, 2]}
    write_json(path / "meshes" / "base.json", {**quality, "volumes": [216.0], "expected_volumes": [216.4]})
    return folder
