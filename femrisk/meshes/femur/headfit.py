"""A femur's surface in, the sphere of its head out, found without being told where to look."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from femrisk.errors import GeometryError
from femrisk.meshes.labelled import Floats
from femrisk.meshes.surfaces.soliddistance import scattered
from femrisk.meshes.surfaces.triangles import Triangles

#: radii looked for, mm: adult heads measure about 36 to 60 mm across (mean 43 and 48.5, standard deviation 2.5)
RADII = np.arange(16.0, 32.5, 1.0)
#: size of the cells in which the normals' meeting points are counted, mm
CELL = 3.0
#: a head shows at least this share of its sphere; condyles and shafts stay below it
LEAST_SHARE = 0.35
#: bands round the sphere within which points are fitted, one fit after the other, mm
FIT_BANDS = (5.0, 3.0, 2.0, 1.5)
#: then the rim, where the neck begins, is left out by Tukey's biweight: his constant, and how often it is applied
BIWEIGHT, REWEIGHTED = 4.685, 20


def find_head(surface: Triangles, where: str) -> tuple[Floats, float]:
    """Centre (3,) and radius of the femoral head, mm: normals vote for the sphere, then a robust least-squares fit.

    Raises:
        GeometryError: nothing on the surface is enough of a sphere.
    """
    spots, normals, areas = smooth_spots(surface)
    center, radius = most_voted(spots, normals, areas)
    for band in FIT_BANDS:
        on = on_sphere(spots, normals, center, radius, band)
        center, radius = fit_sphere(spots[on], areas[on])
    center, radius = without_rim(spots, normals, areas, center, radius)
    share = float(areas[on_sphere(spots, normals, center, radius, FIT_BANDS[-1])].sum() / (4 * np.pi * radius**2))
    if share < LEAST_SHARE or not RADII[0] <= radius <= RADII[-1]:
        raise GeometryError(
            where,
            f"no femoral head found: the best sphere (radius {radius:.1f} mm) is covered to {100 * share:.0f} % only "
            f"(allowed: radius {RADII[0]:g} to {RADII[-1]:g} mm, {100 * LEAST_SHARE:g} %; or give its landmarks)",
        )
    return center, radius


def smooth_spots(surface: Triangles, spacing: float = 2.0) -> tuple[Floats, Floats, Floats]:
    """Points on the surface (k, 3), normals blended between the corners (k, 3), area of each (k,)."""
    vectors = surface.area_vectors()
    at_points = np.zeros_like(surface.points)
    for corner in range(3):
        np.add.at(at_points, surface.faces[:, corner], vectors)
    at_points /= np.maximum(np.linalg.norm(at_points, axis=1), 1e-30)[:, None]
    owner, shares = scattered(surface, spacing)
    corners = surface.faces[owner]
    spots = np.einsum("kc,kci->ki", shares, surface.points[corners])
    normals = np.einsum("kc,kci->ki", shares, at_points[corners])
    normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-30)[:, None]
    areas = np.linalg.norm(vectors, axis=1)[owner] / np.bincount(owner)[owner]
    return spots, normals, areas


def most_voted(spots: Floats, normals: Floats, areas: Floats) -> tuple[Floats, float]:
    """Roughly the sphere (3,), mm, most of whose surface is there."""
    low = spots.min(axis=0) - 2 * CELL
    shape = tuple(int(n) for n in np.ceil((np.ptp(spots, axis=0) + 4 * CELL) / CELL))
    best, center, chosen = -1.0, low, float(RADII[0])
    for radius in RADII:
        cells = np.floor((spots - radius * normals - low) / CELL).astype(int)
        held = ((cells >= 0) & (cells < shape)).all(axis=1)
        votes = np.zeros(shape)
        np.add.at(votes, tuple(cells[held].T), areas[held])
        votes = ndimage.gaussian_filter(votes, 1.0)
        share = float(votes.max()) / radius**2
        if share > best:
            peak = np.array(np.unravel_index(np.argmax(votes), shape))
            best, center, chosen = share, low + (peak + 0.5) * CELL, float(radius)
    return center, chosen


def on_sphere(spots: Floats, normals: Floats, center: Floats, radius: float, band: float) -> Floats:
    """(k,) True for points within ``band`` of the sphere that face away from its centre."""
    offset = spots - center
    reach = np.linalg.norm(offset, axis=1)
    facing = np.einsum("ki,ki->k", offset, normals) > 0.85 * reach
    return np.asarray(facing & (np.abs(reach - radius) < band))


def without_rim(spots: Floats, normals: Floats, areas: Floats, center: Floats, radius: float) -> tuple[Floats, float]:
    """Centre (3,) and radius, mm, of the sphere that most points are on; those few that leave it pull no more.

    Starts from a ``center`` and ``radius`` nearby.
    """
    for _ in range(REWEIGHTED):
        on = on_sphere(spots, normals, center, radius, FIT_BANDS[-1])
        off = np.abs(np.linalg.norm(spots[on] - center, axis=1) - radius)
        deviation = max(1.4826 * float(np.median(off)), 1e-3)
        weight = (1 - (off / (BIWEIGHT * deviation)).clip(max=1) ** 2) ** 2
        center, radius = fit_sphere(spots[on], areas[on] * weight)
    return center, radius


def fit_sphere(points: Floats, weights: Floats) -> tuple[Floats, float]:
    """Least-squares centre (3,) and radius of points (k, 3), mm."""
    middle = points.mean(axis=0)
    local = points - middle
    root = np.sqrt(weights)
    matrix = np.column_stack([2 * local, np.ones(len(local))])
    found = np.linalg.lstsq(matrix * root[:, None], np.sum(local**2, axis=1) * root, rcond=None)[0]
    return middle + found[:3], float(np.sqrt(max(found[3] + found[:3] @ found[:3], 0.0)))
