"""What an arm gives a collapsed vertebral body back: a task, an arm and its mesh in, keys of a result out."""

from __future__ import annotations

from typing import Any

from femrisk.meshes.labelled import LabelledMesh, mean_ratios
from femrisk.plan import ArmTask, SolveTask


def height_measures(task: SolveTask, arm: ArmTask, mesh: LabelledMesh) -> dict[str, Any]:
    """How the body had collapsed, what of its height is back, and the worst cell of a mesh that was moved.

    Nothing is known of a body that has not collapsed, or of which it is not known how.
    """
    pressed = task.boundary.pressed
    body = None if pressed is None else pressed.anatomy.collapse
    if body is None:
        return dict.fromkeys(("collapse", "height_regained_mm", "height_regained_share", "raised_worst_mean_ratio"))
    lift = arm.lift
    return {
        "collapse": {"kind": body.where.kind, "height_loss_share": lift.change.before if lift else body.after},
        "height_regained_mm": lift.regained_mm if lift else 0.0,
        "height_regained_share": lift.change.regained_share if lift else 0.0,
        "raised_worst_mean_ratio": float(mean_ratios(mesh.points, mesh.tets).min()) if lift else None,
    }
