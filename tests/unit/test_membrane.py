"""Facets in a skin: which they are, how they strain, what they push and carry, and what a contact makes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from femrisk.cohesive import join
from femrisk.contacts import STIFF_MODULUS
from femrisk.domain import Domain
from femrisk.equilibrium import Equilibrium
from femrisk.history import State
from femrisk.loadshare import carried
from femrisk.march import Rules
from femrisk.materials.curve import constant
from femrisk.materials.field import MaterialField, paint
from femrisk.materials.interface import STIFFNESS, Interface
from femrisk.materials.planestress import update
from femrisk.materials.skin import Skin, skin
from femrisk.membrane import Membrane, assemble_membrane, cover
from femrisk.meshes.cells.splitting import inner_faces, split
from femrisk.meshes.facets import outer_facets
from femrisk.meshes.labelled import LabelledMesh
from femrisk.pair import compute
from femrisk.preparation import prepare
from femrisk.verification import bars, membranes, skins
from femrisk.verification.blocks import block
from femrisk.verification.checks import Check, Effort
from femrisk.verification.membranes import STATES, equivalent, on_planes, skin_patch, softening
from femrisk.verification.prescribed import alone, marched, prescribe

SIDE, THICKNESS = 2.0, 0.35
YOUNG, POISSON, STRENGTH = 5000.0, 0.3, 40.0


def cube(strength: float = np.inf) -> tuple[LabelledMesh, Domain, Membrane]:
    """2 mm, skinned all round, its inside distorted."""
    mesh = block((2, 2, 2), np.full(3, -SIDE / 2), np.full(3, SIDE / 2), jitter=0.2)
    domain = alone(mesh)
    return mesh, domain, cover(domain, skin(outer_facets(mesh), THICKNESS, YOUNG, POISSON, strength))


def rest(membrane: Membrane) -> State:
    facets, none = len(membrane.nodes), np.zeros(0)
    return State(
        0.0, 0.0, none, none, none, none,
        skin_plastic_strain=np.zeros((facets, 3, 3)), skin_accumulated=np.zeros((facets, 3)),
    )  # fmt: skip


def test_the_outside_of_a_mesh_is_found_once() -> None:
    mesh, _, membrane = cube()
    facets = outer_facets(mesh)
    assert len(facets.cells) == 6 * 2 * 2**2
    assert facets.areas(mesh).sum() == pytest.approx(6 * SIDE**2, rel=1e-12)
    assert np.abs(facets.gauss_points(mesh)).max(axis=-1) == pytest.approx(SIDE / 2)
    assert membrane.measure.sum() == pytest.approx(6 * SIDE**2 * THICKNESS, rel=1e-12)
    upper = on_planes(mesh, np.array([np.inf, np.inf, SIDE / 2]))
    assert upper.areas(mesh).sum() == pytest.approx(SIDE**2, rel=1e-12)


def test_nodes_of_a_facet_are_its_vertices_and_the_middles_of_its_sides() -> None:
    _, domain, membrane = cube()
    corners = domain.vertices[membrane.vertices]
    assert domain.nodes[membrane.nodes[:, :3]] == pytest.approx(corners, abs=1e-12)
    for node, (i, j) in enumerate(((1, 2), (0, 2), (0, 1))):
        middle = 0.5 * (corners[:, i] + corners[:, j])
        assert domain.nodes[membrane.nodes[:, 3 + node]] == pytest.approx(middle, abs=1e-12)


def test_a_quadratic_motion_strains_a_facet_as_its_derivative_does() -> None:
    mesh, domain, membrane = cube()
    random = np.random.default_rng(1)
    linear, square = random.normal(size=(3, 3)), random.normal(size=(3, 3, 3))
    square += square.swapaxes(1, 2)
    x = domain.nodes
    motion = x @ linear.T + 0.5 * np.einsum("ijk,nj,nk->ni", square, x, x)
    points = outer_facets(mesh).gauss_points(mesh)[membrane.original]
    slope = linear + np.einsum("ijk,fgk->fgij", square, points)
    along = np.einsum("fci,fgij,fdj->fgcd", membrane.frames, slope, membrane.frames)
    exact = np.stack([along[..., 0, 0], along[..., 1, 1], along[..., 0, 1] + along[..., 1, 0]], axis=-1)
    assert membrane.strain(motion) == pytest.approx(exact, abs=1e-10)
    # and a rigid motion does not
    turned = np.cross([0.1, -0.2, 0.3], x) + [1.0, 2.0, 3.0]
    assert np.abs(membrane.strain(turned)).max() < 1e-13


@pytest.mark.parametrize(("strength", "size"), [(np.inf, 1e-3), (STRENGTH, 1e-1)], ids=["elastic", "flowing"])
def test_forces_are_the_slope_of_the_energy_and_stiffness_is_theirs(strength: float, size: float) -> None:
    _, domain, membrane = cube(strength)
    random = np.random.default_rng(3)
    nodes, start = len(domain.nodes), rest(membrane)
    displacement, way = size * random.normal(size=(nodes, 3)), random.normal(size=(nodes, 3))

    def forces(at: np.ndarray) -> np.ndarray:
        return membrane.forces(membrane.stretch(at, start).stress, nodes)

    step = 1e-4 * size
    if strength == np.inf:
        ahead, behind = (membrane.energies(displacement + sign * step * way, start)[0] for sign in (1, -1))
        assert 1e3 * (ahead - behind) / (2 * step) == pytest.approx((forces(displacement) * way).sum(), rel=1e-8)
    change = (forces(displacement + step * way) - forces(displacement - step * way)) / (2 * step)
    there = membrane.stretch(displacement, start)
    assert (there.accumulated > 0).mean() == (0 if strength == np.inf else 1)
    blocks = stiffness(membrane, membrane.fine, there.tangent)
    assert blocks == pytest.approx(blocks.transpose(0, 2, 1, 4, 3), abs=1e-9 * np.abs(blocks).max())
    product = np.zeros((nodes, 3))
    np.add.at(product, membrane.nodes, np.einsum("fabij,fbj->fai", blocks, way[membrane.nodes]))
    assert product == pytest.approx(change, abs=1e-5 * np.abs(change).max())


def stiffness(membrane: Membrane, operators: np.ndarray, tangent: np.ndarray) -> np.ndarray:
    """(f, k, k, 3, 3) of each facet."""
    facets, width = len(membrane.nodes), operators.shape[2]
    places = np.arange(facets * width**2, dtype=np.int32).reshape(-1, width, width)
    values = np.zeros((places.size, 3, 3))
    assemble_membrane(membrane.measure, operators, tangent, values, places, np.zeros(facets, dtype=np.int8))
    return values.reshape(-1, width, width, 3, 3)


def test_the_coarse_stiffness_is_the_fine_one_of_motions_linear_in_a_facet() -> None:
    _, _, membrane = cube()
    tangent = np.broadcast_to(np.eye(3), (len(membrane.nodes), 3, 3, 3)).copy()
    fine, coarse = (stiffness(membrane, one, tangent) for one in (membrane.fine, membrane.coarse))
    down = np.vstack([np.eye(3), 0.5 * (1 - np.eye(3))])
    assert np.einsum("fabij,ak,bl->fklij", fine, down, down) == pytest.approx(coarse, abs=1e-9)


def piled(strength: float = np.inf, across: int = 3) -> tuple[LabelledMesh, Skin]:
    """A bar of 6 x 6 x 24 mm about z, and a skin round its sides."""
    mesh = bars.bar((across, across, 6))
    sides = on_planes(mesh, np.array([bars.SIDE / 2, bars.SIDE / 2, np.inf]))
    other = on_planes(mesh, np.array([-bars.SIDE / 2, -bars.SIDE / 2, np.inf]))
    both = replace(
        sides,
        cells=np.concatenate([sides.cells, other.cells]),
        corners=np.concatenate([sides.corners, other.corners]),
    )
    return mesh, skin(both, THICKNESS, YOUNG, 0.0, strength)


def test_a_skin_under_rigid_grips_is_a_spring_beside_the_bar() -> None:
    mesh, layer = piled()
    boundary = bars.machine(bars.DOWN, bars.ALONG_X, bars.GUIDED)
    curve = constant((len(mesh.tets), 4), bars.YOUNG, 0.0)
    plain = bars.gripped(mesh, curve, boundary)
    assert plain.membrane is None
    skinned = Equilibrium(plain.domain, plain.unknowns, curve, membrane=cover(plain.domain, layer))
    state = skinned.linear(1e-12)
    cells, sides = bars.YOUNG * bars.SIDE**2, YOUNG * 4 * bars.SIDE * THICKNESS
    assert state.force == pytest.approx((cells + sides) / bars.LENGTH, rel=1e-8)
    assert skinned.energies(state)[0] == pytest.approx(0.5e-3 * state.force, rel=1e-8)
    # and each carries its share
    assert skinned.membrane is not None
    stress = np.empty_like(skinned.membrane.stress(skinned.displacement(state), state))
    stress[skinned.membrane.original] = skinned.membrane.stress(skinned.displacement(state), state)
    whole = np.empty_like(state.stress)
    whole[plain.domain.original] = state.stress
    load = carried(mesh, whole, layer, stress, np.array([0.0, 0.0, 0.7]), bars.UP)
    assert load.cells == pytest.approx(-cells / bars.LENGTH, rel=1e-7)
    assert load.skin == pytest.approx(-sides / bars.LENGTH, rel=1e-7)
    assert load.share == pytest.approx(sides / (cells + sides), rel=1e-7)
    assert carried(mesh, whole, None, None, np.zeros(3), bars.UP).skin == 0.0


def test_the_whole_load_crosses_every_plane_whatever_the_stress() -> None:
    mesh, layer = piled(STRENGTH)
    boundary = bars.machine(bars.ALONG_X, bars.ALONG_Y, bars.HANGING)
    curve = constant((len(mesh.tets), 4), bars.YOUNG, POISSON, 15.0)
    plain = bars.gripped(mesh, curve, boundary)
    membrane = cover(plain.domain, layer)
    problem = Equilibrium(plain.domain, plain.unknowns, curve, membrane=membrane)
    elastic = problem.linear()
    history, found = marched(problem, Rules(0.2, 0.2, 0.8, elastic.force), elastic)
    assert history.status != "stuck"
    state = found[-1].state
    assert (state.skin_accumulated > 0).any()
    # the order of the bar's cells and of the skin's facets
    whole, stress = np.empty_like(state.stress), np.empty((len(layer.facets.cells), 3, 6))
    whole[plain.domain.original] = state.stress
    stress[membrane.original] = membrane.stress(problem.displacement(state), state)
    for height in (-5.0, 0.3, 6.0):
        # pushed along x: a shear across the bar, and no force along it
        point = np.array([0.0, 0.0, height])
        along = carried(mesh, whole, layer, stress, point, bars.UP)
        assert along.cells + along.skin == pytest.approx(0.0, abs=2e-6 * state.force)
        across = carried(mesh, whole, layer, stress, point, bars.UP, bars.ALONG_X)
        assert across.cells + across.skin == pytest.approx(state.force, rel=2e-6)
        assert 0.2 < across.share < 0.8
    stored, spent = problem.energies(state)
    assert spent > 0
    assert stored > 0


def test_under_a_contact_the_skin_is_stiff_and_does_not_yield() -> None:
    mesh, layer = piled(STRENGTH)
    boundary = bars.machine(bars.DOWN, bars.ALONG_X, bars.GUIDED)
    zones = tuple(replace(one, zone=Stiff(one.zone.sign, one.zone.length)) for one in boundary.grips)
    boundary = replace(boundary, grips=zones)
    ready = prepare(mesh, boundary, MPI.COMM_SELF, skin=layer)
    assert ready.membrane is not None
    height = layer.facets.gauss_points(mesh)[ready.membrane.original][..., 2]
    under = np.abs(height) > bars.LENGTH / 2 - 4
    curve = ready.membrane.curve
    assert (np.isinf(curve.strength) == under).all()
    assert curve.young[under] == pytest.approx(STIFF_MODULUS)
    assert curve.young[~under] == pytest.approx(YOUNG)
    assert layer.curve.young == pytest.approx(YOUNG)
    assert prepare(mesh, boundary, MPI.COMM_SELF).membrane is None


class Stiff(bars.End):
    """An end in a stiff layer of 4 mm."""

    def weight(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        return (self.sign * points[:, 2] > self.length / 2 - 4 - margin).astype(float)


def test_a_pair_tells_what_its_skin_did() -> None:
    mesh, layer = piled(STRENGTH)
    mesh = replace(mesh, density=np.full_like(mesh.density, 0.5))
    boundary = bars.machine(bars.DOWN, bars.ALONG_X, bars.GUIDED)
    boundary = replace(
        boundary, grips=tuple(replace(one, zone=Stiff(one.zone.sign, one.zone.length)) for one in boundary.grips)
    )
    curve = constant(mesh.density.shape, bars.YOUNG, 0.0, 10.0)
    field = MaterialField(("cancellous", "cortical", "marrow"), np.zeros(len(mesh.tets), dtype=np.int64), curve)
    result = compute(prepare(mesh, boundary, MPI.COMM_SELF, skin=layer), field, False, lambda increment: None)
    assert result.skin is not None
    assert result.peak.load == pytest.approx(10.0 * bars.SIDE**2 + STRENGTH * 4 * bars.SIDE * THICKNESS, rel=5e-3)
    load = carried(mesh, result.stress, layer, result.skin.stress, np.array([0.0, 0.0, 1.0]), bars.UP)
    assert load.skin == pytest.approx(-STRENGTH * 4 * bars.SIDE * THICKNESS, rel=5e-3)
    last = result.history.increments[-1]
    assert last.plastic_work == pytest.approx(result.plastic_work.sum() + result.skin.plastic_work.sum(), rel=0.05)
    assert last.external_work == pytest.approx(last.elastic_energy + last.plastic_work, rel=0.02)
    plain = compute(prepare(mesh, boundary, MPI.COMM_SELF), field, False, lambda increment: None)
    assert plain.skin is None
    assert plain.peak.load == pytest.approx(10.0 * bars.SIDE**2, rel=5e-3)


def test_a_rank_without_facets_of_the_skin_goes_on_all_the_same() -> None:
    mesh, layer = piled(STRENGTH)
    boundary = bars.machine(bars.DOWN, bars.ALONG_X, bars.GUIDED)
    plain = bars.gripped(mesh, constant((len(mesh.tets), 4), bars.YOUNG, POISSON, 10.0), boundary)
    none = cover(plain.domain, layer.take(np.zeros(len(layer.facets.cells), dtype=bool)))
    assert none.nodes.shape == (0, 6)
    bare = Equilibrium(plain.domain, plain.unknowns, plain.curve, membrane=none)
    one, two = plain.linear(), bare.linear()
    assert two.force == one.force
    assert none.used(bare.displacement(two)) == 0.0
    flowing = [problem.attempt(one, one.unknowns, 1.0).state for problem in (plain, bare)]
    assert flowing[0] is not None
    assert flowing[1] is not None
    assert (flowing[0].accumulated > 0).any()
    assert flowing[1].force == flowing[0].force
    assert bare.energies(flowing[1]) == plain.energies(flowing[0])


def test_bone_that_cracks_still_leans_on_its_skin() -> None:
    mesh, layer = piled(STRENGTH, 2)
    boundary = bars.machine(bars.UP, bars.ALONG_X, bars.GUIDED)
    boundary = replace(
        boundary, grips=tuple(replace(one, zone=Stiff(one.zone.sign, one.zone.length)) for one in boundary.grips)
    )
    mesh = replace(
        mesh,
        density=np.full_like(mesh.density, 0.5),
        solids=("bone", "endosteum"),
        membership=np.full(len(mesh.tets), 3, np.uint32),
    )
    field = paint(mesh, ())
    plain = compute(prepare(mesh, boundary, MPI.COMM_SELF), field, False, lambda increment: None, damage=True)
    result = compute(
        prepare(mesh, boundary, MPI.COMM_SELF, skin=layer), field, False, lambda increment: None, damage=True
    )
    assert plain.damage is not None
    assert result.skin is not None
    assert result.peak.load is not None
    assert plain.peak.load is not None
    assert result.history.status != "stuck"
    # no later than the peak of the bone alone, both carry all they can; the skin's part is known
    limit = plain.peak.load + STRENGTH * 4 * bars.SIDE * THICKNESS
    assert plain.peak.load < result.peak.load < 1.02 * limit
    load = carried(mesh, result.stress, layer, result.skin.stress, np.array([0.0, 0.0, 1.0]), bars.UP)
    assert load.cells + load.skin == pytest.approx(result.peak.load, rel=0.02)
    assert load.skin == pytest.approx(STRENGTH * 4 * bars.SIDE * THICKNESS, rel=0.1)
    # until the bone comes apart between two steps
    top = result.history.increments[result.peak.increment]
    assert top.external_work == pytest.approx(top.elastic_energy + top.plastic_work, rel=2e-3)


def test_a_skin_and_weak_interfaces_work_side_by_side() -> None:
    mesh = block((2, 2, 2), np.full(3, -SIDE / 2), np.full(3, SIDE / 2))
    upper = mesh.centroids()[:, 2] > 0
    faces = inner_faces(mesh)
    along = upper[faces.cells[:, 0]] != upper[faces.cells[:, 1]]
    domain, seam = alone(split(mesh, faces, along)), faces.take(along)
    count = len(seam.cells)
    joints = join(domain, seam, Interface(np.full(count, np.inf), np.ones(count)))
    # facets are told by cells, which keep their order in a mesh that is cut
    layer = skin(on_planes(mesh, np.array([SIDE / 2, np.inf, np.inf])), THICKNESS, YOUNG, 0.0)
    moved, held = (np.abs(domain.nodes[:, 2] - place) < 1e-9 for place in (SIDE / 2, -SIDE / 2))
    free = np.repeat(~(moved | held)[:, None], 3, axis=1)
    free[:, :2] = False
    unknowns = prescribe(domain, free, moved[:, None] * np.array([0.0, 0.0, 1.0]))
    curve = constant((len(domain.cells), 4), 1000.0, 0.0)

    def stretched(membrane: Membrane | None) -> float:
        return Equilibrium(domain, unknowns, curve, joints=joints, membrane=membrane).linear().force

    plain = stretched(None)
    assert plain == pytest.approx(SIDE**2 / (SIDE / 1000 + 1 / STIFFNESS), rel=1e-6)
    # the cut goes through the skin too: it stretches with the cells on either side of it
    both = stretched(cover(domain, layer))
    assert plain < both < plain + YOUNG * THICKNESS


def test_a_skin_that_lost_facets_keeps_its_other_rows() -> None:
    mesh, layer = piled()
    thick = replace(layer, thickness=np.arange(layer.thickness.size, dtype=float).reshape(layer.thickness.shape))
    wanted = np.arange(len(layer.facets.cells)) % 3 == 0
    left = thick.take(wanted)
    assert (left.thickness == thick.thickness[wanted]).all()
    assert (left.facets.vertices(mesh) == layer.facets.vertices(mesh)[wanted]).all()
    assert left.curve.young.shape == left.thickness.shape


def test_the_states_of_the_tangents_are_where_they_are_said_to_be() -> None:
    random, curve = np.random.default_rng(5), softening()
    end = curve.plateau + (curve.residual - curve.strength) / curve.softening
    bounds = {"elastic": (-1.0, 0.0), "flowing": (0.0, 0.04), "softening": (0.04, end), "residual": (end, np.inf)}
    for state, size in STATES.items():
        strain = random.normal(size=(1, 3, 3))
        strain *= size / equivalent(strain)[..., None]
        plastic = update(curve, strain, np.zeros((1, 3, 3)), np.zeros((1, 3))).accumulated
        low, high = bounds[state]
        assert ((plastic > low) & (plastic <= high)).all()


def wrong(checks: tuple[Check, ...]) -> list[str]:
    return [check.quantity for check in checks if not check.ok]


@pytest.mark.parametrize("spoilt", ["young", "poisson", "strength", "thickness"])
def test_a_skin_wrong_by_five_per_cent_is_found(spoilt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def given(effort: Effort, layer: Skin) -> Skin:
        if spoilt == "thickness":
            return replace(layer, thickness=1.05 * layer.thickness)
        return replace(layer, curve=replace(layer.curve, **{spoilt: 1.05 * getattr(layer.curve, spoilt)}))

    for module in (membranes, skins):
        monkeypatch.setattr(module, "given", given)
    found = {
        "patch": wrong(skin_patch(Effort())),
        "stiff": wrong(skins.stiff_skin(Effort())),
        "limit": wrong(skins.skin_limit(Effort())),
    }
    must = {
        "young": {"patch", "stiff"},
        "poisson": {"patch", "stiff"},
        "strength": {"limit"},
        "thickness": {"patch", "stiff", "limit"},
    }[spoilt]
    assert must <= {name for name, lines in found.items() if lines}
