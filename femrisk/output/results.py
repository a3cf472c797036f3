"""What a finished pair leaves: a ``PairResult`` in, ``result.json``, ``history.csv``, ``fields.vtu`` and more out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.comparison import BODY, BODY_WHEN
from femrisk.contacts import STRENGTH_STRAIN
from femrisk.film import von_mises
from femrisk.history import Deformation
from femrisk.materials.field import AS_SCANNED, HOSTS, VERTEBRA_HOSTS, MaterialField
from femrisk.meshes.labelled import REGIONS, Floats, LabelledMesh
from femrisk.outcome import PairResult
from femrisk.output.fields import EDGES, write_fields
from femrisk.output.folder import ResultFolder
from femrisk.output.height import height_measures
from femrisk.output.series import write_series
from femrisk.output.shell import shell_share, with_shell, write_shell
from femrisk.plan import ArmTask, SolveTask

#: Half the thickness of the slab in which the load share is read, mm.
SLAB = 2.0
#: Columns of ``history.csv``: fields of an Increment and their units.
COLUMNS = {
    "displacement": "_mm",
    "force": "_N",
    "external_work": "_J",
    "elastic_energy": "_J",
    "plastic_work": "_J",
    "newton_iterations": "",
    "cutbacks": "",
}
#: Edge nodes of the solver's cells in VTK's order of edges.
FROM_SOLVER = (0, 1, 2, 3, 9, 6, 8, 7, 5, 4)


def write_result(
    folder: ResultFolder, task: SolveTask, arm: ArmTask, mesh: LabelledMesh, field: MaterialField, pair: PairResult
) -> None:
    """Write fields, history and, last, the result of one pair."""
    place = folder.pair(arm.arm, task.load)
    place.path.mkdir(parents=True, exist_ok=True)
    _write_fields(folder, task, arm, mesh, field, pair)
    write_series(place, mesh, field, pair)
    if pair.skin:
        write_shell(place.shell, mesh, pair, pair.skin)
    increments = [asdict(increment) for increment in pair.history.increments]
    history = {name + unit: [0.0, *(one[name] for one in increments)] for name, unit in COLUMNS.items()}
    bodies = [one["body"] for one in increments if one["body"]]
    measured = [name for name, value in bodies[0].items() if value is not None] if bodies else []
    history |= {name: [0.0, *(body[name] for body in bodies)] for name in measured}
    folder.write_pair(arm.arm, task.load, summary(task, arm, mesh, field, pair), history)


def summary(
    task: SolveTask, arm: ArmTask, mesh: LabelledMesh, field: MaterialField, pair: PairResult
) -> dict[str, Any]:
    """The content of ``result.json``; what does not exist is None. Plastic work counts what cracks take."""
    site, elastic, history = pair.site or pair.elastic.site, pair.elastic, pair.history
    cracks = pair.damage
    by_region = {
        name: float(pair.plastic_work[(mesh.region == REGIONS.index(name)) & ~pair.contact].sum())
        for name in mesh.regions
    }
    by_region["contact"] = float(pair.plastic_work[pair.contact].sum())
    by_region |= {"shell": float(pair.skin.plastic_work.sum())} if pair.skin else {}
    total = sum(by_region.values())
    linear = elastic.loads.get(100.0)
    load = linear if task.linear_only else pair.peak.load
    return {
        "arm": arm.arm,
        "load": task.load,
        "status": "bracketed" if task.linear_only and load else history.status,
        "model": task.model,
        "interfaces": "weak" if arm.weakness else "bonded",
        "fracture_load_N": load,
        "fracture_load_bracket_N": sorted(elastic.loads.values())[:: len(elastic.loads) - 1]
        if task.linear_only and len(elastic.loads) > 1
        else pair.peak.bracket,
        "stiffness_N_per_mm": pair.stiffness,
        "energy_to_peak_J": None if task.linear_only else pair.peak.energy,
        "displacement_at_peak_mm": None if task.linear_only else pair.peak.displacement,
        "load_at_strain_N": None
        if task.linear_only or task.boundary.height is None
        else pair.history.force_at(STRENGTH_STRAIN * task.boundary.height),
        **body_measures(task, pair),
        "linear_fracture_load_N": linear,
        "linear_fracture_load_band_N": {f"{support:g}": value for support, value in elastic.loads.items()},
        "failure_region": site.region if site else None,
        "failure_material": site.material if site else None,
        "failure_centroid_mm": None if site is None else [float(x) for x in site.centroid],
        "failure_beside_pot": None if site is None else task.boundary.clamped(site.centroid),
        "cement_volume_ml": arm.cement_volume_ml,
        "cement_leak": arm.cement_leak,
        **height_measures(task, arm, mesh),
        "potted_endplates": task.boundary.potted,
        "interface_failing_share": pair.failing,
        "implant_peak_von_mises_MPa": implant_peak(mesh, field, von_mises(pair.stress)),
        "load_share": with_shell(task, mesh, pair, load_share(task, mesh, field, pair.stress)),
        "shell_load_share": shell_share(mesh, pair),
        "plastic_work_J": by_region,
        "contact_share_of_plastic_work": by_region["contact"] / total if total > 1e-9 else 0.0,
        "step_error_share": cracks.step_error if cracks else None,
        "unbalanced_work_share": cracks.unbalanced if cracks else None,
        "clipped_share": cracks.clipped_bone if cracks else None,
        "clipped_share_of_cement": cracks.clipped_cement if cracks else None,
        "materials": list(field.names),
        "increments": len(history.increments),
        "newton_iterations": sum(increment.newton_iterations for increment in history.increments),
        "cutbacks": sum(increment.cutbacks for increment in history.increments),
        "linear_solves": history.linear_solves,
        "energy_balance_error": energy_error(pair),
        "dofs": pair.dofs,
        "cells": len(mesh.cells),
        "seconds": pair.seconds,
    }


def body_measures(task: SolveTask, pair: PairResult) -> dict[str, Any]:
    """How a vertebral body is deformed at one body weight and at its strength; see ``BODY_KEYS``.

    On straight lines between increments, of which one lies close to body weight. The strength is the force at 1.9 %
    apparent strain, or the largest one where the march ended before. One elastic solve is scaled to body weight.
    """
    height, elastic, history = task.boundary.height, pair.elastic_body, pair.history
    strain: float | None = None
    bodies: dict[str, Deformation | None] = dict.fromkeys(BODY_WHEN)
    if height is not None and elastic is not None and task.linear_only:
        bodies["body_weight"] = Deformation().towards(elastic, task.body_weight_N)
    elif height is not None and history.increments and history.status != "stuck":
        top = max(history.increments, key=lambda one: one.force)
        strain = top.shortening / height
        bodies["body_weight"] = history.body_at_force(task.body_weight_N)
        bodies["strength"] = history.body_at_shortening(STRENGTH_STRAIN * height) or top.body
    return {
        "apparent_strain_at_peak": strain,
        **{
            f"{what}_at_{when}_mm": None if body is None else getattr(body, f"{what}_mm")
            for when, body in bodies.items()
            for what in BODY
        },
    }


def energy_error(pair: PairResult) -> float | None:
    """Work put in less what is stored and dissipated, as a share of the work, at the last increment."""
    if not pair.history.increments:
        return None
    last = pair.history.increments[-1]
    return (last.external_work - last.elastic_energy - last.plastic_work) / last.external_work


def metal(field: MaterialField) -> NDArray[np.bool_]:
    """(m,) cells of a metal."""
    return np.asarray(np.isin(field.index, [i for i, name in enumerate(field.names) if group(name) == "metal"]))


def group(name: str) -> str:
    """bone, tumour, cement or metal: what carries load under this name of the legend."""
    if name in HOSTS + VERTEBRA_HOSTS:
        return "bone"
    return "tumour" if name.startswith("tumour") or name == AS_SCANNED else "cement" if name == "pmma" else "metal"


def implant_peak(mesh: LabelledMesh, field: MaterialField, stress: Floats) -> float | None:
    """Highest von Mises stress of the metal, averaged over its cells round a vertex, MPa; None without metal."""
    cells = np.flatnonzero(metal(field))
    if not len(cells):
        return None
    width = mesh.cells.shape[1]
    volume = np.repeat(mesh.volumes()[cells], width)
    corner = mesh.cells[cells].ravel()
    work = np.bincount(corner, weights=volume * np.repeat(stress[cells].mean(axis=1), width))
    total = np.bincount(corner, weights=volume)
    return float((work[total > 0] / total[total > 0]).max())


def load_share(task: SolveTask, mesh: LabelledMesh, field: MaterialField, stress: Floats) -> dict[str, float] | None:
    """Share of the force along the machine that bone, tumour, cement and metal carry through the task's section."""
    point, normal = np.array(task.section[0]), np.array(task.section[1])
    force = task.boundary.axes[2]
    inside = np.abs((mesh.centroids() - point) @ normal) < SLAB
    inside &= np.linalg.norm(mesh.centroids() - point, axis=1) < 60
    xx, yy, zz, xy, yz, xz = stress.mean(axis=1).T
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    carried = np.einsum("i,ijm,j->m", force, tensor, normal) * mesh.volumes() * inside
    total = carried.sum()
    if abs(total) < 1e-9:
        return None
    groups = np.array([group(name) for name in field.names])[field.index]
    return {name: float(carried[groups == name].sum() / total) for name in dict.fromkeys(group(n) for n in field.names)}


def quadratic(mesh: LabelledMesh) -> tuple[Floats, NDArray[np.int64]]:
    """Nodes (n, 3) and cells (m, 10) of the quadratic mesh, in VTK's order."""
    ends = np.sort(mesh.tets[:, EDGES].reshape(-1, 2), axis=1)
    keys, edge = np.unique(ends[:, 0] * len(mesh.points) + ends[:, 1], return_inverse=True)
    first, second = keys // len(mesh.points), keys % len(mesh.points)
    points = np.concatenate([mesh.points, 0.5 * (mesh.points[first] + mesh.points[second])])
    return points, np.hstack([mesh.tets, len(mesh.points) + edge.reshape(-1, 6)])


def _write_fields(
    folder: ResultFolder, task: SolveTask, arm: ArmTask, mesh: LabelledMesh, field: MaterialField, pair: PairResult
) -> None:
    points, cells = (mesh.points, mesh.cells) if mesh.of_voxels else quadratic(mesh)
    displacement = np.zeros_like(points)
    displacement[cells] = pair.displacement if mesh.of_voxels else pair.displacement[:, FROM_SOLVER]
    write_fields(
        folder.pair(arm.arm, task.load).fields,
        points,
        cells,
        {"displacement_mm": displacement},
        {
            "von_mises_MPa": von_mises(pair.stress).mean(axis=1),
            "plastic_strain": pair.accumulated.mean(axis=1),
            **({"damage": pair.damage.lost.mean(axis=1)} if pair.damage else {}),
            "stress": pair.stress.mean(axis=1),
            "strain": pair.strain.mean(axis=1),
            "material": field.index.astype(np.int32),
            "region": mesh.region,
            "membership": mesh.membership,
            "contact": pair.contact,
            "density_g_per_cm3": mesh.density.mean(axis=1),
        },
    )
