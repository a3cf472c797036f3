"""Numbers of a scan become densities as their phantom, or the patient's own tissues, say."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from femrisk.errors import GeometryError
from femrisk.meshes.ct.calibration import Calibration, Line, refuse_hounsfield


def line(mean_of: dict[int, float] | None = None, **values: object) -> Line:
    calibration = TypeAdapter(Calibration).validate_python(values)
    return calibration.line((mean_of or {}).__getitem__)


def test_a_phantom_line_is_a_line() -> None:
    found = line(kind="phantom_line", slope_mg_per_cm3_per_HU=0.8, intercept_mg_per_cm3=-5, salt="HA")
    assert found.of(np.array([100.0, 1000.0])) == pytest.approx([0.075, 0.795])
    assert found.kind == "HA"
    assert found.steps == ("phantom line: HA = 0.8 HU - 5 mg/cm3 (as given)",)


def test_rods_on_a_line_give_that_line() -> None:
    rods = [{"density_mg_per_cm3": d, "mean_HU": (d + 7) / 0.85} for d in (-50, 0, 100, 200)]
    found = line(kind="inserts", rods=rods)
    assert (found.slope, found.intercept) == (pytest.approx(0.85), pytest.approx(-7))
    assert not found.warnings


def test_rods_are_read_from_the_image_by_their_labels() -> None:
    rods = [{"density_mg_per_cm3": 0, "label": 11}, {"density_mg_per_cm3": 160, "label": 12}]
    found = line({11: 10.0, 12: 210.0}, kind="inserts", rods=rods)
    assert (found.slope, found.intercept) == (pytest.approx(0.8), pytest.approx(-8))


def test_a_rod_off_the_line_is_told() -> None:
    rods = [{"density_mg_per_cm3": d, "mean_HU": h} for d, h in ((0, 0), (100, 200), (200, 250))]
    found = line(kind="inserts", rods=rods)
    # least squares: slope 0.714, so the middle rod lies 35.7 below the line through the mean (150, 100)
    assert found.warnings == ("rod 2 lies 36 mg/cm3 off the calibration's line",)


def test_air_fat_and_muscle_stand_in_for_a_phantom() -> None:
    # a scanner with 0.83 mg/cm3 per HU and -12 at 0
    means = {name: (density + 12) / 0.83 for name, density in (("air", -840), ("fat", -80), ("muscle", 30))}
    found = line(kind="phantomless", **{f"{name}_HU": mean for name, mean in means.items()})
    assert (found.slope, found.intercept, found.kind) == (pytest.approx(0.83), pytest.approx(-12), "HA")


@pytest.mark.parametrize(
    ("means", "says"), [((0.0, 5.0), "differ by 5 HU only"), ((200.0, 0.0), "slope of -0.8 .* no scanner")]
)
def test_rods_that_give_no_line_are_refused(means: tuple[float, float], says: str) -> None:
    rods = [{"density_mg_per_cm3": d, "mean_HU": h} for d, h in zip((0, 160), means, strict=True)]
    with pytest.raises(GeometryError, match=says):
        line(kind="inserts", rods=rods)


def test_a_rod_and_a_tissue_have_one_mean() -> None:
    with pytest.raises(ValidationError, match="either fat_HU or fat_label"):
        line(kind="phantomless", air_HU=-1000, fat_HU=-100, fat_label=3, muscle_HU=50)
    with pytest.raises(ValidationError, match="either mean_HU or label"):
        line(kind="inserts", rods=[{"density_mg_per_cm3": 0}, {"density_mg_per_cm3": 1, "mean_HU": 1, "label": 2}])


def test_hounsfield_units_given_as_density_are_refused() -> None:
    bone, soft = np.linspace(50, 900, 1000), np.full(5000, 40.0)
    refuse_hounsfield(np.r_[bone, soft, np.full(900, -800.0)], bone, "MGML", "bone.image")
    with pytest.raises(GeometryError, match=r"looks like HU .* 13\.0 % of its voxels lie below -900"):
        refuse_hounsfield(np.r_[bone, soft, np.full(900, -1000.0)], bone, "", "bone.image")
    with pytest.raises(GeometryError, match="they hold HU"):
        refuse_hounsfield(soft, bone, "HU", "bone.image")
    with pytest.raises(GeometryError, match=r"looks like HU .* of the bone lies above 2000"):
        refuse_hounsfield(soft, 2.5 * bone, "", "bone.image")
