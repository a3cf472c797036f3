"""A placed lesion and its femur in, the measures that clinical scores ask for out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.anatomy import FemurAnatomy
from femrisk.meshes.frames import Frame, Section, slices
from femrisk.meshes.labelled import REGIONS, Floats
from femrisk.meshes.lesions import PlacedLesion, axial_extent, local_frame
from femrisk.meshes.shapes import Shape

#: grid points along each side of a lesion's box when its volume is measured
VOLUME_GRID = 48
#: width of the slab whose ring of cortex is measured, mm: twice the spacing of the surface points
SLAB_MM = 2.0
#: places through the thickness of the cortex at which it is asked whether the lesion holds it
THROUGH_CORTEX = np.linspace(0.0, 1.0, 6)


@dataclass(frozen=True)
class LesionMeasure:
    """What a lesion takes of its bone. Sections are perpendicular to the local axis, the worst one counts."""

    #: volume inside the bone, mL
    volume_ml: float
    #: share of the area of a section
    cross_section_share: float
    #: extent over the bone's width, seen from the front or from the side (Mirels' size)
    diameter_share: float
    #: length along the axis over which the lesion touches the cortex or takes some of it, mm
    axial_cortical_mm: float
    #: share of the circumference where it does
    circumferential_cortical_share: float
    #: share of the cortex of a section that it takes
    cortex_loss_share: float
    #: it comes through the periosteal surface
    breach: bool
    #: head | neck | intertrochanteric | subtrochanteric | shaft
    region: str


def measure(lesion: PlacedLesion, anatomy: FemurAnatomy) -> LesionMeasure:
    """Measure a lesion on grids (deterministic).

    Volume and sections are exact to about 1 %, lengths to 1 mm, shares of the circumference to about 0.02.
    """
    at = local_frame(lesion, anatomy)
    low, high = axial_extent(lesion, at)
    section = slices(anatomy, at, np.linspace(low, high, 25)[1:-1], 1.25, 55.0)
    area, diameter = section_shares(lesion, section)
    cortex = _cortex(lesion, anatomy, at, (low, high))
    return LesionMeasure(
        volume_ml=volume_inside(lesion.shape, anatomy.outer) / 1000,
        cross_section_share=area,
        diameter_share=diameter,
        axial_cortical_mm=cortex.length(),
        circumferential_cortical_share=cortex.worst_slab(cortex.touched.astype(float), np.ones(len(cortex.along))),
        cortex_loss_share=cortex.worst_slab(cortex.lost * cortex.thickness, cortex.thickness),
        breach=bool(cortex.breached.any()),
        region=REGIONS[int(anatomy.region(lesion.center[None])[0])],
    )


def volume_inside(shape: Shape, bone: Shape, grid: int = VOLUME_GRID) -> float:
    """Volume of ``shape`` inside ``bone``, mm3: midpoint rule, cells on a surface counted by their covered share."""
    points, cell = box_grid(shape.bounds(), grid)
    distance = np.maximum(shape.distance(points), bone.distance(points))
    return float(covered(distance, cell).sum() * np.prod(cell))


def box_grid(bounds: Floats, grid: int) -> tuple[Floats, Floats]:
    """(grid^3, 3) centres of equal cells that fill a box (2, 3), and the sides (3,) of a cell, mm."""
    cell = (bounds[1] - bounds[0]) / grid
    axes = [bounds[0][i] + cell[i] * (np.arange(grid) + 0.5) for i in range(3)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3), np.asarray(cell)


def covered(distance: Floats, cell: Floats) -> Floats:
    """(n,) share of a cell covered by a body whose surface passes at ``distance`` (n,) from its centre."""
    return np.asarray(np.clip(0.5 - distance / np.cbrt(np.prod(cell)), 0, 1))


def section_shares(lesion: PlacedLesion, section: Section) -> tuple[float, float]:
    """Largest share of the area and of the width of a section."""
    step = section.across[1] - section.across[0]
    inside = lesion.shape.distance(section.points.reshape(-1, 3)).reshape(section.bone.shape)
    held = np.maximum(inside, section.bone)
    real = section.bone.min(axis=(1, 2)) < -step
    if not real.any():
        return 0.0, 0.0
    area = _pixels(held, step).sum(axis=(1, 2))[real] / _pixels(section.bone, step).sum(axis=(1, 2))[real]
    # the shadow that a section throws on a film is as wide as the pixels whose nearest part is inside
    with np.errstate(invalid="ignore"):  # slices beyond the bone are nothing over nothing, and left out
        widths = [
            (_pixels(held.min(axis=axis), step).sum(axis=1) / _pixels(section.bone.min(axis=axis), step).sum(axis=1))[
                real
            ]
            for axis in (1, 2)
        ]
    return float(area.max()), float(np.max(widths))


def _pixels(distance: Floats, step: float) -> Floats:
    """Share of each pixel of side ``step`` that is covered, from the signed distance of its centre."""
    return np.asarray(np.clip(0.5 - distance / step, 0, 1))


@dataclass(frozen=True, eq=False)
class _Cortex:
    """The ring of cortex round a lesion, point by point of the periosteal surface (n of them)."""

    #: (n,) mm along the axis
    along: Floats
    #: (n,) mm
    thickness: Floats
    #: (n,) True where the lesion touches it
    touched: NDArray[np.bool_]
    #: (n,) share of the thickness taken
    lost: Floats
    #: (n,) True where its outer surface is taken
    breached: NDArray[np.bool_]

    def length(self) -> float:
        """Length of the touched part along the axis, mm."""
        touched = self.along[self.touched]
        return float(touched.max() - touched.min()) if touched.size else 0.0

    def worst_slab(self, part: Floats, whole: Floats) -> float:
        """Largest sum of ``part`` (n,) over sum of ``whole`` (n,) in a slab across the axis."""
        if not self.touched.any():
            return 0.0
        touched = self.along[self.touched]
        middles = np.arange(touched.min(), touched.max() + SLAB_MM / 4, SLAB_MM / 4)
        within = np.abs(self.along[None, :] - middles[:, None]) < SLAB_MM / 2
        return float(np.max((within @ part) / np.maximum(within @ whole, 1e-12)))


def _cortex(lesion: PlacedLesion, anatomy: FemurAnatomy, at: Frame, extent: tuple[float, float]) -> _Cortex:
    """The cortex of the part of the bone that the local axis runs through, over the extent of the lesion."""
    local = at.local(anatomy.surface_points)
    chosen = (local[:, 0] > extent[0] - SLAB_MM) & (local[:, 0] < extent[1] + SLAB_MM)
    chosen &= np.hypot(local[:, 1], local[:, 2]) < 55.0
    points, local = anatomy.surface_points[chosen], local[chosen]
    thickness = np.maximum(anatomy.inner.distance(points), 0.05)
    inward = -normals(anatomy.outer, points)
    depth = np.stack(
        [lesion.shape.distance(points + (s * thickness)[:, None] * inward) for s in THROUGH_CORTEX], axis=1
    )
    # half a place at either end: the share of the thickness between the places that are held
    weights = np.full(len(THROUGH_CORTEX), 1.0)
    weights[[0, -1]] = 0.5
    return _Cortex(
        along=local[:, 0],
        thickness=thickness,
        touched=np.asarray(depth.min(axis=1) <= 0),
        lost=np.asarray((depth <= 0) @ weights / weights.sum()),
        breached=np.asarray(depth[:, 0] < 0),
    )


def normals(shape: Shape, points: Floats, step: float = 0.1) -> Floats:
    """(n, 3) outward unit normals by central differences."""
    slope = np.stack([shape.distance(points + step * e) - shape.distance(points - step * e) for e in np.eye(3)], axis=1)
    return np.asarray(slope / np.maximum(np.linalg.norm(slope, axis=1), 1e-12)[:, None])
