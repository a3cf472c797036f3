"""What the shell of a bone carried: a ``PairResult`` with a skin in, shares of the load and ``shell.vtu`` out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from femrisk.film import von_mises
from femrisk.loadshare import SkinResult, carried
from femrisk.meshes.labelled import LabelledMesh
from femrisk.outcome import PairResult
from femrisk.output.fields import write_facets
from femrisk.plan import SolveTask

#: Mid-height of a vertebral body: the origin of its frame, and its axis.
MIDDLE, UP = np.zeros(3), np.array([0.0, 0.0, 1.0])


def shell_share(mesh: LabelledMesh, pair: PairResult) -> dict[str, float] | None:
    """Share of the whole force across mid-height of the body that its shell carries; None without one.

    Args:
        mesh: the mesh whose cells are stressed.
        pair: the result; ``elastic`` is before anything yields, ``at_peak`` where the force was largest.
    """
    if pair.skin is None:
        return None
    layer = pair.skin.skin
    return {
        "elastic": carried(mesh, pair.skin.elastic_cells, layer, pair.skin.elastic, MIDDLE, UP).share,
        "at_peak": carried(mesh, pair.stress, layer, pair.skin.stress, MIDDLE, UP).share,
    }


def with_shell(
    task: SolveTask, mesh: LabelledMesh, pair: PairResult, cells: dict[str, float] | None
) -> dict[str, float] | None:
    """Shares of the force across the task's section, from those of the materials of its cells and with the shell's."""
    if pair.skin is None or cells is None:
        return cells
    point, normal = np.array(task.section[0]), np.array(task.section[1])
    layer, force = pair.skin.skin, task.boundary.axes[2]
    shell = carried(mesh, pair.stress, layer, pair.skin.stress, point, normal, force).share
    return {**{name: share * (1 - shell) for name, share in cells.items()}, "shell": shell}


def write_shell(path: Path, mesh: LabelledMesh, pair: PairResult, shell: SkinResult) -> None:
    """Write the facets of the shell with what they do where the force was largest; they move with ``fields.vtu``."""
    facets = shell.skin.facets
    vertices = facets.vertices(mesh)
    nodes, triangles = np.unique(vertices, return_inverse=True)
    displacement = np.zeros((len(nodes), 3))
    displacement[triangles.ravel()] = pair.displacement[facets.cells[:, None], facets.corners].reshape(-1, 3)
    write_facets(
        path,
        mesh.points[nodes],
        triangles.reshape(-1, 3),
        {"displacement_mm": displacement},
        {
            "von_mises_MPa": von_mises(shell.stress).mean(axis=1),
            "plastic_strain": shell.accumulated.mean(axis=1),
            "thickness_mm": shell.skin.thickness.mean(axis=1),
            "young_MPa": shell.skin.curve.young.mean(axis=1),
            "stress": shell.stress.mean(axis=1),
        },
    )
