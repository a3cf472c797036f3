"""A vertebra's closed surface in, the solid inside and its canal out.

A vertebra has one handle round its canal: seen along it, the bone's shadow has the largest hole of all directions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes.labelled import Floats
from femrisk.meshes.sampled import GridDistance, lattice
from femrisk.meshes.shapes import unit
from femrisk.meshes.surfaces.soliddistance import sampled, scattered
from femrisk.meshes.surfaces.triangles import Triangles, edge_table

#: grid on which the solid is looked at, and pixels of its shadows, mm
STEP, PIXEL = 2.0, 2.5
#: directions along which a hole is looked for (about 7 degrees apart), and least hole that is a canal, mm2: less is a
#: gap of a few pixels
DIRECTIONS, LEAST_HOLE = 400, 30.0
#: directions whose hole has this share of the largest one are averaged, up to this far from it, degrees
HOLE_SHARE, HOLE_DEG = 0.8, 35.0


@dataclass(frozen=True, eq=False)
class Seen:
    """A surface as it is looked at."""

    distance: GridDistance
    #: (k, 3) grid points inside, and how deep they lie (k,), mm
    solid: Floats
    depth: Floats
    #: (m, 3) points on the surface about 1 mm apart, and their outward normals
    spots: Floats
    normals: Floats


def refuse_without_hole(surface: Triangles, where: str) -> None:
    """A ring of bone has a hole through it; a femur has none.

    Raises:
        GeometryError: by Euler's formula the surface has no hole.
    """
    holes = 1 - (len(np.unique(surface.faces)) - len(edge_table(surface)[0]) + len(surface.faces)) // 2
    if holes < 1:
        raise GeometryError(
            where, "no canal found: nothing passes through this surface, so it is no whole vertebra (allowed: one hole)"
        )


def look_at(surface: Triangles) -> Seen:
    """Sample the solid and its surface."""
    low, high = surface.points.min(axis=0) - 4, surface.points.max(axis=0) + 4
    shape = np.ceil((high - low) / STEP).astype(int) + 1
    samples = sampled(surface, low, STEP, shape)
    points = lattice([low[i] + STEP * np.arange(shape[i]) for i in range(3)])
    inside = samples.ravel() < 0
    owner, shares = scattered(surface, 1.0)
    spots = np.einsum("kc,kci->ki", shares, surface.corners()[owner])
    vectors = surface.area_vectors()
    normals = vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-30)[:, None]
    field = GridDistance.of_samples(low, STEP, samples, np.array([low, high]))
    return Seen(field, points[inside], -samples.ravel()[inside], spots, normals[owner])


def standing_axes(up: Floats, forwards: Floats) -> Floats:
    """(3, 3) columns right, anterior, up, of a way up (3,) and a rough way forwards (3,)."""
    up = unit(up)
    anterior = unit(forwards - (forwards @ up) * up)
    return np.column_stack([np.cross(anterior, up), anterior, up])


def find_canal(solid: Floats, where: str) -> tuple[Floats, Floats]:
    """(3,) unit vector along the canal, either way, and (3,) a point in it.

    Raises:
        GeometryError: in no direction one can look through the solid's points (k, 3).
    """
    turn = np.arange(DIRECTIONS) * np.pi * (3 - np.sqrt(5))
    height = (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    ways = np.column_stack([np.cos(turn) * np.sqrt(1 - height**2), np.sin(turn) * np.sqrt(1 - height**2), height])
    areas = np.array([hole(solid, way)[0] for way in ways])
    best = ways[np.argmax(areas)]
    if areas.max() < LEAST_HOLE:
        raise GeometryError(
            where,
            f"no canal found: the widest view through the surface is {areas.max():.0f} mm2 "
            f"(allowed: at least {LEAST_HOLE:g} mm2)",
        )
    close = (areas > HOLE_SHARE * areas.max()) & (np.abs(ways @ best) > np.cos(np.radians(HOLE_DEG)))
    signs = np.sign(ways[close] @ best)
    along = unit((signs * areas[close]) @ ways[close])
    found = hole(solid, along)
    return (along, found[1]) if found[0] > 0 else (best, hole(solid, best)[1])


def hole(solid: Floats, way: Floats) -> tuple[float, Floats]:
    """Area, mm2, and centre (3,) of the largest hole in the shadow that the points (k, 3) cast along ``way`` (3,)."""
    plane = standing_axes(way, np.eye(3)[np.argmin(np.abs(way))])[:, :2]
    flat = solid @ plane
    low = flat.min(axis=0) - PIXEL
    index = np.round((flat - low) / PIXEL).astype(int)
    shadow = np.zeros(index.max(axis=0) + 2, dtype=bool)
    shadow[tuple(index.T)] = True
    label, _ = ndimage.label(~shadow)
    counts = np.bincount(label.ravel())
    counts[[0, label[0, 0]]] = 0
    largest = int(np.argmax(counts))
    if not counts[largest]:
        return 0.0, solid.mean(axis=0)
    center = low + PIXEL * np.argwhere(label == largest).mean(axis=0)
    return float(counts[largest] * PIXEL**2), plane @ center + way * float(np.mean(solid @ way))
