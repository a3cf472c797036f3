"""Keyak's law against the table of values worked out by hand from its published coefficients (h = 3 mm)."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.materials import keyak

#: type, ash density, E, S (MPa), plateau %, Ep over total strain, residual (MPa), total strain at its start %
TABLE = (
    ("trabecular", 0.10, 205.7, 1.617, 2.15, -11.47, 0.668, 11.2),
    ("trabecular", 0.30, 1587.0, 11.68, 4.56, -61.37, 4.876, 16.4),
    ("trabecular", 0.50, 4105.0, 29.29, 6.97, -132.6, 12.29, 20.5),
    ("cortical", 0.80, 9839.0, 68.26, 1.73, -576.6, 28.78, 9.27),
    ("cortical", 1.00, 14900.0, 102.0, 1.40, -584.3, 43.1, 12.2),
    ("cortical", 1.20, 20915.0, 141.6, 1.07, -588.7, 59.95, 15.6),
)


@pytest.mark.parametrize("row", TABLE, ids=[f"{row[0]}-{row[1]}" for row in TABLE])
def test_every_value_of_the_table_is_met(row: tuple[str, float, float, float, float, float, float, float]) -> None:
    kind, density, young, strength, plateau, slope, residual, end = row
    curve = keyak.yield_curve(np.array([density]), np.array([kind == "cortical"]), np.array([3.0]))
    assert curve.young[0] == pytest.approx(young, rel=1e-3)
    assert curve.strength[0] == pytest.approx(strength, rel=1e-3)
    assert 100 * curve.plateau[0] == pytest.approx(plateau, abs=0.006)
    # H over plastic strain and Ep over total strain: 1/Ep = 1/E + 1/H
    assert 1 / (1 / curve.young[0] + 1 / curve.softening[0]) == pytest.approx(slope, rel=1e-3)
    assert curve.residual[0] == pytest.approx(residual, rel=1e-3)
    total = curve.strength / curve.young + curve.plateau + (curve.residual - curve.strength) / slope
    assert 100 * total[0] == pytest.approx(end, rel=5e-3)


def test_a_band_of_half_the_size_dissipates_as_much_per_area() -> None:
    density, cortical = np.array([0.3]), np.array([False])
    coarse = keyak.yield_curve(density, cortical, np.array([4.0]))
    fine = keyak.yield_curve(density, cortical, np.array([2.0]))

    def lengthened(curve: keyak.YieldCurve, size: float) -> float:
        """How far a band of this size and the rest of a 15 mm test lengthen until the residual stress, mm."""
        plastic = curve.plateau + (curve.residual - curve.strength) / curve.softening
        return float(size * plastic[0] + 15.0 * curve.residual[0] / curve.young[0])

    assert lengthened(fine, 2.0) == pytest.approx(lengthened(coarse, 4.0), rel=1e-9)


def test_the_softening_never_outruns_the_shear_stiffness() -> None:
    # the radial return is unique while |H| < 3 G = 3 E / (2 (1 + nu)) = 1.15 E
    density = np.linspace(0.02, 1.3, 65)
    for cortical in (False, True):
        for size in (0.3, 1.0, 3.0, 8.0):
            curve = keyak.yield_curve(density, np.full(65, cortical), np.full(65, size))
            assert (-curve.softening < 1.15 * curve.young).all()
            assert (curve.plateau >= 0).all()
