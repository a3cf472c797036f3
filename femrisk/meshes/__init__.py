"""Bones in, labelled meshes out; ``Bone`` is the list of the kinds of bones there are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from femrisk.meshes.femur import ProximalFemur
from femrisk.meshes.surface import SurfaceBone
from femrisk.meshes.vertebra import Vertebra

Bone = Annotated[ProximalFemur | SurfaceBone | Vertebra, Field(discriminator="kind")]

__all__ = ["Bone", "ProximalFemur", "SurfaceBone", "Vertebra"]
