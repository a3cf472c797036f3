"""The bones the slow tests share: a lytic sphere in the neck of a femur, or in the body of a vertebra, no scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from femrisk.case import Case


def femur(*arms: str, loads: Sequence[str] = ("stance",), **analysis: Any) -> Case:
    """A sphere of 10 mm, with these arms and loads, by kind."""
    lesion = {"kind": "sphere", "site": "femoral_neck", "quadrant": "inferomedial", "radius_mm": 10.0}
    return _case({"kind": "proximal_femur"}, lesion, arms, loads, analysis)


def vertebra(*arms: str, loads: Sequence[str] = ("axial_compression",), **analysis: Any) -> Case:
    """A sphere of 8 mm in an L1, with these arms and loads, by kind."""
    lesion = {"kind": "sphere", "site": "vertebral_body", "quadrant": "central", "radius_mm": 8.0}
    return _case({"kind": "vertebra", "level": "L1"}, lesion, arms, loads, analysis)


def _case(
    bone: dict[str, Any], lesion: dict[str, Any], arms: Sequence[str], loads: Sequence[str], analysis: dict[str, Any]
) -> Case:
    return Case.model_validate(
        {
            "name": "lesioned",
            "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
            "bone": bone,
            "lesions": [lesion],
            "arms": [{"kind": arm} for arm in arms],
            "loads": [{"kind": load} for load in loads],
            "analysis": analysis,
            "scores": [],
        }
    )
