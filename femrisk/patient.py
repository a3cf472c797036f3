"""Who the bone belongs to: in goes the ``patient`` block of a case file, out comes a checked ``Patient``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from femrisk.part import Part

#: Standard acceleration of gravity, m/s2 (3rd General Conference on Weights and Measures, 1901).
STANDARD_GRAVITY = 9.80665


class Patient(Part):
    """An adult; sex and age fill in what the bone does not say, mass scales loads, pain enters the scores."""

    sex: Literal["female", "male"]
    """Sex, which chooses the bone's preset and its default density."""

    age_years: Annotated[float, Field(ge=18, le=110)]
    """Age in years; the bones and density laws are those of adults."""

    height_cm: Annotated[float, Field(ge=120, le=220)]
    """Standing height in centimetres; sets the height of a sideways fall."""

    mass_kg: Annotated[float, Field(ge=30, le=250)]
    """Body mass in kilograms; fracture loads are also given as multiples of body weight."""

    pain: Literal["none", "mild", "moderate", "functional"] | None = None
    """Pain as in Mirels' score; without it, scores that need pain are given as a range."""

    lesser_trochanter_fracture: bool | None = None
    """Earlier fracture of the lesser trochanter; without it, scores that need it are given as a range."""

    spinal_pain: Literal["none", "occasional", "mechanical"] | None = None
    """Pain of the spine as in SINS: none; occasional, but not mechanical; or mechanical, worse on movement or loading
    and relieved by lying down. Without it, SINS is given as a range."""

    spinal_alignment: Literal["normal", "deformity", "subluxation"] | None = None
    """Alignment of the spine on radiographs as in SINS: normal; new deformity (kyphosis or scoliosis); or subluxation
    or translation. Without it, SINS is given as a range."""

    spinal_angulation_deg: Annotated[float, Field(ge=0, le=90)] | None = None
    """Angulation of the spine at the vertebra, degrees; above 20 it adds instability to Kostuik's columns."""

    hip_soft_tissue_mm: Annotated[float, Field(ge=0, le=150)] | None = None
    """Thickness of soft tissue over the greater trochanter; without it, the impact of a fall is not attenuated."""

    @property
    def body_weight_N(self) -> float:
        """Body weight, N."""
        return STANDARD_GRAVITY * self.mass_kg
