"""Facts of the literature are well formed, and one trend that no choice of ours could hide holds on a coarse mesh."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mpi4py import MPI

from femrisk.case import Case, names, read_case
from femrisk.materials.field import paint
from femrisk.meshes.mesher import mesh
from femrisk.pair import compute
from femrisk.plan import families, mesh_task
from femrisk.preparation import prepare
from femrisk.scene import build

ROOT = Path(__file__).parents[2]
CASES = ROOT / "benchmarks" / "trends"
FILES = sorted((ROOT / "tests" / "validation" / "data").glob("*.yaml"))


@pytest.fixture(scope="module")
def published() -> ModuleType:
    """``benchmarks/published.py``, which is no package."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module("published")
    finally:
        sys.path.pop(0)


def test_there_are_facts() -> None:
    assert len(FILES) >= 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_fact_has_its_source_and_its_tag(path: Path, published: ModuleType) -> None:
    fact = published.read_fact(path)
    for words in (fact.quantity, fact.spread, fact.band_origin, fact.specimen, fact.loading, fact.source):
        assert words.strip()
    assert fact.leaves_out.strip()
    assert fact.tag in ("seen", "recalled")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recalled_fact_is_no_gate(path: Path, published: ModuleType) -> None:
    fact = published.read_fact(path)
    assert not (fact.gate and fact.tag == "recalled")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_band_holds_its_value(path: Path, published: ModuleType) -> None:
    fact = published.read_fact(path)
    low, high = fact.band
    assert low is not None or high is not None
    values = fact.value if isinstance(fact.value, tuple) else (fact.value,)
    assert all(value is None or fact.accepts(value) for value in values)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_fact_is_measured_by_pairs_of_its_cases_or_says_why_not(path: Path, published: ModuleType) -> None:
    fact = published.read_fact(path)
    assert len(fact.measured) in (published.KINDS[fact.kind], 0)
    assert bool(fact.measured) != bool(fact.not_testable)
    for one in fact.measured:
        case = read_case(CASES / f"{one['case']}.yaml")
        assert one["arm"] in names(case.arms)
        assert one["load"] in names(case.loads)


def fact_of(published: ModuleType, **changes: Any) -> Any:
    """A ratio that accepts 0.4 to 0.6, of an untreated to an intact bone."""
    pairs = tuple(
        {"case": "c", "arm": arm, "load": "stance", "key": "fracture_load_N"} for arm in ("untreated", "intact")
    )
    given = {
        "name": "00_fact",
        "quantity": "q",
        "kind": "ratio",
        "measured": pairs,
        "value": 0.5,
        "spread": "none",
        "band": (0.4, 0.6),
        "band_origin": "ours",
        "specimen": "s",
        "loading": "l",
        "source": "s",
        "tag": "seen",
        "gate": True,
        "leaves_out": "nothing",
    }
    return published.Fact(**{**given, **changes})


def result(load: float | None, share: float = 0.0, status: str = "collapsed", pot: bool = False) -> dict[str, Any]:
    return {
        "fracture_load_N": load,
        "status": status,
        "contact_share_of_plastic_work": share,
        "failure_beside_pot": pot,
        "failure_material": "cortical",
        "failure_region": "neck",
    }


def test_a_ratio_in_its_band_is_inside_and_one_beyond_it_outside(published: ModuleType) -> None:
    fact = fact_of(published)
    assert published.judge(fact, [result(500), result(1000)]).verdict == "inside"
    assert published.judge(fact, [result(700), result(1000)]).verdict == "outside"


def test_a_ratio_of_contacts_is_not_testable_and_keeps_its_number(published: ModuleType) -> None:
    finding = published.judge(fact_of(published), [result(500), result(1000, share=0.5)])
    assert (finding.verdict, finding.number) == ("not testable", 0.5)


def test_a_bone_without_a_fracture_load_has_no_number(published: ModuleType) -> None:
    finding = published.judge(fact_of(published), [result(500), result(1000, status="limit_reached")])
    assert (finding.verdict, finding.number) == ("not testable", None)
    assert published.judge(fact_of(published), None).verdict == "not testable"


def test_a_break_beside_the_pot_is_said(published: ModuleType) -> None:
    finding = published.judge(fact_of(published), [result(500), result(1000, pot=True)])
    assert "**pot**" in finding.remarks[1]
    assert "**pot**" not in finding.remarks[0]


def test_quantities_are_made_of_their_numbers(published: ModuleType) -> None:
    # gains of 50 and 20 %; losses of 40 and 20 %
    assert published.combined("difference_of_gains", [3, 2, 6, 5]) == pytest.approx(0.3)
    assert published.combined("ratio_of_losses", [3, 5, 4, 5]) == pytest.approx(2.0)
    assert published.combined("ratio_of_losses", [3, 5, 5, 5]) is None
    assert published.combined("difference", [4, 5]) == pytest.approx(0.2)


@pytest.mark.slow
def test_a_void_at_the_calcar_weakens_stance_more_than_one_at_the_top_of_the_neck() -> None:
    """A ball of 20 mm in either quadrant, linear model: other sites of the neck are milder (PMID 18327790)."""
    loads = {}
    for quadrant in ("inferomedial", "superolateral"):
        lesion = {"kind": "sphere", "site": "femoral_neck", "quadrant": quadrant, "radius_mm": 10.0}
        scene = build(
            Case.model_validate(
                {
                    "name": quadrant,
                    "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
                    "bone": {"kind": "proximal_femur"},
                    "lesions": [lesion],
                    "arms": [{"kind": "untreated"}],
                    "loads": [{"kind": "stance"}],
                    "analysis": {"model": "linear", "mesh_size_mm": 8.0},
                    "scores": [],
                }
            )
        )
        task = mesh_task(scene, families(scene)[0])
        cells = mesh(task.anatomy, task.family.solids, task.size_mm, task.sizing)
        ready = prepare(cells, scene.boundaries["stance"], MPI.COMM_SELF)
        found = compute(ready, paint(cells, (("sphere", "tumour_lytic"),)), True, lambda increment: None)
        loads[quadrant] = found.elastic.loads[100.0]
    assert 0 < loads["inferomedial"] < loads["superolateral"]
