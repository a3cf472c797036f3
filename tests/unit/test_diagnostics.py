"""Shares, kappa and areas against worked examples of the literature."""

from __future__ import annotations

import numpy as np
import pytest

from femrisk.sweep.diagnostics import FourFold, area, curve, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # Newcombe 1998, Stat Med 17:857, table I, method 3 (score interval without continuity correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    found = wilson(hits, of)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((hits / of, low, high), abs=5e-5)


def test_a_share_of_everybody_reaches_one_and_of_nobody_is_none() -> None:
    found = wilson(20, 20)
    assert found is not None
    # mirror of 0 of 20
    assert (found.low, found.high) == (pytest.approx(1 - 0.1611, abs=5e-5), 1.0)
    assert wilson(0, 0) is None


def test_kappa_and_its_interval_are_those_worked_by_hand() -> None:
    # 20 yes/yes, 5 and 10 apart, 15 no/no (the usual textbook table): agreement 0.7, by chance 0.5 x 0.6 + 0.5 x 0.4
    # = 0.5, kappa (0.7 - 0.5) / 0.5 = 0.4. Fleiss, Cohen and Everitt: A = 0.4 (1 - 1.1 x 0.6)^2 + 0.3 (1 - 0.9 x 0.6)^2
    # = 0.10972; B = 0.36 (0.1 x 1.1^2 + 0.2 x 0.9^2) = 0.10188; C = (0.4 - 0.5 x 0.6)^2 = 0.01;
    # variance (A + B - C) / (50 x 0.5^2) = 0.016128, standard error 0.1270, half width 1.95996 x 0.1270 = 0.2489
    found = FourFold(20, 5, 10, 15).kappa()
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.1511, 0.6489), abs=1e-4)


def test_kappa_is_one_without_an_error_nought_by_chance_and_none_where_all_are_alike() -> None:
    perfect, chance = FourFold(7, 0, 0, 5).kappa(), FourFold(10, 10, 10, 10).kappa()
    assert perfect is not None
    assert chance is not None
    assert (perfect.value, perfect.low, chance.value) == (1.0, 1.0, 0.0)
    assert FourFold(9, 0, 0, 0).kappa() is None


def test_a_table_of_four_gives_its_shares() -> None:
    breaks = np.array([True, True, True, False, False, False, False])
    called = np.array([True, True, False, True, False, False, False])
    table = FourFold.of(called, breaks)
    assert table == FourFold(2, 1, 1, 3)
    values = {name: one and one.value for name, one in table.shares().items()}
    assert values == {"sensitivity": 2 / 3, "specificity": 3 / 4, "PPV": 2 / 3, "NPV": 3 / 4}


def test_the_area_and_its_interval_are_those_of_hanley_and_mcneils_images() -> None:
    # ratings 1 to 5 of 58 normal and 51 abnormal images (Hanley and McNeil 1982, Radiology 143:29); Stata's manual
    # prints DeLong's interval for them: area 0.8932, standard error 0.0307, 0.83295 to 0.95339
    normal, abnormal = (np.repeat(np.arange(1.0, 6), times) for times in ([33, 6, 6, 11, 2], [3, 2, 2, 11, 33]))
    scores = np.concatenate([normal, abnormal])
    breaks = np.arange(len(scores)) >= len(normal)
    found = area(scores, breaks)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.8932, 0.83295, 0.95339), abs=5e-5)
    x, y = curve(scores, breaks)
    assert float(np.trapezoid(y, x)) == pytest.approx(found.value, abs=1e-12)
    # five ratings make five cut-offs, and none
    assert len(x) == 6


def test_no_area_where_nobody_breaks() -> None:
    assert area(np.arange(4.0), np.zeros(4, bool)) is None
