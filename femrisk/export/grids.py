"""ParaView: a problem in, its mesh with arrays written, which gmsh gets too; the bone's frame, nothing lumped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.export.problem import Problem
from femrisk.output.fields import write_fields


def cell_arrays(problem: Problem) -> dict[str, NDArray[Any]]:
    """(m,) arrays: legend and constants of the materials, density, where a cell lies, contacts."""
    mesh, curve, fabric = problem.mesh, problem.curve, problem.fabric
    ratios = None if fabric is None else fabric.ratios.mean(axis=1)
    across = {} if ratios is None else {"modulus_x_over_z": ratios[:, 0], "modulus_y_over_z": ratios[:, 1]}
    return {
        "material": problem.field.index.astype(np.int32),
        "modulus_MPa": curve.young.mean(axis=1),
        **across,
        "poisson": curve.poisson.mean(axis=1),
        # infinite where a cell cannot fail, which files of this kind do not hold
        "strength_MPa": np.where(np.isinf(curve.strength), 0.0, curve.strength).mean(axis=1),
        "density_g_per_cm3": mesh.density.mean(axis=1),
        "region": mesh.region.astype(np.int32),
        "membership": mesh.membership.astype(np.int32),
        **{f"solid_{name}": mesh.inside(name).astype(np.int32) for name in mesh.solids},
        "contact": problem.boundary.contact(mesh.centroids()).astype(np.int32),
        "stiff_layer": problem.layer.astype(np.int32),
    }


def write_vtu(path: str | Path, problem: Problem) -> None:
    """Write quadratic tetrahedra; the point array ``grip`` counts grips from 1 and is 0 where nothing holds."""
    grip = np.zeros(len(problem.nodes), dtype=np.int32)
    for number, hold in enumerate(problem.holds, start=1):
        grip[hold.nodes] = number
    write_fields(path, problem.nodes, problem.cells, {"grip": grip}, cell_arrays(problem))
