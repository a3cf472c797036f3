"""What every test shares: a small mesh, the folder of real bones, one thread per process."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from femrisk.meshes.labelled import LabelledMesh
from femrisk.output.fields import EDGES
from femrisk.verification import blocks

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on real bones are those of a peer; slow tests go first, so that none is left alone with one at the end."""
    for item in items:
        if isinstance(item, pytest.Function) and "data_folder" in item.fixturenames:
            item.add_marker(pytest.mark.peer)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def block(cells: int = 3, size_mm: float = 6.0) -> LabelledMesh:
    """A cube of ``6 cells**3`` tetrahedra (Kuhn's cut) centred on the origin, with a lesion in its middle."""
    high = np.full(3, size_mm / 2)
    mesh = blocks.block((cells,) * 3, -high, high)
    middle = np.all(np.abs(mesh.centroids()) < size_mm / 6, axis=1)
    return replace(
        mesh,
        membership=(3 + 4 * middle).astype(np.uint32),
        solids=("bone", "endosteum", "lesion"),
        region=np.where(mesh.centroids()[:, 2] > 0, 1, 2).astype(np.uint8),
        density=np.full((len(mesh.tets), 4), 0.5),
    )


@pytest.fixture(scope="session")
def small_mesh() -> LabelledMesh:
    """162 tetrahedra, 6 mm cube, lesion of 2 mm in the middle."""
    return block()


@pytest.fixture(scope="session")
def small_quadratic(small_mesh: LabelledMesh) -> tuple[np.ndarray, np.ndarray]:
    """Points and (162, 10) cells of the same mesh in VTK's order; middle nodes are not shared between cells."""
    points, tets = [small_mesh.points], [small_mesh.tets]
    for i, edge in enumerate(EDGES):
        points.append(small_mesh.points[small_mesh.tets[:, edge]].mean(axis=1))
        tets.append(len(small_mesh.points) + i * len(small_mesh.tets) + np.arange(len(small_mesh.tets))[:, None])
    return np.concatenate(points), np.concatenate(tets, axis=1)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real bones: ``$FEMRISK_DATA``, else ``../shared/data`` beside the repository."""
    folder = Path(os.environ.get("FEMRISK_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real bones at {folder}; FEMRISK_DATA names their folder")
    return folder
