"""The table that a run prints: a ``Comparison`` in, a rich ``Table`` or plain text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from femrisk.caveats import RATED
from femrisk.comparison import Comparison, Row
from femrisk.output.bodytable import TITLE, body_cells, body_columns
from femrisk.scores import Score

Column = tuple[str, Literal["left", "right"]]

#: title and justification of each column
COLUMNS: tuple[Column, ...] = (
    ("arm", "left"),
    ("load", "left"),
    ("status", "left"),
    ("kN", "right"),
    ("/intact", "right"),
    ("/untr.", "right"),
    ("risk", "right"),
    ("linear kN", "right"),
    ("failure", "left"),
    ("cement mL", "right"),
)

#: beside the load, where strength is also defined by a strain
AT_STRAIN: tuple[Column, ...] = (("kN at 1.9 %", "right"), ("/intact", "right"))

STATUS_WORDS = {"limit_reached": "still rising", "stuck": "no result"}


def table(comparison: Comparison) -> Table:
    """One row per arm and load, the scores below it."""
    result = Table(
        title=f"{comparison.case}, {next(iter(comparison.by_model))}" if comparison.by_model else comparison.case,
        title_justify="left",
        caption=Text("\n".join([*_score_lines(comparison), *_demand_lines(comparison)])),
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for title, justify in _columns(comparison):
        result.add_column(title, justify=justify, no_wrap=title != "failure")
    for row in comparison.rows:
        result.add_row(*_cells(comparison, row))
    return result


def models_table(comparison: Comparison) -> Table:
    """One row per arm and load, with load, status and ratio under each model side by side."""
    result = Table(
        title="The same under each model of bone",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for title, justify in _model_columns(comparison):
        result.add_column(title, justify=justify, no_wrap=True)
    for arm, load in comparison.pairs():
        result.add_row(*_model_cells(comparison, arm, load))
    return result


def body_table(comparison: Comparison) -> Table | None:
    """Loss of height, bulge and canal of each vertebral body; None in another bone."""
    rows = body_cells(comparison)
    result = Table(title=TITLE, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title, justify in body_columns(comparison):
        result.add_column(title, justify=justify, no_wrap=True)
    for cells in rows:
        result.add_row(*cells)
    return result if rows else None


def notes(comparison: Comparison) -> str:
    """What a reader must know before using the numbers, a line each."""
    return "\n".join(f"- {sentence}" for sentence in comparison.caveats)


def text(comparison: Comparison) -> str:
    """The same as plain text: tables, scores, what each load is compared with, ranking, and the caveats."""
    pairs = [_model_cells(comparison, *pair) for pair in comparison.pairs()] if comparison.by_model else []
    bodies = body_cells(comparison)
    blocks = [
        _aligned(_columns(comparison), [_cells(comparison, row) for row in comparison.rows]),
        _aligned(_model_columns(comparison), pairs) if pairs else [],
        [TITLE, *_aligned(body_columns(comparison), bodies)] if bodies else [],
        _score_lines(comparison),
        [*_demand_lines(comparison), *_ranking_lines(comparison)],
        [notes(comparison)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _aligned(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table in plain text, the titles underlined."""
    grid = [[title for title, _ in columns], *rows]
    widths = [max(len(line[i]) for line in grid) for i in range(len(columns))]
    grid.insert(1, ["-" * width for width in widths])
    return [
        "  ".join(
            cell.ljust(width) if justify == "left" else cell.rjust(width)
            for cell, width, (_, justify) in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in grid
    ]


def _at_strain(comparison: Comparison) -> bool:
    return any(row.load_at_strain_N is not None for row in comparison.rows)


def _columns(comparison: Comparison) -> tuple[Column, ...]:
    return (*COLUMNS[:6], *AT_STRAIN, *COLUMNS[6:]) if _at_strain(comparison) else COLUMNS


def _cells(comparison: Comparison, row: Row) -> list[str]:
    ratio = row.load_at_strain_ratio_to_intact
    at_strain = [_kilonewtons(row.load_at_strain_N), "-" if ratio is None else f"{ratio:.2f}"]
    return [
        row.arm,
        row.load,
        STATUS_WORDS.get(row.status, row.status),
        _load(row),
        _ratio(comparison, row, "intact", row.ratio_to_intact),
        _ratio(comparison, row, "untreated", row.ratio_to_untreated),
        *(at_strain if _at_strain(comparison) else []),
        _risk(comparison, row),
        _kilonewtons(row.linear_fracture_load_N),
        row.failure_region or "-",
        "-" if row.cement_volume_ml is None else f"{row.cement_volume_ml:.1f}",
    ]


def _model_columns(comparison: Comparison) -> list[Column]:
    titles: list[Column] = [("arm", "left"), ("load", "left")]
    for model in comparison.by_model:
        titles += [(f"{model}, kN", "right"), ("status", "left"), ("/intact", "right")]
    return [*titles, ("largest/smallest", "right")]


def _model_cells(comparison: Comparison, arm: str, load: str) -> list[str]:
    cells = [arm, load]
    for one in comparison.by_model.values():
        row = one.row(arm, load)
        status = STATUS_WORDS.get(row.status, row.status) if row else "not computed"
        cells += [_load(row), status, _ratio(one, row, "intact", row.ratio_to_intact)] if row else ["-", status, "-"]
    spread = comparison.spread(arm, load)
    return [*cells, "-" if spread is None else f"{spread:.2f}"]


def _kilonewtons(force_N: float | None) -> str:
    return "-" if force_N is None else f"{force_N / 1000:.2f}"


def _load(row: Row) -> str:
    if row.status == "limit_reached" and row.fracture_load_N is not None:
        return f"at least {_kilonewtons(row.fracture_load_N)}"
    if row.status == "bracketed" and row.fracture_load_bracket_N:
        # bounds that print alike once
        return "-".join(dict.fromkeys(map(_kilonewtons, row.fracture_load_bracket_N)))
    return _kilonewtons(row.fracture_load_N)


def _ratio(comparison: Comparison, row: Row, kind: str, ratio: float | None) -> str:
    """The ratio, a bound for it where the load is one, or why there is none."""
    if ratio is not None:
        return f"{ratio:.2f}"
    reference = comparison.reference(kind, row.load)
    if reference is None or reference.status not in RATED or reference.fracture_load_N is None:
        return "-"
    if {(row.arm, row.load), (reference.arm, row.load)} & comparison.withheld:
        return "withheld"
    if row.status == "limit_reached" and row.fracture_load_N is not None:
        return f">={row.fracture_load_N / reference.fracture_load_N:.2f}"
    return "-"


def _risk(comparison: Comparison, row: Row) -> str:
    if row.factor_of_risk is not None:
        return f"{row.factor_of_risk:.2f}"
    demand = comparison.demands.get(row.load)
    if demand is not None and row.status == "limit_reached" and row.fracture_load_N:
        return f"<={demand.force_N / row.fracture_load_N:.2f}"
    return "-"


def _score_lines(comparison: Comparison) -> list[str]:
    lines = []
    for name, score in comparison.scores.items():
        lesion = score.items.get("lesion")
        several = isinstance(score.items.get("values"), Mapping) and lesion is not None
        worst = f" (worst of the lesions: {lesion})" if several else ""
        lines.append(
            f"{name.replace('_', ' ')}: {_value(score)}{worst}; {score.band}. {_first_sentence(score.advice)}".rstrip()
        )
    return lines


def _first_sentence(advice: str) -> str:
    """The action; the rest of an advice stands in ``comparison.json`` and the documentation."""
    first = advice.split(". ")[0].rstrip(".")
    return f"{first}." if first else ""


def _value(score: Score) -> str:
    unit = str(score.items.get("unit", ""))
    if score.value is None:
        return "-"
    scale, unit = (100, "%") if unit == "share" else (1, unit)
    ends = score.value if isinstance(score.value, tuple) else (score.value,)
    return f"{' to '.join(f'{scale * end:.3g}' for end in ends)} {unit}".strip()


def _demand_lines(comparison: Comparison) -> list[str]:
    return [
        f"risk in {load}: over {_kilonewtons(one.force_N)} kN, {one.meaning}"
        for load, one in comparison.demands.items()
    ]


def _ranking_lines(comparison: Comparison) -> list[str]:
    return [
        f"strongest first in {load}: {' > '.join(' = '.join(group) for group in groups)}"
        for load, groups in comparison.ranking.items()
        if groups
    ]
