"""A ``Reading`` in, the answer out: what each arm carries under each load, in the words that its status allows."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from femrisk.caveats import RATED, under_contact
from femrisk.report.quantity import Quantity, kilonewtons, markup
from femrisk.report.reading import Reading, headed

STATUS_WORDS = {
    "collapsed": "peak passed",
    "plateau": "plateau",
    "bracketed": "between two bounds",
    "limit_reached": "still rising",
    "stuck": "no fracture load",
}


@dataclass(frozen=True)
class Ratio:
    """A ratio, a bound of one, or the word for why there is none."""

    quantity: Quantity | None = None
    #: ``\u2265`` or ``\u2264`` where the number is a bound
    bound: str = ""
    #: in the place of a number
    words: str = "\u2013"

    def __html__(self) -> Markup:
        if self.quantity is None:
            return Markup.escape(self.words)
        return markup("{} {}", self.bound, self.quantity) if self.bound else markup("{}", self.quantity)


@dataclass(frozen=True)
class Bar:
    """A strength drawn to scale, per cent of the longest one; ``high`` is past ``low`` where there are two bounds."""

    low: float
    high: float
    open_end: bool


@dataclass(frozen=True)
class Strength:
    """What one arm carries under one load."""

    arm: str
    name: str
    status: str
    status_words: str
    load: Quantity | None
    #: the upper bound, where both bounds differ as they are shown
    upper: Quantity | None
    #: force at 1.9 % apparent strain of a vertebra
    at_strain: Quantity | None
    of_intact: Ratio
    of_untreated: Ratio
    risk: Ratio
    fails_in: str
    bar: Bar | None

    @property
    def at_least(self) -> bool:
        """The march ended while the force still rose."""
        return self.status == "limit_reached"

    def spoken(self) -> Markup:
        """``2.5 kN``, ``at least 10.2 kN``, ``9.3 to 9.6 kN``."""
        if self.load is None:
            return Markup("no fracture load")
        text = markup("{} to {} kN", self.load, self.upper) if self.upper else markup("{} kN", self.load)
        return markup("at least {}", text) if self.at_least else text

    def strength(self) -> Markup:
        """The strength this arm is judged by: at a strain where the bone has such a strength, else at fracture."""
        return markup("{} kN", self.at_strain) if self.at_strain else self.spoken()


@dataclass(frozen=True)
class LoadAnswer:
    """Every arm under one load."""

    load: str
    name: str
    strengths: tuple[Strength, ...]
    #: force that daily life or a fall asks for, in kN, where it lies on the bars' scale, and what it is
    demand: Quantity | None
    demand_at: float | None
    demand_meaning: str
    #: whether strength is also read at a strain
    by_strain: bool

    def of(self, arm: str | None) -> Strength | None:
        """The strength of an arm."""
        return next((one for one in self.strengths if one.arm == arm), None)


def answers(reading: Reading) -> tuple[LoadAnswer, ...]:
    """The answer under each load; bars are on one scale for all of them."""
    top = _largest(reading)
    return tuple(_answer(reading, load, top) for load in reading.loads)


def _answer(reading: Reading, load: str, top: float) -> LoadAnswer:
    by_strain = any(
        reading.comparison.number("rows", row, "load_at_strain_N")
        for arm in reading.arms
        if (row := reading.row(arm, load)) is not None
    )
    demand = reading.comparison.number("demands", load, "force_N")
    return LoadAnswer(
        load=load,
        name=headed(load),
        strengths=tuple(
            _strength(reading, arm, load, top) for arm in reading.arms if reading.row(arm, load) is not None
        ),
        demand=demand and kilonewtons(demand),
        demand_at=100 * demand.value / top if demand and top else None,
        demand_meaning=str(reading.comparison.at("demands", load, "meaning") or ""),
        by_strain=by_strain,
    )


def _strength(reading: Reading, arm: str, load: str, top: float) -> Strength:
    row = reading.row(arm, load)
    assert row is not None, "only pairs of the comparison are asked for"
    sheet = reading.comparison
    status = str(sheet.at("rows", row, "status"))
    number = sheet.number("rows", row, "fracture_load_N")
    low, high = (sheet.number("rows", row, "fracture_load_bracket_N", end) for end in (0, 1))
    if not (status == "bracketed" and low and high):
        low, high = number, number
    shown, upper = (kilonewtons(one) if one else None for one in (low, high))
    at_strain = sheet.number("rows", row, "load_at_strain_N")
    region = sheet.at("rows", row, "failure_region")
    reach = at_strain or low
    return Strength(
        arm=arm,
        name=headed(arm),
        status=status,
        status_words=STATUS_WORDS.get(status, status),
        load=shown,
        upper=upper if shown and upper and shown.text != upper.text else None,
        at_strain=at_strain and kilonewtons(at_strain),
        of_intact=_ratio(reading, "intact", arm, load, by_strain=at_strain is not None),
        of_untreated=_ratio(reading, "untreated", arm, load, by_strain=False),
        risk=_risk(reading, row, load),
        fails_in=str(region).replace("_", " ") if region else "\u2013",
        bar=Bar(
            100 * reach.value / top,
            100 * (at_strain or high or reach).value / top,
            status == "limit_reached" and at_strain is None,
        )
        if reach
        else None,
    )


def _ratio(reading: Reading, kind: str, arm: str, load: str, by_strain: bool) -> Ratio:
    """The ratio of the comparison, a bound of it where the load is one, or why there is none."""
    row, reference = reading.row(arm, load), reading.first(kind, load)
    assert row is not None, "only pairs of the comparison are asked for"
    key = "load_at_strain_ratio_to_intact" if by_strain and kind == "intact" else f"ratio_to_{kind}"
    if ratio := reading.comparison.number("rows", row, key):
        return Ratio(ratio)
    if reference is None:
        return Ratio()
    if any(under_contact(reading.results[one, load].content) for one in (arm, reference)):
        return Ratio(words="withheld")
    base = reading.row(reference, load)
    assert base is not None, "a reference has a result"
    own, other = (reading.comparison.number("rows", one, "fracture_load_N") for one in (row, base))
    statuses = [str(reading.comparison.at("rows", one, "status")) for one in (row, base)]
    if own and other and statuses[0] == "limit_reached" and statuses[1] in RATED:
        return Ratio(own.over(other), "\u2265")
    return Ratio()


def _risk(reading: Reading, row: int, load: str) -> Ratio:
    if risk := reading.comparison.number("rows", row, "factor_of_risk"):
        return Ratio(risk)
    demand = reading.comparison.number("demands", load, "force_N")
    strength = reading.comparison.number("rows", row, "fracture_load_N")
    if demand and strength and reading.comparison.at("rows", row, "status") == "limit_reached":
        return Ratio(demand.over(strength), "\u2264")
    return Ratio()


def _largest(reading: Reading) -> float:
    """The largest number that bars must hold, N."""
    rows = range(len(reading.comparison.at("rows") or []))
    found = [
        one.value
        for row in rows
        for one in (
            reading.comparison.number("rows", row, "load_at_strain_N")
            or reading.comparison.number("rows", row, "fracture_load_bracket_N", 1)
            or reading.comparison.number("rows", row, "fracture_load_N"),
        )
        if one
    ]
    found += [one.value for load in reading.loads if (one := reading.comparison.number("demands", load, "force_N"))]
    return max(found, default=0.0)
