"""Solids clipped to the bone in, the volumes they really have out (by their signed distances, no mesh involved)."""

from __future__ import annotations

import numpy as np

from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.cells.sizing import grid_points
from femrisk.meshes.shapes import Solid

#: grid points in the box of a solid: with the ramp below the volume is right to about 0.2 %
SAMPLES = 300_000


def parts_of(anatomy: Anatomy, solids: tuple[Solid, ...], size_mm: float) -> tuple[Solid, ...]:
    """Bone and endosteum (if it has one), then the solids: one for each bit of a mesh."""
    bone = Solid("bone", anatomy.outer, "bone", size_mm)
    endosteum = () if anatomy.inner is None else (Solid("endosteum", anatomy.inner, "endosteum", size_mm),)
    return (bone, *endosteum, *solids)


def true_volume(parts: tuple[Solid, ...], index: int) -> float:
    """Volume of ``parts[index]`` inside the bone and inside the solid it is limited to, mm3.

    Counts points of a regular grid, each with the share of its cell on the inner side of the surface (a ramp over one
    spacing), which makes the error second order in the spacing for smooth surfaces.
    """
    part, bone = parts[index], parts[0]
    holder = part if part.within is None else next(other for other in parts if other.name == part.within)
    boxes = np.array([one.shape.bounds() for one in (part, holder, bone)])
    lower, upper = boxes[:, 0].max(axis=0), boxes[:, 1].min(axis=0)
    if np.any(upper <= lower):
        return 0.0
    spacing = float((np.prod(upper - lower) / SAMPLES) ** (1 / 3))
    points, _ = grid_points(lower - 0.6 * spacing, upper + spacing, spacing)
    distance = np.array(part.shape.distance(points), dtype=float)
    for other in (holder, bone):
        if other is not part:
            near = np.flatnonzero(distance < spacing)
            distance[near] = np.maximum(distance[near], other.shape.distance(points[near]))
    return float(np.clip(0.5 - distance / spacing, 0.0, 1.0).sum() * spacing**3)
