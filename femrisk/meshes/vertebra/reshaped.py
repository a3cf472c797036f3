"""A vertebra, its lesions, solids or mesh and a change of its height in, the same as it then stands out.

Density and shell go along unchanged: each place keeps the density it had. So mass is not kept. Bone that is crushed
into less room is denser for it and yet not stronger, as its trabeculae are broken, while the laws from density to
strength hold for whole ones: kept mass would make a body that lost a third of its height half as strong again and more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from femrisk.errors import MeshError
from femrisk.meshes.anatomy import VertebraAnatomy, VertebraLandmarks
from femrisk.meshes.frames import spot
from femrisk.meshes.labelled import Floats, LabelledMesh, mean_ratios
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.quality import WORST
from femrisk.meshes.sampled import GridDistance, Implicit, resample
from femrisk.meshes.shapes import Shape, Solid
from femrisk.meshes.vertebra.heightchange import Collapse, CollapseKind, Footprint, HeightChange

#: steps of the grids on which distances from a moved bone, and from what lies in it, are measured again, mm
BONE_STEP, STEP = 0.8, 0.5
#: a crushed body has its height back at least this far behind its posterior wall, mm (assumed: less would be a step)
SHORTEST = 4.0


def footprint(kind: CollapseKind, marks: VertebraLandmarks) -> Footprint:
    """Where a body with these landmarks loses height."""
    isthmus = max(marks.right_pedicle[1], marks.left_pedicle[1])
    behind = min(float(isthmus), marks.posterior_wall - SHORTEST)
    return Footprint(kind, marks.anterior_wall, marks.posterior_wall, marks.body_width, behind)


def collapsed(upright: VertebraAnatomy, loss: Collapse) -> VertebraAnatomy:
    """A vertebra whose body has lost height."""
    return reshaped(upright, HeightChange(footprint(loss.kind, upright.landmarks), 0.0, loss.height_loss_share))


def known_collapsed(seen: VertebraAnatomy, kind: CollapseKind, share: float) -> VertebraAnatomy:
    """A vertebra that was found as it is, of which it is known how it has lost its height."""
    return replace(seen, collapse=HeightChange(footprint(kind, seen.landmarks), 0.0, share))


@dataclass(frozen=True, eq=False)
class Carried:
    """What a vertebra knows of its places, asked where they have come to lie."""

    before: VertebraAnatomy
    change: HeightChange

    def density(self, points: Floats, cortical: NDArray[np.bool_]) -> Floats:
        """(n, 3) mm -> (n,) ash density, g/cm3."""
        return self.before.density(self.change.back(points), cortical)

    def region(self, points: Floats) -> NDArray[np.uint8]:
        """(n, 3) mm -> (n,) index into REGIONS."""
        return self.before.region(self.change.back(points))

    def endplates(self, points: Floats) -> tuple[Floats, Floats]:
        """(n,) each: height over the superior and under the inferior endplate, mm, negative inside the body."""
        upper, lower = self.before.endplates(self.change.back(points))
        factor = self.change.factor(points)
        return upper * factor, lower * factor


def reshaped(before: VertebraAnatomy, change: HeightChange) -> VertebraAnatomy:
    """The vertebra after a change of its height."""
    feet, marks, carried = change.moved(before.surface_points), before.landmarks, Carried(before, change)
    box = np.array([feet.min(axis=0), feet.max(axis=0)])
    outer, feet = resample(_moved_distance(before.outer, change), box, BONE_STEP)
    walls = np.array([[0.0, marks.anterior_wall, 0.0], [0.0, marks.posterior_wall, 0.0]])
    anterior, posterior = change.factor(walls)
    right, left, tip = change.moved(np.array([marks.right_pedicle, marks.left_pedicle, marks.spinous_tip]))
    return replace(
        before,
        outer=outer,
        density=carried.density,
        landmarks=replace(
            marks,
            anterior_height=float(anterior * marks.anterior_height),
            posterior_height=float(posterior * marks.posterior_height),
            right_pedicle=right,
            left_pedicle=left,
            spinous_tip=tip,
        ),
        surface_points=feet,
        region=carried.region,
        endplates=carried.endplates,
        height_loss_share=change.after,
        collapse=replace(change, before=0.0),
    )


def moved_shape(shape: Shape, change: HeightChange) -> GridDistance:
    """What lies in the bone, moved with it."""
    corners = np.stack(np.meshgrid(*shape.bounds().T, indexing="ij"), axis=-1).reshape(-1, 3)
    extreme = (1 - change.after) / (1 - change.before)
    reached = np.concatenate([corners, corners * [1.0, 1.0, extreme]])
    box = np.array([reached.min(axis=0), reached.max(axis=0)])
    return resample(_moved_distance(shape, change), box, STEP)[0]


def _moved_distance(shape: Shape, change: HeightChange) -> Implicit:
    """Zero on the moved surface, about as steep as a distance where that looks up or down."""

    def value(points: Floats) -> Floats:
        return shape.distance(change.back(points)) * np.minimum(change.factor(points), 1.0)

    return value


def moved_lesion(lesion: PlacedLesion, change: HeightChange) -> PlacedLesion:
    """A lesion, moved with its bone."""
    return replace(lesion, shape=moved_shape(lesion.shape, change), center=change.moved(lesion.center[None])[0])


def moved_solid(solid: Solid, change: HeightChange, name: str) -> Solid:
    """A solid, moved with its bone, under another name."""
    return replace(solid, shape=moved_shape(solid.shape, change), name=name)


def moved_mesh(mesh: LabelledMesh, change: HeightChange) -> LabelledMesh:
    """The same cells with their vertices moved: what lies in what, regions and density stay theirs.

    Raises:
        MeshError: a cell would become inverted or nearly flat.
    """
    moved = replace(mesh, points=change.moved(mesh.points))
    ratios = mean_ratios(moved.points, moved.tets)
    if (worst := float(ratios.min())) < WORST:
        place = spot(moved.centroids()[int(np.argmin(ratios))])
        raise MeshError(
            f"mesh at {place}",
            f"raising the body leaves a cell of mean ratio {worst:.4f} (allowed: {WORST} and more): try a smaller "
            "mesh_size_mm or height_restored_fraction",
        )
    return moved


def height_at(anatomy: VertebraAnatomy, place: Floats) -> float:
    """Height of the body between its endplates at the x and y of a place (3,), mm."""
    upper, lower = anatomy.endplates(np.array([[place[0], place[1], 0.0]]))
    return -float(upper[0] + lower[0])


def height_lost(anatomy: VertebraAnatomy) -> float:
    """What the body has lost of its height where it has lost most, mm; 0 where that is not known."""
    if anatomy.collapse is None:
        return 0.0
    share = anatomy.collapse.after
    return height_at(anatomy, anatomy.collapse.where.deepest) * share / (1 - share)
