"""Levels of the spine, and what lesions take of a vertebra: plain numbers in, frozen values out.

Whatever measures a vertebra (drawn, a surface, a scan) fills in a ``VertebraMeasure``; scores read nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: every vertebra from the skull down
LEVELS = (
    *(f"C{number}" for number in range(1, 8)),
    *(f"T{number}" for number in range(1, 13)),
    *(f"L{number}" for number in range(1, 6)),
    *(f"S{number}" for number in range(1, 6)),
)

#: the body in four quarters and the posterior elements in two halves
COLUMNS = (
    "body_anterior_left",
    "body_anterior_right",
    "body_posterior_left",
    "body_posterior_right",
    "posterior_elements_left",
    "posterior_elements_right",
)


@dataclass(frozen=True)
class SideMeasure:
    """Shares of volume that lesions take of what lies on one side behind the body; None where not measured."""

    pedicle: float | None
    facet: float | None
    #: joints with the ribs; read in T1 to T12 only
    costovertebral: float | None = None


@dataclass(frozen=True)
class ColumnMeasure:
    """What lesions take of one of the six columns."""

    #: share of its volume
    volume_share: float
    #: share of its height over which the cortex is breached
    breached_height_share: float = 0.0


@dataclass(frozen=True)
class VertebraMeasure:
    """What all lesions together take of one vertebra."""

    #: one of LEVELS
    level: str
    #: lytic | mixed | blastic of each lesion; empty where there is none
    natures: tuple[str, ...]
    #: share of the volume of the body, posterior elements not counted
    body_volume_share: float
    #: share of the body's area in the axial section where it is largest
    body_section_share: float
    #: 1 - lowest height over what it was; 0 where the body has not collapsed, None where that is not known
    height_loss_share: float | None
    #: None where not measured
    left: SideMeasure | None = None
    right: SideMeasure | None = None
    #: by the names in COLUMNS; one that is left out was not measured
    columns: Mapping[str, ColumnMeasure] | None = None

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"no level {self.level!r} (has: C1 to C7, T1 to T12, L1 to L5, S1 to S5)")
        if unknown := set(self.columns or ()) - set(COLUMNS):
            raise ValueError(f"no column {', '.join(sorted(unknown))} (has: {', '.join(COLUMNS)})")

    def has_ribs(self) -> bool:
        """True where the level bears ribs."""
        return self.level.startswith("T")
