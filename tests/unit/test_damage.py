"""The law of damage alone: onset, plateau, fall, energy per area, and histories that are left as they were."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.materials.damage import BAND, STEEPEST, crack_band, damage_law, grown, lost, retained
from femrisk.materials.field import element_sizes, paint
from femrisk.materials.library import BRITTLE, COMPRESSION_LIMIT, TENSION_LIMIT
from femrisk.meshes.labelled import LabelledMesh

BONE = crack_band(BRITTLE["bone"], np.full((1, 4), 2.0))
REST = np.zeros((1, 4, 2))


def strained(axial: float, poisson: float = 0.3) -> np.ndarray:
    return np.broadcast_to(np.array([1.0, -poisson, -poisson, 0, 0, 0]) * axial, (1, 4, 6))


def kept(axial: float) -> float:
    return float(retained(BONE, grown(BONE, strained(axial), REST))[0, 0])


@pytest.mark.parametrize(("onset", "plateau"), [(TENSION_LIMIT, 1.5), (-COMPRESSION_LIMIT, 2.5)])
def test_damage_begins_at_the_strain_limit_and_the_stress_stays_over_the_plateau(onset: float, plateau: float) -> None:
    assert kept(0.999 * onset) == 1.0
    assert kept(1.001 * onset) < 1.0
    for k in (1.2, plateau):
        # w k is the stress over E e0
        assert k * kept(k * onset) == pytest.approx(1.0, rel=1e-9)
    assert (plateau + 0.1) * kept((plateau + 0.1) * onset) < 0.99


def test_the_extreme_strains_are_the_principal_ones() -> None:
    random = np.random.default_rng(1)
    strain = 0.05 * random.normal(size=(50, 4, 6))
    law = BONE.take(np.zeros(50, dtype=np.int64))
    xx, yy, zz, xy, yz, xz = np.moveaxis(strain, -1, 0)
    tensor = np.stack([np.stack([xx, xy, xz], -1), np.stack([xy, yy, yz], -1), np.stack([xz, yz, zz], -1)], -2)
    principal = np.linalg.eigvalsh(tensor)
    expected = np.stack([principal[..., 2] / TENSION_LIMIT, -principal[..., 0] / COMPRESSION_LIMIT], axis=-1)
    assert grown(law, strain, np.zeros((50, 4, 2))) == pytest.approx(np.maximum(expected, 0), rel=1e-9, abs=1e-9)


def test_the_stiffness_never_comes_back_and_unloading_goes_to_the_origin() -> None:
    random = np.random.default_rng(2)
    worst, before = REST, 1.0
    for _ in range(50):
        worst = grown(BONE, 0.01 * random.normal(size=(1, 4, 6)), worst)
        share = float(retained(BONE, worst)[0, 0])
        assert share <= before
        before = share
    damaged = grown(BONE, strained(0.01), REST)
    back = grown(BONE, strained(1e-6), damaged)
    # the same share at any smaller strain: stress over strain is constant down to the origin
    assert (back == damaged).all()
    assert retained(BONE, back)[0, 0] == pytest.approx(TENSION_LIMIT / 0.01, rel=1e-9)


def test_the_history_handed_in_is_left_as_it_was() -> None:
    worst = np.full((1, 4, 2), 0.3)
    grown(BONE, strained(0.02), worst)
    assert (worst == 0.3).all()


@pytest.mark.parametrize("width", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("steps", [1, 7, 500])
def test_a_crack_takes_the_same_energy_per_area_in_a_band_of_any_width(width: float, steps: int) -> None:
    material, young = BRITTLE["bone"], 17790.0
    law = crack_band(material, np.full((1, 4), width))
    assert not law.clipped[..., 0].any()
    last = 1.5 + 12 * float(law.fall[0, 0, 0])
    worst, share, energy = REST, np.ones((1, 4)), np.zeros((1, 4))
    for k in np.linspace(0, last, steps + 1)[1:]:
        worst = grown(law, strained(k * TENSION_LIMIT), worst)
        energy = energy + lost(law, np.full((1, 4), 0.5 * young * (k * TENSION_LIMIT) ** 2), worst, share)
        share = retained(law, worst)
    # the plateau dissipates (p - 1) / 2 E e0^2 everywhere, the band 3 N/mm from there on
    on_plateau = 0.25 * young * TENSION_LIMIT**2
    assert width * (energy[0, 0] - on_plateau) == pytest.approx(3.0, rel=0.01)


def test_a_band_too_wide_for_its_energy_is_told() -> None:
    # G / (E e0^2 (p / 2 + STEEPEST)) = 3 / (17790 0.0073^2 0.8) = 3.96 mm
    assert not crack_band(BRITTLE["bone"], np.full((1, 4), 3.9)).clipped.any()
    wide = crack_band(BRITTLE["bone"], np.full((1, 4), 4.0))
    assert wide.clipped[..., 0].all()
    assert (wide.fall[..., 0] == STEEPEST).all()


@pytest.mark.parametrize(
    ("material", "onset"),
    [("pmma", 42.5 / 2500), ("ti6al4v", np.inf), ("tumour_lytic", np.inf), ("tumour_mixed", 0.0073)],
)
def test_bone_and_cement_crack_while_metal_tumour_and_stiff_layers_stay_whole(
    small_mesh: LabelledMesh, material: str, onset: float
) -> None:
    stiff = np.zeros((len(small_mesh.tets), 4))
    stiff[small_mesh.region == 1] = 0.1
    law = damage_law(small_mesh, paint(small_mesh, (("lesion", material),)), stiff)
    lesion, under = small_mesh.inside("lesion"), small_mesh.region == 1
    assert not law.breakable[under].any()
    assert (law.onset[lesion & ~under, :, 0] == onset).all()
    assert (law.onset[~lesion & ~under, :, 0] == TENSION_LIMIT).all()
    assert (law.onset[~lesion & ~under, :, 1] == COMPRESSION_LIMIT).all()


def test_the_band_is_a_share_of_the_edge_of_its_cells(small_mesh: LabelledMesh) -> None:
    law = damage_law(small_mesh, paint(small_mesh, ()), np.zeros((len(small_mesh.tets), 4)))
    width = BAND * element_sizes(small_mesh.points, small_mesh.tets)
    # f = G / (E e0^2 l) - p / 2
    expected = 3.0 / (17790 * TENSION_LIMIT**2 * width) - 0.75
    assert law.fall[:, 0, 0] == pytest.approx(np.maximum(expected, STEEPEST), rel=1e-9)
