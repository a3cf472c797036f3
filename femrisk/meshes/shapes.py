"""Signed distances: points in, millimetres out, negative inside; every solid femrisk meshes is one of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from femrisk.meshes.labelled import Floats


class Shape(Protocol):
    """Anything with a signed distance and a box around it."""

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm, negative inside, at most 1-Lipschitz (close to a true distance near the surface)."""
        ...

    def bounds(self) -> Floats:
        """(2, 3) mm, lower and upper corner of a box that holds the shape."""
        ...


@dataclass(frozen=True)
class Solid:
    """A named shape that the mesher cuts into the mesh as a sheet, and an arm may paint with a material."""

    #: unique in its mesh: bone, endosteum, lesion name, cement name, screw_1, nail, lag_screw, locking_screw
    name: str
    shape: Shape
    #: bone | endosteum | lesion | cement | device
    role: str
    #: edge length wanted on and inside it, mm
    size_mm: float
    #: cut only inside this other solid (cement that fills part of a lesion shares the lesion's sheet)
    within: str | None = None
