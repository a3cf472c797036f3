"""The same bone in CalculiX: what ``export`` writes against femrisk on the same lumped moduli."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from lesioned import femur
from mpi4py import MPI

from femrisk.case import Case
from femrisk.domain import distribute
from femrisk.equilibrium import Equilibrium
from femrisk.export import inp
from femrisk.export.lumping import lump
from femrisk.export.problem import Problem, pose
from femrisk.export.write import Wish, posed, write
from femrisk.grips import grip
from femrisk.history import State
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import VERTEBRA_CELLS
from femrisk.output.results import FROM_SOLVER
from femrisk.scene import build

pytestmark = [
    pytest.mark.slow,
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("ccx") is None, reason="no ccx here (Debian: apt-get install calculix-ccx)"),
]
NUMBER = r"\s+(-?\d\S*)"


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    """A femur with an untreated lesion under both loads, on one mesh, coarse at the lesion too: CalculiX takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("femrisk.meshes.lesions.FEMUR_CELLS", VERTEBRA_CELLS)
        scene = build(femur("untreated", loads=("stance", "sideways_fall"), mesh_size_mm=10.0))
        stance = posed(scene, Wish("untreated", "stance", "inp", False))
    fall = pose("fall", stance.mesh, stance.field, scene.boundaries["sideways_fall"])
    return {"stance": stance, "sideways_fall": fall}


def solved(problem: Problem, plastic: bool, folder: Path) -> str:
    """What CalculiX prints about the exported file, displacements of all nodes added."""
    write(problem, Wish("untreated", "", "inp", plastic), folder / "bone.inp")
    text = (folder / "bone.inp").read_text()
    if not plastic:
        text = text.replace("*NODE FILE", "*NODE PRINT, NSET=BONE_NODES\nU\n*NODE FILE")
    (folder / "job.inp").write_text(text)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CCX_NPROC_EQUATION_SOLVER": "1"}
    done = subprocess.run(["ccx", "job"], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Job finished" in done.stdout, done.stdout[-2000:]
    return (folder / "job.dat").read_text()


def forces(printed: str, grip_name: str) -> Floats:
    """(increments, 3) force on a grip, along the machine's axes."""
    rows = re.findall(rf"total force .* set GRIP_{grip_name} and time.*\s+{NUMBER}{NUMBER}{NUMBER}", printed)
    return np.array(rows, dtype=float)


def travels(printed: str, grip_name: str) -> Floats:
    """(increments,) travel of the driven grip."""
    rows = re.findall(rf"displacements .* set REF_{grip_name} and time.*\s+\d+{NUMBER}{NUMBER}{NUMBER}", printed)
    return -np.array(rows, dtype=float)[:, 2]


def equilibrium_of(problem: Problem, plastic: bool) -> Equilibrium:
    """femrisk on the materials of the file."""
    domain = distribute(problem.mesh, MPI.COMM_SELF)
    curve = lump(problem, plastic).by_element().take(domain.original)
    return Equilibrium(domain, grip(domain, problem.boundary), curve)


def nodal(problem: Problem, equilibrium: Equilibrium, state: State) -> Floats:
    """(n, 3) displacements of the exported nodes along the machine's axes."""
    domain, found = equilibrium.domain, np.empty_like(problem.nodes)
    cells = equilibrium.displacement(state)[domain.cells][:, FROM_SOLVER]
    found[problem.cells[domain.original]] = cells
    return problem.in_machine(found)


@pytest.mark.parametrize("load", ["stance", "sideways_fall"])
def test_the_elastic_bone_is_as_stiff_and_moves_alike(load: str, problems: dict[str, Problem], tmp_path: Path) -> None:
    problem = problems[load]
    printed = solved(problem, False, tmp_path)
    equilibrium = equilibrium_of(problem, False)
    state = equilibrium.linear()
    force = forces(printed, "HEAD_CAP")[0]
    rows = printed.split("for set BONE_NODES")[1].split("for set")[0].splitlines()[1:]
    there = np.array([row.split()[1:] for row in rows if len(row.split()) == 4], dtype=float)
    here = nodal(problem, equilibrium, state)
    apart = np.linalg.norm(there - here, axis=1).max() / np.linalg.norm(here, axis=1).max()
    print(f"{load}: {state.force:.3f} N/mm here, {-force[2]:.3f} there; nodes {apart:.1e} of the largest displacement")
    assert -force[2] == pytest.approx(state.force, rel=1e-4)
    assert force[:2] == pytest.approx([0, 0], abs=1e-6 * state.force)
    assert sum(forces(printed, hold.grip.name.upper())[0, 2] for hold in problem.holds) == (
        pytest.approx(0, abs=1e-6 * state.force)
    )
    assert len(there) == len(here)
    assert apart < 1e-4


def test_the_yielding_bone_carries_as_much_until_it_is_about_to_break(
    problems: dict[str, Problem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Keyak's curves with their softening; the peak is near 1.5 mm, where CalculiX needs several times the steps.
    monkeypatch.setattr(inp, "PLASTIC_TRAVEL", 1.4)
    monkeypatch.setattr(inp, "PLASTIC_STEPS", 4)
    problem = problems["stance"]
    printed = solved(problem, True, tmp_path)
    equilibrium = equilibrium_of(problem, True)
    elastic, state = equilibrium.linear(), equilibrium.rest()
    there, here = -forces(printed, "HEAD_CAP")[:, 2], []
    slope = elastic.unknowns
    for travel in travels(printed, "HEAD_CAP"):
        found = equilibrium.attempt(state, state.unknowns + slope * (travel - state.travel), travel).state
        assert found is not None
        slope = (found.unknowns - state.unknowns) / (found.travel - state.travel)
        state = found
        here.append(state.force)
    for travel, mine, other in zip(travels(printed, "HEAD_CAP"), here, there, strict=True):
        print(f"{travel:.3f} mm: {mine:.1f} N here, {other:.1f} there ({100 * (other / mine - 1):+.4f} %)")
    assert len(here) >= 4
    # the bone has yielded: an elastic one would carry over 4000 N
    assert here[-1] < 0.8 * elastic.force * state.travel
    assert there == pytest.approx(np.array(here), rel=1e-3)


def test_a_vertebra_bent_between_discs_is_as_stiff(tmp_path: Path) -> None:
    case = Case.model_validate(
        {
            "name": "discs",
            "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
            "bone": {"kind": "vertebra", "level": "L1"},
            "lesions": [{"kind": "sphere", "site": "vertebral_body", "radius_mm": 8}],
            "arms": [{"kind": "untreated"}],
            "loads": [{"kind": "flexion", "endplates": "discs"}],
            "analysis": {"mesh_size_mm": 6.0},
        }
    )
    problem = posed(build(case), Wish("untreated", "flexion", "inp", False))
    state = equilibrium_of(problem, False).linear()
    force = forces(solved(problem, False, tmp_path), "SUPERIOR_PLATE")[0]
    assert -force[2] == pytest.approx(state.force, rel=1e-4)
    # the joint slides forwards, so that nothing pushes back
    assert force[1] == pytest.approx(0, abs=1e-6 * state.force)
