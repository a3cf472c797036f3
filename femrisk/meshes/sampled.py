"""Any implicit function in, a true signed distance sampled on a grid out (smooth, fast, ready to be offset).

Blended shapes and offsets of varying depth have the right zero level but not the right magnitude. ``resample`` finds
feet on their zero level about one grid step apart, measures the distance to those, and keeps it as a cubic spline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from femrisk.meshes.labelled import Floats

#: points (n, 3) mm -> (n,) mm, negative inside, steepness near 1
Implicit = Callable[[Floats], Floats]

#: distances are measured at every grid point near the surface (so far outside, mm), and at every third one elsewhere
BAND_MM = 3.0
COARSE = 3


@dataclass(frozen=True, eq=False)
class GridDistance:
    """Signed distance sampled on a regular grid, interpolated by a cubic B-spline (twice differentiable)."""

    #: (3,) first grid point, mm
    origin: Floats
    #: grid step, mm
    spacing: float
    #: (nx, ny, nz) spline coefficients, mm (``of_samples`` makes them)
    coefficients: NDArray[np.float32]
    #: (2, 3) box of the shape, mm
    box: Floats

    @classmethod
    def of_samples(cls, origin: Floats, spacing: float, samples: Floats, box: Floats) -> GridDistance:
        """From the distances (nx, ny, nz) mm at the grid points themselves."""
        return cls(origin, spacing, ndimage.spline_filter(samples, order=3, output=np.float32, mode="mirror"), box)

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm; outside the grid a lower bound, by Pythagoras from the nearest grid point."""
        upper = self.origin + self.spacing * (np.array(self.coefficients.shape) - 1)
        held = np.clip(points, self.origin, upper)
        index = ((held - self.origin) / self.spacing).T
        inside = ndimage.map_coordinates(self.coefficients, index, output=np.float64, prefilter=False, mode="mirror")
        gap = np.linalg.norm(points - held, axis=1)
        return np.asarray(np.where(inside > 0, np.hypot(inside, gap), inside + gap))

    def bounds(self) -> Floats:
        """(2, 3) mm."""
        return self.box


def resample(
    implicit: Implicit, box: Floats, spacing: float = 1.0, margin: float = 4.0, inside: float = 5.0
) -> tuple[GridDistance, Floats]:
    """Turn the zero level of ``implicit`` into a true distance.

    Args:
        implicit: any function with the right sign, steepness between about 0.5 and 1.1.
        box: (2, 3) mm, part of space to cover. The surface may leave it: the distance is that to the part inside.
        spacing: grid step, mm.
        margin: added round the box, mm.
        inside: depth to which the distance is measured at every grid point, mm.

    Returns:
        The distance, and (k, 3) feet on the surface about one grid step apart.
    """
    origin = np.asarray(box[0]) - margin
    cells = np.ceil((np.asarray(box[1]) + margin - origin) / (COARSE * spacing)).astype(int)
    coarse_axes = [origin[i] + COARSE * spacing * np.arange(cells[i] + 1) for i in range(3)]
    coarse = lattice(coarse_axes)
    rough = implicit(coarse)
    fine_axes = [origin[i] + spacing * np.arange(COARSE * cells[i] + 1) for i in range(3)]
    rough_fine = upsample(rough.reshape(cells + 1), COARSE)
    near = np.flatnonzero(np.abs(rough_fine.ravel()) < 1.2 * spacing)
    feet, normals = project(implicit, grid_points(fine_axes, near), spacing)
    tree = cKDTree(feet)
    far = rough > 2 * COARSE * spacing
    known = np.empty_like(rough)
    known[far] = cKDTree(thinned(feet, COARSE * spacing / 2)).query(coarse[far])[0]
    known[~far] = measure(coarse[~far], rough[~far], tree, normals, spacing)
    samples = upsample(known.reshape(cells + 1), COARSE)
    band = np.flatnonzero((samples.ravel() > -inside) & (samples.ravel() < BAND_MM))
    points = grid_points(fine_axes, band)
    samples.ravel()[band] = measure(points, samples.ravel()[band], tree, normals, spacing)
    return GridDistance.of_samples(origin, spacing, samples, np.array([feet.min(axis=0), feet.max(axis=0)])), feet


def lattice(axes: list[Floats]) -> Floats:
    """(n, 3) all grid points, the last axis fastest."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def grid_points(axes: list[Floats], flat: NDArray[np.int64]) -> Floats:
    """(m, 3) the grid points of flat indices (m,)."""
    index = np.unravel_index(flat, tuple(len(axis) for axis in axes))
    return np.stack([axis[i] for axis, i in zip(axes, index, strict=True)], axis=1)


def upsample(values: Floats, factor: int) -> Floats:
    """(nx, ny, nz) -> (factor (nx - 1) + 1, ...), by cubics through the four nearest (Catmull-Rom)."""
    for axis in range(3):
        values = np.moveaxis(values, axis, 0)
        ends = 2 * values[:1] - values[1:2], 2 * values[-1:] - values[-2:-1]
        padded = np.concatenate([ends[0], values, ends[1]])
        before, low, high, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
        steps = []
        for share in np.arange(factor) / factor:
            curve = (low - after) * share**2 * (1 - share) / 2 + (high - before) * share * (1 - share) ** 2 / 2
            steps.append(low * (1 - share) ** 2 * (1 + 2 * share) + high * share**2 * (3 - 2 * share) + curve)
        stacked = np.stack(steps, axis=1).reshape(-1, *values.shape[1:])
        values = np.moveaxis(np.concatenate([stacked, values[-1:]]), 0, axis)
    return np.ascontiguousarray(values)


def gradient(implicit: Implicit, points: Floats, value: Floats, step: float = 0.02) -> Floats:
    """(n, 3) forward differences of ``implicit``, whose values at ``points`` are ``value`` (n,)."""
    return np.stack([implicit(points + step * e) - value for e in np.eye(3)], axis=1) / step


def project(implicit: Implicit, points: Floats, spacing: float) -> tuple[Floats, Floats]:
    """Newton along the gradient: feet (k, 3) on the zero level and outward unit normals, those that converged."""
    start, value = points, implicit(points)
    slope = gradient(implicit, points, value)
    for _ in range(4):
        points = points - (value / np.maximum(np.sum(slope**2, axis=1), 0.05))[:, None] * slope
        value = implicit(points)
        kept = np.linalg.norm(points - start, axis=1) < 2 * spacing
        points, start, slope, value = points[kept], start[kept], slope[kept], value[kept]
    found = np.abs(value) < 2e-3 * spacing
    points = points[found]
    normals = gradient(implicit, points, value[found])
    return points, normals / np.linalg.norm(normals, axis=1)[:, None]


def thinned(points: Floats, spacing: float) -> Floats:
    """(m, 3) one of the points (n, 3) in each cube of side ``spacing``."""
    cubes = np.floor((points - points.min(axis=0)) / spacing).astype(np.int64)
    sides = cubes.max(axis=0) + 1
    kept = np.unique(np.ravel_multi_index(tuple(cubes.T), tuple(sides)), return_index=True)[1]
    return np.asarray(points[kept])


def measure(points: Floats, signs: Floats, tree: cKDTree, normals: Floats, spacing: float) -> Floats:
    """(n,) signed distance from the nearest foot's tangent plane; ``signs`` (n,) decide only far from the surface."""
    reach, nearest = tree.query(points)
    across = np.einsum("ni,ni->n", points - np.asarray(tree.data)[nearest], normals[nearest])
    tangential = np.sqrt(np.maximum(reach**2 - across**2, 0))
    flat = tangential < spacing
    far = np.copysign(np.where(flat, np.abs(across), reach), signs)
    return np.asarray(np.where(flat & (reach < COARSE * spacing), across, far))
