"""Facts of the literature and the cases that test them in, a table of where femrisk falls out: ``docs/trends.md``.

Facts lie in ``tests/validation/data``, cases in ``benchmarks/trends``, results in ``results/trends``: finished pairs
are not computed again, and ``--table`` computes none. No number of the model is chosen by what comes out here.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from ruamel.yaml import YAML

from femrisk.case import read_case
from femrisk.caveats import RATED, under_contact
from femrisk.output.folder import ResultFolder
from femrisk.run import run

ROOT = Path(__file__).parents[1]
FACTS, CASES, RESULTS = (
    ROOT / "tests" / "validation" / "data",
    ROOT / "benchmarks" / "trends",
    ROOT / "results" / "trends",
)
TABLE, NOTES = ROOT / "docs" / "trends.md", CASES / "notes.md"

#: Number of pairs that each kind of quantity is made of.
KINDS = {"level": 1, "ratio": 2, "difference": 2, "difference_of_gains": 4, "ratio_of_losses": 4, "untested": 0}

HEAD = """\
# Published trends

Where femrisk falls among published findings. `python benchmarks/trends.py` computes the cases of `benchmarks/trends`
(about half an hour on one core; what is finished is kept) and writes this page. Each fact is a file of
`tests/validation/data` with specimens, source and what the model leaves out. *recalled*: not read in the source,
so never a test. Accepted bands are those of the source where it gives one, else ours, fixed before anything was
computed. Nothing in the model is tuned to them.

A ratio is *not testable* where more than 30 % of the plastic work of one of its bones lies under a contact (its number
then stands in brackets), or where a bone has no fracture load. **pot**: the bone broke in the shaft beside the pot, so
its load is a lower bound for the bone above.

"""


@dataclass(frozen=True)
class Fact:
    """One file of FACTS."""

    name: str
    quantity: str
    #: one of KINDS
    kind: str
    #: case, arm, load and key of each number the quantity is made of
    measured: tuple[Mapping[str, str], ...]
    #: published number or range; None where only the direction was published
    value: float | tuple[float, float] | None
    spread: str
    #: accepted; None is open
    band: tuple[float | None, float | None]
    band_origin: str
    specimen: str
    loading: str
    source: str
    #: seen | recalled
    tag: str
    #: whether it may ever be a test that passes or fails
    gate: bool
    leaves_out: str
    not_testable: str = ""

    def accepts(self, number: float) -> bool:
        """Whether a number lies in the band."""
        low, high = self.band
        return (low is None or low <= number) and (high is None or number <= high)


@dataclass(frozen=True)
class Finding:
    """What femrisk says of a fact: a number or none, ``inside | outside | not testable``, and why."""

    number: float | None
    verdict: str
    remarks: tuple[str, ...]


def read_fact(path: Path) -> Fact:
    """One fact from its file."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    value = content["value"]
    low, high = content["band"]
    return Fact(
        **{
            **content,
            "name": path.stem,
            "measured": tuple(content["measured"]),
            "value": tuple(value) if isinstance(value, list) else value,
            "band": (low, high),
        }
    )


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


def combined(kind: str, numbers: Sequence[float]) -> float | None:
    """The quantity from its numbers; None where it would be divided by nothing."""
    if kind == "level":
        return numbers[0]
    if kind == "ratio":
        return numbers[0] / numbers[1]
    if kind == "difference":
        return abs(numbers[0] / numbers[1] - 1)
    first, second = numbers[0] / numbers[1] - 1, numbers[2] / numbers[3] - 1
    if kind == "difference_of_gains":
        return first - second
    return first / second if second else None


#: Unit of each number that a quantity may be made of.
UNITS = {
    "fracture_load_N": "N",
    "linear_fracture_load_N": "N by the strain criterion",
    "energy_to_peak_J": "J",
    "stiffness_N_per_mm": "N/mm",
}
#: Those that only a march to fracture gives.
NONLINEAR = ("fracture_load_N", "energy_to_peak_J")


def told(key: str, result: Mapping[str, Any]) -> list[str]:
    """One number of one pair in words, and how it came about."""
    words = [f"{result[key]:.{1 if key == 'energy_to_peak_J' else 0}f} {UNITS[key]}"]
    if key not in NONLINEAR:
        return words
    words += [result["status"], f"{result['failure_material']} bone, {result['failure_region']}"]
    if result["failure_beside_pot"]:
        words.append("**pot**")
    if under_contact(result):
        words.append(f"{100 * result['contact_share_of_plastic_work']:.0f} % of its plastic work under contacts")
    return words


def judge(fact: Fact, results: Sequence[Mapping[str, Any]] | None) -> Finding:
    """Set the results of a fact's pairs against its band."""
    if not fact.measured:
        return Finding(None, "not testable", (fact.not_testable,))
    if results is None:
        return Finding(None, "not testable", ("not computed",))
    remarks, numbers, testable = [], [], True
    for one, result in zip(fact.measured, results, strict=True):
        which = f"{one['case']} {one['arm']} {one['load']}"
        number = result[one["key"]]
        nonlinear = one["key"] in NONLINEAR
        if number is None or (nonlinear and result["status"] not in RATED):
            least = f"at least {number:.0f} N, so " if result["status"] == "limit_reached" and number else ""
            return Finding(None, "not testable", (f"{which}: {result['status']}, {least}no fracture load",))
        numbers.append(float(number))
        remarks.append(f"{which}: {', '.join(told(one['key'], result))}")
        testable = testable and not (nonlinear and len(fact.measured) > 1 and under_contact(result))
    number = combined(fact.kind, numbers)
    if number is None:
        return Finding(None, "not testable", ("the loss it is divided by is nothing",))
    verdict = "inside" if fact.accepts(number) else "outside"
    return Finding(number, verdict if testable else "not testable", tuple(remarks))


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
