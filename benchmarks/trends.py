"""Facts of the literature and the cases that test them in, a table of where femrisk falls out: ``docs/trends.md``.

Facts lie in ``tests/validation/data``, cases in ``benchmarks/trends``, results in ``results/trends``: finished pairs
are not computed again, and ``--table`` computes none. No number of the model is chosen by what comes out here.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from published import Fact, Finding, judge, read_fact
from rich.console import Console

from femrisk.case import read_case
from femrisk.output.folder import ResultFolder
from femrisk.run import run

ROOT = Path(__file__).parents[1]
FACTS, CASES, RESULTS = (
    ROOT / "tests" / "validation" / "data",
    ROOT / "benchmarks" / "trends",
    ROOT / "results" / "trends",
)
TABLE, NOTES = ROOT / "docs" / "trends.md", CASES / "notes.md"

HEAD = """\
# Published trends

Where femrisk falls among published findings. `python benchmarks/trends.py` computes the cases of `benchmarks/trends`
(an hour and a half on one core; what is finished is kept) and writes this page. Each fact is a file of
`tests/validation/data` with specimens, source and what the model leaves out. *recalled*: not read in the source,
so never a test. Accepted bands are those of the source where it gives one, else ours, fixed before anything was
computed. Nothing in the model is tuned to them.

A ratio is *not testable* where more than 30 % of the plastic work of one of its bones lies under a contact (its number
then stands in brackets), or where a bone has no fracture load. **pot**: the bone broke in the shaft beside the pot, so
its load is a lower bound for the bone above.

"""


def facts() -> tuple[Fact, ...]:
    """All facts, by name."""
    return tuple(read_fact(path) for path in sorted(FACTS.glob("*.yaml")))


def results_of(fact: Fact) -> list[dict[str, Any]] | None:
    """The ``result.json`` of each pair a fact is measured by; None where one is not there."""
    found = []
    for one in fact.measured:
        folder = ResultFolder(RESULTS / one["case"])
        if not folder.is_complete(one["arm"], one["load"]):
            return None
        found.append(folder.read_result(one["arm"], one["load"]))
    return found


def text(number: float | None) -> str:
    """Four digits at most; an open end of a band is a dash."""
    if number is None:
        return "-"
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.2f}"


def published(fact: Fact) -> str:
    """Value and spread in words."""
    if fact.value is None:
        return fact.spread
    value = "-".join(text(one) for one in fact.value) if isinstance(fact.value, tuple) else text(fact.value)
    return f"{value}; {fact.spread}"


def accepted(fact: Fact) -> str:
    """The band in words."""
    low, high = fact.band
    if high is None:
        return f"above {text(low)}"
    return f"{text(low)}-{text(high)}"


def table(found: Sequence[tuple[Fact, Finding]]) -> str:
    """The page, up to its notes."""
    lines = [HEAD + "| trend | published | band | femrisk | | how it came about |", "|---|---|---|---|---|---|"]
    for fact, finding in found:
        number = text(finding.number) if finding.number is not None else "-"
        shown = f"({number})" if finding.verdict == "not testable" and finding.number is not None else number
        recalled = " *recalled*" if fact.tag == "recalled" else ""
        lines.append(
            f"| {fact.name.split('_')[0].lstrip('0')}. {fact.quantity} | {published(fact)} ({fact.source}){recalled} | "
            f"{accepted(fact)} | {shown} | **{finding.verdict}** | {'; '.join(finding.remarks)} |"
        )
    verdicts = [finding.verdict for _, finding in found]
    counts = ", ".join(f"{verdicts.count(one)} {one}" for one in ("inside", "outside", "not testable"))
    return "\n".join(lines) + f"\n\n{counts}.\n"


def main() -> None:
    """Compute what is missing, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="compute nothing; write the table from what is finished")
    options = parser.parse_args()
    wanted = facts()
    if not options.table:
        for name in dict.fromkeys(one["case"] for fact in wanted for one in fact.measured):
            pairs = {(one["arm"], one["load"]) for fact in wanted for one in fact.measured if one["case"] == name}
            case = read_case(CASES / f"{name}.yaml")
            for load in dict.fromkeys(load for _, load in sorted(pairs)):
                arms = tuple(sorted(arm for arm, under in pairs if under == load))
                run(case, RESULTS / name, arms=arms, loads=(load,), console=Console(stderr=True))
    page = table([(fact, judge(fact, results_of(fact))) for fact in wanted])
    if NOTES.is_file():
        page += "\n" + NOTES.read_text(encoding="utf-8")
    TABLE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
