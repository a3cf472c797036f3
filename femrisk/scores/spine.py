"""Taneichi's criteria and Kostuik's columns: the patient and the measures of a vertebra in, a ``Score`` out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from femrisk.meshes.vertebra.spine import COLUMNS, LEVELS, ColumnMeasure, VertebraMeasure
from femrisk.patient import Patient
from femrisk.scores.sins import REPLACED_SHARE
from femrisk.scores.value import Score, spanned

#: Share of a structure above which it counts as destroyed; up to ``REPLACED_SHARE`` it counts as kept, and what lies
#: between is left open. Our reading: Taneichi's paper is recalled without a number.
DESTROYED_SHARE = 0.5

#: what an occupancy below, within and above a limit (which is itself a band) means
VERDICTS = ("no impending collapse", "borderline", "impending collapse")

#: Angulation that adds instability to Kostuik's columns, degrees (recalled).
ANGULATION_LIMIT_DEG = 20.0


@dataclass(frozen=True)
class TaneichiRule:
    """Occupancy of the body from which collapse impends (Taneichi 1997, recalled)."""

    levels: tuple[str, ...]
    structures: str
    #: lowest and highest limit while the structures are kept
    kept: tuple[float, float]
    #: the same where they are destroyed
    destroyed: tuple[float, float]


THORACIC = TaneichiRule(LEVELS[7:17], "costovertebral joints", (0.50, 0.60), (0.25, 0.30))
LUMBAR = TaneichiRule(LEVELS[16:24], "pedicles or facets", (0.35, 0.40), (0.20, 0.25))


def taneichi(patient: Patient, measure: VertebraMeasure) -> Score:
    """Share of the body's section that lesions take, against the limits of its region (Taneichi 1997).

    T10 belongs to both regions; the stricter verdict counts there. The largest share of a section is compared, as the
    original read slices; ``items`` have the verdict by volume too.
    """
    rules = [rule for rule in (THORACIC, LUMBAR) if measure.level in rule.levels]
    source = "Taneichi 1997, Spine 22:239-245 (limits and odds recalled, to be checked)"
    if not rules:
        band = f"no criterion for {measure.level} (T1 to L5 only)"
        return Score("taneichi", None, {"level": measure.level, "unit": "share"}, band, "None.", source)
    destroyed = {rule.structures: _structures_destroyed(rule, measure) for rule in rules}
    by_section, by_volume = (_verdicts(share, destroyed, rules) for share in _shares(measure))
    least, most = by_section
    words = VERDICTS[least] if least == most else f"{VERDICTS[least]} up to {VERDICTS[most]}"
    open_ended = [name for name, answer in destroyed.items() if answer is None] if least != most else []
    if open_ended:
        words += f", as it is not known whether {' and '.join(open_ended)} count as destroyed"
    if measure.height_loss_share:
        words += " (the body has collapsed already)"
    return Score(
        name="taneichi",
        value=measure.body_section_share,
        items={
            "level": measure.level,
            "volume_share": measure.body_volume_share,
            "limits": {rule.structures: {"kept": rule.kept, "destroyed": rule.destroyed} for rule in rules},
            "destroyed": destroyed,
            "verdict": _named(by_section),
            "verdict_by_volume": _named(by_volume),
            "unit": "share",
        },
        band=f"{words} (limits recalled)",
        advice=(
            "States a risk, prescribes no treatment. Odds of collapse (recalled): thoracic 2.4 times per 10 % of size, "
            "10 with the costovertebral joint destroyed; lumbar 4.4 times per 10 %, 297 with the pedicle destroyed."
        ),
        source=source,
    )


def _shares(measure: VertebraMeasure) -> tuple[float, float]:
    return measure.body_section_share, measure.body_volume_share


def _verdicts(share: float, destroyed: dict[str, bool | None], rules: Iterable[TaneichiRule]) -> tuple[int, int]:
    """Indices into VERDICTS, the mildest and the gravest that what is known allows."""
    kept, lost = ([verdict(share, getattr(rule, state)) for rule in rules] for state in ("kept", "destroyed"))
    answers = [destroyed[rule.structures] for rule in rules]
    least = max(lost[i] if answer is True else kept[i] for i, answer in enumerate(answers))
    most = max(kept[i] if answer is False else lost[i] for i, answer in enumerate(answers))
    return least, most


def verdict(share: float, limit: tuple[float, float]) -> int:
    """Index into VERDICTS: below the band of a limit, within it, above it."""
    return 0 if share < limit[0] else 1 if share <= limit[1] else 2


def _named(ends: tuple[int, int]) -> str | tuple[str, str]:
    return VERDICTS[ends[0]] if ends[0] == ends[1] else (VERDICTS[ends[0]], VERDICTS[ends[1]])


def _structures_destroyed(rule: TaneichiRule, measure: VertebraMeasure) -> bool | None:
    """Whether the structures of a rule are destroyed on either side."""
    shares: list[float | None] = []
    for side in (measure.left, measure.right):
        if side is None:
            shares.append(None)
        elif rule is THORACIC:
            shares.append(side.costovertebral)
        else:
            shares += [side.pedicle, side.facet]
    if any(share is not None and share > DESTROYED_SHARE for share in shares):
        return True
    return None if any(share is None or share > REPLACED_SHARE for share in shares) else False


def kostuik(patient: Patient, measure: VertebraMeasure) -> Score:
    """Number of the six columns of a vertebra that are destroyed (Kostuik and Errico)."""
    columns = {name: _column_destroyed((measure.columns or {}).get(name)) for name in COLUMNS}
    low = sum(answer is True for answer in columns.values())
    high = low + sum(answer is None for answer in columns.values())
    first, last = kostuik_class(low), kostuik_class(high)
    angulation = patient.spinal_angulation_deg
    return Score(
        name="kostuik",
        value=spanned(low, high),
        items={
            **columns,
            "angulation_over_20_deg": None if angulation is None else angulation > ANGULATION_LIMIT_DEG,
            "unit": f"of {len(COLUMNS)} columns",
        },
        band=(first if low == high else f"{first} up to {last}, as some columns are not measured")
        + _angulated(angulation)
        + " (recalled)",
        advice="States stability, prescribes no treatment.",
        source="Kostuik and Errico (classes recalled, to be checked); a column counts as destroyed when more than half "
        "of its volume is taken or its cortex is breached over more than half of its height (our reading)",
    )


def kostuik_class(destroyed: int) -> str:
    """Up to two columns stable, three and four unstable, five and six markedly unstable."""
    return "stable" if destroyed <= 2 else "unstable" if destroyed <= 4 else "markedly unstable"


def _column_destroyed(column: ColumnMeasure | None) -> bool | None:
    if column is None:
        return None
    return column.volume_share > 0.5 or column.breached_height_share > 0.5


def _angulated(angulation_deg: float | None) -> str:
    if angulation_deg is None:
        return "; angulation (spinal_angulation_deg) is unknown, over 20 degrees it adds instability"
    return "; angulation over 20 degrees adds instability" if angulation_deg > ANGULATION_LIMIT_DEG else ""
