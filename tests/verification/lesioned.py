"""The femur the slow tests share: a lytic sphere of 10 mm in the neck, no scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from femrisk.case import Case


def femur(*arms: str, loads: Sequence[str] = ("stance",), **analysis: Any) -> Case:
    """A case of these arms and loads, by kind."""
    return Case.model_validate(
        {
            "name": "lesioned",
            "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
            "bone": {"kind": "proximal_femur"},
            "lesions": [{"kind": "sphere", "site": "femoral_neck", "quadrant": "inferomedial", "radius_mm": 10.0}],
            "arms": [{"kind": arm} for arm in arms],
            "loads": [{"kind": load} for load in loads],
            "analysis": analysis,
            "scores": [],
        }
    )
