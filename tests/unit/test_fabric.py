"""Bone stiffer along its axis than across: constants, stretches, paint, layers, and one rank as two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from femrisk.equilibrium import Equilibrium
from femrisk.errors import SolverError
from femrisk.materials.curve import constant
from femrisk.materials.fabric import MORGAN, RATIOS, Fabric, woven
from femrisk.materials.field import paint
from femrisk.materials.vertebral import POISSON
from femrisk.meshes.labelled import REGIONS, LabelledMesh
from femrisk.meshes.vertebra_atlas import ARCH
from femrisk.multigrid import Multigrid
from femrisk.pair import compute, prepare
from femrisk.verification import bars, fabrics
from femrisk.verification.blocks import block
from femrisk.verification.prescribed import alone, prescribe, symmetric

#: ash densities, g/cm3
BODY, BONY = 0.2, ARCH


def vertebra() -> LabelledMesh:
    """A block of three layers along x, 6 cells each: body, cells that hold both, arch; a lesion in half of them."""
    mesh = block((3, 1, 1), np.zeros(3), np.array([3.0, 1, 1]))
    layer = np.floor(mesh.centroids()[:, 0]).astype(int)
    density = np.where(layer == 2, BONY, BODY)[:, None] * np.ones(4)
    density[layer == 1, 1] = BONY
    lesion = (mesh.centroids()[:, 1] > mesh.centroids()[:, 2]).astype(np.uint32)
    region = np.where(layer < 2, REGIONS.index("vertebral_body"), REGIONS.index("pedicle")).astype(np.uint8)
    return replace(mesh, density=density, membership=1 + 2 * lesion, solids=("bone", "lesion"), region=region)


def painted(kind: str, *layers: tuple[str, str]) -> Fabric | None:
    return paint(vertebra(), layers, "kopperdahl_2002", kind).fabric


def test_moduli_across_are_morgans_and_their_mean() -> None:
    # 1357 / 4730 and 1987 / 4730, as in the table
    x, y = MORGAN
    assert (x, y) == pytest.approx((0.2869, 0.4201), abs=1e-4)
    assert RATIOS["orthotropic"] == (*MORGAN, 1.0)
    x, y, z = RATIOS["transversely_isotropic"]
    assert x == y == pytest.approx(0.3472, abs=1e-4)
    assert z == 1.0


def test_constants_of_transversely_isotropic_bone_are_near_the_published_ones() -> None:
    # nu_zx as the isotropic bone; nu_xz 0.104 and G_xy 0.121 E_z are recalled, so near is enough
    bone, ratios = constant((1, 4), 1.0, POISSON), np.array(RATIOS["transversely_isotropic"])
    behind = Fabric(np.broadcast_to(ratios, (1, 4, 3))).law(bone).poisson[0, 0]
    assert behind / ratios[0] ** 0.5 == pytest.approx(POISSON)
    assert behind * ratios[0] ** 0.5 == pytest.approx(0.104, abs=0.003)
    assert ratios[0] / (2 * (1 + behind)) == pytest.approx(0.121, rel=0.25)


def test_stretching_keeps_the_work_of_stress_on_strain() -> None:
    random = np.random.default_rng(1)
    fabric = Fabric(random.uniform(0.2, 1, (5, 4, 3)))
    strain, behind = random.normal(size=(2, 5, 4, 6))
    twice = np.array([1.0, 1, 1, 2, 2, 2])
    work = (fabric.stretched(behind) * strain * twice).sum(axis=-1)
    assert work == pytest.approx((behind * fabric.stretched(strain) * twice).sum(axis=-1))
    assert fabric.behind(fabric.stretched(behind)) == pytest.approx(behind)


def test_isotropic_bone_has_no_fabric() -> None:
    assert woven("isotropic", np.ones((2, 4), dtype=bool)) is None
    assert painted("isotropic", ("lesion", "tumour_lytic")) is None


def test_the_body_has_a_fabric_by_gauss_point_and_the_arch_none() -> None:
    fabric, mesh = painted("orthotropic"), vertebra()
    assert fabric is not None
    body = mesh.density < 0.5
    assert 0 < body[:, 1].sum() < body[:, 0].sum()
    assert (fabric.ratios[body] == RATIOS["orthotropic"]).all()
    assert (fabric.ratios[~body] == 1).all()


def test_lytic_tumour_has_no_fabric_and_a_share_of_the_bone_keeps_its_own() -> None:
    bare, lesion = painted("orthotropic"), vertebra().inside("lesion")
    lytic, mixed = (painted("orthotropic", ("lesion", f"tumour_{one}")) for one in ("lytic", "mixed"))
    assert bare is not None
    assert lytic is not None
    assert mixed is not None
    assert (lytic.ratios[lesion] == 1).all()
    assert (lytic.ratios[~lesion] == bare.ratios[~lesion]).all()
    assert (mixed.ratios == bare.ratios).all()


def test_a_layer_blends_into_the_modulus_of_each_axis() -> None:
    # half of 2500 and half of 100, 42 and 29: over (2500 + 100) / 2
    ratios = np.broadcast_to([0.29, 0.42, 1.0], (1, 4, 3))
    weight = np.array([[0.0, 0.5, 1.0, 0.5]])
    bone = replace(constant((1, 4), 100.0, POISSON), young=np.array([[100.0, 100, 100, 3500]]))
    found = Fabric(ratios).under(bone, weight, 2500.0).ratios[0]
    assert found[0] == pytest.approx([0.29, 0.42, 1.0])
    assert found[1] == pytest.approx([2529 / 2600, 2542 / 2600, 1.0])
    assert found[2] == pytest.approx([1.0, 1.0, 1.0])
    # what is stiffer than the layer stays as it is
    assert found[3] == pytest.approx([0.29, 0.42, 1.0])


def cube(fabric: Fabric | None, linear: type[Multigrid] | None = None) -> Equilibrium:
    """6 mm of Keyak-like bone pressed along x with its base glued, so that nothing is uniform."""
    domain = alone(block((2, 2, 2), np.zeros(3), np.full(3, 6.0), jitter=0.2))
    top = domain.nodes[:, 0] > 6 - 1e-9
    free, values = symmetric(domain), np.zeros_like(domain.nodes)
    free[domain.nodes[:, 0] < 1e-9] = False
    free[top], values[top, 0] = False, -1.0
    cells = len(domain.cells)
    return Equilibrium(
        domain, prescribe(domain, free, values), fabrics.curve(cells), linear, fabric=fabric and fabrics.fabric(cells)
    )


def test_a_fabric_of_ones_changes_no_stress_and_no_force() -> None:
    plain = cube(None)
    cells = len(plain.domain.cells)
    ones = Equilibrium(plain.domain, plain.unknowns, fabrics.curve(cells), fabric=Fabric(np.ones((cells, 4, 3))))
    found = [one.attempt(one.rest(), one.linear().unknowns * 0.2, 0.2).state for one in (plain, ones)]
    assert found[0] is not None
    assert found[1] is not None
    assert (found[0].accumulated > 0).any()
    assert found[1].force == found[0].force
    assert (found[1].stress == found[0].stress).all()


def test_newton_turns_quadratic_where_bone_with_a_fabric_flows() -> None:
    # a wrong tangent would still end, slower: four digits and more per turn near the end
    problem = cube(fabrics.fabric(1))
    elastic = problem.linear()
    state = problem.attempt(problem.rest(), elastic.unknowns * 0.15, 0.15, 1e-8)
    assert state.state is not None
    assert (state.state.accumulated > 0).mean() > 0.5
    assert state.newton_iterations <= 6


def test_both_linear_solvers_find_the_same_state() -> None:
    found = [
        one.attempt(one.rest(), one.linear().unknowns * 0.15, 0.15, 1e-9).state
        for one in (cube(fabrics.fabric(1)), cube(fabrics.fabric(1), Multigrid))
    ]
    assert found[0] is not None
    assert found[1] is not None
    assert found[1].force == pytest.approx(found[0].force, rel=1e-8)
    assert found[1].stress == pytest.approx(found[0].stress, abs=1e-6)


def test_work_is_stored_or_dissipated_in_bone_that_flows_unevenly() -> None:
    # the machine's work by trapezia errs by the square of the step
    problem = cube(fabrics.fabric(1))
    coarse, fine = (unaccounted(problem, steps) for steps in (10, 20))
    assert fine < 1e-3
    assert fine == pytest.approx(coarse / 4, rel=0.25)


def unaccounted(problem: Equilibrium, steps: int) -> float:
    """Share of the work at 0.2 mm that is neither stored nor dissipated."""
    state, work, last = problem.rest(), 0.0, 0.2
    guess = problem.linear().unknowns * last / steps
    for travel in np.linspace(0, last, steps + 1)[1:]:
        new = problem.attempt(state, guess, float(travel)).state
        assert new is not None
        work += 0.5e-3 * (new.force + state.force) * (new.travel - state.travel)
        guess, state = new.unknowns + (new.unknowns - state.unknowns), new
    stored, plastic = problem.energies(state)
    assert plastic > stored
    return abs(stored + plastic - work) / work


def test_damage_of_bone_with_a_fabric_is_refused() -> None:
    mesh = bars.bar((1, 1, 2))
    boundary = bars.machine(bars.DOWN, bars.ALONG_X, bars.GUIDED)
    field = paint(replace(mesh, density=np.full((len(mesh.tets), 4), 0.2)), (), "kopperdahl_2002", "orthotropic")
    ends = tuple(replace(one, zone=Bare(one.zone.sign, one.zone.length)) for one in boundary.grips)  # type: ignore[union-attr, call-arg]
    ready = prepare(mesh, replace(boundary, grips=ends), MPI.COMM_SELF)
    with pytest.raises(SolverError, match="damage: its law is isotropic"):
        compute(ready, field, False, lambda increment: None, damage=True)


class Bare(bars.End):
    """An end without a stiff layer."""

    def weight(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        return np.zeros(len(points))
