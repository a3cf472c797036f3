"""The result folder that the viewer's tests look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from viewed import write_viewed

from femrisk.meshes.labelled import LabelledMesh


@pytest.fixture(scope="session")
def viewed(
    tmp_path_factory: pytest.TempPathFactory, small_mesh: LabelledMesh, small_quadratic: tuple[np.ndarray, np.ndarray]
) -> Path:
    """One load, two arms, four increments."""
    return write_viewed(tmp_path_factory.mktemp("viewed"), small_mesh, small_quadratic).path
