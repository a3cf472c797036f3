"""How the numbers of a scan become densities: a part of the case file in, a straight line with its story out.

| kind | from | to |
|---|---|---|
| `calibrated` | the image holds densities | as its `unit` says |
| `phantom_line` | Hounsfield units | slope and intercept of the scan's phantom |
| `inserts` | Hounsfield units | the straight line nearest to the phantom's rods |
| `phantomless` | Hounsfield units | the straight line nearest to air, fat and muscle of the patient |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from femrisk.errors import GeometryError
from femrisk.meshes.labelled import Floats
from femrisk.part import Part

#: label in the label map -> mean of the image in its voxels
MeanOf = Callable[[int], float]
Salt = Literal["K2HPO4", "HA"]
Unit = Literal["mg_per_cm3_K2HPO4", "mg_per_cm3_HA", "mg_per_cm3_ash", "mg_per_cm3_apparent"]
Hounsfield = Annotated[float, Field(ge=-1100, le=4000)]
Label = Annotated[int, Field(ge=1, le=65535)]

#: slopes of scanners at 80 to 140 kVp lie well inside, mg/cm3 per HU: 0.7 to 0.9 at 120 kVp [recalled-M]
SLOPES = (0.4, 1.6)
#: points of a fitted line that lie farther from it than this make it doubtful, mg/cm3 (assumed: the standard deviation
#: of a vertebra's trabecular density among people of one age is about 30)
STRAY_MG = 15.0
#: air is at -1000 HU, and calibrated at -700 to -900 mg/cm3; no tissue but teeth is denser than the other, mg/cm3
AIR_HU, DENSEST_MG = -900.0, 2000.0
#: of the patient, which stand in for a phantom
TISSUES = ("air", "fat", "muscle")
#: a share of voxels beyond these is no noise
MANY = 0.001


@dataclass(frozen=True)
class Line:
    """Density, mg/cm3, is ``slope`` times the image's number plus ``intercept``."""

    slope: float
    intercept: float
    #: K2HPO4 | HA | ash | apparent
    kind: str
    #: what was done, a sentence each
    steps: tuple[str, ...]
    #: what to mistrust
    warnings: tuple[str, ...] = ()

    def of(self, values: Floats) -> Floats:
        """Image numbers of any shape -> g/cm3."""
        return np.asarray((self.slope * values + self.intercept) / 1000)


class Calibrated(Part):
    """The image holds densities already."""

    kind: Literal["calibrated"]
    """The image holds densities already."""
    unit: Unit
    """What its numbers are."""

    def asks_for(self) -> tuple[int, ...]:
        """Labels that are none of the bone's."""
        return ()

    def line(self, mean_of: MeanOf) -> Line:
        """Its numbers as they are."""
        kind = self.unit.removeprefix("mg_per_cm3_")
        return Line(1.0, 0.0, kind, (f"the image holds {kind} density in mg/cm3 (as declared)",))


class FromHounsfield(Part):
    """What every calibration of Hounsfield units shares."""

    salt: Salt = "K2HPO4"
    """The salt that densities are equivalents of: that of the phantom."""

    def asks_for(self) -> tuple[int, ...]:
        """Labels that are none of the bone's."""
        return ()


class PhantomLine(FromHounsfield):
    """The line that a phantom scanned with the patient gave."""

    kind: Literal["phantom_line"]
    """The line that a phantom scanned with the patient gave."""
    slope_mg_per_cm3_per_HU: Annotated[float, Field(ge=SLOPES[0], le=SLOPES[1])]
    """Density per Hounsfield unit."""
    intercept_mg_per_cm3: Annotated[float, Field(ge=-200, le=200)]
    """Density at 0 HU."""

    def line(self, mean_of: MeanOf) -> Line:
        """As given."""
        slope, intercept = self.slope_mg_per_cm3_per_HU, self.intercept_mg_per_cm3
        return Line(slope, intercept, self.salt, (f"phantom line: {spelled(slope, intercept, self.salt)} (as given)",))


class Insert(Part):
    """One rod of a phantom."""

    density_mg_per_cm3: Annotated[float, Field(ge=-200, le=2000)]
    """Its density, from its maker."""
    mean_HU: Hounsfield | None = None
    """Mean of the image inside it."""
    label: Label | None = None
    """Instead of ``mean_HU``: its label in the label map."""

    @model_validator(mode="after")
    def _one_mean(self) -> Self:
        if (self.mean_HU is None) == (self.label is None):
            raise ValueError("needs either mean_HU or label (not both)")
        return self


class Inserts(FromHounsfield):
    """The rods of a phantom, with their densities and means."""

    kind: Literal["inserts"]
    """The rods of a phantom, with their densities and means."""
    rods: Annotated[tuple[Insert, ...], Field(min_length=2, max_length=20)]
    """The rods, at least two."""

    def asks_for(self) -> tuple[int, ...]:
        """Labels of the rods."""
        return tuple(one.label for one in self.rods if one.label)

    def line(self, mean_of: MeanOf) -> Line:
        """The nearest straight line."""
        found = [float(mean_of(one.label)) if one.label else float(one.mean_HU or 0.0) for one in self.rods]
        names = [f"rod {number}" for number in range(1, len(found) + 1)]
        return fitted(names, found, [one.density_mg_per_cm3 for one in self.rods], self.salt, "bone.calibration.rods")


class Phantomless(Part):
    """No phantom: air, fat and muscle of the patient stand in for one.

    Means are given, or labels of regions in the label map. The densities that phantoms gave for the tissues are HA
    equivalents (Eggermont 2019, air, fat and muscle of 67 legs [recalled-M]).
    """

    kind: Literal["phantomless"]
    """No phantom: air, fat and muscle of the patient stand in for one."""
    salt: Salt = "HA"
    """The salt that densities are equivalents of: that of the tissues' own densities."""
    air_HU: Hounsfield | None = None
    """Mean of the image, or peak of its histogram, in the air round the patient."""
    air_label: Label | None = None
    """Instead: the label of a region in it."""
    air_mg_per_cm3: Annotated[float, Field(ge=-1200, le=-500)] = -840.0
    """Its density by a phantom."""
    fat_HU: Hounsfield | None = None
    """The same of fat under the skin."""
    fat_label: Label | None = None
    """Instead: the label of a region in it."""
    fat_mg_per_cm3: Annotated[float, Field(ge=-200, le=0)] = -80.0
    """Its density by a phantom."""
    muscle_HU: Hounsfield | None = None
    """The same of muscle."""
    muscle_label: Label | None = None
    """Instead: the label of a region in it."""
    muscle_mg_per_cm3: Annotated[float, Field(ge=-50, le=150)] = 30.0
    """Its density by a phantom."""

    @model_validator(mode="after")
    def _one_mean_each(self) -> Self:
        for tissue in TISSUES:
            if (getattr(self, f"{tissue}_HU") is None) == (getattr(self, f"{tissue}_label") is None):
                raise ValueError(f"needs either {tissue}_HU or {tissue}_label (not both)")
        return self

    def asks_for(self) -> tuple[int, ...]:
        """Labels of the tissues."""
        return tuple(label for label in (self.air_label, self.fat_label, self.muscle_label) if label)

    def line(self, mean_of: MeanOf) -> Line:
        """The nearest straight line."""
        means = ((self.air_HU, self.air_label), (self.fat_HU, self.fat_label), (self.muscle_HU, self.muscle_label))
        found = [float(mean_of(label)) if label else float(mean or 0.0) for mean, label in means]
        wanted = [self.air_mg_per_cm3, self.fat_mg_per_cm3, self.muscle_mg_per_cm3]
        return fitted(list(TISSUES), found, wanted, self.salt, "bone.calibration")


Calibration = Annotated[Calibrated | PhantomLine | Inserts | Phantomless, Field(discriminator="kind")]


def fitted(names: list[str], found: list[float], wanted: list[float], salt: str, where: str) -> Line:
    """The straight line nearest to densities ``wanted``, mg/cm3, at the means ``found``, HU.

    Raises:
        GeometryError: the means hardly differ, or the line is no scanner's.
    """
    if np.ptp(found) < 20:
        raise GeometryError(
            where, f"means differ by {np.ptp(found):.0f} HU only, which gives no line (allowed: 20 or more)"
        )
    slope, intercept = (float(x) for x in np.polyfit(found, wanted, 1))
    off = np.asarray(wanted) - (slope * np.asarray(found) + intercept)
    if not SLOPES[0] <= slope <= SLOPES[1]:
        raise GeometryError(
            where,
            f"give a slope of {slope:.3g} mg/cm3 per HU, as of no scanner (allowed: {SLOPES[0]:g} to {SLOPES[1]:g})",
        )
    points = ", ".join(f"{n} {h:.0f} HU = {d:g}" for n, h, d in zip(names, found, wanted, strict=True))
    steps = (
        f"means and densities, mg/cm3: {points}",
        f"line through them: {spelled(slope, intercept, salt)}; farthest off: {np.abs(off).max():.1f} mg/cm3",
    )
    doubt = f"{names[int(np.argmax(np.abs(off)))]} lies {np.abs(off).max():.0f} mg/cm3 off the calibration's line"
    return Line(slope, intercept, salt, steps, (doubt,) if np.abs(off).max() > STRAY_MG else ())


def spelled(slope: float, intercept: float, salt: str) -> str:
    """A line in words."""
    return f"{salt} = {slope:.4g} HU {'+' if intercept >= 0 else '-'} {abs(intercept):.4g} mg/cm3"


def refuse_hounsfield(values: NDArray[Any], bone: Floats, quantity: str, where: str) -> None:
    """Densities that are Hounsfield units by their own word, by their air or by their cortex are refused.

    Args:
        values: numbers of an image declared to hold densities, any shape.
        bone: (n,) those inside the bone.
        quantity: what a DICOM series says its numbers are; empty where nothing is said.
        where: what the user calls the image.

    Raises:
        GeometryError: with the reason.
    """
    if quantity.upper() == "HU":
        raise GeometryError(where, "its slices say that they hold HU, not density (allowed: another calibration.kind)")
    air, dense = float(np.mean(values < AIR_HU)), float(np.mean(bone > DENSEST_MG))
    if max(air, dense) > MANY:
        seen = (
            f"{100 * air:.1f} % of its voxels lie below {AIR_HU:g}, where HU have air"
            if air > MANY
            else f"{100 * dense:.1f} % of the bone lies above {DENSEST_MG:g} mg/cm3, where no bone does"
        )
        raise GeometryError(where, f"looks like HU given as density: {seen} (allowed: another calibration.kind)")
