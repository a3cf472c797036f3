"""Kinds of density are joined by named relations, and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.errors import GeometryError
from femrisk.materials.density import LAWS, USED_FOR
from femrisk.meshes.ct.imagedensity import CEILING, FLOOR
from femrisk.meshes.ct.relations import KINDS, RELATIONS, USUAL, to_ash
from femrisk.meshes.vertebra.atlas import ARCH


@pytest.mark.parametrize("bone", ["vertebra", "proximal_femur"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_leads_to_ash(bone: str, kind: str) -> None:
    chain = to_ash(kind, bone)
    assert [one.start for one in chain] + ["ash"] == [kind] + [one.end for one in chain]
    assert (bone, kind) in USUAL


def test_laws_of_vertebrae_get_back_the_density_they_are_stated_in() -> None:
    # Kopperdahl: 3230 x 0.1 - 34.7
    (usual,) = to_ash("K2HPO4", "vertebra")
    assert LAWS["kopperdahl_2002"].modulus(usual.of(np.array([0.1])))[0] == pytest.approx(288.3)


def test_relations_agree_where_two_lead_the_same_way() -> None:
    direct, detour = RELATIONS["schileo_2008"], to_ash("HA", "vertebra")
    density = np.array([0.1, 0.3])
    # within 15 % in trabecular bone: their sources differ by as much
    np.testing.assert_allclose(detour[1].of(detour[0].of(density)), direct.of(density), rtol=0.15)


def test_a_chain_that_does_not_fit_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"schileo_2008 starts from HA, not from K2HPO4 \(allowed here: les_1994"):
        to_ash("K2HPO4", "vertebra", ("schileo_2008",))
    with pytest.raises(GeometryError, match="lead to K2HPO4 density, not to ash"):
        to_ash("HA", "vertebra", ("HA_per_K2HPO4",))


def test_the_image_is_used_as_far_as_the_laws_are() -> None:
    assert USED_FOR[0] == FLOOR
    assert USED_FOR[1] == pytest.approx(CEILING)
    assert CEILING < ARCH
