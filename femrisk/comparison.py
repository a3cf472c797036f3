"""What a case answers: ``Row`` and ``Comparison``, and their texts as ``comparison.json`` and ``comparison.csv``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields

from femrisk.caveats import RATED
from femrisk.demand import Demand
from femrisk.scores import Score

#: keys of a row that stand side by side where a case is computed under several models
OF_EACH_MODEL = ("status", "fracture_load_N", "fracture_load_bracket_N", "ratio_to_intact", "ratio_to_untreated")
#: how a vertebral body is deformed, and when: together the last keys of a row, ``height_loss_at_body_weight_mm`` ...
BODY = ("height_loss", "anterior_height_loss", "posterior_height_loss", "posterior_wall_bulge", "canal_narrowing")
BODY_WHEN = ("body_weight", "strength")
HEIGHT_KEYS = ("height_regained_mm", "height_regained_share")
BODY_KEYS = tuple(f"{what}_at_{when}_mm" for when in BODY_WHEN for what in BODY)


@dataclass(frozen=True)
class Row:
    """One arm under one load; the keys of a row of ``comparison.json``. What does not exist is None."""

    arm: str
    load: str
    #: collapsed | plateau | bracketed | limit_reached (the load is 'at least') | stuck (there is no load)
    status: str
    fracture_load_N: float | None
    fracture_load_bracket_N: tuple[float, float] | None
    #: multiple of body weight
    fracture_load_BW: float | None
    ratio_to_intact: float | None
    ratio_to_untreated: float | None
    #: force at 1.9 % apparent strain of a vertebral body, and over that of the intact one: strength by definition,
    #: whether the force still rises or not
    load_at_strain_N: float | None
    load_at_strain_ratio_to_intact: float | None
    stiffness_N_per_mm: float | None
    energy_to_peak_J: float | None
    #: demand of the load over fracture load; 1 and above: fracture expected
    factor_of_risk: float | None
    linear_fracture_load_N: float | None
    failure_region: str | None
    failure_centroid_mm: tuple[float, ...] | None
    cement_volume_ml: float | None
    implant_peak_von_mises_MPa: float | None
    #: height that a collapsed vertebral body got back where it had lost most, and as a share of what it had lost there;
    #: None where the body has not collapsed, or it is not known how
    height_regained_mm: float | None = None
    height_regained_share: float | None = None
    #: of a vertebral body: shortening in its middle and at its walls, bulge of its posterior wall, loss of the canal's
    #: depth, at one body weight and at its strength (see ``gauge``)
    height_loss_at_body_weight_mm: float | None = None
    anterior_height_loss_at_body_weight_mm: float | None = None
    posterior_height_loss_at_body_weight_mm: float | None = None
    posterior_wall_bulge_at_body_weight_mm: float | None = None
    canal_narrowing_at_body_weight_mm: float | None = None
    height_loss_at_strength_mm: float | None = None
    anterior_height_loss_at_strength_mm: float | None = None
    posterior_height_loss_at_strength_mm: float | None = None
    posterior_wall_bulge_at_strength_mm: float | None = None
    canal_narrowing_at_strength_mm: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Every arm under every load beside the scores, with what a reader must know."""

    case: str
    version: str
    rows: tuple[Row, ...]
    scores: Mapping[str, Score]
    #: per load, strongest first; arms in one group do not differ beyond mesh noise and brackets. Rated loads only.
    ranking: Mapping[str, tuple[tuple[str, ...], ...]]
    #: what each load is compared with in the factor of risk
    demands: Mapping[str, Demand]
    caveats: tuple[str, ...]
    #: kind of each arm, by name
    arm_kinds: Mapping[str, str]
    #: arm and load of the pairs that take part in no ratio, because their contact failed more than their bone
    withheld: frozenset[tuple[str, str]]
    #: the same case under each model that was asked for, the model of the rows first; empty where it is the only one
    by_model: Mapping[str, Comparison] = field(default_factory=dict)

    def reference(self, kind: str, load: str) -> Row | None:
        """The first row of this kind of arm (``intact``, ``untreated``) under a load."""
        rows = (row for row in self.rows if self.arm_kinds.get(row.arm, row.arm) == kind and row.load == load)
        return next(rows, None)

    def row(self, arm: str, load: str) -> Row | None:
        """The row of a pair; None where it has no result."""
        return next((row for row in self.rows if (row.arm, row.load) == (arm, load)), None)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Arm and load of what has a result under any model."""
        every = (row for one in (self, *self.by_model.values()) for row in one.rows)
        return tuple(dict.fromkeys((row.arm, row.load) for row in every))

    def spread(self, arm: str, load: str) -> float | None:
        """Largest over smallest fracture load of a pair between models; None where fewer than two give one."""
        loads = self.rated(arm, load).values()
        return max(loads) / min(loads) if len(loads) > 1 else None

    def rated(self, arm: str, load: str) -> dict[str, float]:
        """Fracture load of a pair in N by model, of those that give one rather than a bound."""
        rows = {model: one.row(arm, load) for model, one in self.by_model.items()}
        return {
            model: row.fracture_load_N
            for model, row in rows.items()
            if row and row.status in RATED and row.fracture_load_N
        }

    def as_dict(self) -> dict[str, object]:
        """The content of ``comparison.json``."""
        return {
            "case": self.case,
            "version": self.version,
            "rows": [asdict(row) for row in self.rows],
            **self._models(),
            "scores": {name: score.as_dict() for name, score in self.scores.items()},
            "ranking": {load: [list(group) for group in groups] for load, groups in self.ranking.items()},
            "demands": {load: asdict(one) for load, one in self.demands.items()},
            "caveats": list(self.caveats),
        }

    def to_json(self) -> str:
        """Text of ``comparison.json``; a number that does not exist is ``null``."""
        return json.dumps(self.as_dict(), indent=2, allow_nan=False, ensure_ascii=False) + "\n"

    def to_csv(self) -> str:
        """Text of ``comparison.csv``: one line per pair, a missing number left empty, several joined by ``;``.

        Behind the columns of a row stand those of each model, ``under_MODEL_...``, where there are several.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        keys = tuple(one.name for one in fields(Row))
        last = ("largest_over_smallest",) if self.by_model else ()
        writer.writerow((*keys, *(f"under_{model}_{key}" for model in self.by_model for key in OF_EACH_MODEL), *last))
        for arm, load in self.pairs():
            cells = _cells(self.row(arm, load), keys)
            for one in self.by_model.values():
                cells += _cells(one.row(arm, load), OF_EACH_MODEL)
            writer.writerow([arm, load, *cells[2:], *([self.spread(arm, load)] if self.by_model else [])])
        return text.getvalue()

    def _models(self) -> dict[str, object]:
        """The model of the rows, and the loads of each pair under every model; empty where there is one model."""
        if not self.by_model:
            return {}
        pairs = [
            {
                "arm": arm,
                "load": load,
                "largest_over_smallest": self.spread(arm, load),
                "by_model": {model: _part(one.row(arm, load)) for model, one in self.by_model.items()},
            }
            for arm, load in self.pairs()
        ]
        return {"model": next(iter(self.by_model)), "models": pairs}


def _part(row: Row | None) -> dict[str, object] | None:
    return None if row is None else {key: getattr(row, key) for key in OF_EACH_MODEL}


def _cells(row: Row | None, keys: Sequence[str]) -> list[object]:
    values = [getattr(row, key, None) for key in keys]
    return [";".join(map(str, value)) if isinstance(value, tuple) else value for value in values]
