"""Scanned bones stand in their frame with the density that was scanned, whatever the file, its axes and its units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scans import scan_of, write, write_series

from femrisk.errors import GeometryError
from femrisk.meshes import CTFemur, CTVertebra, ProximalFemur, Vertebra
from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.ct.labellesion import LabelLesion
from femrisk.meshes.ct.volume import Volume, centres
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import SphereLesion

pytestmark = pytest.mark.slow

#: the arch is drawn as dense as the law of the body needs to be as stiff, mg/cm3 K2HPO4
ARCH_MG = 1000.0
#: a lesion in the right half of the body
LESION, LESION_MM = np.array([9.0, 1.0, 0.0]), 6.0
OPTIONS = {"kind": "ct", "anatomy": "vertebra", "level": "L1"}
DENSITY = {"kind": "calibrated", "unit": "mg_per_cm3_K2HPO4"}


@pytest.fixture(scope="module")
def drawn() -> VertebraAnatomy:
    return Vertebra(level="L1").resolved("female", 68).built()


@pytest.fixture(scope="module")
def scan(drawn: VertebraAnatomy) -> tuple[Volume, Volume]:
    """Image, mg/cm3 K2HPO4, and labels, 1 in the bone and 2 in a lesion of 20 mg/cm3, on turned, anisotropic voxels."""

    def density_of(points: Floats) -> Floats:
        ash = drawn.density(points, np.zeros(len(points), bool))
        bone = np.where(ash >= 1.3, ARCH_MG, 1000 * (ash - 0.0523) / 1.22)
        return np.where(np.linalg.norm(points - LESION, axis=1) < LESION_MM, 20.0, bone)

    image, labels = scan_of(drawn, density_of, (1.2, 1.2, 1.6), (12, -8, 20), blur_mm=0.5)
    ill = np.linalg.norm(centres(labels) - LESION, axis=1).reshape(labels.shape) < LESION_MM
    return image, labels.with_values(np.where(ill, 2 * labels.values, labels.values).astype(np.uint8))


def vertebra(image: Path, labels: Path, **changes: object) -> CTVertebra:
    values = {**OPTIONS, "image": image, "labels": labels, "calibration": DENSITY, "lesion_labels": (2,), **changes}
    return CTVertebra.model_validate(values)


@pytest.fixture(scope="module")
def files(scan: tuple[Volume, Volume], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("scan")
    return write(scan[0], folder / "image.nii.gz"), write(scan[1], folder / "labels.nii.gz")


@pytest.fixture(scope="module")
def built(files: tuple[Path, Path]) -> VertebraAnatomy:
    return vertebra(*files, lesion_fill="mirrored").built()


def deep(anatomy: VertebraAnatomy, count: int = 4000) -> Floats:
    """(n, 3) points in the body, 3 mm under its surface, away from the lesion and its mirror."""
    points = np.random.default_rng(0).uniform([-18, -10, -8], [18, 12, 8], (count, 3))
    away = np.linalg.norm(np.abs(points) - np.abs(LESION), axis=1) > LESION_MM + 4
    return points[(anatomy.outer.distance(points) < -3) & away]


def test_a_scanned_vertebra_stands_where_it_was_drawn(built: VertebraAnatomy, drawn: VertebraAnatomy) -> None:
    np.testing.assert_allclose(built.to_source, np.eye(3, 4), atol=0.5)
    assert built.landmarks.body_width == pytest.approx(drawn.landmarks.body_width, abs=1.0)
    assert built.landmarks.height == pytest.approx(drawn.landmarks.height, abs=1.0)


def test_its_density_is_what_was_scanned(built: VertebraAnatomy, drawn: VertebraAnatomy) -> None:
    points = deep(built)
    everywhere = np.zeros(len(points), dtype=bool)
    found, wanted = built.density(points, everywhere), drawn.density(points, everywhere)
    kept = wanted < 1.0
    # a gradient of 20 % over half a body of 16 mm, found half a millimetre off: 1 %
    assert found[kept].mean() == pytest.approx(wanted[kept].mean(), rel=0.01)
    assert np.std(found[kept] / wanted[kept]) < 0.03
    assert 80 < built.trabecular_mg_per_cm3 < 110


def test_a_series_and_hounsfield_units_give_the_same_bone(
    built: VertebraAnatomy, scan: tuple[Volume, Volume], tmp_path: Path
) -> None:
    # density is 0.8 HU - 4
    image = write_series(scan[0].with_values((scan[0].values + 4) / 0.8), tmp_path / "image")
    labels = write_series(scan[1], tmp_path / "labels")
    line = {"kind": "phantom_line", "slope_mg_per_cm3_per_HU": 0.8, "intercept_mg_per_cm3": -4}
    other = vertebra(image, labels, calibration=line, lesion_fill="mirrored").built()
    np.testing.assert_allclose(other.to_source, built.to_source, atol=1e-5)
    points = deep(built)
    everywhere = np.zeros(len(points), dtype=bool)
    # stored in steps of 1 / 16 HU
    np.testing.assert_allclose(other.density(points, everywhere), built.density(points, everywhere), atol=1e-4)
    assert other.scan is not None
    told = " ".join(other.scan.record.lines().values())
    assert "K2HPO4 = 0.8 HU - 4 mg/cm3" in told
    assert "Doe" not in told


def test_a_real_lesion_is_kept_in_the_scan_and_filled_in_the_intact_bone(built: VertebraAnatomy) -> None:
    lesion = LabelLesion(kind="label", label=2).placed(built, "metastasis")
    np.testing.assert_allclose(lesion.center, LESION, atol=0.5)
    assert lesion.site == "vertebral_body"
    assert lesion.tissue == "as_scanned"
    points = LESION + np.random.default_rng(1).uniform(-2.5, 2.5, (200, 3))
    everywhere = np.zeros(len(points), dtype=bool)
    assert lesion.as_scanned is not None
    # 20 mg/cm3 are 0.0767 g/cm3 of ash
    np.testing.assert_allclose(lesion.as_scanned(points, everywhere), 0.0767, atol=0.004)
    other_side = built.density(points * [-1, 1, 1], everywhere)
    np.testing.assert_allclose(built.density(points, everywhere), other_side, rtol=0.02)
    assert built.scan is not None
    assert any("filled from the other side" in step for step in built.scan.record.steps)


def test_a_label_lesion_asks_for_a_scan_and_its_label(built: VertebraAnatomy, drawn: VertebraAnatomy) -> None:
    with pytest.raises(GeometryError, match="needs a scanned bone"):
        LabelLesion(kind="label", label=2).placed(drawn, "metastasis")
    with pytest.raises(GeometryError, match=r"none of the bone's lesion_labels \(allowed: 2, got: 5\)"):
        LabelLesion(kind="label", label=5).placed(built, "metastasis")


def test_a_virtual_lesion_can_be_added(built: VertebraAnatomy) -> None:
    ball = SphereLesion(kind="sphere", site="vertebral_body", radius_mm=5).placed(built, "virtual")
    assert ball.tissue == "tumour_lytic"


def test_a_scanned_femur_stands_where_it_was_drawn(tmp_path: Path) -> None:
    drawn = ProximalFemur(side="right", length_mm=180).resolved("female", 68).built()
    turned = drawn.to_source[:, :3]

    def density_of(points: Floats) -> Floats:
        cortical = drawn.inner.distance(points) > 0
        return 1000 * (drawn.density(points, cortical) - 0.0633) / 0.887

    image, labels = scan_of(drawn, density_of, (1.5, 1.5, 2.0), blur_mm=0.6)
    # the mirror of the drawn frame is the patient's right side
    mirror = np.diag([-1.0, 1, 1])
    image, labels = (Volume(one.values, mirror @ one.affine) for one in (image, labels))
    bone = CTFemur.model_validate(
        {
            "kind": "ct",
            "anatomy": "proximal_femur",
            "side": "right",
            "image": write(image, tmp_path / "image.nrrd"),
            "labels": write(labels, tmp_path / "labels.nrrd"),
            "calibration": DENSITY,
            "length_mm": 175,
            "anteversion_deg": 15,
        }
    )
    built = bone.resolved("female", 68).built()
    np.testing.assert_allclose(turned, mirror)
    assert np.linalg.det(built.to_source[:, :3]) == pytest.approx(-1)
    assert built.landmarks.head_radius == pytest.approx(drawn.landmarks.head_radius, abs=0.7)
    center = built.landmarks.head_center @ built.to_source[:, :3].T + built.to_source[:, 3]
    np.testing.assert_allclose(center, mirror @ drawn.landmarks.head_center, atol=1.0)
    inside = np.array([center + [0, 0, 5.0]])
    local = (inside - built.to_source[:, 3]) @ built.to_source[:, :3]
    none = np.zeros(1, dtype=bool)
    assert built.density(local, none) == pytest.approx(drawn.density(inside @ mirror, none), rel=0.05)
