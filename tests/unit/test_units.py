"""Which unit a number out of range was probably given in."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from femrisk.units import UNITS, Interval, bare, interval, slip, unit_of


@pytest.mark.parametrize(
    ("key", "value", "low", "high", "unit"),
    [
        ("head_diameter_mm", 0.046, 30, 65, "metres: 46 mm"),
        ("head_diameter_mm", 4.6, 30, 65, "centimetres: 46 mm"),
        ("height_cm", 1.65, 120, 220, "metres: 165 cm"),
        ("height_cm", 1650, 120, 220, "millimetres: 165 cm"),
        ("mass_kg", 70_000, 30, 250, "grams: 70 kg"),
        ("modulus_MPa", 17e9, 1, 250_000, "pascal: 1.7e+04 MPa"),
        ("modulus_MPa", 0.11, 1, 250_000, "GPa: 110 MPa"),
        ("neck_shaft_angle_deg", 2.2166, 100, 160, "radians: 127 degrees"),
        ("density_g_per_cm3", 1200, 0, 2.5, "kg/m3 or mg/cm3: 1.2 g/cm3"),
        ("volume_ml", 9000, 0, 60, "mm3: 9 mL"),
        ("force_N", 0.7, 10, 1000, "kN: 700 N"),
        ("age_years", 816, 18, 110, "months: 68 years"),
        ("fill_fraction", 90, 0, 1, "per cent: 0.9"),
    ],
)
def test_a_slip_of_units_is_named(key: str, value: float, low: float, high: float, unit: str) -> None:
    assert slip(key, value, Interval(low, high)) == f"looks like {unit}?"


@pytest.mark.parametrize(
    ("key", "value", "low", "high"),
    [
        ("head_diameter_mm", -46, 30, 65),
        ("head_diameter_mm", 0, 30, 65),
        ("head_diameter_mm", 100, 30, 65),  # no unit makes a head of it
        ("fill_fraction", 1.5, 0, 1),  # a wrong fraction rather than 1.5 per cent
        ("count", 7000, 1, 3),
    ],
)
def test_what_is_no_slip_is_not_called_one(key: str, value: float, low: float, high: float) -> None:
    assert slip(key, value, Interval(low, high)) is None


def test_a_range_is_read_from_the_field_and_written_in_words() -> None:
    class Sample(BaseModel):
        closed: Annotated[float, Field(ge=1, le=10)]
        opened: Annotated[float, Field(gt=0, lt=2.5)]
        half: Annotated[float, Field(ge=0)]
        free: float

    words = {name: str(interval(field.metadata)) for name, field in Sample.model_fields.items()}
    assert words == {"closed": "1 to 10", "opened": "more than 0 and less than 2.5", "half": "at least 0", "free": ""}


def test_a_range_holds_its_closed_ends_only() -> None:
    assert Interval(0, 1).holds(1)
    assert not Interval(0, 1, high_open=True).holds(1)
    assert not Interval(0, 1, low_open=True).holds(0)


@pytest.mark.parametrize("ending", list(UNITS))
def test_every_ending_is_a_unit_of_its_own(ending: str) -> None:
    # longer endings come first: _g_per_cm3 is not _cm, _N_per_mm is not _mm
    assert unit_of(f"thing{ending}") == UNITS[ending]
    assert bare(f"thing{ending}") == "thing"
