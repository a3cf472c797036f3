"""Where the parts of a vertebra lie and its lesions in, what they take of each part (``VertebraMeasure``) out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import Shape
from femrisk.meshes.vertebra.spine import ColumnMeasure, SideMeasure, VertebraMeasure

#: (n, 3) points in the standard frame -> (n,) True on the side of a part, whether in the bone or not
Where = Callable[[Floats], NDArray[np.bool_]]

#: spacing of the grid on which a vertebra is measured, mm
GRID_MM = 1.0
#: Sections of the body smaller than this share of its largest one are no sections: rims and what dishes leave.
SECTION_SHARE = 0.5


@dataclass(frozen=True)
class VertebraParts:
    """A vertebra in its standard frame: x right, y anterior, z up, origin at the centre of the body, mm."""

    outer: Shape
    body: Where
    pedicles: Where
    #: None where the vertebra was drawn without them
    facets: Where | None = None
    #: joints with the ribs; None where the vertebra was drawn without them
    costovertebral: Where | None = None


def measure_vertebra(
    level: str,
    parts: VertebraParts,
    lesions: Sequence[PlacedLesion],
    height_loss_share: float | None = None,
    grid_mm: float = GRID_MM,
) -> VertebraMeasure:
    """Measure what all lesions together take (deterministic; shares to about 0.01).

    What is not drawn is unknown where a lesion comes near: facets where it takes some of the posterior elements of
    their side, joints with the ribs where it takes some of these, the pedicle or the posterior half of the body. Else
    it loses nothing.

    Args:
        level: name of the vertebra.
        parts: where its parts lie.
        lesions: all of them.
        height_loss_share: of the body, as known from elsewhere; None where it is not.
        grid_mm: spacing of the grid.
    """
    points, outer = _grid(parts.outer, grid_mm)
    whole = np.clip(0.5 - outer / grid_mm, 0, 1)
    nearest = np.full(len(points), np.inf)
    for lesion in lesions:
        nearest = np.minimum(nearest, lesion.shape.distance(points))
    taken = np.clip(0.5 - np.maximum(nearest, outer) / grid_mm, 0, 1)
    cells = _Cells(points, whole, taken, np.abs(outer) < grid_mm / 2, grid_mm)
    in_body, left = parts.body(points), points[:, 0] < 0
    return VertebraMeasure(
        level=level,
        natures=tuple(lesion.nature for lesion in lesions),
        body_volume_share=cells.share(in_body),
        body_section_share=cells.largest_section(in_body),
        height_loss_share=height_loss_share,
        left=_side(cells, parts, in_body, left),
        right=_side(cells, parts, in_body, ~left),
        columns=_columns(cells, in_body, left),
    )


@dataclass(frozen=True, eq=False)
class _Cells:
    """Cubes of a grid that hold bone (n of them)."""

    #: (n, 3) centres, mm
    points: Floats
    #: (n,) share of each that is bone, and that is bone inside a lesion
    whole: Floats
    taken: Floats
    #: (n,) True where the surface of the bone passes
    surface: NDArray[np.bool_]
    side: float

    def share(self, part: NDArray[np.bool_]) -> float:
        """Share of the volume of a part (n,) that lesions take; 0 where there is no such part."""
        volume = float(self.whole[part].sum())
        return float(self.taken[part].sum()) / volume if volume > 0 else 0.0

    def layers(self, part: NDArray[np.bool_], weight: Floats) -> Floats:
        """Sums of ``weight`` (n,) over each axial layer of a part."""
        index = np.round((self.points[:, 2] - self.points[:, 2].min()) / self.side).astype(np.int64)
        return np.bincount(index[part], weights=weight[part], minlength=index.max() + 1)

    def largest_section(self, part: NDArray[np.bool_]) -> float:
        """Largest share of an axial section of a part that lesions take."""
        area = self.layers(part, self.whole)
        real = area > SECTION_SHARE * area.max()
        return float(np.max(self.layers(part, self.taken)[real] / area[real]))

    def column(self, part: NDArray[np.bool_]) -> ColumnMeasure:
        """What lesions take of a part, and over which share of its height they come through its surface."""
        walled = self.layers(part & self.surface, np.ones(len(self.points))) > 0
        through = self.layers(part & self.surface & (self.taken > self.whole / 2), np.ones(len(self.points))) > 0
        return ColumnMeasure(self.share(part), int(through.sum()) / max(int(walled.sum()), 1))


def _grid(outer: Shape, spacing: float) -> tuple[Floats, Floats]:
    """(n, 3) centres of cubes that hold bone, and their signed distance (n,)."""
    lower, upper = outer.bounds()
    axes = [np.arange(low - spacing / 2, high + spacing, spacing) for low, high in zip(lower, upper, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    distance = outer.distance(points)
    held = distance < spacing / 2
    return points[held], distance[held]


def _side(cells: _Cells, parts: VertebraParts, in_body: NDArray[np.bool_], half: NDArray[np.bool_]) -> SideMeasure:
    pedicle = parts.pedicles(cells.points)
    behind = half & ~in_body & ~pedicle
    # a rib meets the posterior half of the body, the pedicle's root and the transverse process
    beside_ribs = half & (~in_body | (cells.points[:, 1] < 0))
    return SideMeasure(
        pedicle=cells.share(half & pedicle),
        facet=_drawn(cells, parts.facets, half, behind),
        costovertebral=_drawn(cells, parts.costovertebral, half, beside_ribs),
    )


def _drawn(cells: _Cells, where: Where | None, half: NDArray[np.bool_], around: NDArray[np.bool_]) -> float | None:
    """Share of a part; where it was not drawn, 0 if lesions leave all ``around`` it alone, else unknown."""
    if where is not None:
        return cells.share(half & where(cells.points))
    return None if cells.share(around) > 0 else 0.0


def _columns(cells: _Cells, in_body: NDArray[np.bool_], left: NDArray[np.bool_]) -> Mapping[str, ColumnMeasure]:
    anterior = cells.points[:, 1] > 0
    found = {}
    for name, half in (("left", left), ("right", ~left)):
        found[f"body_anterior_{name}"] = cells.column(in_body & anterior & half)
        found[f"body_posterior_{name}"] = cells.column(in_body & ~anterior & half)
        found[f"posterior_elements_{name}"] = cells.column(~in_body & half)
    return found
