"""Every sweep that ships is read, each of its points makes a case, and it is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from femrisk.sweep.points import Questions
from femrisk.sweep.sweepfile import read_sweep

CASES = Path(__file__).parents[2] / "cases"
FILES = sorted((CASES / "sweeps").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_point_of_a_sweep_makes_a_case(path: Path) -> None:
    sweep, base, case = read_sweep(path)
    points = list(Questions.of(sweep, base, case).points())
    assert len(points) == sweep.size() > 1
    assert [point.reason for point in points if point.reason] == []
    assert len({point.case_id for point in points}) == len(points)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sweep_bears_its_files_name_and_says_what_it_asks(path: Path) -> None:
    assert read_sweep(path)[0].name == path.stem
    assert path.read_text().startswith("# ")
    assert f"[sweeps/{path.name}](sweeps/{path.name})" in (CASES / "README.md").read_text()
