"""Where a machine takes hold of a bone: points in, shares of a stiff layer and rigid cores out.

Every contact of a testing machine is a small rigid grip inside a stiff layer that cannot fail, so that neither the
grip's edge nor the bone crushed under it decides the answer. Grips may turn freely where the machine has a joint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.facets import Facets
from femrisk.meshes.labelled import BODY_REGIONS, REGIONS, Floats, LabelledMesh
from femrisk.meshes.shapes import Shape, unit

Motion = Literal["free", "held", "driven"]
#: Modulus of the layer under a contact, MPa (the anti-crush zone of Sas et al. 2020).
STIFF_MODULUS = 20000.0
#: Depth of that layer and width of the rim over which it fades into bone, mm.
STIFF_DEPTH, RIM = 5.0, 2.0
#: Radius of the rigid grip inside the layer, mm.
GRIP_RADIUS = 5.0
#: Modulus of the resin an endplate is cast into, MPa (Yang 2012 [seen]).
PMMA_MODULUS = 2500.0
#: Depth under an endplate down to which bone moves with the resin, and thickness of the layer that fades into bone over
#: RIM, mm: about the bony endplate, 0.4 to 1.0 [recalled-M], and the resin in its pores (assumed).
CAST_DEPTH, CAST_LAYER = 0.75, 1.0
#: A face of the mesh looks along an axis when its normal's share of it is over this: within 60 degrees (assumed).
FACING = 0.5
#: Modulus, MPa, of the layer that stands for a disc (Yang 2012 [seen]); Poisson's ratio (0.4 to 0.45 [recalled-H]).
DISC_MODULUS, DISC_POISSON = 8.0, 0.45
#: Apparent strain of a vertebral body at which its strength is read (Wang 2012; so Costa 2019, Ghosh 2026 [seen]).
STRENGTH_STRAIN = 0.019
#: Distance from a contact within which no failure is looked for, mm.
EXCLUSION = 5.0
#: Distance from a pot within which a break is the clamp's: about the diameter of a shaft (Saint-Venant), mm.
CLAMPED = 25.0


@dataclass(frozen=True)
class Cap:
    """A pad on the surface: the bone within ``radius`` of the line through the pole, down to STIFF_DEPTH."""

    #: mm round it within which no failure is looked for
    exclusion: ClassVar[float] = EXCLUSION

    outer: Shape
    #: (3,) point of the surface under the middle of the pad
    pole: Floats
    #: (3,) unit vector from the machine into the bone
    direction: Floats
    #: mm
    radius: float

    def weight(self, points: Floats, margin: float = 0.0) -> Floats:
        """(n, 3) -> (n,) 1 in the stiff layer grown by ``margin`` mm, 0 outside, smooth over RIM."""
        offset = points - self.pole
        along = offset @ self.direction
        across = np.linalg.norm(offset - along[:, None] * self.direction, axis=1)
        near = (across < self.radius + margin + RIM) & (np.abs(along) < 2 * self.radius + margin)
        result = np.zeros(len(points))
        depth = -self.outer.distance(points[near])
        result[near] = smooth_step(self.radius + margin - across[near]) * smooth_step(STIFF_DEPTH + margin - depth)
        return result

    def core(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) the points the rigid grip takes hold of."""
        return np.asarray(np.linalg.norm(points - self.pole, axis=1) < GRIP_RADIUS)


@dataclass(frozen=True)
class Pot:
    """The shaft cast into a pot: everything below a height."""

    exclusion: ClassVar[float] = EXCLUSION

    #: z of the pot's rim, mm
    top: float
    #: z below which the bone moves with the pot, mm
    rigid_top: float

    def weight(self, points: Floats, margin: float = 0.0) -> Floats:
        """(n, 3) -> (n,) 1 in the pot grown by ``margin`` mm, 0 above, smooth over RIM."""
        return smooth_step(self.top + margin - points[:, 2])

    def core(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) the points that move with the pot."""
        return np.asarray(points[:, 2] < self.rigid_top)


@dataclass(frozen=True)
class Embedding:
    """An endplate cast into resin: the body down to a depth under its face.

    The resin holds the whole face, so nothing is crushed at a grip's edge, and failure is looked for right up to it.
    """

    exclusion: ClassVar[float] = 0.0

    anatomy: VertebraAnatomy
    #: the superior endplate, or the inferior one
    superior: bool
    #: depth down to which bone moves with the resin, mm
    deep: float = CAST_DEPTH

    def depth(self, points: Floats) -> Floats:
        """(n, 3) -> (n,) mm under the endplate's face; far out for points of the arch."""
        over = self.anatomy.endplates(points)[0 if self.superior else 1]
        in_body = np.isin(self.anatomy.region(points), [REGIONS.index(name) for name in BODY_REGIONS])
        return np.asarray(np.where(in_body, -over, np.inf))

    def weight(self, points: Floats, margin: float = 0.0) -> Floats:
        """(n, 3) -> (n,) 1 at the face of the layer grown by ``margin`` mm, 0 deeper, smooth over RIM."""
        return smooth_step(CAST_LAYER + margin - self.depth(points))

    def core(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) the points that move with the resin."""
        return np.asarray(self.depth(points) < self.deep)

    def faces(self, mesh: LabelledMesh, outer: Facets) -> NDArray[np.bool_]:
        """(f,) which outer faces of a mesh are the endplate: those held in their middle that look along the axis."""
        upwards = outer.normals(mesh)[:, 2] * (1 if self.superior else -1)
        return np.asarray(self.core(mesh.points[outer.vertices(mesh)].mean(axis=1)) & (upwards > FACING))


@dataclass(frozen=True)
class Plate:
    """A rigid plate bonded to the outer face of a disc; it touches no bone."""

    exclusion: ClassVar[float] = 0.0

    #: the endplate under the disc
    face: Embedding
    #: z of the plate, mm
    level: float

    def weight(self, points: Floats, margin: float = 0.0) -> Floats:
        """(n, 3) -> (n,) nothing is stiffened."""
        return np.zeros(len(points))

    def core(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) the points that lie in the plate."""
        return np.asarray(np.abs(points[:, 2] - self.level) < 1e-6)


@dataclass(frozen=True)
class Grip:
    """A rigid body glued to the core of a contact zone."""

    name: str
    zone: Cap | Pot | Embedding | Plate
    #: (3,) point about which it turns, mm
    center: Floats
    #: translations, then rotations, along the machine's three axes
    motion: tuple[Motion, Motion, Motion, Motion, Motion, Motion]

    def touches(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) True in the contact and within what its zone excludes."""
        return np.asarray(self.zone.weight(points, self.zone.exclusion) > 0)


@dataclass(frozen=True)
class Pressed:
    """A vertebral body under a force along its axis, where its shortening is measured."""

    anatomy: VertebraAnatomy
    #: y of the line along which the force passes, mm
    line: float

    @property
    def height(self) -> float:
        """Height of the body on that line, from rim to rim, mm; over it the apparent strain is read."""
        marks = self.anatomy.landmarks
        share = (self.line - marks.posterior_wall) / marks.body_depth
        return marks.posterior_height + share * (marks.anterior_height - marks.posterior_height)


@dataclass(frozen=True)
class Boundary:
    """The machine: axes as rows (3, 3), the third one against the driven direction, and its grips."""

    axes: Floats
    grips: tuple[Grip, ...]
    #: modulus of the layer, MPa
    layer_MPa: float = STIFF_MODULUS
    #: the vertebral body between the grips; None in another bone, whose strength is a peak of the force
    pressed: Pressed | None = None

    def cast_round(self, mesh: LabelledMesh) -> Boundary:
        """The same machine with resin as deep as it flows into the surface of a mesh."""
        deep = cast_depth(mesh)
        cast = [
            replace(one, zone=replace(one.zone, deep=deep)) if isinstance(one.zone, Embedding) else one
            for one in self.grips
        ]
        return replace(self, grips=tuple(cast))

    @property
    def height(self) -> float | None:
        """Height over which the apparent strain is read, mm; None where strength is a peak of the force."""
        return None if self.pressed is None else self.pressed.height

    @property
    def potted(self) -> bool:
        """True where endplates are cast into resin, under which nothing fails."""
        return any(isinstance(grip.zone, Embedding) for grip in self.grips)

    def stiffness_weight(self, points: Floats) -> Floats:
        """(n, 3) -> (n,) share of the stiff layer at each point, 0 to 1."""
        return np.asarray(np.max([grip.zone.weight(points) for grip in self.grips], axis=0))

    def contact(self, points: Floats) -> NDArray[np.bool_]:
        """(n, 3) -> (n,) True where a fracture is not looked for: contacts, pots and what their zones exclude."""
        return np.asarray(np.any([grip.touches(points) for grip in self.grips], axis=0))

    def clamped(self, point: Floats) -> bool:
        """True where a pot bends the bone: a break at this point (3,) says little of the bone above."""
        pots = [grip.zone for grip in self.grips if isinstance(grip.zone, Pot)]
        return any(bool(pot.weight(point[None], CLAMPED)[0] > 0) for pot in pots)


def cast_depth(mesh: LabelledMesh) -> float:
    """Depth under an endplate down to which bone moves with the resin, mm.

    Resin fills the steps of voxels, whose outer faces lie up to half an edge under the endplate.
    """
    return max(CAST_DEPTH, float(np.cbrt(mesh.volumes()[0])) / 2) if mesh.of_voxels else CAST_DEPTH


def smooth_step(distance: Floats) -> Floats:
    """0 below -RIM/2, 1 above RIM/2, cubic in between; distance in mm."""
    s = np.clip(distance / RIM + 0.5, 0.0, 1.0)
    return np.asarray(s * s * (3 - 2 * s))


def machine_axes(direction: Floats, first: Floats) -> Floats:
    """(3, 3) right-handed rows: ``first`` made square to the force, its complement, and minus the force's direction."""
    third = -direction
    across = unit(first - (first @ third) * third)
    return np.array([across, np.cross(third, across), third])
