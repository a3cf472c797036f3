"""Parts of a case and the kind of its bone in, the parts that belong to another bone out, each with what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Protocol, get_args

from pydantic import BaseModel

from femrisk.analysis import SUITED, Analysis
from femrisk.arms import Arm
from femrisk.document import KeyPath
from femrisk.loads import Load
from femrisk.meshes.sites import FEMUR_SITES, VERTEBRA_SITES
from femrisk.scores import BONES, SCORES

#: kind of bone -> its name in a sentence, the sites of its lesions, the scores printed when a case names none
WORDS = {"proximal_femur": "a proximal femur", "vertebra": "a vertebra"}
SITES: dict[str, tuple[str, ...]] = {"proximal_femur": FEMUR_SITES, "vertebra": VERTEBRA_SITES}
USUAL_SCORES: dict[str, tuple[str, ...]] = {
    "proximal_femur": ("mirels", "axial_cortical_involvement"),
    "vertebra": ("sins", "taneichi", "kostuik", "rigidity"),
}

Wrong = tuple[KeyPath, str]


class Sited(Protocol):
    """A lesion."""

    @property
    def site(self) -> str | None:
        """Where it lies; None where its place is no name."""


class Of(Protocol):
    """An arm or a load."""

    bones: ClassVar[tuple[str, ...]]

    @property
    def kind(self) -> str:
        """What it is."""


def strangers(
    bone: str,
    lesions: Sequence[Sited],
    arms: Sequence[Of],
    loads: Sequence[Of],
    analysis: Analysis,
    scores: Sequence[str],
) -> list[Wrong]:
    """Path and words of each part that does not belong to a ``bone`` (its ``anatomy``)."""
    found: list[Wrong] = [
        (("lesions", index, "site"), f"is no place in {WORDS[bone]} {_choice(SITES[bone], lesion.site)}")
        for index, lesion in enumerate(lesions)
        if lesion.site is not None and lesion.site not in SITES[bone]
    ]
    of_bone = [name for name in SCORES if bone in BONES[name]]
    found += _of_others("arms", "arm", bone, arms, Arm)
    found += _of_others("loads", "load", bone, loads, Load)
    found += [
        (("scores", index), f"is no score of {WORDS[bone]} {_choice(of_bone, score)}")
        for index, score in enumerate(scores)
        if score not in of_bone
    ]
    return found + list(_unsuited(bone, analysis))


def _of_others(key: str, noun: str, bone: str, parts: Sequence[Of], union: object) -> list[Wrong]:
    """The arms or loads that are not for this bone."""
    fitting = tuple(kind for member in get_args(get_args(union)[0]) if bone in member.bones for kind in _kinds(member))
    return [
        ((key, index, "kind"), f"is no {noun} of {WORDS[bone]} {_choice(fitting, part.kind)}")
        for index, part in enumerate(parts)
        if bone not in part.bones
    ]


def _kinds(member: type[BaseModel]) -> tuple[str, ...]:
    return tuple(get_args(member.model_fields["kind"].annotation))


def _unsuited(bone: str, analysis: Analysis) -> Iterator[Wrong]:
    """Model, law and interfaces that are not for this bone."""
    suited = SUITED[bone]
    for index, model in enumerate(analysis.models or ()):
        if model not in suited.models:
            yield ("analysis", "models", index), f"is no model of {WORDS[bone]} {_choice(suited.models, model)}"
    if analysis.model is not None and analysis.model not in suited.models:
        yield ("analysis", "model"), f"is no model of {WORDS[bone]} {_choice(suited.models, analysis.model)}"
    if analysis.density_law is not None and analysis.density_law not in suited.laws:
        yield ("analysis", "density_law"), f"is no law of {WORDS[bone]} {_choice(suited.laws, analysis.density_law)}"
    if bone != "vertebra" and analysis.anisotropy != "isotropic":
        what = f"is not modelled in {WORDS[bone]} {_choice(('isotropic',), analysis.anisotropy)}"
        yield ("analysis", "anisotropy"), what
    if bone == "vertebra" and analysis.interfaces != "bonded":
        yield ("analysis", "interfaces"), f"cannot fail in {WORDS[bone]} {_choice(('bonded',), analysis.interfaces)}"


def beyond_voxels(bone: object, loads: Sequence[object], analysis: Analysis) -> Iterator[Wrong]:
    """What a mesh of voxels does not hold: their outside is steps, on which no layer lies and nothing comes off."""
    if analysis.mesh != "voxel":
        return
    because = "of no mesh of voxels"
    if "damage" in (analysis.models or (analysis.model,)):
        yield ("analysis", "mesh"), f"is not computed with damage {_choice(('tetrahedra',), analysis.mesh)}"
    if analysis.interfaces != "bonded":
        yield ("analysis", "interfaces"), f"is {because} {_choice(('bonded',), analysis.interfaces)}"
    shell = getattr(bone, "shell_thickness_mm", 0.0)
    if shell:
        yield ("bone", "shell_thickness_mm"), f"is {because} (allowed: 0, got: {shell:g})"
    for index, load in enumerate(loads):
        if getattr(load, "endplates", "potted") != "potted":
            yield ("loads", index, "endplates"), f"are {because} {_choice(('potted',), 'discs')}"


def _choice(allowed: Sequence[str], got: str) -> str:
    return f"(allowed: {', '.join(allowed)}, got: {got})"
