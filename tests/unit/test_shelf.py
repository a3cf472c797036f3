"""Meshes that cases share: one for each shape, with the density of each bone, however many ask at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from femrisk import shelf
from femrisk.meshes.labelled import LabelledMesh
from femrisk.meshes.shapes import Ball, Solid
from femrisk.plan import Family, MeshTask


def task(folder: Path | None, density: float = 0.5, radius: float = 3.0) -> MeshTask:
    """A bone of one density with a ball in it."""
    lesion = Solid("lesion", Ball(np.zeros(3), radius), "lesion", 1.0)
    bone: Any = SimpleNamespace(
        outer=Ball(np.zeros(3), 9.0),
        inner=None,
        scan=None,
        region=lambda points: np.zeros(len(points), np.uint8),
        density=lambda points, cortical: np.full(len(points), density),
    )
    return MeshTask(Family("base", (lesion,), ("intact",)), bone, (lesion,), 3.0, shelf=folder)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, small_mesh: LabelledMesh) -> list[object]:
    """What the mesher was asked for; it answers slowly, with the density of the bone it was asked about."""
    asked: list[object] = []

    def mesh(anatomy: Any, *rest: object) -> LabelledMesh:
        asked.append(anatomy)
        time.sleep(0.2)
        return shelf.sampled(small_mesh, anatomy)

    monkeypatch.setattr(shelf, "mesh", mesh)
    return asked


def test_bones_of_another_density_share_a_mesh_and_keep_their_density(tmp_path: Path, made: list[object]) -> None:
    light, heavy = shelf.shelved(task(tmp_path, 0.3)), shelf.shelved(task(tmp_path, 0.6))
    assert len(made) == 1
    assert (light.density.max(), heavy.density.min()) == (0.3, 0.6)
    for name in ("points", "cells", "membership", "region"):
        assert np.array_equal(getattr(light, name), getattr(heavy, name))
    assert light.solids == heavy.solids


def test_another_shape_has_another_mesh(tmp_path: Path, made: list[object]) -> None:
    for radius in (3.0, 3.0, 3.0001):
        shelf.shelved(task(tmp_path, radius=radius))
    shelf.shelved(replace(task(tmp_path), size_mm=4.0))
    assert len(made) == 3


def test_without_a_shelf_nothing_is_kept(made: list[object]) -> None:
    for _ in range(2):
        shelf.shelved(task(None))
    assert len(made) == 2


def test_of_two_that_ask_at_once_one_waits_for_the_other(tmp_path: Path, made: list[object]) -> None:
    threads = [threading.Thread(target=shelf.shelved, args=(task(tmp_path),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_mesh_has_the_same_name_in_every_process() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r});"
        "from test_shelf import task, shelf; print(shelf.key_of(task(None)))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == shelf.key_of(task(None))
