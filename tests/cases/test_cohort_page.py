"""The page of the cohort says what its kept results say."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cohort() -> ModuleType:
    """``benchmarks/cohort.py``, which is no package."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import cohort

    return cohort


def test_every_table_is_made_of_the_kept_results(cohort: ModuleType) -> None:
    page = (ROOT / "docs" / "cohort.md").read_text(encoding="utf-8")
    assert cohort.rendered(page) == page
    assert len(re.findall(r"<!-- cohort.*?-->\n\|", page)) == page.count("<!-- end -->") > 8


def test_every_picture_of_the_page_is_there() -> None:
    page = (ROOT / "docs" / "cohort.md").read_text(encoding="utf-8")
    pictures = re.findall(r"\]\((cohort/[^)]+\.png)\)", page)
    assert len(pictures) >= 4
    assert [name for name in pictures if not (ROOT / "docs" / name).is_file()] == []
