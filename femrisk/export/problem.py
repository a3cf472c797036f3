"""What another code has to solve: a painted mesh and a boundary in, quadratic cells, grips and named sets out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femrisk.contacts import Boundary, Grip
from femrisk.discs import disc_painted, with_discs
from femrisk.errors import SolverError
from femrisk.materials.curve import YieldCurve
from femrisk.materials.field import MaterialField
from femrisk.meshes.labelled import Floats, LabelledMesh
from femrisk.output.results import quadratic
from femrisk.pair import stiffened


@dataclass(frozen=True)
class Hold:
    """A grip and what it takes hold of."""

    grip: Grip
    #: (k,) nodes that move with it
    nodes: NDArray[np.int64]


@dataclass(frozen=True)
class Problem:
    """One arm under one load."""

    #: case, arm and load
    title: str
    mesh: LabelledMesh
    field: MaterialField
    boundary: Boundary
    #: (m, 4) yield curves with the stiff layers of the contacts blended in; (m,) cells those touch
    curve: YieldCurve
    layer: NDArray[np.bool_]
    #: (n, 3) vertices and edge middles in the bone's frame, mm
    nodes: Floats
    #: (m, 10) four vertices, then the middles of ``output.fields.EDGES``: the order of VTK, Abaqus and FEBio
    cells: NDArray[np.int64]
    holds: tuple[Hold, ...]

    def in_machine(self, points: Floats) -> Floats:
        """(..., 3) points in the machine's frame, in which every grip is held or driven along a coordinate axis."""
        return np.asarray(points @ self.boundary.axes.T)

    def driven(self) -> str:
        """Name of the grip the machine drives."""
        return next(hold.grip.name for hold in self.holds if hold.grip.motion[2] == "driven")

    def cell_sets(self) -> dict[str, NDArray[np.bool_]]:
        """(m,) masks by name: each material present, each solid, each contact zone, and the stiff layers."""
        centroids = self.mesh.centroids()
        present = np.unique(self.field.index)
        return {
            **{f"material_{self.field.names[i]}": self.field.index == i for i in present},
            **{f"solid_{name}": self.mesh.inside(name) for name in self.mesh.solids},
            **{f"contact_{grip.name}": grip.touches(centroids) for grip in self.boundary.grips},
            "stiff_layer": self.layer,
        }


def pose(title: str, mesh: LabelledMesh, field: MaterialField, boundary: Boundary) -> Problem:
    """State the problem that ``pair.compute`` solves.

    Raises:
        SolverError: a grip takes hold of fewer than four vertices of the mesh.
    """
    mesh = with_discs(mesh, boundary)
    field = disc_painted(field, len(mesh.tets))
    points = mesh.gauss_points()
    weight = boundary.stiffness_weight(points.reshape(-1, 3)).reshape(points.shape[:2])
    nodes, cells = quadratic(mesh)
    # where two grips overlap, the later one holds, as in ``grips``
    held = np.full(len(nodes), -1)
    for number, one in enumerate(boundary.grips):
        held[one.zone.core(nodes)] = number
    holds = tuple(Hold(one, np.flatnonzero(held == number)) for number, one in enumerate(boundary.grips))
    for hold in holds:
        vertices = int((hold.nodes < len(mesh.points)).sum())
        if vertices < 4:
            raise SolverError(hold.grip.name, f"takes hold of only {vertices} vertices; the mesh is too coarse there")
    touched = (weight > 0).any(axis=1)
    curve = stiffened(field.curve, weight, boundary.layer_MPa)
    return Problem(title, mesh, field, boundary, curve, touched, nodes, cells, holds)


def labels(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each name in capitals, digits and underscores, all different: what every code takes for a name."""
    found: list[str] = []
    for name in names:
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name).upper()
        label, count = plain, 1
        while label in found:
            count += 1
            label = f"{plain}_{count}"
        found.append(label)
    return tuple(found)
