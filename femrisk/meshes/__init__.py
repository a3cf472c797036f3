"""Bones in, labelled meshes out; ``Bone`` is the list of the kinds of bones there are."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from femrisk.meshes.femur import ProximalFemur
from femrisk.meshes.surface import SurfaceBone
from femrisk.meshes.surface_vertebra import SurfaceVertebra
from femrisk.meshes.vertebra import Vertebra


def shown(surface: Any) -> str:
    """What a surface shows, a femur where its case does not say."""
    said = surface.get("anatomy") if isinstance(surface, dict) else surface.anatomy
    return "vertebra" if said == "vertebra" else "proximal_femur"


Surface = Annotated[
    Annotated[SurfaceBone, Tag("proximal_femur")] | Annotated[SurfaceVertebra, Tag("vertebra")], Discriminator(shown)
]
Bone = Annotated[ProximalFemur | Surface | Vertebra, Field(discriminator="kind")]

__all__ = ["Bone", "ProximalFemur", "SurfaceBone", "SurfaceVertebra", "Vertebra"]
