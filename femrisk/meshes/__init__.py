"""Bones in, labelled meshes out; ``Bone`` is the list of the kinds of bones there are."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from femrisk.meshes.ct.bones import CTFemur, CTVertebra
from femrisk.meshes.femur.parametric import ProximalFemur
from femrisk.meshes.femur.surface import SurfaceBone
from femrisk.meshes.vertebra.parametric import Vertebra
from femrisk.meshes.vertebra.surface import SurfaceVertebra


def shown(bone: Any) -> str:
    """What a surface or a scan shows, a femur where its case does not say."""
    said = bone.get("anatomy") if isinstance(bone, dict) else bone.anatomy
    return "vertebra" if said == "vertebra" else "proximal_femur"


Surface = Annotated[
    Annotated[SurfaceBone, Tag("proximal_femur")] | Annotated[SurfaceVertebra, Tag("vertebra")], Discriminator(shown)
]
Scanned = Annotated[
    Annotated[CTFemur, Tag("proximal_femur")] | Annotated[CTVertebra, Tag("vertebra")], Discriminator(shown)
]
Bone = Annotated[ProximalFemur | Surface | Scanned | Vertebra, Field(discriminator="kind")]

__all__ = ["Bone", "CTFemur", "CTVertebra", "ProximalFemur", "SurfaceBone", "SurfaceVertebra", "Vertebra"]
