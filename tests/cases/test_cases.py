"""Every case that ships passes its check, is explained, and keeps its settled form."""

from __future__ import annotations

from pathlib import Path

import pytest

from femrisk.__main__ import main
from femrisk.case import names, read_case

CASES = Path(__file__).parents[2] / "cases"
#: a file that names a base case is a sweep, of which ``test_sweep_files`` knows
FILES = sorted(file for file in CASES.glob("*.yaml") if "\ncase:" not in file.read_text())
#: Placing a case takes seconds, so the others are placed where they are run: by `make gallery`.
FIRST = ("femur_neck_lytic", "vertebra_L1_collapsed", "vertebra_L1_lytic")
PLACED = [CASES / f"{name}.yaml" for name in FIRST]

#: The settled example: scripts and checks outside this repository rely on it.
EXAMPLE = """\
name: femur_neck_lytic
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70, pain: functional}
bone: {kind: proximal_femur, side: left, head_diameter_mm: 46, neck_shaft_angle_deg: 127}
lesions:
  - {kind: ellipsoid, site: femoral_neck, quadrant: inferomedial, semi_axes_mm: [14, 11, 11], nature: lytic}
arms:
  - {kind: intact}
  - {kind: untreated}
  - {kind: pop, fill_fraction: 0.9}
  - {kind: pop_screws, fill_fraction: 0.9, screws: {count: 3, diameter_mm: 7.3}}
  - {kind: pop_nail, fill_fraction: 0.9, nail: {neck_angle_deg: 125, lag_screw_diameter_mm: 10.5}}
loads:
  - {kind: stance}
  - {kind: sideways_fall}
analysis: {model: keyak_plasticity, mesh_size_mm: 3.0}
scores: [mirels, axial_cortical_involvement]
"""


@pytest.mark.parametrize("path", PLACED, ids=FIRST)
def test_a_case_passes_its_check(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    case = read_case(path).resolved()
    expected = (*names(case.lesions), *names(case.arms), *names(case.loads), *case.scores, "degrees of freedom")
    assert [word for word in expected if word not in printed.out] == []


@pytest.mark.parametrize("path", PLACED, ids=FIRST)
def test_the_scores_of_a_case_are_printed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(path)]) == 0
    printed = capsys.readouterr().out
    assert [name for name in read_case(path).resolved().scores if name not in printed] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_case_bears_its_files_name_and_says_what_it_asks(path: Path) -> None:
    assert read_case(path).name == path.stem
    assert path.read_text().startswith("# ")
    assert "?" in path.read_text().split("\nname:")[0]
    assert f"[{path.name}]({path.name})" in (CASES / "README.md").read_text()


def test_the_example_of_the_contract_stands_to_the_letter() -> None:
    lines = (CASES / "femur_neck_lytic.yaml").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == EXAMPLE.splitlines()
