"""gmsh and ParaView: a problem in, its mesh with groups and arrays written; the bone's frame, nothing lumped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import meshio
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


def write_msh(path: str | Path, problem: Problem) -> None:
    """Write version 2.2 of gmsh's format: a volume group per material of the legend, a point group per grip.

    ``path`` is written in place.
    """
    present = np.unique(problem.field.index).tolist()
    groups = {problem.field.names[i]: np.array([i + 1, 3]) for i in present}
    tags = [problem.field.index + 1]
    cells = [("tetra10", problem.cells)]
    for number, hold in enumerate(problem.holds, start=len(problem.field.names) + 1):
        groups[f"grip_{hold.grip.name}"] = np.array([number, 0])
        tags.append(np.full(len(hold.nodes), number))
        cells.append(("vertex", hold.nodes[:, None]))
    numbers = [tag.astype(np.int32) for tag in tags]
    nothing = [np.zeros(len(tag)) for tag in tags[1:]]
    arrays = {name: [values.astype(float), *nothing] for name, values in cell_arrays(problem).items()}
    mesh = meshio.Mesh(
        problem.nodes,
        cells,
        cell_data={"gmsh:physical": numbers, "gmsh:geometrical": numbers, **arrays},
        field_data=groups,
    )
    mesh.write(path, file_format="gmsh22", binary=True)
