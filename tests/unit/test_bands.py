"""How wide the bands are in which bone yields, and what a band keeps of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from mpi4py import MPI
from numpy.typing import NDArray

from femrisk.banded import NEAR, SETTLED, BandedEquilibrium, BandedState, Halfway
from femrisk.bands import Bands, bands
from femrisk.domain import distribute
from femrisk.grips import grip
from femrisk.materials import keyak
from femrisk.materials.field import element_sizes
from femrisk.meshes.cells.voxels import Voxels
from femrisk.meshes.labelled import LabelledMesh
from femrisk.stack import stacked
from femrisk.verification.bars import ALONG_X, ALONG_Y, HANGING, bar, machine
from femrisk.verification.blocks import block

TEST = 15.0


def measure(mesh: LabelledMesh, softens: NDArray[np.bool_] | None = None, length: float = TEST) -> Bands:
    cells = len(mesh.cells)
    domain = stacked(mesh, MPI.COMM_SELF, False) if mesh.of_voxels else distribute(mesh, MPI.COMM_SELF)
    every = np.ones(cells, dtype=bool) if softens is None else softens
    return bands(mesh, every, np.full(cells, length), domain)


def strained(found: Bands, mesh: LabelledMesh, cells: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Widths of bands, in the order of the mesh, once some of its cells have yielded by one per cent."""
    original = found.domain.original
    accumulated = np.where(cells[original][:, None], 0.01, 0.0) * np.ones((1, 8 if mesh.of_voxels else 4))
    widths = np.empty(len(original))
    widths[original] = found.measured(accumulated)
    return widths


def tall(layers: int, jitter: float = 0.0) -> LabelledMesh:
    return block((2, 2, layers), np.array([-4.0, -4, -60]), np.array([4.0, 4, 60]), jitter)


def voxels(edge: float) -> LabelledMesh:
    counts = (4, 4, int(120 / edge))
    at = np.column_stack([np.eye(3) * edge, -np.array(counts) * edge / 2])
    solid = Voxels(np.ones(counts, dtype=bool), np.zeros(counts), at)
    return solid.mesh(lambda points: np.zeros(len(points), dtype=np.uint8))


@pytest.mark.parametrize("mesh", [tall(40, 0.2), voxels(3.0)], ids=["tetrahedra", "voxels"])
def test_bone_that_yields_all_over_is_a_band_as_long_as_the_test(mesh: LabelledMesh) -> None:
    everywhere = np.ones(len(mesh.cells), dtype=bool)
    assert strained(measure(mesh), mesh, everywhere) == pytest.approx(np.full(len(mesh.cells), TEST), rel=1e-6)
    assert strained(measure(mesh), mesh, ~everywhere) == pytest.approx(np.full(len(mesh.cells), TEST))


@pytest.mark.parametrize("mesh", [tall(41), tall(81), voxels(3.0), voxels(1.5)], ids=["3", "1.5", "3 voxel", "voxel"])
def test_one_layer_is_a_band_one_cell_wide(mesh: LabelledMesh) -> None:
    levels = np.unique(mesh.points[:, 2].round(9))
    low, high = levels[len(levels) // 2 : len(levels) // 2 + 2]
    height = mesh.centroids()[:, 2]
    layer = (height > low) & (height < high)
    widths = strained(measure(mesh), mesh, layer)
    assert widths[layer] == pytest.approx(element_sizes(mesh.points, mesh.cells)[layer])


@pytest.mark.parametrize("wide", [9.0, 15.0, 30.0])
def test_a_wider_band_is_found_as_the_kernel_has_it(wide: float) -> None:
    mesh = tall(240)
    height = mesh.centroids()[:, 2]
    widths = strained(measure(mesh), mesh, np.abs(height) < wide / 2)
    middle = np.abs(height) < 0.5
    assert widths[middle] == pytest.approx(np.full(middle.sum(), TEST * (1 - np.exp(-wide / TEST))), rel=0.01)


def test_what_does_not_soften_has_no_band_and_parts_those_beside_it() -> None:
    mesh = tall(40)
    height = mesh.centroids()[:, 2]
    cement = np.abs(height) < 3
    widths = strained(measure(mesh, ~cement), mesh, ~cement & (height > 0))
    sizes = element_sizes(mesh.points, mesh.tets)
    assert widths[cement] == pytest.approx(sizes[cement])
    # as if the column ended at the cement
    assert widths[height > 3] == pytest.approx(np.full((height > 3).sum(), TEST), rel=1e-6)


def test_a_cell_larger_than_the_test_keeps_its_size() -> None:
    mesh = tall(40)
    sizes = element_sizes(mesh.points, mesh.tets)
    everywhere = np.ones(len(mesh.tets), dtype=bool)
    assert strained(measure(mesh, length=1.0), mesh, everywhere) == pytest.approx(sizes)


@pytest.mark.parametrize(("density", "cortical"), [(0.1, False), (0.5, False), (1.0, True)])
def test_the_curve_of_a_wider_band_is_that_of_a_larger_cell(density: float, cortical: bool) -> None:
    given = np.array([density]), np.array([cortical])
    wider = keyak.yield_curve(*given, np.array([2.0])).banded(np.array([2.0]))
    larger = keyak.yield_curve(*given, np.array([4.0]))
    for name, value in vars(larger).items():
        assert getattr(wider, name) == pytest.approx(value, rel=1e-12), name


def cantilever() -> BandedEquilibrium:
    mesh = bar((2, 2, 8))
    shape = (len(mesh.tets), 4)
    bone = keyak.yield_curve(np.full(shape, 0.5), np.zeros(shape, dtype=bool), np.full(shape, 3.0))
    found = measure(mesh)
    unknowns = grip(found.domain, machine(ALONG_X, ALONG_Y, HANGING))
    return BandedEquilibrium(found.domain, unknowns, bone.take(found.domain.original), found)


def pushed(problem: BandedEquilibrium, travel: float, steps: int) -> list[BandedState]:
    slope, states = problem.linear().unknowns, [problem.rest()]
    for here in np.linspace(0, travel, steps + 1)[1:]:
        state = states[-1]
        found = problem.attempt(state, state.unknowns + (here - state.travel) * slope, float(here)).state
        assert isinstance(found, BandedState)
        states.append(found)
    return states


def test_a_band_remembers_how_far_it_was_pushed_in_and_what_that_took() -> None:
    problem = cantilever()
    found, states = problem.bands, pushed(problem, 4.0, 8)
    assert (states[-1].entered > problem.curve.plateau).any()
    for before, after in pairwise(states):
        grown = after.accumulated - before.accumulated
        gained = (after.entered - before.entered) * found.sizes[:, None]
        assert (gained >= found.sizes[:, None] * grown * (1 - 1e-9)).all()
        assert (gained <= found.lengths[:, None] * grown * (1 + 1e-9)).all()
        # on its plateau a band takes its strength times what it yields by, later less
        worked, most = after.worked - before.worked, problem.curve.strength * grown
        plateau = after.entered < problem.curve.plateau
        assert worked[plateau] == pytest.approx(most[plateau], rel=1e-9, abs=1e-12)
        assert (worked <= most + 1e-9).all()


def test_half_a_step_hardly_moves_a_force_that_falls() -> None:
    problem = cantilever()
    coarse, fine, finest = (pushed(problem, 4.0, steps)[-1].force for steps in (6, 12, 48))
    assert abs(coarse - finest) < 0.02 * finest
    assert abs(fine - finest) < 0.5 * abs(coarse - finest)


def test_where_newton_starts_does_not_matter() -> None:
    problem = cantilever()
    before, last = pushed(problem, 3.0, 24)[-2:]
    assert (last.entered > problem.curve.plateau).any()
    for share in (0.9, 1.1):
        guess = before.unknowns + share * (last.unknowns - before.unknowns)
        found = problem.attempt(before, guess, last.travel).state
        assert isinstance(found, BandedState)
        assert found.force == pytest.approx(last.force, rel=1e-6)
        assert found.widths == pytest.approx(last.widths, rel=1e-6)


@pytest.mark.parametrize(("off", "left", "halved"), [(4e-9, 1.0, True), (4e-9, 2.0, False), (4e-7, 1.0, False)])
def test_bands_that_stall_newton_near_equilibrium_go_half_of_the_way(off: float, left: float, halved: bool) -> None:
    problem = cantilever()
    before, last = pushed(problem, 3.0, 24)[-2:]
    noise = np.random.default_rng(1).normal(size=last.unknowns.shape) * problem.unknowns.fine.free
    unknowns = last.unknowns + off * noise
    response = problem.respond(before, unknowns)
    whole, _, residual = problem.followed(before, before, unknowns, response)
    assert isinstance(whole, Halfway)
    assert (SETTLED * last.force < residual < NEAR * last.force) == (off < 1e-8)
    earlier = replace(whole, widths=1.1 * whole.widths, left=left * residual)
    found, _, _ = problem.followed(before, earlier, unknowns, response)
    assert isinstance(found, Halfway)
    assert found.widths == pytest.approx((1.05 if halved else 1.0) * whole.widths, rel=1e-12)
