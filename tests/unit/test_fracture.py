"""Readings of a fracture on histories and meshes made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import block
from scipy.spatial.transform import Rotation

from femrisk.fracture import (
    BROKEN_STRAIN,
    COMPRESSION_LIMIT,
    FAR_AREA,
    FAR_CRUSH,
    FAR_STRAIN,
    FAR_VOLUME,
    SUPPORTS,
    TENSION_LIMIT,
    read_damage_site,
    read_elastic,
    read_peak,
    read_site,
    strain_ratio,
    too_far,
)
from femrisk.history import History, Increment
from femrisk.materials.field import MaterialField, element_sizes, paint
from femrisk.meshes.labelled import LabelledMesh


def history(*points: tuple[float, float], status: str, lost_at: float | None = None) -> History:
    """A march through (mm, N), its work by the trapezoidal rule."""
    increments, work, before = [], 0.0, (0.0, 0.0)
    for travel, force in points:
        work += 0.5e-3 * (before[1] + force) * (travel - before[0])
        increments.append(Increment(travel, force, work, 0.0, 0.0, 2, 0))
        before = (travel, force)
    return History(tuple(increments), status, lost_at, 2 * len(points))


def six(tensor: np.ndarray) -> np.ndarray:
    """(3, 3) -> (xx, yy, zz, xy, yz, xz)."""
    return tensor[[0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2]]


@pytest.fixture(scope="module")
def mesh() -> LabelledMesh:
    """1296 cells, a cube of 24 mm: 13824 mm3, 10.67 mm3 each, neck above, intertrochanteric below, density of 0.5."""
    return block(6, 24.0)


@pytest.fixture(scope="module")
def bone(mesh: LabelledMesh) -> MaterialField:
    return paint(mesh, ())


def test_strains_at_their_limits_give_one() -> None:
    # 0.73 % in tension and 1.04 % in compression, whatever the other principal strains are
    assert strain_ratio(np.array([0.0073, 0, 0, 0, 0, 0])) == pytest.approx(1.0)
    assert strain_ratio(np.array([0, 0, -0.0104, 0, 0, 0])) == pytest.approx(1.0)
    assert strain_ratio(np.array([0.0073, -0.003, 0.002, 0, 0, 0])) == pytest.approx(1.0)
    assert strain_ratio(np.array([-0.0052, 0.00365, 0, 0, 0, 0])) == pytest.approx(0.5)
    assert strain_ratio(np.zeros(6)) == 0


def test_the_larger_share_of_its_limit_counts() -> None:
    # 0.8 % over 0.73 % in tension; 0.9 % over 1.04 % in compression
    assert strain_ratio(np.array([0.008, -0.009, 0, 0, 0, 0])) == pytest.approx(0.8 / 0.73)


def test_a_shear_has_its_tension_and_compression_at_45_degrees() -> None:
    # tensor component 0.5 %: principal strains of +-0.5 %
    for component in (3, 4, 5):
        assert strain_ratio(0.005 * np.eye(6)[component]) == pytest.approx(0.5 / 0.73)


@pytest.mark.parametrize("limit", [TENSION_LIMIT, -COMPRESSION_LIMIT])
def test_the_ratio_does_not_depend_on_the_axes(limit: float) -> None:
    turned = [r @ np.diag([limit, 0.2 * limit, 0.0]) @ r.T for r in Rotation.random(20, rng=4).as_matrix()]
    assert strain_ratio(np.array([six(one) for one in turned])) == pytest.approx(np.ones(20))


def test_a_collapse_is_read_from_the_parabola_through_its_top() -> None:
    # 100 u - 12.5 u^2 at 3, 3.5, 4.5: the top, 200 N at 4 mm, lies between the points
    force = lambda u: 100 * u - 12.5 * u**2  # noqa: E731
    points = [(u, force(u)) for u in (1.0, 3.0, 3.5, 4.5, 5.5)]
    peak = read_peak(history(*points, status="collapsed"))
    assert peak.load == pytest.approx(200.0)
    assert peak.displacement == pytest.approx(4.0)
    assert peak.bracket is None
    # by trapezoids: 0.5 * 87.5 + 87.5 + 187.5 + 0.25 * (187.5 + 196.875), and on to the top 0.25 * (196.875 + 200)
    assert points[2][1] == pytest.approx(196.875)
    by_hand = 0.5 * 87.5 + 87.5 + 187.5 + 0.25 * (187.5 + 196.875) + 0.25 * (196.875 + 200)
    assert peak.energy == pytest.approx(1e-3 * by_hand)
    assert peak.increment == 2


def test_a_force_that_levels_off_is_its_largest() -> None:
    peak = read_peak(history((1, 100), (2, 149), (3, 150), (4, 150.5), status="plateau"))
    assert (peak.load, peak.displacement, peak.bracket, peak.increment) == (150.5, 4, None, 3)


def test_a_plateau_whose_top_lies_between_two_states_is_read_from_their_parabola() -> None:
    points = [(x, 200 - 8 * (x - 4.5) ** 2) for x in (3, 4, 5)]
    peak = read_peak(history((1, 80), *points, status="plateau"))
    assert peak.load == pytest.approx(200.0, rel=1e-9)
    assert peak.displacement == pytest.approx(4.5, rel=1e-9)


def test_a_force_that_still_rises_is_its_last() -> None:
    peak = read_peak(history((1, 100), (2, 190), status="limit_reached"))
    assert (peak.load, peak.displacement, peak.bracket) == (190, 2, None)
    assert peak.energy == pytest.approx(1e-3 * (50 + 145))


def test_equilibrium_lost_near_the_peak_is_bracketed_by_the_secant() -> None:
    # 5 N/mm over the last steps: at most 110 + 5 * 0.4 at the travel that could not be reached
    peak = read_peak(history((1, 100), (2, 105), (3, 110), status="bracketed", lost_at=3.4))
    assert peak.load == 110
    assert peak.bracket == pytest.approx((110, 112))


def test_a_top_between_the_last_states_widens_the_bracket() -> None:
    # 155 + 30 (u - 2) - 25 (u - 2)^2 passes through them and has its top, 164 N, at 2.6 mm; the secant says 162
    peak = read_peak(history((1, 100), (2, 155), (3, 160), status="bracketed", lost_at=3.4))
    assert peak.load == 160
    assert peak.bracket == pytest.approx((160, 164))


def test_a_march_that_got_stuck_has_no_load() -> None:
    peak = read_peak(history((1, 100), (2, 190), status="stuck", lost_at=2.1))
    assert peak.load is None
    assert peak.bracket is None
    assert read_peak(history(status="stuck", lost_at=0.1)).load is None


def test_every_bracket_holds_its_load() -> None:
    random = np.random.default_rng(5)
    for _ in range(200):
        travel = np.cumsum(random.uniform(0.1, 1, 6))
        force = 100 * travel - random.uniform(4, 12) * travel**2
        lost = float(travel[-1] + random.uniform(0.01, 0.5))
        peak = read_peak(history(*zip(travel, force, strict=True), status="bracketed", lost_at=lost))
        assert peak.load is not None
        assert peak.bracket is not None
        assert peak.bracket[0] <= peak.load <= peak.bracket[1] * (1 + 1e-12)


def test_a_bracket_holds_its_load_where_states_beyond_the_top_lift_it() -> None:
    # a coarse voxel femur: the parabola through the top and its neighbours lies above the secant before them
    travel = (1.9252, 2.1425, 2.3599, 2.4006, 2.4210, 2.4312)
    force = (6904.6, 7404.1, 7618.8, 7535.5, 7424.3, 7322.4)
    peak = read_peak(history(*zip(travel, force, strict=True), status="bracketed", lost_at=2.45))
    assert peak.load is not None
    assert peak.bracket is not None
    assert peak.load > max(force)
    assert peak.bracket[0] <= peak.load <= peak.bracket[1]


def test_a_uniform_strain_fails_at_its_limit_whatever_the_support(mesh: LabelledMesh, bone: MaterialField) -> None:
    strain = np.zeros((len(mesh.tets), 4, 6))
    strain[..., 2] = -0.0026  # a quarter of the limit, under 500 N
    found = read_elastic(mesh, bone, np.zeros(len(mesh.tets), bool), strain, 500.0)
    assert found.loads == pytest.approx(dict.fromkeys(SUPPORTS, 2000.0))
    assert found.site is not None


def test_a_hot_spot_counts_once_it_is_large_enough(mesh: LabelledMesh, bone: MaterialField) -> None:
    # twice the limit in one box of 4 mm (64 mm3), half the limit elsewhere
    strain = np.zeros((len(mesh.tets), 4, 6))
    strain[..., 0] = 0.5 * TENSION_LIMIT
    hot = (np.abs(mesh.centroids() - [2, 2, 2]) < 2).all(axis=1)
    assert mesh.volumes()[hot].sum() == pytest.approx(64)
    strain[hot] *= 4
    found = read_elastic(mesh, bone, np.zeros(len(mesh.tets), bool), strain, 100.0)
    # 10 mm3 fit into it, 100 do not
    assert found.loads == pytest.approx({10.0: 50.0, 100.0: 200.0, 250.0: 200.0})


def test_the_elastic_site_is_the_failing_group(mesh: LabelledMesh, bone: MaterialField) -> None:
    strain = np.zeros((len(mesh.tets), 4, 6))
    low = (np.abs(mesh.centroids() - [0, 0, -8]) < 4).all(axis=1)
    strain[low, :, 0] = TENSION_LIMIT
    found = read_elastic(mesh, bone, np.zeros(len(mesh.tets), bool), strain, 100.0)
    assert found.site is not None
    assert found.site.region == "intertrochanteric"
    assert found.site.material == "cancellous"
    assert found.site.volume >= SUPPORTS[1]
    assert (np.abs(found.site.centroid - [0, 0, -8]) < 4).all()


def test_only_living_bone_away_from_contacts_is_judged(mesh: LabelledMesh) -> None:
    strain = np.zeros((len(mesh.tets), 4, 6))
    strain[..., 0] = 0.5 * TENSION_LIMIT
    contact, metal = mesh.centroids()[:, 0] > 8, mesh.inside("lesion")
    strain[contact | metal] *= 10
    found = read_elastic(mesh, paint(mesh, (("lesion", "ti6al4v"),)), contact, strain, 100.0)
    assert found.loads == pytest.approx(dict.fromkeys(SUPPORTS, 200.0))


def test_too_little_bone_gives_no_load(mesh: LabelledMesh, bone: MaterialField) -> None:
    strain = np.full((len(mesh.tets), 4, 6), 0.001)
    kept = np.flatnonzero((np.abs(mesh.centroids() - [2, 2, 2]) < 2).all(axis=1))
    contact = np.ones(len(mesh.tets), bool)
    contact[kept] = False
    assert set(read_elastic(mesh, bone, contact, strain, 100.0).loads) == {10.0}
    contact[:] = True
    nothing = read_elastic(mesh, bone, contact, strain, 100.0)
    assert nothing.loads == {}
    assert nothing.site is None


def test_the_site_is_the_broken_group_with_the_most_plastic_work(mesh: LabelledMesh, bone: MaterialField) -> None:
    accumulated, middle = np.zeros((len(mesh.tets), 4)), mesh.centroids()
    upper = (np.abs(middle - [0, 0, 8]) < 4).all(axis=1)
    lower = (np.abs(middle - [0, 0, -8]) < 4).all(axis=1)
    accumulated[upper], accumulated[lower] = 0.02, 0.01
    work = mesh.volumes() * accumulated.mean(axis=1)
    site = read_site(mesh, bone, np.zeros(len(mesh.tets), bool), accumulated, work)
    assert site is not None
    assert (site.region, site.material) == ("neck", "cancellous")
    assert site.centroid == pytest.approx([0, 0, 8])
    assert site.volume == pytest.approx(512)
    # more work in the lower one turns the answer
    site = read_site(mesh, bone, np.zeros(len(mesh.tets), bool), accumulated, work * np.where(lower, 3, 1))
    assert site is not None
    assert site.region == "intertrochanteric"


def test_contacts_marrow_and_small_strains_are_no_site(mesh: LabelledMesh, bone: MaterialField) -> None:
    work, everywhere = np.ones(len(mesh.tets)), np.ones(len(mesh.tets), bool)
    broken = np.full((len(mesh.tets), 4), 2 * BROKEN_STRAIN)
    assert read_site(mesh, bone, everywhere, broken, work) is None
    assert read_site(mesh, bone, ~everywhere, broken / 2.1, work) is None
    canal = paint(replace(mesh, density=np.full_like(mesh.density, 0.05)), ())
    assert canal.named("marrow").all()
    assert read_site(mesh, canal, ~everywhere, broken, work) is None


def test_a_cement_that_breaks_is_the_site(mesh: LabelledMesh) -> None:
    field = paint(mesh, (("lesion", "pmma"),))
    accumulated = np.zeros((len(mesh.tets), 4))
    accumulated[mesh.inside("lesion")] = 0.05
    site = read_site(mesh, field, np.zeros(len(mesh.tets), bool), accumulated, accumulated.mean(axis=1))
    assert site is not None
    assert site.material == "pmma"
    assert site.volume == pytest.approx(mesh.volumes()[mesh.inside("lesion")].sum())


def test_bone_alone_goes_too_far(mesh: LabelledMesh) -> None:
    field, accumulated = paint(mesh, (("lesion", "pmma"),)), np.zeros((len(mesh.tets), 4))
    sizes = element_sizes(mesh.points, mesh.tets)
    accumulated[mesh.inside("lesion")] = 1.0
    assert too_far(field, mesh.volumes(), sizes, accumulated) == 0
    outside = np.flatnonzero(~mesh.inside("lesion"))[:10]
    accumulated[outside, 0] = 1.01 * FAR_CRUSH / sizes[outside]
    # one Gauss point of four in ten cells of 24^3 / 1296 mm3
    expected = (24**3 / 1296 / 4 / sizes[outside]).sum() / FAR_AREA
    assert too_far(field, mesh.volumes(), sizes, accumulated) == pytest.approx(expected)


def test_a_crushed_layer_is_as_far_whatever_its_cells(mesh: LabelledMesh) -> None:
    field, sizes = paint(mesh, ()), element_sizes(mesh.points, mesh.tets)
    layer = np.abs(mesh.centroids()[:, 2]) < 2

    def far(share: float, copies: int) -> float:
        strain = layer * 1.5 * FAR_CRUSH / (share * sizes)
        return copies * too_far(field, share**3 * mesh.volumes(), share * sizes, np.tile(strain[:, None], 4))

    # of cells of half the size it takes four times as many to cover it
    assert far(1.0, 1) > 0
    assert far(0.5, 4) == pytest.approx(far(1.0, 1))


def test_bone_that_does_not_soften_goes_too_far_by_its_strain(mesh: LabelledMesh) -> None:
    field = paint(mesh, ())
    ideal = replace(field, curve=replace(field.curve, softening=np.zeros_like(field.curve.softening)))
    accumulated = np.full((len(mesh.tets), 4), 1.01 * FAR_STRAIN)
    everything = too_far(ideal, mesh.volumes(), element_sizes(mesh.points, mesh.tets), accumulated)
    assert everything == pytest.approx(mesh.volumes()[ideal.bone()].sum() / FAR_VOLUME)


def test_the_site_of_damage_is_the_group_that_lost_most(mesh: LabelledMesh, bone: MaterialField) -> None:
    lost, middle, nowhere = np.zeros((len(mesh.tets), 4)), mesh.centroids(), np.zeros(len(mesh.tets), bool)
    upper = (np.abs(middle - [0, 0, 8]) < 4).all(axis=1)
    lower = (np.abs(middle - [0, 0, -8]) < 4).all(axis=1)
    assert read_damage_site(mesh, bone, nowhere, lost, lost.mean(axis=1)) is None
    lost[upper], lost[lower] = 0.9, 0.5
    # the lower group took more energy, but has lost less than four fifths of what the upper one lost
    site = read_damage_site(mesh, bone, nowhere, lost, np.where(lower, 3.0, 1.0))
    assert site is not None
    assert site.region == "neck"
    # under a contact it does not count
    site = read_damage_site(mesh, bone, upper, lost, np.where(lower, 3.0, 1.0))
    assert site is not None
    assert site.region == "intertrochanteric"
