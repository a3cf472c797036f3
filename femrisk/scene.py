"""A case placed in its bone: in goes a ``Case``, out comes a ``Scene`` in which every lesion, device and load fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from femrisk.case import Case
from femrisk.contacts import Boundary
from femrisk.errors import CaseError, GeometryError, InputError, Mistake
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.devices.cement import CementMeasure, measure_cement
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import Solid
from femrisk.part import Part
from femrisk.raised import Raised, raised


@dataclass(frozen=True)
class Scene:
    """What is meshed and pushed."""

    #: with every default written out
    case: Case
    anatomy: Anatomy
    lesions: tuple[PlacedLesion, ...]
    #: name of an arm -> its cements and devices
    solids: Mapping[str, tuple[Solid, ...]]
    #: name of a load -> its contacts
    boundaries: Mapping[str, Boundary]
    #: name of an arm that gives a collapsed body height back -> what it leaves
    raised: Mapping[str, Raised] = field(default_factory=dict)

    def cement(self, arm: str) -> CementMeasure | None:
        """The cement of an arm in the bone that it leaves; None without cement."""
        high = self.raised.get(arm)
        if high is None:
            return measure_cement(self.solids[arm], self.anatomy, self.lesions)
        return measure_cement(high.solids, high.anatomy, high.lesions)


def build(case: Case) -> Scene:
    """Place everything, without a mesh.

    Raises:
        CaseError: every lesion, device and contact that does not fit, each with its path in the case.
    """
    mistakes: list[Mistake] = []
    try:
        case = case.resolved()
        anatomy = case.bone.built()
    except InputError as error:
        raise CaseError(_under("bone", case.bone, error)) from error
    lesions = []
    for index, lesion in enumerate(case.lesions):
        with _noting(mistakes, f"lesions[{index}]", lesion):
            lesions.append(lesion.placed(anatomy, str(lesion.name)))
    boundaries = {}
    for index, load in enumerate(case.loads):
        with _noting(mistakes, f"loads[{index}]", load):
            boundaries[str(load.name)] = load.boundary(anatomy)
    solids, lifted = {}, dict[str, Raised]()
    # A device can only be judged in a bone whose lesions are right.
    for index, arm in enumerate(case.arms if len(lesions) == len(case.lesions) else ()):
        with _noting(mistakes, f"arms[{index}]", arm):
            high = raised(anatomy, tuple(lesions), arm, case.loads)
            if high is not None and case.analysis.mesh == "voxel":
                raise GeometryError("height_restored_fraction", "voxels are not moved (allowed: 0)")
            solids[str(arm.name)] = arm.solids(anatomy, tuple(lesions)) if high is None else high.below()
            lifted |= {} if high is None else {str(arm.name): high}
    if mistakes:
        raise CaseError(tuple(mistakes))
    return Scene(case, anatomy, tuple(lesions), solids, boundaries, lifted)


@contextmanager
def _noting(mistakes: list[Mistake], path: str, part: Part) -> Iterator[None]:
    """Go on after a part that does not fit."""
    try:
        yield
    except GeometryError as error:
        mistakes += _under(path, part, error)


def _under(path: str, part: Part, error: InputError) -> tuple[Mistake, ...]:
    """The error's mistakes with their place in the case: ``nail.length_mm`` of a part is ``arms[3].nail.length_mm``."""
    found = []
    for mistake in error.mistakes:
        where = mistake.where.removeprefix(path).lstrip(".")
        if not where:
            found.append(Mistake(path, mistake.what))
        elif where.split(".")[0].split("[")[0] in type(part).model_fields:
            found.append(Mistake(f"{path}.{where}", mistake.what))
        else:
            found.append(Mistake(path, f"{where}: {mistake.what}"))
    return tuple(found)
