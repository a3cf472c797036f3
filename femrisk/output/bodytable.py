"""How vertebral bodies are deformed: a ``Comparison`` in, columns and cells of a small table out."""

from __future__ import annotations

from typing import Literal

from femrisk.comparison import BODY_KEYS, Comparison, Row

TITLE = "The vertebral body at one body weight and at its strength, mm"
COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("arm", "left"),
    ("load", "left"),
    ("1 BW: height loss", "right"),
    ("/intact", "right"),
    ("bulge", "right"),
    ("/intact", "right"),
    ("canal", "right"),
    ("strength: height loss", "right"),
    ("bulge", "right"),
    ("canal", "right"),
)
#: behind them where a body has collapsed
REGAINED: tuple[str, Literal["left", "right"]] = ("regained", "right")


def body_columns(comparison: Comparison) -> tuple[tuple[str, Literal["left", "right"]], ...]:
    """Title and justification of each column."""
    return (*COLUMNS, REGAINED) if _collapsed(comparison) else COLUMNS


def body_cells(comparison: Comparison) -> list[list[str]]:
    """One line per pair that measured a body; none where the bone has none."""
    measured = [row for row in comparison.rows if any(getattr(row, key) is not None for key in BODY_KEYS)]
    return [_cells(comparison, row) for row in measured]


def _cells(comparison: Comparison, row: Row) -> list[str]:
    intact = comparison.reference("intact", row.load)
    cells = [row.arm, row.load]
    for what in ("height_loss", "posterior_wall_bulge"):
        value = getattr(row, f"{what}_at_body_weight_mm")
        of_intact = getattr(intact, f"{what}_at_body_weight_mm", None)
        # endplates that spread on a disc may leave a wall that does not come out between its rims
        ratio = value / of_intact if value is not None and of_intact and of_intact > 0 else None
        cells += [_digits(value, 3), _digits(ratio, 2)]
    cells.append(_digits(row.canal_narrowing_at_body_weight_mm, 3))
    at_strength = (row.height_loss_at_strength_mm, row.posterior_wall_bulge_at_strength_mm)
    cells += [_digits(value, 2) for value in (*at_strength, row.canal_narrowing_at_strength_mm)]
    return [*cells, _regained(row)] if _collapsed(comparison) else cells


def _collapsed(comparison: Comparison) -> bool:
    return any(row.height_regained_mm is not None for row in comparison.rows)


def _regained(row: Row) -> str:
    """Height the body got back, and as a share of what it had lost."""
    if not row.height_regained_mm or row.height_regained_share is None:
        return "-"
    return f"{row.height_regained_mm:.1f} ({row.height_regained_share:.0%})"


def _digits(value: float | None, count: int) -> str:
    return "-" if value is None else f"{value:.{count}f}"
