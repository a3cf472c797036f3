"""Every case of the gallery runs to an answer on a coarse mesh, and so does the notebook: `make gallery`."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
#: sweeps name a base case; the demo is run as it is, by `make demo`
CASES = sorted(path for path in (ROOT / "cases").glob("*.yaml") if "\ncase:" not in path.read_text())
FILES = [path for path in CASES if path.stem != "femur_neck_lytic"]

pytestmark = pytest.mark.gallery


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    """``scripts/gallery.py``, which is no package."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        return importlib.import_module("gallery")
    finally:
        sys.path.pop(0)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_case_has_a_load_for_every_arm(path: Path, gallery: ModuleType, tmp_path: Path) -> None:
    rows = gallery.answer(path, tmp_path).rows
    asked = gallery.coarse(gallery.read_case(path))
    assert [row.arm for row in rows] == [arm.name for arm in asked.arms]
    assert [row.arm for row in rows if row.status == "stuck" or not row.linear_fracture_load_N] == []
    # a coarse load is no answer, but a bone holds hundreds of newtons, and not tens of thousands
    assert [row.linear_fracture_load_N for row in rows if not 300 < float(row.linear_fracture_load_N or 0) < 3e4] == []


def test_the_cells_of_the_notebook_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "first_look.yaml").write_text((ROOT / "docs" / "first_look.yaml").read_text())
    monkeypatch.chdir(tmp_path / "docs")
    space: dict[str, object] = {}
    for cell in json.loads((ROOT / "docs" / "notebook.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), space)
    assert (tmp_path / "build" / "first_look" / "report.html").is_file()
