"""What is measured on a vertebral body: displacements in, its loss of height, its bulge and that of the canal out.

Everything is read from mean displacements of outer faces of the mesh, so that it does not hang on single nodes.

- Loss of height: planes through the axial displacements of both endplates (least squares), one less the other; on the
  line of the force, which gives the apparent strain, in the middle of the body, and at its walls in the middle.
- Bulge: the largest backward displacement of the posterior wall between the roots of the pedicles, averaged over some
  millimetres, over the straight line between those of the endplates' hindmost parts, less the endplates' twist: rigid
  motion, tilt, and endplates that spread on a disc drop out.
- Canal: how much nearer wall and lamina come in the middle, at mid-height: planes (over x and z) through their backward
  displacements, read there.

Vertebral bulge, height and load-induced canal narrowing are what models of metastases report (Tschirhart 2006,
Salvatore 2018: radial and axial displacement [seen]); how they are read was not seen: the definitions are femrisk's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.contacts import FACING, Embedding, Pressed, cast_depth
from femrisk.domain import Domain
from femrisk.element import face_places
from femrisk.errors import SolverError
from femrisk.history import Deformation
from femrisk.meshes.facets import Facets, outer_facets
from femrisk.meshes.labelled import BODY_REGIONS, REGIONS, Floats, LabelledMesh

#: Depth of an endplate's hindmost part, share of the body's depth; half the height of the wall that bulges and of the
#: band in which the canal is measured, shares of the body's height (assumed: two cells of 2 mm and more).
REAR, WALL, BAND = 1 / 6, 1 / 3, 1 / 4
#: Radius over which the wall's displacement is averaged, mm, and the share of the canal's width on either side of the
#: middle that counts as the wall (assumed: the roots of the pedicles begin at 1/2).
NEARBY, BESIDE = 3.0, 1 / 3
#: Faces of the measured bone, by name.
PATCHES = ("superior", "inferior", "endplates", "superior_rear", "inferior_rear", "wall", "wall_middle", "lamina")


@dataclass(frozen=True)
class Patch:
    """Some of the measured faces."""

    #: (k,) which
    faces: NDArray[np.int64]
    #: (k, 3) their middles, mm, and (k,) their areas, mm2
    middles: Floats
    areas: Floats

    def mean(self, values: Floats) -> float:
        """Of values on these faces (k,), by area."""
        return float(values @ self.areas / self.areas.sum())

    def plane(self, values: Floats, axis: int) -> Floats:
        """(3,) value at the origin, slopes along x and ``axis`` of the plane closest to values (f,)."""
        root = np.sqrt(self.areas)
        terms = np.column_stack([np.ones(len(root)), self.middles[:, [0, axis]]])
        found, *_ = np.linalg.lstsq(root[:, None] * terms, root * values[self.faces], rcond=None)
        return np.asarray(found)


@dataclass(frozen=True)
class Gauge:
    """The measured faces, and where this rank's cells have them."""

    domain: Domain
    pressed: Pressed
    #: by the names in PATCHES
    patches: dict[str, Patch]
    #: (k,) which faces this rank has, and the nodes whose mean is theirs: (k, 3) on the middles of the sides of
    #: triangles, (k, 4) the corners of faces of voxels
    mine: NDArray[np.int64]
    nodes: NDArray[np.int64]

    def read(self, displacement: Floats) -> Deformation:
        """The body at a displacement (n, 3) of this rank's nodes; the same on every rank."""
        # the mean of a quadratic function over a triangle is that of its values on the middles of the sides, and of a
        # bilinear one over a parallelogram that of those at the corners
        parts = self.domain.comm.allgather((self.mine, displacement[self.nodes].mean(axis=1)))
        motion = np.zeros((sum(len(faces) for faces, _ in parts), 3))
        for faces, means in parts:
            motion[faces] = means
        backwards, upwards = -motion[:, 1], motion[:, 2]
        middle, _, slope = self.patches["inferior"].plane(upwards, 1) - self.patches["superior"].plane(upwards, 1)
        marks, lamina = self.pressed.anatomy.landmarks, self.patches["lamina"]
        return Deformation(
            shortening_mm=float(middle + slope * self.pressed.line),
            height_loss_mm=float(middle),
            anterior_height_loss_mm=float(middle + slope * marks.anterior_wall),
            posterior_height_loss_mm=float(middle + slope * marks.posterior_wall),
            posterior_wall_bulge_mm=self._bulge(backwards),
            canal_narrowing_mm=float((self.patches["wall_middle"].plane(backwards, 2) - lamina.plane(backwards, 2))[0])
            if len(lamina.faces)
            else None,
        )

    def _bulge(self, backwards: Floats) -> float:
        """Largest of the wall's backward displacements (f,) over the line between its rims, mm."""
        twist = self.patches["endplates"].plane(backwards, 2)[1]
        wall, low, high = (self.patches[name] for name in ("wall", "inferior_rear", "superior_rear"))
        out, at_low, at_high = (backwards[one.faces] - twist * one.middles[:, 0] for one in (wall, low, high))
        bottom, top = low.mean(low.middles[:, 2]), high.mean(high.middles[:, 2])
        share = (wall.middles[:, 2] - bottom) / (top - bottom)
        out -= (1 - share) * low.mean(at_low) + share * high.mean(at_high)
        near = (np.linalg.norm(wall.middles[:, None] - wall.middles, axis=2) < NEARBY) * wall.areas
        return float((near @ out / near.sum(axis=1)).max())


def gauge(mesh: LabelledMesh, domain: Domain, pressed: Pressed) -> Gauge:
    """Find the faces of a vertebra that are measured.

    Args:
        mesh: the bone, whose cells are the first of ``domain``'s.
        domain: this rank's share of them.
        pressed: how the body is pressed.

    Raises:
        SolverError: the mesh has no face where one is needed.
    """
    outer = outer_facets(mesh)
    middles, areas = mesh.points[outer.vertices(mesh)].mean(axis=1), outer.areas(mesh)
    masks = _masks(mesh, pressed)
    for name, mask in masks.items():
        if name != "lamina" and not mask.any():
            raise SolverError("gauge", f"finds no face of the body's {name.replace('_', ' ')}; the mesh is too coarse")
    chosen = np.flatnonzero(np.any(list(masks.values()), axis=0))
    place = np.full(len(middles), -1)
    place[chosen] = np.arange(len(chosen))
    patches = {name: Patch(place[mask], middles[mask], areas[mask]) for name, mask in masks.items()}
    local = np.full(len(mesh.cells) + 1, -1)
    bone = domain.original < len(mesh.cells)
    local[domain.original[bone]] = np.flatnonzero(bone)
    cells = local[outer.cells[chosen]]
    mine = np.flatnonzero(cells >= 0)
    corners = outer.corners[chosen[mine]]
    sides = corners if mesh.of_voxels else face_places(corners)[:, 3:]
    return Gauge(domain, pressed, patches, mine, domain.cells[cells[mine][:, None], sides])


def _masks(mesh: LabelledMesh, pressed: Pressed) -> dict[str, NDArray[np.bool_]]:
    """Which of the outer faces (f,) belong to each of PATCHES."""
    outer, anatomy = outer_facets(mesh), pressed.anatomy
    marks = anatomy.landmarks
    middles, normals = mesh.points[outer.vertices(mesh)].mean(axis=1), outer.normals(mesh)
    x, y, z = middles.T
    plates = [_held(Embedding(anatomy, superior, cast_depth(mesh)), mesh, outer) for superior in (True, False)]
    in_body = np.isin(mesh.region[outer.cells], [REGIONS.index(name) for name in BODY_REGIONS])
    rear = (np.abs(x) < marks.canal_width / 2) & (y < marks.posterior_wall + REAR * marks.body_depth)
    back = in_body & (normals[:, 1] < -FACING)
    wall = back & (np.abs(x) < BESIDE * marks.canal_width) & (np.abs(z) < WALL * marks.height)
    middle = (np.abs(x) < marks.canal_width / 4) & (np.abs(z) < BAND * marks.height)
    # the front of the lamina lies a canal's depth behind the wall
    behind = (marks.posterior_wall - y) / marks.canal_depth
    lamina = middle & ~in_body & (np.abs(behind - 1) < 0.5) & (normals[:, 1] > FACING)
    found = (*plates, plates[0] | plates[1], plates[0] & rear, plates[1] & rear, wall, back & middle, lamina)
    return dict(zip(PATCHES, found, strict=True))


def _held(face: Embedding, mesh: LabelledMesh, outer: Facets) -> NDArray[np.bool_]:
    """(f,) faces of an endplate that resin would hold at every node: there they move with its plate to the digit."""
    corners = mesh.points[outer.vertices(mesh)]
    nodes = np.concatenate([corners, (corners + np.roll(corners, -1, axis=1)) / 2], axis=1)
    wholly = face.core(nodes.reshape(-1, 3)).reshape(nodes.shape[:2]).all(axis=1)
    return np.asarray(face.faces(mesh, outer) & wholly)
