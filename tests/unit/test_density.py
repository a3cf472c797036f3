"""The density relations against values worked out by hand, and their unit chains."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from femrisk.analysis import SUITED, DensityLawName
from femrisk.materials.density import LAWS, USED_FOR


@pytest.mark.parametrize(
    ("name", "ash", "modulus", "strength"),
    [
        ("keyak_2005", 1.0, 14900.0, 102.0),
        # 33900 x 0.2^2.2 = 33900 x 0.02899; 137 x 0.2^1.88 = 137 x 0.04852
        ("keyak_1998", 0.2, 982.8, 6.648),
        # 5307 x 0.5 + 469; 114 x 0.5^1.72 = 114 x 0.30356
        ("keyak_1998", 0.5, 3122.5, 34.61),
        ("keyak_1998", 1.0, 10200.0, 114.0),
        ("keller_1994", 1.0, 10500.0, 117.0),
        # 100 mg/cm3 of QCT: 3230 x 0.1 - 34.7; 24.9 x 0.1 - 0.75
        ("kopperdahl_2002", 1.22 * 0.1 + 0.0523, 288.3, 1.74),
        # 40 mg/cm3: 94.5 MPa, and the strength keeps the yield strain of 50 mg/cm3, 0.495 / 126.8
        ("kopperdahl_2002", 1.22 * 0.04 + 0.0523, 94.5, 0.3689),
        # apparent 0.25: 4730 x 0.25^1.56 = 4730 x 0.11504; 32.6 x 0.25^1.6 = 32.6 x 0.10882
        ("morgan_2003_vertebra", 0.15, 544.1, 3.548),
        # 1890 x 0.2^1.92 = 1890 x 0.04550; 284 x 0.2^2.27 = 284 x 0.02590
        ("keller_1994_vertebra", 0.2, 85.99, 7.357),
        # apparent 0.5: 6850 x 0.5^1.49 = 6850 x 0.35602; 38.5 x 0.5^1.48 = 38.5 x 0.35850
        ("morgan_2003", 0.3, 2438.7, 13.80),
    ],
)
def test_values_worked_out_by_hand(name: str, ash: float, modulus: float, strength: float) -> None:
    law = LAWS[name]
    assert law.modulus(np.array([ash]))[0] == pytest.approx(modulus, rel=1e-3)
    assert law.strength(np.array([ash]))[0] == pytest.approx(strength, rel=1e-3)


@pytest.mark.parametrize("name", LAWS)
def test_denser_bone_is_stiffer_and_stronger_and_every_law_has_a_source(name: str) -> None:
    ash = np.linspace(*USED_FOR, 200)
    # Keyak's pieces of 1994/98 do not meet exactly where they change
    assert (np.diff(LAWS[name].modulus(ash)) > -0.06 * LAWS[name].modulus(ash)[1:]).all()
    assert (LAWS[name].strength(ash) > 0).all()
    assert len(LAWS[name].source) > 10


def test_a_case_may_name_every_law_and_no_other() -> None:
    assert set(get_args(DensityLawName)) == set(LAWS)
    assert {law for suited in SUITED.values() for law in suited.laws} == set(LAWS)
    assert all(LAWS[law].bone == bone for bone, suited in SUITED.items() for law in suited.laws)
