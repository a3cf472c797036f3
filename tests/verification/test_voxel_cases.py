"""Voxels where they differ from tetrahedra: flow at a crack that must not lock, and a whole case on a mesh of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import pyvista
from mpi4py import MPI

from femrisk.case import Case
from femrisk.equilibrium import Equilibrium
from femrisk.history import History
from femrisk.march import Rules
from femrisk.materials.curve import constant
from femrisk.meshes.cells.voxels import Voxels
from femrisk.run import run
from femrisk.stack import stacked
from femrisk.verification.blocks import NEAR
from femrisk.verification.prescribed import marched, prescribe

#: MPa; voxels of 1 mm: a quarter of a plate in plane strain, pulled apart, with a ligament of two between two cracks
YOUNG, STRENGTH, SHAPE, LIGAMENT = 1000.0, 10.0, (12, 1, 6), 2


def pulled(flows: bool, furthest: float) -> History:
    """The plate of Nagtegaal, Parks and Rice (1974), to a travel of ``furthest`` times that of first yield."""
    corner = np.column_stack([np.eye(3), np.full(3, 0.5)])
    mesh = Voxels(np.ones(SHAPE, dtype=bool), np.zeros(SHAPE), corner).mesh(lambda at: np.zeros(len(at), np.uint8))
    domain = stacked(mesh, MPI.COMM_SELF, flows)
    x, _, z = domain.nodes.T
    free, values = np.ones((len(x), 3), dtype=bool), np.zeros((len(x), 3))
    top = z > SHAPE[2] - NEAR
    free[:, 1], free[x < NEAR, 0], free[(z < NEAR) & (x < LIGAMENT + NEAR), 2], free[top, 2] = (False,) * 4
    values[top, 2] = 1.0
    problem = Equilibrium(domain, prescribe(domain, free, values), constant((len(mesh.cells), 8), YOUNG, 0.3, STRENGTH))
    elastic, first = problem.linear(), STRENGTH / YOUNG * SHAPE[2]
    return marched(problem, Rules(0.5 * first, first, furthest * first, elastic.force), elastic)[0]


def test_voxels_that_may_flow_find_the_limit_of_a_cracked_plate_and_others_lock() -> None:
    # a limit load exists; eight points that each keep their volume leave a voxel in plane strain no way to flow
    free, locked = pulled(flows=True, furthest=8.0), pulled(flows=False, furthest=8.0)
    assert free.status == "plateau"
    travel = free.displacements()[-1]
    assert np.interp(travel, locked.displacements(), locked.forces()) > 1.05 * free.forces()[-1]
    assert locked.forces()[-1] > 1.15 * free.forces()[-1]


@pytest.mark.slow
def test_a_case_on_voxels_gives_what_tetrahedra_give(tmp_path: Path) -> None:
    case = {
        "name": "spine",
        "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
        "bone": {"kind": "vertebra", "level": "L1", "shell_thickness_mm": 0},
        "arms": [{"kind": "intact"}],
        "loads": [{"kind": "axial_compression"}],
    }
    stiffness = {}
    for cells, size in (("tetrahedra", 3.0), ("voxel", 2.0)):
        analysis = {"model": "linear", "mesh": cells, "mesh_size_mm": size}
        run(Case.model_validate({**case, "analysis": analysis}), tmp_path / cells)
        pair = tmp_path / cells / "arms" / "intact" / "axial_compression"
        stiffness[cells] = json.loads((pair / "result.json").read_text())["stiffness_N_per_mm"]
    # the steps cut or fill half a voxel of the resin on each endplate, over a body of 25 mm
    assert stiffness["voxel"] == pytest.approx(stiffness["tetrahedra"], rel=0.05)
    fields = pyvista.read(pair / "fields.vtu")
    assert set(fields.celltypes) == {12}
    # the machine's work: the stress through mid-height is the force
    middle = np.abs(fields.cell_centers().points[:, 2]) < 8.0
    down = float((fields.cell_data["stress"][middle, 2]).sum() * 2.0**3 / 16.0)
    travel = -fields.point_data["displacement_mm"][:, 2].min()
    assert down == pytest.approx(-stiffness["voxel"] * travel, rel=0.02)
    assert (tmp_path / "voxel" / "figures" / "scene.png").is_file()
