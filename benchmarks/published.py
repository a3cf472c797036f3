"""A published finding and the results of its pairs in, a number and whether it lies in the finding's band out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from femrisk.caveats import RATED, under_contact

#: Number of pairs that each kind of quantity is made of.
KINDS = {"level": 1, "ratio": 2, "difference": 2, "difference_of_gains": 4, "ratio_of_losses": 4, "untested": 0}


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
    "load_at_strain_N": "N at 1.9 %",
    "shell_load_share.elastic": "of the load",
    "height_loss_at_body_weight_mm": "mm",
    "posterior_wall_bulge_at_body_weight_mm": "mm",
}
#: Digits behind the point, where there are any.
DIGITS = {
    "energy_to_peak_J": 1,
    "shell_load_share.elastic": 2,
    "height_loss_at_body_weight_mm": 4,
    "posterior_wall_bulge_at_body_weight_mm": 4,
}
#: Those that need a fracture, and those that only a march gives.
AT_FRACTURE = ("fracture_load_N", "energy_to_peak_J")
NONLINEAR = (*AT_FRACTURE, "load_at_strain_N")


def value(key: str, result: Mapping[str, Any]) -> Any:
    """What a result holds under a key, or under keys in keys with points between; None where it holds nothing."""
    found: Any = result
    for part in key.split("."):
        found = None if found is None else found.get(part)
    return found


def told(key: str, result: Mapping[str, Any]) -> list[str]:
    """One number of one pair in words, and how it came about."""
    words = [f"{value(key, result):.{DIGITS.get(key, 0)}f} {UNITS[key]}"]
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
        number = value(one["key"], result)
        at_fracture = one["key"] in AT_FRACTURE
        if number is None or (at_fracture and result["status"] not in RATED):
            least = f"at least {number:.0f} N, so " if result["status"] == "limit_reached" and number else ""
            return Finding(None, "not testable", (f"{which}: {result['status']}, {least}no fracture load",))
        numbers.append(float(number))
        remarks.append(f"{which}: {', '.join(told(one['key'], result))}")
        testable = testable and not (one["key"] in NONLINEAR and len(fact.measured) > 1 and under_contact(result))
    number = combined(fact.kind, numbers)
    if number is None:
        return Finding(None, "not testable", ("the loss it is divided by is nothing",))
    verdict = "inside" if fact.accepts(number) else "outside"
    return Finding(number, verdict if testable else "not testable", tuple(remarks))
