"""What a run has to do: a placed case in, its meshes and the tasks on them out; nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from femrisk.analysis import known
from femrisk.arms import Arm
from femrisk.contacts import GRIP_RADIUS, Boundary, Cap
from femrisk.materials.shell import Shell, shell_of
from femrisk.meshes.anatomy import Anatomy, VertebraAnatomy, femur_of
from femrisk.meshes.devices.slides import slides
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.meshes.shapes import Ball, Solid
from femrisk.meshes.vertebra.heightchange import HeightChange
from femrisk.meshes.vertebra.reshaped import moved_mesh
from femrisk.parting import Weakness
from femrisk.scene import Scene


@dataclass(frozen=True)
class Family:
    """Arms that put the same devices into the bone, and so share a mesh."""

    name: str
    #: lesions, cements, devices, in the order in which they are cut
    solids: tuple[Solid, ...]
    arms: tuple[str, ...]


@dataclass(frozen=True)
class MeshTask:
    """One mesh to make, with everything it needs."""

    family: Family
    anatomy: Anatomy
    #: every solid of the case and the grip of every contact, for the one size field
    sizing: tuple[Solid, ...]
    size_mm: float
    #: of its cells, one of ``analysis.Cells``
    kind: str = "tetrahedra"
    #: by which each arm that gives height back moves the mesh
    lifts: tuple[HeightChange, ...] = ()
    #: folder of meshes that cases share, if there is one
    shelf: Path | None = None


@dataclass(frozen=True)
class Lift:
    """What is different under a load for an arm that gives a collapsed body height back."""

    #: from the mesh of the family to that of the arm
    change: HeightChange
    boundary: Boundary
    regained_mm: float


@dataclass(frozen=True)
class ArmTask:
    """How one arm is painted, and what is already known of it."""

    arm: str
    layers: tuple[tuple[str, str], ...]
    cement_volume_ml: float | None
    #: where cement leaves the bone or comes near its surface, in words
    cement_leak: str | None
    #: how cement and smooth metal hold; None where all is bonded
    weakness: Weakness | None
    #: None where the bone keeps its height
    lift: Lift | None = None


@dataclass(frozen=True)
class SolveTask:
    """Arms of one mesh under one load, solved one after the other by one process."""

    family: str
    load: str
    boundary: Boundary
    arms: tuple[ArmTask, ...]
    #: one of ``analysis.Model``
    model: str
    density_law: str
    #: (3,) point and unit normal of the section whose load share is reported
    section: tuple[tuple[float, ...], tuple[float, ...]]
    #: of the patient
    body_weight_N: float
    #: the shell of the bone, or None
    shell: Shell | None = None
    #: whether the results go beside those of the case's first model
    beside: bool = False
    #: fabric of a vertebra's body
    anisotropy: str = "isotropic"
    #: how many increments of a march are kept to be looked at
    frames: int = 0

    @property
    def linear_only(self) -> bool:
        """No march: one elastic solve and the strain criterion."""
        return self.model == "linear"

    def under(self, arm: ArmTask, mesh: LabelledMesh) -> tuple[SolveTask, LabelledMesh]:
        """The task and the mesh as an arm has them.

        Raises:
            MeshError: a cell does not bear being raised.
        """
        if arm.lift is None:
            return self, mesh
        (point,) = arm.lift.change.moved(np.array([self.section[0]]))
        section = tuple(float(x) for x in point), self.section[1]
        return replace(self, boundary=arm.lift.boundary, section=section), moved_mesh(mesh, arm.lift.change)


def families(scene: Scene) -> tuple[Family, ...]:
    """One family per set of devices; the base family has none. Names and content do not depend on the arms' order.

    Every family holds the cements of all arms, so that each is the base mesh with devices cut into it, and leaving an
    arm out of a run changes no mesh; only the mantle round perforated screws belongs to its own family.
    """
    lesions = tuple(lesion.solid for lesion in scene.lesions)
    groups: dict[str, list[Arm]] = {}
    for arm in sorted(scene.case.arms, key=lambda arm: str(arm.name)):
        groups.setdefault(arm.model_dump_json(include={"screws", "nail"}), []).append(arm)
    cements = _named(scene, scene.case.arms, lambda solid: solid.role == "cement" and not _is_mantle(solid))
    found: list[Family] = []
    for _, arms in sorted(groups.items()):
        kind, number = arms[0].family(), 1 + sum(arms[0].family() == other.name.split("-")[0] for other in found)
        name = kind if number == 1 else f"{kind}-{number}"
        mantles = _named(scene, arms, _is_mantle)
        devices = {one.name: one for arm in arms for one in scene.solids[str(arm.name)] if one.role == "device"}
        solids = (*lesions, *cements, *mantles, *devices.values())
        found.append(Family(name, solids, tuple(str(arm.name) for arm in arms)))
    return tuple(found)


def _named(scene: Scene, arms: Iterable[Arm], wanted: Callable[[Solid], bool]) -> tuple[Solid, ...]:
    """The wanted solids of some arms, each once, by name."""
    solids = {one.name: one for arm in arms for one in scene.solids[str(arm.name)] if wanted(one)}
    return tuple(solids[name] for name in sorted(solids))


def _is_mantle(solid: Solid) -> bool:
    return solid.name.startswith("cement_mantle")


def mesh_task(scene: Scene, family: Family, shelf: Path | None = None) -> MeshTask:
    """What the mesher needs for one family."""
    analysis = scene.case.analysis
    lifts = tuple(scene.raised[arm].change for arm in family.arms if arm in scene.raised)
    return MeshTask(family, scene.anatomy, sizing(scene), known(analysis.mesh_size_mm), analysis.mesh, lifts, shelf)


def sizing(scene: Scene) -> tuple[Solid, ...]:
    """What asks for small cells: lesions, cements and devices of all arms, and the grips of all contacts."""
    solids = {solid.name: solid for arm in scene.solids.values() for solid in arm}
    grips = {
        f"{load}_{grip.name}": Solid(grip.name, Ball(grip.center, GRIP_RADIUS), "grip", 0.6 * GRIP_RADIUS)
        for load, boundary in scene.boundaries.items()
        for grip in boundary.grips
        if isinstance(grip.zone, Cap)
    }
    return (
        *(lesion.solid for lesion in scene.lesions),
        *(solids[name] for name in sorted(solids)),
        *(grips[name] for name in sorted(grips)),
    )


def solve_task(scene: Scene, family: Family, load: str, arms: tuple[str, ...], model: str | None = None) -> SolveTask:
    """What the solver needs for some arms of a family under a load and a model of bone (None: the case's first)."""
    tasks, analysis = [], scene.case.analysis
    for arm in scene.case.arms:
        name = str(arm.name)
        if name in arms and name in family.arms:
            solids = scene.solids[name]
            cement, high = scene.cement(name), scene.raised.get(name)
            weakness = (
                Weakness(
                    analysis.interface_strength_MPa,
                    analysis.interface_strength_MPa * analysis.interface_opening_mm / 2,
                    slides(solids),
                )
                if analysis.interfaces == "weak"
                else None
            )
            layers = arm.paint(solids, scene.lesions)
            volume, leak = (cement.volume_ml, cement.leak) if cement else (None, None)
            lift = None if high is None else Lift(high.change, high.boundaries[load], high.regained_mm)
            tasks.append(ArmTask(name, layers, volume, leak, weakness, lift))
    point, normal = section(scene)
    return SolveTask(
        family.name,
        load,
        scene.boundaries[load],
        tuple(tasks),
        model or known(analysis.model),
        known(analysis.density_law),
        (tuple(float(x) for x in point), tuple(float(x) for x in normal)),
        scene.case.patient.body_weight_N,
        shell=shell_of(scene.anatomy),
        beside=model not in (None, analysis.model),
        anisotropy=analysis.anisotropy,
    )


def section(scene: Scene) -> tuple[Floats, Floats]:
    """(3,) point and (3,) normal of the section whose load share is reported: through the first lesion, else the neck.

    Across the neck or the shaft of a femur; in a vertebra across its body, at mid-height without a lesion.
    """
    if isinstance(scene.anatomy, VertebraAnatomy):
        return scene.lesions[0].center if scene.lesions else np.zeros(3), np.array([0.0, 0.0, 1.0])
    marks = femur_of(scene.anatomy).landmarks
    in_shaft = bool(scene.lesions) and scene.lesions[0].center[2] < marks.lesser_trochanter[2]
    point = scene.lesions[0].center if scene.lesions else marks.neck_center
    return point, marks.shaft_axis if in_shaft else marks.neck_axis
