"""One arm under one load: what is prepared and its materials in, the march and everything read from it out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from numpy.typing import NDArray

from femrisk.banded import BandedEquilibrium, BandedState
from femrisk.bands import bands
from femrisk.contacts import STRENGTH_STRAIN
from femrisk.damage_march import Verdict, march_twice, pace
from femrisk.damaged import DamagedEquilibrium, DamageState
from femrisk.discs import disc_painted
from femrisk.domain import Domain, everywhere
from femrisk.equilibrium import Equilibrium
from femrisk.errors import SolverError
from femrisk.film import Frame, filmed
from femrisk.filming import frame_of, whole
from femrisk.fracture import (
    SUPPORTS,
    ElasticCriterion,
    read_damage_site,
    read_elastic,
    read_peak,
    read_site,
    too_far,
)
from femrisk.grips import grip
from femrisk.history import Deformation, History, Increment, State
from femrisk.loadshare import SkinResult
from femrisk.march import Found, Rules, march
from femrisk.materials.crushable import Foam
from femrisk.materials.damage import DamageLaw, damage_law
from femrisk.materials.fabric import Fabric
from femrisk.materials.field import MaterialField, element_sizes, tested_lengths
from femrisk.materials.plastic import dissipation
from femrisk.meshes.labelled import Floats
from femrisk.outcome import Damage, PairResult
from femrisk.preparation import Prepared, stiffened

#: steps of softening bone over those of bone that does not soften: longer ones mostly fail near the peak, and are cut
BANDED_STEP = 0.5


def compute(
    prepared: Prepared,
    field: MaterialField,
    linear_only: bool,
    on_increment: Callable[[Increment], None],
    damage: bool = False,
    step_share: float = 1.0,
    near_N: float = 0.0,
    most_frames: int = 0,
) -> PairResult:
    """March one arm to fracture.

    Args:
        prepared: mesh, load and domain.
        field: materials of the arm.
        linear_only: stop after the elastic solve; the status is then ``limit_reached``.
        on_increment: told of every equilibrium found (on all ranks).
        damage: bone and cement crack instead of flowing; every march of the two is told.
        step_share: steps of a plastic march as a share of the usual ones.
        near_N: force close to which a state is wanted, of a vertebra.
        most_frames: how many increments are kept to look at; 0 for none.

    Raises:
        SolverError: no elastic state, or damage of bone with a fabric.
    """
    start = time.perf_counter()
    mesh, domain = prepared.mesh, prepared.domain
    # discs behind the bone are solved with it, and told of nowhere
    painted, bone = disc_painted(field, len(prepared.stiff)), slice(len(mesh.cells))
    curve = stiffened(painted.curve, prepared.stiff, prepared.boundary.layer_MPa)
    grips, local, fabric = grip(domain, prepared.boundary), curve.take(domain.original), _fabric(prepared, painted)
    if damage and fabric is not None:
        raise SolverError("damage", "its law is isotropic, the bone's fabric is not")
    equilibrium: Equilibrium
    law = damage_law(mesh, field, prepared.stiff) if damage and not linear_only else None
    softens = field.softens()
    if law is not None:
        equilibrium = DamagedEquilibrium(domain, grips, local, law.take(domain.original), prepared.membrane)
    elif softens.any() and not linear_only:
        measured = bands(mesh, softens, tested_lengths(mesh), domain)
        equilibrium = BandedEquilibrium(domain, grips, local, measured, prepared.joints)
    else:
        foam = _foam(domain, painted)
        equilibrium = Equilibrium(domain, grips, local, None, prepared.joints, prepared.membrane, fabric, foam)
    elastic = equilibrium.linear()
    strain = everywhere(domain, _strain(equilibrium, elastic))[bone]
    criterion = read_elastic(mesh, field, prepared.contact, strain, elastic.force)
    frames: tuple[Frame, ...] = ()

    def found(news: Found) -> None:
        nonlocal frames
        on_increment(news.increment)
        if most_frames:
            frames = filmed(frames, frame_of(equilibrium, news.state, frames), most_frames)

    best: State
    cracks: Damage | None = None
    if law is not None and isinstance(equilibrium, DamagedEquilibrium):
        used = 0.0
        if prepared.membrane is not None:
            used = max(domain.comm.allgather(prepared.membrane.used(equilibrium.displacement(elastic))))
        steps = pace(elastic, _expected(elastic, criterion), law, strain, used)
        said, best = march_twice(equilibrium, elastic, steps, found)
        history, peak, cracks = said.history, said.peak, _damage(prepared, field, law, said, best)
    else:
        history, best = _march(
            equilibrium, elastic, criterion, linear_only, painted, prepared, found, step_share, near_N
        )
        peak = read_peak(history)
    accumulated = everywhere(domain, best.accumulated)[bone]
    work = everywhere(domain, _dissipated(equilibrium, best))[bone]
    return PairResult(
        history=history,
        peak=peak,
        elastic=criterion,
        site=read_site(mesh, field, prepared.contact, accumulated, work)
        if cracks is None
        else read_damage_site(mesh, field, prepared.contact, cracks.lost, work),
        stiffness=elastic.force,
        contact=prepared.contact,
        displacement=everywhere(domain, equilibrium.displacement(best)[domain.cells])[bone],
        strain=everywhere(domain, _strain(equilibrium, best))[bone],
        stress=everywhere(domain, best.stress)[bone],
        accumulated=accumulated,
        plastic_work=work,
        dofs=domain.dofs,
        seconds=time.perf_counter() - start,
        damage=cracks,
        failing=prepared.joints.failing(best.opened) if prepared.joints else None,
        skin=_skin(equilibrium, elastic, best, prepared),
        elastic_body=_body(equilibrium, prepared, elastic, 1 / elastic.force),
        frames=tuple(whole(domain, frame, bone) for frame in frames),
    )


def _body(equilibrium: Equilibrium, prepared: Prepared, state: State, share: float = 1.0) -> Deformation | None:
    """What a vertebral body looks like at a share of a state's displacement."""
    if prepared.gauge is None:
        return None
    return Deformation().towards(prepared.gauge.read(equilibrium.displacement(state)), share)


def _fabric(prepared: Prepared, field: MaterialField) -> Fabric | None:
    """The fabric of this rank's cells, the layers of the contacts blended in."""
    if field.fabric is None:
        return None
    return field.fabric.under(field.curve, prepared.stiff, prepared.boundary.layer_MPa).take(prepared.domain.original)


def _foam(domain: Domain, field: MaterialField) -> Foam | None:
    """How the pressure counts in this rank's cells."""
    return field.foam and field.foam.take(domain.original)


def _skin(equilibrium: Equilibrium, elastic: State, state: State, prepared: Prepared) -> SkinResult | None:
    """All facets of a skin in a state, and before anything yields; None without one."""
    domain, membrane = equilibrium.domain, prepared.membrane
    if membrane is None or prepared.skin is None:
        return None
    work = (membrane.measure * dissipation(membrane.curve, state.skin_accumulated)).sum(axis=1)
    return SkinResult(
        skin=prepared.skin,
        stress=everywhere(domain, membrane.stress(equilibrium.displacement(state), state), membrane.original),
        accumulated=everywhere(domain, state.skin_accumulated, membrane.original),
        plastic_work=everywhere(domain, 1e-3 * work, membrane.original),
        elastic=everywhere(domain, membrane.stress(equilibrium.displacement(elastic), elastic), membrane.original),
        elastic_cells=everywhere(domain, elastic.stress)[: len(prepared.mesh.cells)],
    )


def _damage(prepared: Prepared, field: MaterialField, law: DamageLaw, said: Verdict, state: DamageState) -> Damage:
    """What the model alone knows of a march that is over."""
    weights = prepared.mesh.volumes()[:, None] / 4 * law.breakable
    cut = weights * law.clipped.any(axis=-1)

    def share(cells: NDArray[np.bool_]) -> float | None:
        volume = float(weights[cells].sum())
        return float(cut[cells].sum()) / volume if volume > 0 else None

    return Damage(
        lost=1 - everywhere(prepared.domain, state.retained),
        clipped_bone=share(field.bone()) or 0.0,
        clipped_cement=share(field.named("pmma")),
        step_error=said.step_error,
        unbalanced=state.unbalanced,
    )


def _march(
    equilibrium: Equilibrium,
    elastic: State,
    criterion: ElasticCriterion,
    linear_only: bool,
    field: MaterialField,
    prepared: Prepared,
    on_found: Callable[[Found], None],
    step_share: float,
    near_N: float,
) -> tuple[History, State]:
    """The history and the state of the largest force."""
    expected = _expected(elastic, criterion)
    domain, mesh = equilibrium.domain, prepared.mesh
    here = replace(field, index=field.index[domain.original], curve=field.curve.take(domain.original))
    # the cells of discs, behind those of the bone, never count
    discs = len(prepared.stiff) - len(mesh.cells)
    sizes = np.pad(element_sizes(mesh.points, mesh.cells), (0, discs), constant_values=1.0)[domain.original]

    def far(state: State) -> bool:
        widths, strain = sizes, state.accumulated
        if isinstance(state, BandedState):
            widths, strain = state.widths, state.entered * (sizes / state.widths)[:, None]
        return domain.sum(too_far(here, domain.volumes, widths, strain)) > 1

    if linear_only:
        scaled = replace(elastic, travel=expected, force=elastic.force * expected, unknowns=elastic.unknowns * expected)
        return History((), "limit_reached", None, 1), replace(scaled, stress=elastic.stress * expected)
    step = step_share * expected * (BANDED_STEP if isinstance(equilibrium, BandedEquilibrium) else 1.0)
    height, body = prepared.boundary.height, _body(equilibrium, prepared, elastic)
    stop, rate = None if height is None else STRENGTH_STRAIN * height, body.shortening_mm if body else 1.0
    rules = Rules(
        first_step=0.5 * step,
        largest_step=0.35 * step,
        furthest=max(12 * expected, 2 * (stop or 0.0) / rate),
        stiffness=elastic.force,
        stop=stop,
        rate=rate,
        pause=near_N / elastic.force,
    )
    best, history = equilibrium.rest(), None
    first = elastic.unknowns * rules.first_step
    for news in march(equilibrium, rules, first, far, lambda state: _body(equilibrium, prepared, state)):
        if isinstance(news, Found):
            best = news.state if news.state.force > best.force else best
            on_found(news)
        else:
            history = news
    assert history is not None, "a march ends with its history"
    return replace(history, linear_solves=history.linear_solves + 1), best


def _dissipated(equilibrium: Equilibrium, state: State) -> Floats:
    """(m,) energy that flow and cracks took from each of this rank's cells, J."""
    density = equilibrium.plastic_work(state)
    if isinstance(state, DamageState):
        density = density + state.dissipated
    return np.asarray(1e-3 * density.mean(axis=1) * equilibrium.domain.volumes)


def _expected(elastic: State, criterion: ElasticCriterion) -> float:
    """Travel at which the strain criterion is met, mm."""
    return criterion.loads.get(SUPPORTS[1], 0.01 * elastic.force) / elastic.force


def _strain(equilibrium: Equilibrium, state: State) -> Floats:
    return equilibrium.domain.strains(equilibrium.displacement(state))
