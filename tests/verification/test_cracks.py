"""Bars and a femur that crack: the whole chain of the damage model against closed forms and balances."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import gmsh
import numpy as np
import pytest
from lesioned import femur
from mpi4py import MPI

from femrisk.damage_march import Pace, march_damage
from femrisk.damaged import DamagedEquilibrium
from femrisk.grips import grip
from femrisk.history import STATUSES, History
from femrisk.materials.curve import constant
from femrisk.materials.damage import BAND, crack_band
from femrisk.materials.field import element_sizes, paint
from femrisk.materials.library import Brittle
from femrisk.meshes.labelled import LabelledMesh
from femrisk.meshes.mesher import mesh
from femrisk.pair import compute
from femrisk.plan import families, mesh_task
from femrisk.preparation import prepare
from femrisk.scene import build
from femrisk.verification import bars
from femrisk.verification.bars import GUIDED, SIDE, YOUNG
from femrisk.verification.blocks import labelled
from femrisk.verification.prescribed import alone

#: mm; a short bar, and a material tough enough that its end follows the machine (no snap-back: f l > p L)
LENGTH, ONSET = 6.0, 0.01
TOUGH = Brittle("tough", (ONSET, 10 * ONSET), (1.0, 1.0), (8e-4, 8e-2), "a test")


def unstructured(size: float) -> LabelledMesh:
    """SIDE x SIDE x LENGTH mm of irregular tetrahedra of some edge, mm."""
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("Mesh.MeshSizeMin", size)
        gmsh.option.setNumber("Mesh.MeshSizeMax", size)
        gmsh.model.occ.addBox(-SIDE / 2, -SIDE / 2, -LENGTH / 2, SIDE, SIDE, LENGTH)
        gmsh.model.occ.synchronize()
        gmsh.model.mesh.generate(3)
        tags, points, _ = gmsh.model.mesh.getNodes()
        cells = np.searchsorted(np.sort(tags), gmsh.model.mesh.getElementsByType(4)[1].reshape(-1, 4))
    finally:
        gmsh.finalize()
    used, tets = np.unique(np.argsort(tags)[cells], return_inverse=True)
    return labelled(points.reshape(-1, 3)[used], tets.reshape(cells.shape))


@cache
def cracked(size: float, plateau: float) -> History:
    """A bar pulled apart until a twentieth of its strength is left; a slice in its middle is 1 % weaker."""
    made = unstructured(size)
    width = np.broadcast_to(BAND * element_sizes(made.points, made.tets)[:, None], (len(made.tets), 4))
    law = crack_band(replace(TOUGH, plateau=(plateau, plateau)), width)
    slice_ = np.abs(made.centroids()[:, 2]) < size / 2
    law = replace(law, onset=law.onset * np.where(slice_, 0.99, 1.0)[:, None, None])
    domain = alone(made)
    grips = grip(domain, bars.machine(bars.UP, bars.ALONG_X, GUIDED, length=LENGTH))
    curve = constant((len(made.tets), 4), YOUNG, 0.0)
    problem = DamagedEquilibrium(domain, grips, curve, law.take(domain.original))
    elastic = problem.linear()
    first = ONSET * LENGTH
    least = 0.05 if plateau == 1 else 0.95
    pace = Pace(0.98 * first, 0.1 * first, 40 * first, first, elastic.force, least, 0.0, stride=1.0)
    *found, history = list(march_damage(problem, elastic, pace))
    assert isinstance(history, History)
    assert found
    return history


@pytest.mark.parametrize("size", [3.0, 2.0])
def test_a_bar_breaks_at_its_strength_times_its_area(size: float) -> None:
    history = cracked(size, 1.5)
    print(f"{size} mm: {history.forces().max():.2f} N, {history.status}")
    assert history.forces().max() == pytest.approx(SIDE**2 * YOUNG * ONSET, rel=0.02)
    assert history.status == "collapsed"


@pytest.mark.slow
def test_a_crack_takes_the_same_energy_per_area_on_two_meshes() -> None:
    """Quadratic cells with four Gauss points localise in 0.7 edges, linear ones in 1.09 to 1.16 (BAND).

    With that width the work per area is 0.98, 0.98 and 1.05 times the fracture energy at 2, 1.5 and 1.2 mm; what is
    dissipated is less, since the crack still carries a twentieth, and steps leave some per cent of the work unbalanced.
    """
    exact = YOUNG * TOUGH.energy_over_modulus_mm[0]
    works, losses = [], []
    for size in (2.0, 1.5):
        last = cracked(size, 1.0).increments[-1]
        works.append(1e3 * last.external_work / SIDE**2 / exact)
        losses.append(1e3 * last.plastic_work / SIDE**2 / exact)
        assert last.elastic_energy + last.plastic_work == pytest.approx(last.external_work, rel=0.10)
    print("work and dissipation per area over the fracture energy:", works, losses)
    assert works[0] == pytest.approx(works[1], rel=0.10)
    assert losses[0] == pytest.approx(losses[1], rel=0.10)
    assert 0.85 < works[0] < 1.15


@pytest.mark.slow
def test_a_coarse_femur_ends_in_an_honest_status() -> None:
    scene = build(femur("untreated", model="damage", mesh_size_mm=8.0))
    task = mesh_task(scene, families(scene)[0])
    base = mesh(task.anatomy, task.family.solids, task.size_mm, task.sizing)
    ready = prepare(base, scene.boundaries["stance"], MPI.COMM_SELF)
    field = paint(base, (("sphere", "tumour_lytic"),))
    result = compute(ready, field, False, lambda increment: None, damage=True)
    assert result.damage is not None
    print(result.history.status, result.peak, result.damage.step_error, result.damage.clipped_bone, result.site)
    assert result.history.status in STATUSES
    assert result.peak.load is not None
    assert 500 < result.peak.load < 20000
    assert result.damage.step_error is not None
    # a load that two steps do not agree on is only bracketed
    assert (result.history.status == "bracketed") == (result.damage.step_error > 0.03)
    assert 0 < result.damage.clipped_bone <= 1
    assert result.damage.unbalanced < 0.05
    assert ((result.damage.lost >= 0) & (result.damage.lost < 1)).all()
    top = result.history.increments[result.peak.increment]
    assert top.elastic_energy + top.plastic_work == pytest.approx(top.external_work, rel=0.03)
    assert result.site is not None
    assert not result.contact.all()
