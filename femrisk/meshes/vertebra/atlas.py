"""A vertebra's body and its trabecular density in, ash density (g/cm3) and region of any point out; no CT needed.

Trabecular density by sex and age [recalled-M], consistent with the course of Riggs 2004; K2HPO4 equivalent (assumed).

| what | value | source |
|---|---|---|
| posterior over anterior half | 1.20 | 136 cores of T9, T12-L1, L4, Banse 2001 [seen in the abstract] |
| lower over upper half | 0.80 | the same: 15 to 25 % less [seen in the abstract] |
| pedicles and arch | 1.3 g/cm3 ash | marks them: their modulus is set; no density was found |

Both gradients are taken as linear across the body (assumed) and keep its mean. No numbers were found for a further rise
under the endplates, and none is put in. Single people lie far from the mean of their age: give the measured density.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from femrisk.meshes.labelled import BODY_REGIONS, REGIONS, Floats

#: ages, years, and trabecular density, mg/cm3
AGES = (30.0, 50.0, 70.0, 85.0)
DENSITIES = {"female": (190.0, 145.0, 90.0, 60.0), "male": (180.0, 140.0, 105.0, 85.0)}
#: ash density, g/cm3, of a K2HPO4 equivalent density, g/cm3: slope and offset [recalled-H]
ASH_PER_QCT = (1.22, 0.0523)
POSTERIOR_OVER_ANTERIOR, LOWER_OVER_UPPER = 1.20, 0.80
#: mean distance of a half of the body from its middle, as a share of the way to the wall and to the endplate [computed]
HALVES = (0.44, 0.51)
#: ash density of pedicles and arch, g/cm3: over any of the body, so that it tells the two apart
ARCH = 1.3
#: depth of the zone that counts as an endplate when a place is named, mm
ENDPLATE_MM = 3.0
#: length of a pedicle behind the posterior wall, mm of a vertebra of the drawn size
PEDICLE_MM = 9.0


def trabecular_density(sex: str, age_years: float) -> float:
    """Mean trabecular density of a person of this sex and age, mg/cm3 K2HPO4; kept beyond the ends of the table."""
    return float(np.interp(age_years, AGES, DENSITIES[sex]))


class BodyForm(Protocol):
    """The body of a vertebra in its standard frame, drawn or measured."""

    @property
    def widths(self) -> tuple[float, float]:
        """Across the superior and the inferior rim, mm."""

    @property
    def wall(self) -> float:
        """Place y of the posterior wall, between the endplates' rims."""

    @property
    def heights(self) -> tuple[float, float]:
        """Height of the posterior and of the anterior wall, mm."""

    @property
    def size(self) -> float:
        """Size relative to the drawn vertebra."""

    def radius(self, points: Floats) -> Floats:
        """(n,) distance from the middle of the body's section as a share of the way to its outline."""

    def endplates(self, points: Floats) -> tuple[Floats, Floats]:
        """(n,) each: height over the superior and under the inferior endplate, mm, negative inside the body."""

    def body(self, points: Floats) -> Floats:
        """(n,) about mm, negative inside the body."""


@dataclass(frozen=True, eq=False)
class VertebraAtlas:
    """Ash density and region of any point of one vertebra."""

    shape: BodyForm
    #: at the middle of the body, g/cm3 K2HPO4
    trabecular: float

    @classmethod
    def of_mean(cls, shape: BodyForm, mean: float) -> VertebraAtlas:
        """The atlas of a body whose mean density is ``mean``, g/cm3 K2HPO4."""
        steps = np.linspace(-1.1, 1.1, 61)
        box = np.array([max(shape.widths) / 2, -shape.wall, max(shape.heights) / 2])
        points = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3) * box
        inside = points[shape.body(points) < 0]
        return cls(shape, mean / float(cls(shape, 1.0).relative(inside).mean()))

    def density(self, points: Floats, cortical: NDArray[np.bool_]) -> Floats:
        """(n, 3) mm -> (n,) ash density, g/cm3; ``cortical`` (n,) is not asked for, as no cell is."""
        in_body = np.isin(self.region(points), [REGIONS.index(name) for name in BODY_REGIONS])
        ash = ASH_PER_QCT[0] * self.trabecular * self.relative(points) + ASH_PER_QCT[1]
        return np.asarray(np.where(in_body, ash, ARCH))

    def relative(self, points: Floats) -> Floats:
        """(n,) density over that at the middle of the body."""
        backwards = (POSTERIOR_OVER_ANTERIOR - 1) / (POSTERIOR_OVER_ANTERIOR + 1) / HALVES[0]
        upwards = (1 - LOWER_OVER_UPPER) / (1 + LOWER_OVER_UPPER) / HALVES[1]
        behind = np.clip(points[:, 1] / self.shape.wall, -1, 1)
        above = np.clip(points[:, 2] / (sum(self.shape.heights) / 4), -1, 1)
        return np.asarray((1 + backwards * behind) * (1 + upwards * above))

    def region(self, points: Floats) -> NDArray[np.uint8]:
        """(n, 3) mm -> (n,) index into REGIONS."""
        shape = self.shape
        upper, lower = shape.endplates(points)
        outside = (shape.radius(points) > 1.02) & (points[:, 1] < 0.5 * shape.wall)
        near = points[:, 1] > shape.wall - PEDICLE_MM * shape.size
        names = np.select(
            [outside & near, outside, upper > -ENDPLATE_MM, lower > -ENDPLATE_MM],
            [
                REGIONS.index(name)
                for name in ("pedicle", "posterior_elements", "superior_endplate", "inferior_endplate")
            ],
            REGIONS.index("vertebral_body"),
        )
        return names.astype(np.uint8)
