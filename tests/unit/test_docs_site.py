"""What the site makes of code and data: every key, case and finding; and what leads out of it is only named."""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from femrisk.case import Case
from femrisk.materials.density import LAWS
from femrisk.materials.library import MATERIALS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture
def made() -> Iterator[dict[str, ModuleType]]:
    """The modules of ``docs/_ext``, which are no package."""
    pytest.importorskip("sphinx", reason="the packages of the documentation are not installed")
    sys.path.insert(0, str(DOCS / "_ext"))
    names = [file.stem for file in sorted((DOCS / "_ext").glob("*.py"))]
    try:
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.pop(0)


def test_every_key_of_every_part_has_its_row(made: dict[str, ModuleType]) -> None:
    keys = made["casekeys"]
    text, waiting, seen = keys.tables(), [Case], set[type[BaseModel]]()
    missing = []
    while waiting:
        model = waiting.pop()
        seen.add(model)
        for name, field in model.model_fields.items():
            missing += [] if keys.row(name, field) in text else [f"{model.__name__}.{name}"]
            waiting += [inner for inner in keys.below(field) if inner not in seen]
    assert missing == []
    assert len(seen) > 25


def test_a_row_has_unit_range_default_and_meaning(made: dict[str, ModuleType]) -> None:
    row = made["casekeys"].row("mesh_size_mm", Case.model_fields["analysis"].annotation.model_fields["mesh_size_mm"])  # type: ignore[union-attr]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:4] == ["`mesh_size_mm`", "mm", "1 to 10", "not given"]
    assert cells[4].startswith("Edge length of the tetrahedra")


def test_every_law_and_material_stands_on_the_page_of_physics(made: dict[str, ModuleType]) -> None:
    rows = made["constants"].laws() + made["constants"].materials()
    assert [name for name in (*LAWS, *MATERIALS) if f"`{name}`" not in rows] == []
    assert r"$14900\,\rho^{1.86}$" in rows


def test_every_case_is_in_the_gallery_with_its_question(made: dict[str, ModuleType]) -> None:
    page = made["galleries"].gallery(ROOT / "cases", DOCS / "gallery")
    assert [path.stem for path in made["galleries"].cases_of(ROOT / "cases") if f"### {path.stem}\n" not in page] == []


def test_a_case_without_a_section_is_told(made: dict[str, ModuleType], tmp_path: Path) -> None:
    (tmp_path / "tibia.yaml").write_text((ROOT / "cases" / "neck_small.yaml").read_text())
    with pytest.raises(ValueError, match="tibia"):
        made["galleries"].gallery(tmp_path, tmp_path)


def test_every_finding_stands_on_the_page_of_validation(made: dict[str, ModuleType]) -> None:
    data = ROOT / "tests" / "validation" / "data"
    text = made["findings"].findings(data, (DOCS / "trends.md").read_text())
    assert text.startswith(f"{len(list(data.glob('*.yaml')))} published findings: ")


def test_a_finding_that_was_not_computed_is_told(made: dict[str, ModuleType]) -> None:
    with pytest.raises(ValueError, match=r"01_intact_stance_level.yaml: docs/trends.md has no line 1"):
        made["findings"].findings(ROOT / "tests" / "validation" / "data", "")


def test_a_link_out_of_the_site_is_named_and_one_that_leads_nowhere_stays(made: dict[str, ModuleType]) -> None:
    text = "[a](../README.md), [b](model.md#skin), [c](nowhere.md), ![d](scene.png)\n```\n[e](../README.md)\n```"
    expected = "`a`, [b](model.md#skin), [c](nowhere.md), ![d](scene.png)\n```\n[e](../README.md)\n```"
    assert made["pages"].inside(text, DOCS) == expected


def test_pictures_of_the_gallery_are_small_and_of_a_case() -> None:
    pictures = list((DOCS / "gallery").glob("*.png"))
    assert pictures
    assert [one.name for one in pictures if one.stat().st_size > 60_000] == []
    assert [one.name for one in pictures if not (ROOT / "cases" / f"{one.stem}.yaml").is_file()] == []


def test_the_notebook_takes_the_six_steps_and_shows_what_they_gave() -> None:
    file = DOCS / "notebook.ipynb"
    cells = [one for one in json.loads(file.read_text())["cells"] if one["cell_type"] == "code"]
    code = "\n".join("".join(one["source"]) for one in cells)
    calls = [ast.unparse(one.func) for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Call)]
    steps = [f"femrisk.{name}" for name in ("read_case", "mesh", "run", "compare", "plot", "show")]
    assert [step for step in steps if step not in calls] == []
    assert [one["execution_count"] for one in cells] == list(range(1, len(cells) + 1))
    assert [one for one in cells for output in one["outputs"] if output["output_type"] == "error"] == []
    assert file.stat().st_size < 1_000_000


def test_the_page_of_the_notebook_has_its_code_and_its_pictures(made: dict[str, ModuleType]) -> None:
    page = made["notebooks"].cells(DOCS / "notebook.ipynb")
    assert 'femrisk.read_case("first_look.yaml")' in page
    assert page.count("data:image/png;base64,") == 2
