"""Discs on a block: their volume, their neighbours, and springs in series."""

from __future__ import annotations

import numpy as np
import pytest
from column import SIDE, TOP, WALL, between_discs, body_alone
from mpi4py import MPI

import femrisk.discs
from femrisk.contacts import DISC_MODULUS
from femrisk.discs import disc_painted, with_discs
from femrisk.domain import distribute
from femrisk.equilibrium import Equilibrium
from femrisk.errors import SolverError
from femrisk.gauge import gauge
from femrisk.grips import grip
from femrisk.materials.curve import constant
from femrisk.materials.field import MaterialField
from femrisk.meshes.facets import outer_facets
from femrisk.meshes.labelled import LabelledMesh, signed_volumes

AREA = 4 * SIDE * WALL
HEIGHT = 3.0
#: of the body, MPa
YOUNG = 40.0


def bone(mesh: LabelledMesh, poisson: float) -> MaterialField:
    cells = len(mesh.tets)
    return MaterialField(("cancellous",), np.zeros(cells, dtype=np.int64), constant((cells, 4), YOUNG, poisson))


def test_discs_stand_on_the_whole_of_both_faces_and_fit_the_bone() -> None:
    mesh = body_alone()
    made = with_discs(mesh, between_discs(HEIGHT))
    assert (made.tets[: len(mesh.tets)] == mesh.tets).all()
    volumes = signed_volumes(made.points, made.tets)
    assert volumes.min() > 0
    assert volumes[len(mesh.tets) :].sum() == pytest.approx(2 * AREA * HEIGHT)
    # cells that fit leave no face outside but the box round all of them
    facets = outer_facets(made)
    box = 2 * AREA + 2 * (2 * SIDE + 2 * WALL) * 2 * (TOP + HEIGHT)
    assert facets.areas(made).sum() == pytest.approx(box)
    assert made.inside("bone").sum() == len(mesh.tets)


def test_discs_are_painted_behind_the_bone_and_are_no_bone() -> None:
    mesh = body_alone()
    field = bone(mesh, 0.3)
    painted = disc_painted(field, len(with_discs(mesh, between_discs(HEIGHT)).tets))
    assert painted.bone().sum() == len(mesh.tets)
    assert painted.named("disc").sum() == len(painted.index) - len(mesh.tets) > 0
    assert (painted.curve.young[painted.named("disc")] == DISC_MODULUS).all()
    assert np.isinf(painted.curve.strength[painted.named("disc")]).all()
    assert disc_painted(field, len(mesh.tets)) is field


def test_a_plate_under_the_endplate_is_refused() -> None:
    with pytest.raises(SolverError, match="lies under its endplate"):
        with_discs(body_alone(), between_discs(-1.0))


def test_a_body_between_discs_is_three_springs_in_series(monkeypatch: pytest.MonkeyPatch) -> None:
    # without lateral strain the column is uniform: 1/k = (2 t / E_disc + 2 h / E_bone) / A
    monkeypatch.setattr(femrisk.discs, "DISC_POISSON", 0.0)
    mesh, boundary = body_alone(), between_discs(HEIGHT)
    made = with_discs(mesh, boundary)
    domain = distribute(made, MPI.COMM_SELF)
    curve = disc_painted(bone(mesh, 0.0), len(made.tets)).curve.take(domain.original)
    equilibrium = Equilibrium(domain, grip(domain, boundary), curve)
    state = equilibrium.linear()
    soft, stiff = 2 * HEIGHT / DISC_MODULUS, 2 * TOP / YOUNG
    assert state.force == pytest.approx(AREA / (soft + stiff), rel=1e-6)
    # what is stored is half of force times 1 mm, and the body's share of the travel is that of its flexibility
    assert equilibrium.energies(state)[0] == pytest.approx(0.5e-3 * state.force, rel=1e-6)
    assert boundary.pressed is not None
    body = gauge(mesh, domain, boundary.pressed).read(equilibrium.displacement(state))
    assert body.height_loss_mm == pytest.approx(stiff / (soft + stiff), rel=1e-6)
