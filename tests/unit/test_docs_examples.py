"""What docs/extending.md shows is code that runs, and the six lines of the package are those of its docstring."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
BLOCK = re.compile(r"^## (.+?)$|^```python\n(.*?)^```$", re.M | re.S)


def blocks() -> list[tuple[str, str]]:
    """(heading, code) of every Python block."""
    heading, found = "", []
    for match in BLOCK.finditer(PAGE.read_text()):
        if match.group(1):
            heading = match.group(1)
        else:
            found.append((heading, match.group(2)))
    return found


def test_every_example_runs_as_it_stands() -> None:
    space: dict[str, object] = {"__name__": "examples"}
    for heading, code in blocks():
        exec(compile(code, heading, "exec"), space)
    assert "breach_and_pain" in space


@pytest.mark.parametrize("what", ["density law", "post-yield law", "bone", "treatment", "load", "score"])
def test_there_is_an_example_that_asserts(what: str) -> None:
    assert "assert " in dict(blocks())[f"A {what}"]
