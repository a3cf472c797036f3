"""The tissue of a real lesion is as stiff as the scan says, in the solver's mesh and in sections alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from femrisk.materials.density import LAWS
from femrisk.materials.field import AS_SCANNED, paint
from femrisk.meshes.labelled import LabelledMesh
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import Ball
from femrisk.output.results import group
from femrisk.rigidity import with_lesions

LAW = LAWS["keyak_2005"]


@pytest.fixture
def scanned(small_mesh: LabelledMesh) -> LabelledMesh:
    """Bone of 0.5 g/cm3, which the scan shows with 0.1 in the lesion."""
    ill = np.where(small_mesh.inside("lesion")[:, None], 0.1, small_mesh.density)
    return replace(small_mesh, as_scanned=ill)


def test_the_tissue_of_a_real_lesion_has_the_density_of_the_scan(scanned: LabelledMesh) -> None:
    intact, untreated = paint(scanned, ()), paint(scanned, (("lesion", AS_SCANNED),))
    inside = scanned.inside("lesion")
    np.testing.assert_allclose(intact.curve.young, LAW.modulus(np.array(0.5)))
    np.testing.assert_allclose(untreated.curve.young[inside], LAW.modulus(np.array(0.1)))
    np.testing.assert_array_equal(untreated.curve.young[~inside], intact.curve.young[~inside])
    assert not (untreated.bone() & inside).any()
    assert group(AS_SCANNED) == "tumour"


def test_cement_wins_over_it(scanned: LabelledMesh) -> None:
    treated = paint(scanned, (("lesion", AS_SCANNED), ("lesion", "pmma")))
    np.testing.assert_array_equal(treated.curve.young[scanned.inside("lesion")], 2500.0)


def test_a_mesh_keeps_what_the_scan_shows(scanned: LabelledMesh, small_mesh: LabelledMesh, tmp_path: Path) -> None:
    scanned.save(tmp_path / "mesh.npz")
    kept = LabelledMesh.load(tmp_path / "mesh.npz").as_scanned
    assert kept is not None
    np.testing.assert_array_equal(kept, scanned.as_scanned)
    small_mesh.save(tmp_path / "other.npz")
    assert LabelledMesh.load(tmp_path / "other.npz").as_scanned is None


def test_sections_read_the_same_density() -> None:
    ball = PlacedLesion(
        "real", Ball(np.zeros(3), 5.0), np.zeros(3), "lytic", "neck", 5.0, lambda points, _: np.full(len(points), 0.1)
    )
    points = np.array([[0.0, 0, 0], [9.0, 0, 0]])
    moduli = with_lesions(points, np.full(2, 4000.0), [ball], 0.5, LAW)
    np.testing.assert_allclose(moduli, [float(LAW.modulus(np.array(0.1))), 4000.0])
