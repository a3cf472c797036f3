"""Published facts in, tables of the page on validation out: `<!-- findings -->` in a page stands for them.

The facts are the files of tests/validation/data, which the tests read too; where femrisk falls among them is looked up
in docs/trends.md, which `benchmarks/trends.py` writes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

#: `| 5a. quantity | published | band | femrisk | **inside** | ...` of docs/trends.md
LINE = re.compile(r"^\| (\w+)\. (?:[^|]*\|){3} ([^|]*?) \| \*\*([^*]+)\*\* \|", re.M)
HEAD = (
    "| | quantity | band | femrisk | | bones | what the model leaves out | source |\n|---|---|---|---|---|---|---|---|"
)


def findings(data: Path, trends: str) -> str:
    """How many facts there are and hold, then one row for each.

    Raises:
        ValueError: a fact that trends.md does not tell of.
    """
    told = {number: (value, verdict) for number, value, verdict in LINE.findall(trends)}
    rows, verdicts = [], []
    for path in sorted(data.glob("*.yaml")):
        number = path.stem.split("_")[0].lstrip("0")
        number = f"v{number[1:]}" if number.startswith("v") else number
        if number not in told:
            raise ValueError(f"{path.name}: docs/trends.md has no line {number} (python benchmarks/trends.py)")
        value, verdict = told[number]
        verdicts.append(verdict)
        rows.append(row(number, YAML(typ="safe").load(path), value, verdict))
    counts = ", ".join(f"{verdicts.count(one)} {one}" for one in dict.fromkeys(verdicts))
    return f"{len(rows)} published findings: {counts}.\n\n{HEAD}\n" + "\n".join(rows)


def row(number: str, fact: dict[str, Any], value: str, verdict: str) -> str:
    """One fact beside what femrisk gives."""
    low, high = fact["band"]
    band = f"above {low:g}" if high is None else f"below {high:g}" if low is None else f"{low:g} to {high:g}"
    source = fact["source"] + (" *(recalled)*" if fact["tag"] == "recalled" else "")
    cells = (number, fact["quantity"], band, value, f"**{verdict}**", fact["specimen"], fact["leaves_out"], source)
    return (
        "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |"
    )


def setup(app: Any) -> dict[str, bool]:
    """Sphinx asks for this."""

    def read(app: Any, name: str, source: list[str]) -> None:
        if "<!-- findings -->" in source[0]:
            here = Path(app.srcdir)
            data = here.parent / "tests" / "validation" / "data"
            trends = (here / "trends.md").read_text(encoding="utf-8")
            source[0] = source[0].replace("<!-- findings -->", findings(data, trends))

    app.connect("source-read", read)
    return {"parallel_read_safe": True}
