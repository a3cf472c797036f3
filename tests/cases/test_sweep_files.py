"""Every sweep that ships is read, each of its points makes a case, and it is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from femrisk.sweep.points import Questions
from femrisk.sweep.sweepfile import read_sweep

CASES = Path(__file__).parents[2] / "cases"
#: all that name a base case
FILES = sorted(file for file in CASES.rglob("*.yaml") if "\ncase:" in file.read_text())


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
    place = path.relative_to(CASES).as_posix()
    assert f"[{place}]({place})" in (CASES / "README.md").read_text()


def test_the_nonlinear_femurs_are_the_first_of_the_cohort() -> None:
    (many, *_), (few, *_) = (read_sweep(CASES / f"{name}.yaml") for name in ("cohort", "cohort_nonlinear"))
    assert few.axes == many.axes
    rows, first = (list(sweep.design.rows(sweep.axes)) for sweep in (many, few))
    assert rows[: len(first)] == first
    assert len(rows) == 10 * len(first) == 200


def test_the_nonlinear_femurs_differ_in_their_model_alone() -> None:
    linear, nonlinear = (read_sweep(CASES / f"{name}.yaml")[2] for name in ("cohort", "cohort_nonlinear"))
    plain = [case.model_dump(exclude={"name": True, "analysis": {"model"}}) for case in (linear, nonlinear)]
    assert plain[0] == plain[1]
    assert (linear.analysis.model, nonlinear.analysis.model) == ("linear", "keyak_plasticity")
