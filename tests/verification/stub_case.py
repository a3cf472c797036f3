"""A case without a solver: ``python stub_case.py CASE FOLDER`` writes what a run leaves, from a formula, at once."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

#: fracture load of the intact bone at a density scale of 1, N
INTACT_N = 9000.0
#: share of the loss that cement gives back
GIVEN_BACK = 0.6


def force_N(case: dict[str, Any], arm: dict[str, Any], load: dict[str, Any]) -> float:
    """Density squared; less the square of the lesion's radius over 20 mm, of which cement gives back a part."""
    force = INTACT_N * case["bone"]["density_scale"] ** 2 * (0.6 if load["kind"] == "sideways_fall" else 1.0)
    lost = min(0.95, sum((lesion["radius_mm"] / 20) ** 2 for lesion in case["lesions"]))
    back = GIVEN_BACK * arm.get("fill_fraction", 0.0)
    return force * (1.0 if arm["kind"] == "intact" else 1 - lost * (1 - back))


def main(words: list[str]) -> int:
    case, folder = json.loads(Path(words[0]).read_text()), Path(words[1])
    weight_N = 9.80665 * case["patient"]["mass_kg"]
    rows = []
    for arm in case["arms"]:
        for load in case["loads"]:
            force = force_N(case, arm, load)
            whole, bare = (force_N(case, {"kind": kind}, load) for kind in ("intact", "untreated"))
            row = {
                "arm": arm["name"], "load": load["name"], "status": "collapsed", "fracture_load_N": force,
                "fracture_load_bracket_N": [0.9 * force, 1.1 * force], "fracture_load_BW": force / weight_N,
                "ratio_to_intact": force / whole, "ratio_to_untreated": force / bare,
                "factor_of_risk": 2.6 * weight_N / force, "failure_region": "neck", "failure_centroid_mm": [1, 2, 3],
            }  # fmt: skip
            rows.append(row)
            place = folder / "arms" / row["arm"] / row["load"]
            place.mkdir(parents=True, exist_ok=True)
            (place / "result.json").write_text(json.dumps({**row, "seconds": 0.5}))
    radius = case["lesions"][0]["radius_mm"]
    points = 3 + 3 + (1 if radius < 7 else 2 if radius < 14 else 3)
    scores = {"mirels": {"value": [points + 1, points + 3], "band": "as pain is unknown"}}
    draft = folder / f".draft-{os.getpid()}"
    draft.write_text(json.dumps({"case": case["name"], "rows": rows, "scores": scores}))
    draft.replace(folder / "comparison.json")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
