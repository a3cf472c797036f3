"""A mesh and the shapes it stands for in, measures of it out; the gate refuses what would spoil a result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from femrisk.errors import MeshError
from femrisk.meshes.anatomy import Anatomy
from femrisk.meshes.cells.extents import parts_of, true_volume
from femrisk.meshes.labelled import Floats, LabelledMesh, mean_ratios
from femrisk.meshes.shapes import Solid

#: mean ratios below these are counted
LIMITS = (0.05, 0.1, 0.2)
#: a cell below this mean ratio spoils a stiffness matrix
WORST = 0.01
#: a solid may miss its volume by this share
VOLUME_SHARE = 0.05
#: what lies in the bone of a solid smaller than this is a sliver of which a share means nothing, mm3
SLIGHT = 20.0

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MeshQuality:
    """What can be said of a mesh without solving on it."""

    cells: int
    vertices: int
    worst_mean_ratio: float
    #: (3,) mm, centroid of the worst cell
    worst_at: Floats
    #: number of cells below 0, 0.05, 0.1 and 0.2
    inverted: int
    below: tuple[int, ...]
    #: name of each solid, bone and endosteum first
    solids: tuple[str, ...]
    #: (s,) volume of each solid's cells, mm3, and of its smooth shape inside the bone
    volumes: Floats
    expected_volumes: Floats
    #: faces with more than two cells, and edges of the outer surface with other than two faces
    overused_faces: int
    open_edges: int
    #: pieces that are joined by faces, and (3,) mm the centroid of the smallest
    pieces: int
    smallest_piece_at: Floats

    def volume_errors(self) -> Floats:
        """(s,) share by which each solid is too large; 0 for those with next to nothing inside the bone."""
        missed = self.volumes - self.expected_volumes
        return np.where(self.expected_volumes > SLIGHT, missed / np.maximum(self.expected_volumes, 1e-9), 0.0)


def assess(mesh: LabelledMesh, anatomy: Anatomy, solids: tuple[Solid, ...]) -> MeshQuality:
    """Measure a mesh against the shapes it was made of.

    Args:
        mesh: what ``mesher.mesh`` made.
        anatomy: its bone.
        solids: the solids cut into it, in order.
    """
    quality = mean_ratios(mesh.points, mesh.tets)
    centroids, volumes = mesh.centroids(), mesh.volumes()
    parts = parts_of(anatomy, solids, 1.0)
    worst = int(np.argmin(quality))
    overused, open_edges, piece = _topology(mesh.tets)
    smallest = int(np.argmin(np.bincount(piece)))
    return MeshQuality(
        cells=len(mesh.tets),
        vertices=len(mesh.points),
        worst_mean_ratio=float(quality[worst]),
        worst_at=centroids[worst],
        inverted=int((quality <= 0).sum()),
        below=tuple(int((quality < limit).sum()) for limit in LIMITS),
        solids=mesh.solids,
        volumes=np.array([volumes[mesh.inside(name)].sum() for name in mesh.solids]),
        expected_volumes=np.array([true_volume(parts, bit) for bit in range(len(parts))]),
        overused_faces=overused,
        open_edges=open_edges,
        pieces=int(piece.max()) + 1,
        smallest_piece_at=centroids[piece == smallest].mean(axis=0),
    )


def gate(quality: MeshQuality) -> None:
    """Let a good mesh pass.

    Raises:
        MeshError: an inverted or nearly flat cell, a solid that lost or gained volume, a mesh that is not one
            conforming piece; the message names the place.
    """
    worst = quality.worst_mean_ratio
    if worst < WORST:
        kind = "inverted" if worst <= 0 else "nearly flat"
        raise MeshError(
            f"mesh at {_place(quality.worst_at)} mm", f"a cell is {kind} (mean ratio {worst:.4f} < {WORST})"
        )
    if quality.pieces > 1:
        place = _place(quality.smallest_piece_at)
        raise MeshError(f"mesh at {place} mm", f"the bone falls into {quality.pieces} pieces")
    if quality.overused_faces or quality.open_edges:
        raise MeshError(
            "mesh",
            f"is not conforming ({quality.overused_faces} faces with more than two cells, "
            f"{quality.open_edges} surface edges without exactly two faces)",
        )
    for index, error in enumerate(quality.volume_errors()):
        if abs(error) > VOLUME_SHARE:
            raise MeshError(
                f"mesh of {quality.solids[index]}",
                f"has {quality.volumes[index]:.0f} mm3, its shape {quality.expected_volumes[index]:.0f} mm3 "
                f"({100 * error:+.1f} %, allowed {100 * VOLUME_SHARE:.0f} %): try a smaller mesh_size_mm",
            )


def _topology(tets: Ints) -> tuple[int, int, NDArray[np.int32]]:
    """(faces with more than two cells, surface edges without exactly two faces, piece of each cell)."""
    faces = np.sort(np.concatenate([np.delete(tets, corner, axis=1) for corner in range(4)]), axis=1)
    order = np.lexsort(faces.T)
    faces = faces[order]
    cells = np.tile(np.arange(len(tets)), 4)[order]
    same = np.all(faces[1:] == faces[:-1], axis=1)
    overused = int((same[1:] & same[:-1]).sum())
    graph = coo_matrix((np.ones(same.sum()), (cells[1:][same], cells[:-1][same])), shape=(len(tets), len(tets)))
    alone = ~(np.append(same, False) | np.insert(same, 0, False))
    surface = faces[alone]
    edges = np.concatenate([surface[:, [0, 1]], surface[:, [1, 2]], surface[:, [0, 2]]])
    _, counts = np.unique(edges[:, 0] * (int(tets.max()) + 1) + edges[:, 1], return_counts=True)
    return overused, int((counts != 2).sum()), connected_components(graph, directed=False)[1]


def _place(point: Floats) -> str:
    """``(x, y, z)`` to a tenth of a mm."""
    return "(" + ", ".join(f"{value:.1f}" for value in point) + ")"
