"""What a reader must know before using a sweep's numbers: its rows in, plain sentences out, each a line of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from femrisk.sweep.agreement import OF_LOADS, Agreement
from femrisk.sweep.cohort import Femurs
from femrisk.sweep.lines import Line
from femrisk.sweep.sweepfile import Sweep

#: states of points that will never have a result
LOST = ("invalid", "refused", "failed")


def caveats(own: Any, sweep: Sweep) -> list[Line]:
    """Sentences that the rows at hand call for."""
    told = ["A research result, not a medical device: no patient should be treated on these numbers alone."]
    told += [*_points(own), *_statuses(own)]
    if sweep.agreement:
        told += _agreement(own, sweep.agreement)
    return [{"caveat": sentence} for sentence in told]


def _points(own: Any) -> list[str]:
    states = own.groupby("point")["state"].first()
    lost, missing = int(states.isin(LOST).sum()), int((states == "missing").sum())
    found = []
    if lost:
        found.append(
            f"{lost} of {len(states)} points have no result (invalid, refused or failed): what is told is of the "
            "others, and leaves out, for instance, lesions that leave nothing of the bone."
        )
    if missing:
        found.append(f"{missing} of {len(states)} points have not been run yet.")
    return found


def _statuses(own: Any) -> list[str]:
    if "status" not in own:
        return []
    found = []
    rising, stuck = (int((own["status"] == status).sum()) for status in ("limit_reached", "stuck"))
    if rising:
        found.append(f"{rising} loads were still rising: lower bounds, which take part in no median and no index.")
    if stuck:
        found.append(f"{stuck} marches got stuck: no fracture load.")
    rows = own[own["status"].notna()]
    if len(rows) and "linear_fracture_load_N" in rows:
        load, linear = (rows[key].astype(float) for key in ("fracture_load_N", "linear_fracture_load_N"))
        if np.allclose(load, linear, rtol=1e-9, equal_nan=True):
            found.append(
                "Every load is that of the linear strain criterion over 100 mm3: it has no peak, depends on the volume "
                "that strain is averaged over, and knows neither flow nor what is redistributed by it."
            )
    return found


def _agreement(own: Any, agreement: Agreement) -> list[str]:
    found = [
        "Who breaks is what this model says of one load in one direction; no femur here has broken. The intervals tell "
        "how the draw of femurs moves a number, not how wrong the model is.",
        "Predictive values and kappa belong to the share of femurs that break here, which the assumed lesions decide.",
    ]
    femurs = Femurs.of(own, agreement)
    bare = femurs.arms["untreated"]
    weak = {
        truth.name: int((bare.open_ended & (bare.middle <= truth.body_weights)).sum()) for truth in agreement.truths
    }
    if any(weak.values()):
        counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in weak.items() if count)
        found.append(
            "Untreated femurs whose load still rose when the march ended, but was below the load asked for "
            f"({counts}), are left out as not known: bones bent far that carry little, so the weakest are missing."
        )
    rules = (*agreement.rules, *agreement.cement_rules)
    if any(rule.score in OF_LOADS for rule in rules):
        found.append(
            "BOS is the strength of the untreated bone over body weight, and so is the truth: where both come from one "
            "model their agreement is arithmetic, not evidence."
        )
    ends = [femurs.score(rule) for rule in rules]
    if any((high > low).any() for low, high in ends):
        found.append(
            "A score with an unknown item (pain in Mirels') is read at its lowest end, at its highest, as drawn by the "
            "sweep file apart from everything else, and at best: highest where the bone breaks, lowest where it holds. "
            "The last knows the answer: no reading of the score can be better."
        )
    found.append("Cement is bonded for ever: what it gives back is an upper bound.")
    return found
