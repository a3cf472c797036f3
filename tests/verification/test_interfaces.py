"""Weak interfaces in a coarse femur: where they hold they are as if bonded, and where they slide the bone gives way."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from femrisk.case import Case
from femrisk.materials.field import MaterialField, paint
from femrisk.meshes.labelled import LabelledMesh
from femrisk.meshes.mesher import mesh
from femrisk.outcome import PairResult
from femrisk.pair import compute
from femrisk.parting import Weakness, part
from femrisk.plan import families, mesh_task, solve_task
from femrisk.preparation import prepare
from femrisk.scene import Scene, build

pytestmark = pytest.mark.slow


def placed(kind: str, size_mm: float, **options: object) -> Scene:
    """A case of one arm: a nail beside it would ask for small cells in the whole bone."""
    return build(
        Case.model_validate(
            {
                "name": "interfaces",
                "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
                "bone": {"kind": "proximal_femur", "length_mm": 200},
                "lesions": [{"kind": "sphere", "site": "femoral_neck", "quadrant": "inferomedial", "radius_mm": 10.0}],
                "arms": [{"kind": kind, **options}],
                "loads": [{"kind": "stance"}],
                "analysis": {"mesh_size_mm": size_mm, "interfaces": "weak"},
                "scores": [],
            }
        )
    )


def arm(scene: Scene, name: str) -> tuple[LabelledMesh, MaterialField, Weakness]:
    family = next(one for one in families(scene) if name in one.arms)
    task = mesh_task(scene, family)
    made = mesh(task.anatomy, family.solids, task.size_mm, task.sizing)
    (wanted,) = solve_task(scene, family, "stance", (name,)).arms
    assert wanted.weakness is not None
    return made, paint(made, wanted.layers), wanted.weakness


def pushed(
    scene: Scene,
    made: LabelledMesh,
    field: MaterialField,
    weakness: Weakness | None,
    elastic: bool = False,
    step_share: float = 1.0,
) -> PairResult:
    parting = None if weakness is None else part(made, field, weakness)
    assert (parting is None) == (weakness is None)
    ready = prepare(made, scene.boundaries["stance"], MPI.COMM_SELF, parting)
    return compute(ready, field, elastic, lambda increment: None, step_share=step_share)


def test_cement_that_holds_is_as_if_bonded_and_cement_that_does_not_carries_less() -> None:
    scene = placed("pop", 10.0)
    made, field, weakness = arm(scene, "pop")
    # half steps: on cells this coarse the usual step alone moves a load by 2 %, and it is not what is compared
    bonded = pushed(scene, made, field, None, step_share=0.5)
    strong = pushed(scene, made, field, Weakness(1e3, 1e3, weakness.slides), step_share=0.5)
    weak = pushed(scene, made, field, weakness, step_share=0.5)
    assert bonded.peak.load is not None
    # an interface gives as much as 0.1 mm of cancellous bone of 1000 MPa
    assert strong.stiffness == pytest.approx(bonded.stiffness, rel=0.01)
    # on cells this coarse marches end as bone goes too far, each at its own travel: forces are compared at the same
    travel = strong.history.displacements()
    both = (travel > 0) & (travel <= bonded.history.displacements()[-1])
    assert both.sum() > 10
    as_bonded = np.interp(travel[both], bonded.history.displacements(), bonded.history.forces())
    assert strong.history.forces()[both] == pytest.approx(as_bonded, rel=0.01)
    assert strong.failing == 0.0
    assert weak.peak.load is not None
    assert weak.peak.load < bonded.peak.load
    assert weak.failing is not None
    assert weak.failing > 0.05
    # and no energy is lost between increments (the machine's work is a trapezium per increment)
    last = weak.history.increments[-1]
    assert last.external_work == pytest.approx(last.elastic_energy + last.plastic_work, rel=0.03)


def test_a_smooth_nail_makes_the_bone_less_stiff() -> None:
    scene = placed("nail", 10.0, nail={"length_mm": 120, "distal_locking": False})
    made, field, weakness = arm(scene, "nail")
    bonded = pushed(scene, made, field, None, elastic=True)
    smooth = pushed(scene, made, field, weakness, elastic=True)
    assert smooth.stiffness < 0.99 * bonded.stiffness
    # it is no gap either: the bone alone is softer still
    alone = pushed(
        scene, made, paint(made, tuple((one, kind) for one, kind in layers(scene) if one == "sphere")), None, True
    )
    assert alone.stiffness < smooth.stiffness
    assert np.isfinite(smooth.displacement).all()


def layers(scene: Scene) -> tuple[tuple[str, str], ...]:
    family = next(one for one in families(scene) if "nail" in one.arms)
    (task,) = solve_task(scene, family, "stance", ("nail",)).arms
    return task.layers
