"""Bone stiffer along its axis than across: its constants, where it is painted, and layers over it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from femrisk.case import Case
from femrisk.errors import SolverError
from femrisk.materials.curve import constant
from femrisk.materials.fabric import MORGAN, RATIOS, Fabric, woven
from femrisk.materials.field import paint
from femrisk.materials.vertebral import POISSON
from femrisk.meshes.labelled import REGIONS, LabelledMesh
from femrisk.meshes.vertebra.atlas import ARCH
from femrisk.pair import compute
from femrisk.plan import families, solve_task
from femrisk.preparation import prepare
from femrisk.scene import build
from femrisk.verification import bars
from femrisk.verification.blocks import block

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


def test_a_task_carries_the_fabric_of_its_case() -> None:
    case = {
        "name": "spine",
        "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
        "bone": {"kind": "vertebra", "level": "L1"},
        "lesions": [],
        "arms": [{"kind": "intact"}],
        "loads": [{"kind": "axial_compression"}],
    }
    for kind in ("isotropic", "orthotropic"):
        scene = build(Case.model_validate(case | {"analysis": {"anisotropy": kind}}))
        assert solve_task(scene, families(scene)[0], "axial_compression", ("intact",)).anisotropy == kind


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
