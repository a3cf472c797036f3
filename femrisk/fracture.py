"""Reading a fracture: a march or one elastic state in, a load with its status, place and energies out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.clusters import largest, threshold_of_volume
from femrisk.history import History, parabola
from femrisk.materials.field import MaterialField
from femrisk.materials.library import COMPRESSION_LIMIT, TENSION_LIMIT
from femrisk.meshes.labelled import REGIONS, Floats, LabelledMesh

#: Volumes over which they must be passed, mm3; the middle one gives the load, the others its spread.
SUPPORTS = (10.0, 100.0, 250.0)
#: Where bone softens, strain gathers in a layer of cells and grows as they shrink. What does not depend on them: by how
#: much that layer was crushed, mm, and over what area, mm2. A quarter of a neck's section ends a march.
FAR_CRUSH, FAR_AREA = 0.3, 200.0
#: Elsewhere it is the plastic strain beyond which small strains are long left, and its volume, mm3.
FAR_STRAIN, FAR_VOLUME = 0.10, 100.0
#: Plastic strain from which bone counts as broken when the place of a fracture is looked for.
BROKEN_STRAIN = 0.005
#: Share of the largest damage from which bone counts as broken under the damage model.
BROKEN_SHARE = 0.8


@dataclass(frozen=True)
class Peak:
    """The fracture load a history holds."""

    #: N; None when the march got stuck
    load: float | None
    #: bounds of the load when equilibrium was lost, N
    bracket: tuple[float, float] | None
    #: mm
    displacement: float
    #: J
    energy: float
    #: which increment is nearest
    increment: int


@dataclass(frozen=True)
class Site:
    """Where the bone breaks."""

    region: str
    material: str
    #: (3,) mm
    centroid: Floats
    #: mm3
    volume: float


@dataclass(frozen=True)
class ElasticCriterion:
    """Load at which principal strains pass their limits over a connected volume of bone."""

    #: N by support volume in mm3
    loads: dict[float, float]
    site: Site | None


def read_peak(history: History) -> Peak:
    """The largest force, refined by a parabola where the march went past it or over it.

    A march that lost equilibrium is bracketed by its largest force and what the secant before it predicts at the next
    travel (found or failed); one that got stuck has no load.
    """
    travel, force = history.displacements(), history.forces()
    work = np.array([0.0, *(increment.external_work for increment in history.increments)])
    top = int(np.argmax(force))
    load, at, energy = float(force[top]), float(travel[top]), float(work[top])
    bracket = None
    if history.status == "stuck":
        return Peak(None, None, at, energy, top - 1)
    beyond = travel[top + 1] if top + 1 < len(force) else history.lost_at
    if history.status == "bracketed" and beyond is not None:
        slope = (force[top] - force[top - 1]) / (travel[top] - travel[top - 1])
        before = slice(max(top - 2, 0), top + 1)
        curved = parabola(travel[before], force[before], beyond)[0] if top > 1 else load
        bracket = (load, max(curved, float(load + slope * (beyond - travel[top]))))
    passed = history.status in ("collapsed", "bracketed") and 0 < top < len(force) - 1
    if passed or (history.status == "plateau" and len(force) > 2):
        around = slice(top - 1, top + 2) if passed else slice(len(force) - 3, len(force))
        refined, place = parabola(travel[around], force[around], travel[around][-1])
        if passed:
            refined = min(refined, _foreseen(travel, force, top, place))
        if refined > load:
            energy += 0.5e-3 * (refined + load) * (place - at)
            load, at = refined, place
            # a top between two states may lie above what those before it predict
            bracket = bracket and (bracket[0], max(bracket[1], load))
    return Peak(load, bracket, at, energy, top - 1)


def _foreseen(travel: Floats, force: Floats, top: int, place: float) -> float:
    """What a force that only levels off can reach near its largest value: the secant before goes there."""
    last = top if place > travel[top] else top - 1
    if last < 1:
        return np.inf
    slope = (force[last] - force[last - 1]) / (travel[last] - travel[last - 1])
    return float(force[last] + slope * (place - travel[last]))


def read_elastic(
    mesh: LabelledMesh, field: MaterialField, contact: NDArray[np.bool_], strain: Floats, force: float
) -> ElasticCriterion:
    """The strain criterion on an elastic state.

    Args:
        mesh: the mesh.
        field: its materials; only bone is looked at.
        contact: (m,) cells of contacts and fixtures, left out.
        strain: (m, 4, 6) or (m, 8, 6) strain at the Gauss points.
        force: force of the state, N.
    """
    cells = np.flatnonzero(field.bone() & ~contact)
    risk = strain_ratio(strain[cells].mean(axis=1), field.strain_limits)
    volumes = mesh.volumes()[cells]
    loads, site = {}, None
    for support in SUPPORTS:
        value, group = threshold_of_volume(mesh.cells[cells], risk, volumes, support)
        if value > 0:
            loads[support] = force / value
            site = _site(mesh, field, cells[group]) if support == SUPPORTS[1] else site
    return ElasticCriterion(loads, site)


def strain_ratio(strain: Floats, limits: tuple[float, float] = (TENSION_LIMIT, COMPRESSION_LIMIT)) -> Floats:
    """(..., 6) strain -> (...) the larger of principal tension and compression over their ``limits``."""
    xx, yy, zz, xy, yz, xz = np.moveaxis(strain, -1, 0)
    tensor = np.stack([np.stack([xx, xy, xz], -1), np.stack([xy, yy, yz], -1), np.stack([xz, yz, zz], -1)], -2)
    principal = np.linalg.eigvalsh(tensor)
    return np.asarray(np.maximum(principal[..., 2] / limits[0], -principal[..., 0] / limits[1]))


def read_site(
    mesh: LabelledMesh, field: MaterialField, contact: NDArray[np.bool_], accumulated: Floats, work: Floats
) -> Site | None:
    """The largest connected group of broken cells outside contacts and marrow, by plastic work (m,) in J."""
    return _broken_site(mesh, field, contact, accumulated.mean(axis=1) > BROKEN_STRAIN, work)


def read_damage_site(
    mesh: LabelledMesh, field: MaterialField, contact: NDArray[np.bool_], damage: Floats, work: Floats
) -> Site | None:
    """The same for damage (m, 4): cells that lost BROKEN_SHARE of what the most damaged one outside contacts lost."""
    mean = damage.mean(axis=1)
    highest = mean[~contact & ~field.named("marrow")].max(initial=0.0)
    return _broken_site(mesh, field, contact, mean > BROKEN_SHARE * highest, work) if highest > 0 else None


def _broken_site(
    mesh: LabelledMesh, field: MaterialField, contact: NDArray[np.bool_], broken: NDArray[np.bool_], work: Floats
) -> Site | None:
    group = largest(mesh.cells, broken & ~contact & ~field.named("marrow"), work)
    return _site(mesh, field, group, work) if len(group) else None


def _site(mesh: LabelledMesh, field: MaterialField, group: NDArray[np.int64], weights: Floats | None = None) -> Site:
    volumes = mesh.volumes()[group]
    share = volumes if weights is None else weights[group]
    region = REGIONS[int(np.argmax(np.bincount(mesh.region[group], weights=share)))]
    material = field.names[int(np.argmax(np.bincount(field.index[group], weights=share)))]
    centroid = (mesh.centroids()[group] * share[:, None]).sum(axis=0) / share.sum()
    return Site(region, material, np.asarray(centroid), float(volumes.sum()))


def too_far(field: MaterialField, volumes: Floats, widths: Floats, accumulated: Floats) -> float:
    """How much bone has left what the model is good for, as a share of what ends a march.

    Args:
        field: the materials of m cells.
        volumes: (m,) mm3.
        widths: (m,) of the bands that bone yields in, mm: edges of cells, or wider.
        accumulated: (m, 4) or (m, 8) plastic strain at the Gauss points, that of a band over its width.
    """
    share, width = volumes[:, None] / accumulated.shape[1], widths[:, None]
    softens, bone = field.curve.softening < 0, field.bone()[:, None]
    crushed = bone & softens & (accumulated * width > FAR_CRUSH)
    strained = bone & ~softens & (accumulated > FAR_STRAIN)
    return float((crushed * share / width).sum() / FAR_AREA + (strained * share).sum() / FAR_VOLUME)
