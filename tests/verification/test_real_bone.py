"""The main job on the surface of a real femur: every kind of treatment, both loads (skipped where there is none)."""

from __future__ import annotations

from pathlib import Path

import pytest

from femrisk.case import Case
from femrisk.run import run

pytestmark = pytest.mark.slow


def test_a_real_femur_goes_through_the_main_job(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("femrisk.run.draw", lambda folder: {})
    file = data_folder / "surfaces" / "femur_right_mm.stl"
    if not file.is_file():
        pytest.skip(f"no real femur at {file}")
    case = Case.model_validate(
        {
            "name": "real",
            "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70, "pain": "functional"},
            "bone": {"kind": "surface", "file": file, "units": "mm", "side": "right"},
            "lesions": [{"kind": "sphere", "site": "femoral_neck", "quadrant": "inferomedial", "radius_mm": 10.0}],
            "arms": [{"kind": kind} for kind in ("intact", "untreated", "pop", "pop_screws", "pop_nail")],
            "loads": [{"kind": "stance"}, {"kind": "sideways_fall"}],
            "analysis": {"model": "linear", "mesh_size_mm": 7.0},
        }
    )
    comparison = run(case, tmp_path, jobs=2)
    assert len(comparison.rows) == 10
    assert {row.status for row in comparison.rows} == {"bracketed"}
    loads = {(row.arm, row.load): row.fracture_load_N for row in comparison.rows}
    # an elastic bone with a hole strains more, wherever it is pushed
    for load in ("stance", "sideways_fall"):
        intact, untreated = loads["intact", load], loads["untreated", load]
        assert intact is not None
        assert untreated is not None
        assert untreated < intact * 1.005
    assert comparison.scores["mirels"].value is not None
