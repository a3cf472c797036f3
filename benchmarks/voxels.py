"""One CT of a vertebra three ways: femrisk's voxels, those of parosol-py, and femrisk's tetrahedra.

The L2 of ``$FEMRISK_DATA/vertebra_L2_ct`` (one voxel per mm) between two caps of resin that fill the discs, the lower
one held, the upper one driven straight down. Every way has the same law (a modulus per voxel from its density), the
same Poisson's ratio and the same faces held. Each runs in a process of its own, so that its memory is its own; seconds
are the processor's from the block of moduli to the force, on one core, compilers left out. ``--parosol`` names a Python
that has parosol-py (``pip install parosol-py`` in an environment of its own); without it that row is left out, with the
reason.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
#: labels of the image: bone, and the discs under and over the body
BONE, BELOW, ABOVE = (1, 2, 3, 4), 5, 6
#: of resin and of all else
RESIN_MPA, POISSON = 2500.0, 0.3
#: edge of the tetrahedra, mm, blur of the label's surface, voxels, and how near to its face a cap is held, mm
EDGE_MM, BLUR, NEAR_MM = 2.0, 0.7, 0.2
TOLERANCE = 1e-6
#: voxels of air laid round the block
PAD = 8
WAYS = ("voxels that may flow", "voxels", "tetrahedra", "parosol-py")

PAROSOL = """
import json, resource, sys, time
import numpy as np
from parosol_py import BoundaryConditionSet, solve
block = np.load(sys.argv[1])
values = {"held": (1e-16, 1e-16, 1e-16), "driven": (1e-16, 1e-16, -1.0)}
where = np.concatenate([np.c_[np.repeat(block[k], 3, axis=0), np.tile(range(3), len(block[k]))] for k in values])
what = np.concatenate([np.tile(values[k], len(block[k])) for k in values])
start = time.process_time()
found = solve(material=block["young"].astype(np.float32), spacing=(1.0, 1.0, 1.0), array_order="xyz",
    material_unit="MPa", poisson_ratio=float(sys.argv[2]), tolerance=float(sys.argv[3]), outputs=("forces",),
    boundary_conditions=BoundaryConditionSet(where, what))
seconds = time.process_time() - start + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
driven = np.isclose(found.fields["displacements"][:, 2], -1.0)
memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
print(json.dumps({"force": -float(found.fields["forces"][driven, 2].sum()), "seconds": seconds,
    "memory": memory, "unknowns": 3 * len(driven)}))
"""


@dataclass(frozen=True)
class Block:
    """Moduli per voxel, and the z of the two faces that are held, all in voxels' indices less a half."""

    #: (nx, ny, nz) MPa, 0 where there is nothing
    young: np.ndarray
    #: (nx, ny, nz) True in the caps
    cap: np.ndarray
    low: int
    high: int

    def face(self, high: bool) -> np.ndarray:
        """(k, 3) corners of voxels of a cap on its outer face."""
        layer = self.cap[:, :, self.high - 1 if high else self.low]
        corners = np.argwhere(layer)[:, None] + [(0, 0), (0, 1), (1, 0), (1, 1)]
        flat = np.unique(corners.reshape(-1, 2), axis=0)
        return np.column_stack([flat, np.full(len(flat), self.high if high else self.low)])


@dataclass(frozen=True)
class Face:
    """The points of a cap's outer face, in the place of a contact zone."""

    exclusion = 0.0
    z: float
    #: (nx, ny) True over the cap
    over: np.ndarray
    near: float

    def core(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) -> (n,) on the face, or within a rounding of its rim."""
        place = np.stack([np.rint(points[:, :2] + s) for s in ((-0.6, -0.6), (-0.4, -0.6), (-0.6, -0.4), (-0.4, -0.4))])
        place = place.astype(int).clip(0, np.array(self.over.shape) - 1)
        held: np.ndarray = self.over[place[..., 0], place[..., 1]].any(axis=0)
        return held & (np.abs(points[:, 2] - self.z) < self.near)


def read_block(folder: Path) -> Block:
    """The vertebra and its caps: columns of resin from each disc to the height where the disc ends."""
    import SimpleITK

    from femrisk.materials.density import LAWS
    from femrisk.meshes.cells.voxels import Voxels
    from femrisk.meshes.vertebra.atlas import ASH_PER_QCT

    labels, density = (
        SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / name))).transpose(2, 1, 0)
        for name in ("labels.nii.gz", "density_mg_per_cm3.nii.gz")
    )
    bone, above, below = np.isin(labels, BONE), labels == ABOVE, labels == BELOW
    high, low = int(np.flatnonzero(above.any(axis=(0, 1))).max()) + 1, int(np.flatnonzero(below.any(axis=(0, 1))).min())
    z = np.arange(labels.shape[2])
    over = above.any(axis=2)[..., None] & (z >= above.argmax(axis=2)[..., None]) & (z < high)
    under = below.any(axis=2)[..., None] & (z < z[-1] + 1 - below[..., ::-1].argmax(axis=2)[..., None]) & (z >= low)
    cap = (over | under) & ~bone
    ash = ASH_PER_QCT[0] * density / 1000 + ASH_PER_QCT[1]
    young = np.where(cap, RESIN_MPA, LAWS["kopperdahl_2002"].modulus(ash))
    whole, left_out = Voxels(bone | cap, young, np.eye(3, 4)).in_one_piece()
    print(f"{int(whole.bone.sum())} voxels; left out: {left_out}", file=sys.stderr)
    return Block(np.where(whole.bone, young, 0.0), cap & whole.bone, low, high)


def solved(mesh: Any, young: np.ndarray, block: Block, near: float, flows: bool) -> dict[str, float]:
    """Press a mesh between the caps' faces."""
    import femrisk.wheel  # noqa: F401

    # isort: split
    from mpi4py import MPI

    from femrisk.contacts import Boundary, Grip, Motion, machine_axes
    from femrisk.domain import distribute
    from femrisk.equilibrium import Equilibrium
    from femrisk.grips import grip
    from femrisk.materials.curve import constant
    from femrisk.stack import stacked

    guided: tuple[Motion, ...] = ("held", "held", "driven", "held", "held", "held")
    grips = tuple(
        Grip(name, Face(z, block.cap[:, :, layer], near), np.array([0.0, 0.0, z]), motion)
        for name, z, layer, motion in (
            ("upper", float(block.high), block.high - 1, guided),
            ("lower", float(block.low), block.low, ("held",) * 6),
        )
    )
    boundary = Boundary(machine_axes(np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0])), grips)
    domain = stacked(mesh, MPI.COMM_SELF, flows) if mesh.of_voxels else distribute(mesh, MPI.COMM_SELF)
    curve = replace(constant(young.shape, 1.0, POISSON), young=young).take(domain.original)
    state = Equilibrium(domain, grip(domain, boundary), curve).linear(TOLERANCE)
    return {"force": state.force, "unknowns": domain.dofs}


def of_voxels(block: Block, flows: bool) -> dict[str, float]:
    """One cell per voxel."""
    from femrisk.meshes.cells.voxels import Voxels

    corner = np.column_stack([np.eye(3), np.full(3, 0.5)])
    mesh = Voxels(block.young > 0, block.young, corner).mesh(lambda points: np.zeros(len(points), dtype=np.uint8))
    return solved(mesh, mesh.density, block, NEAR_MM, flows)


def of_tetrahedra(block: Block) -> dict[str, float]:
    """Quadratic tetrahedra in the smooth surface of the voxels, cut off at the caps' faces; moduli at Gauss points."""
    from scipy.ndimage import distance_transform_edt

    from femrisk.meshes.anatomy import Anatomy
    from femrisk.meshes.mesher import mesh
    from femrisk.meshes.shapes import HalfSpace, Intersection, Union

    whole = np.pad(block.young > 0, PAD)
    bone = whole & ~np.pad(block.cap, PAD)
    # caps go on beyond their faces, so that these are cut and not rounded off
    whole[:, :, PAD + block.high :] |= np.pad(block.cap[:, :, block.high - 1], PAD)[..., None]
    whole[:, :, : PAD + block.low] |= np.pad(block.cap[:, :, block.low], PAD)[..., None]
    planes = [
        HalfSpace(np.array([0.0, 0.0, z]), np.array([0.0, 0.0, up])) for z, up in ((block.high, 1.0), (block.low, -1.0))
    ]
    (outside, feet), (alone, _) = rounded(whole), rounded(bone)
    shape = Union((alone, Intersection((outside, *planes))))
    nearest = distance_transform_edt(block.young == 0, return_distances=False, return_indices=True)

    def young(points: np.ndarray, _: np.ndarray) -> np.ndarray:
        place = np.floor(points).astype(int).clip(0, np.array(block.young.shape) - 1)
        return np.asarray(block.young[tuple(nearest[:, *place.T])])

    anatomy = Anatomy(shape, None, young, None, feet, np.eye(3, 4), lambda points: np.zeros(len(points), np.uint8))
    made = mesh(anatomy, (), EDGE_MM)
    print(f"tetrahedra: {made.volumes().sum():.0f} mm3 of {int((block.young > 0).sum())} voxels", file=sys.stderr)
    return solved(made, made.density, block, NEAR_MM, flows=True)


def rounded(mask: np.ndarray) -> Any:
    """The surface of a padded block of voxels, smoothed, as a shape, and points on it."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

    from femrisk.meshes.sampled import resample

    away = distance_transform_edt(~mask) - distance_transform_edt(mask)
    soft = gaussian_filter(away - np.sign(away) / 2, BLUR)
    filled = np.argwhere(mask)

    def implicit(points: np.ndarray) -> np.ndarray:
        return np.asarray(map_coordinates(soft, (points + PAD - 0.5).T, order=1, mode="nearest"))

    return resample(implicit, np.array([filled.min(axis=0), filled.max(axis=0) + 1]) - float(PAD))


def measured(way: str, block: Block) -> dict[str, float]:
    """What one way finds, in this process; the first, small block compiles."""
    small = Block(block.young[45:55, 60:70], block.cap[45:55, 60:70], block.low, block.high)
    work = of_tetrahedra if way == "tetrahedra" else lambda one: of_voxels(one, flows=way == "voxels that may flow")
    work(small)
    start = time.process_time()
    found = work(block)
    seconds = time.process_time() - start
    return {**found, "seconds": seconds, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def asked(way: str, file: Path, parosol: str) -> dict[str, float] | str:
    """What one way finds in a process of its own; the reason where there is nothing."""
    own = [sys.executable, __file__, "--way", way, "--block", str(file)]
    other = [parosol, "-c", PAROSOL, str(file), str(POISSON), str(TOLERANCE)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" or way != "parosol-py"}
    try:
        ran = subprocess.run(
            other if way == "parosol-py" else own, capture_output=True, text=True, check=False, env=environment
        )
    except OSError as error:
        return str(error)
    if ran.returncode:
        return ran.stderr.strip().splitlines()[-1]
    sys.stderr.write(ran.stderr)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--parosol", default=sys.executable, help="Python that has parosol-py")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--block", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        with np.load(options.block) as stored:
            block = Block(stored["young"], stored["cap"], int(stored["low"]), int(stored["high"]))
        print(json.dumps(measured(options.way, block)))
        return
    folder = Path(os.environ.get("FEMRISK_DATA", ROOT.parent / "shared" / "data")) / "vertebra_L2_ct"
    if not folder.is_dir():
        print(f"skipped: no {folder}; FEMRISK_DATA names the folder of real bones")
        return
    block = read_block(folder)
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "block.npz"
        np.savez(file, young=block.young, cap=block.cap, low=block.low, high=block.high,
                 held=block.face(False), driven=block.face(True))  # fmt: skip
        for _ in range(options.repeats):
            for way in WAYS:
                one = asked(way, file, options.parosol)
                if isinstance(one, str):
                    print(f"{way} left out: {one}")
                else:
                    found[way].append(one)
    report(found)


def report(found: dict[str, list[dict[str, float]]]) -> None:
    """A table: stiffness, and time and memory over those of voxels in the same round."""
    base = found["voxels"]
    print("| way | unknowns | stiffness, N/mm | over voxels | seconds over voxels (least, most) | memory over voxels |")
    print("|---|---|---|---|---|---|")
    for way, runs in found.items():
        if runs:
            ratios = [one["seconds"] / other["seconds"] for one, other in zip(runs, base, strict=True)]
            memory = statistics.median(one["memory"] for one in runs) / statistics.median(one["memory"] for one in base)
            print(
                f"| {way} | {runs[0]['unknowns']:.0f} | {runs[0]['force']:.1f} | "
                f"{runs[0]['force'] / base[0]['force']:.4f} | {statistics.median(ratios):.2f} "
                f"({min(ratios):.2f}, {max(ratios):.2f}) | {memory:.2f} |"
            )
    print(f"voxels: {statistics.median(one['seconds'] for one in base):.1f} s, {base[0]['memory']:.0f} MB")


if __name__ == "__main__":
    main()
