"""Results of the virtual cohort in, the tables and pictures of ``docs/cohort.md`` out.

``python benchmarks/cohort.py results/cohort`` takes the folder of ``femrisk sweep cases/cohort.yaml`` and
``cases/cohort_nonlinear.yaml``, keeps their small tables and pictures in ``docs/cohort`` and renews what stands between
``<!-- NAME -->`` and ``<!-- end -->`` in the page; its words are written by hand.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from femrisk.sweep.lines import read_lines

ROOT = Path(__file__).parents[1]
PAGE, KEPT = ROOT / "docs" / "cohort.md", ROOT / "docs" / "cohort"
TABLES = ("agreement", "truths", "ranks", "cement", "models", "loads", "states", "effort")
#: pictures of each sweep that the page shows
PICTURES = {
    "cohort": ("roc", "strength_weight", "cement"),
    "cohort_nonlinear": ("linear_nonlinear",),
}
#: what a score with an unknown item is called in each reading: Mirels', whose pain is unknown
PAINS = {
    "": "",
    "lowest": ", pain mild",
    "highest": ", pain functional",
    "drawn": ", pain drawn",
    "telling": ", at best",
}

Line = dict[str, Any]


def keep(results: Path) -> None:
    """Copy tables and pictures into ``docs/cohort``."""
    for sweep, pictures in PICTURES.items():
        place = KEPT / sweep
        place.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            shutil.copy(results / "figures" / sweep / f"{name}.csv", place)
        for name in pictures:
            shutil.copy(results / "figures" / sweep / f"{name}.png", place)


def rendered(page: str) -> str:
    """The page with every table made anew from ``docs/cohort``."""

    def made(found: re.Match[str]) -> str:
        sweep, table, *rest = found[1].split()
        lines = read_lines(KEPT / sweep / f"{table}.csv")
        return f"<!-- {found[1]} -->\n{MADE[table](lines, *rest)}\n<!-- end -->"

    return re.sub(r"<!-- (cohort\S* .*?) -->\n.*?<!-- end -->", made, page, flags=re.DOTALL)


def agreement(lines: list[Line], truth: str, among: str) -> str:
    """One table of scores; ``among`` is all, intact or cement."""
    own = [one for one in lines if one["truth"] == truth and str(one["among"]).startswith(among)]
    head = ("score", "n", "break", "sensitivity %", "specificity %", "PPV %", "NPV %", "kappa", "area under ROC")
    rows = []
    for line in own:
        shares = [percent(line, name) for name in ("sensitivity", "specificity", "PPV", "NPV")]
        numbers = [plain(line, name) for name in ("kappa", "AUC")]
        rows.append((f"{line['rule']}{PAINS[line['reading'] or '']}", line["femurs"], line["break"], *shares, *numbers))
    return markdown(head, rows)


def truths(lines: list[Line]) -> str:
    """How many break of each arm."""
    head = ("load", "arm", "femurs", "break", "%", "break by higher end", "by lower end", "not known")
    keys = ("break_by_high_end", "break_by_low_end", "not_known")
    return markdown(
        head,
        [
            (f"{words(one['truth'])}, {one['body_weights']:g} body weights", one["arm"], one["femurs"], one["break"],
             percent(one, "share"), *(one[key] for key in keys))
            for one in lines
        ],
    )  # fmt: skip


def ranks(lines: list[Line]) -> str:
    """Rank correlations of scores."""
    head = (
        "",
        "femurs",
        "with the untreated strength over body weight",
        "with what the lesion leaves of the intact one",
    )
    rows = [(one["of"], one["strength_femurs"], plain(one, "strength"), plain(one, "left")) for one in lines]
    return markdown(head, rows)


def cement(lines: list[Line], truth: str) -> str:
    """Where cement alone is enough."""
    head = ("by", "group", "femurs", "hold untreated", "cement enough", "break with it too", "of these, intact too")
    head += ("enough, % of those that break untreated",)
    keys = ("femurs", "not_needed", "enough", "not_enough", "not_enough_and_weak_intact")
    own = [one for one in lines if one["truth"] == truth]
    return markdown(
        head,
        [
            (words(one["by"]), words(one["group"]), *(one[key] for key in keys), percent(one, "enough_share"))
            for one in own
        ],
    )


def models(lines: list[Line]) -> str:
    """Fracture loads beside those of the linear criterion."""
    head = ("arm", "load", "femurs", "fracture load / linear: median", "least to most", "rank correlation")
    head += ("both break", "linear alone", "nonlinear alone", "both hold")
    keys = ("both_break", "linear_alone_breaks", "nonlinear_alone_breaks", "both_hold")
    rows = [
        (one["arm"], words(one["truth"]), one["femurs"], f"{one['ratio_median']:.2f}",
         f"{one['ratio_lowest']:.2f} to {one['ratio_highest']:.2f}",
         "-" if one["rank_correlation"] is None else f"{one['rank_correlation']:.2f}", *(one[key] for key in keys))
        for one in lines
    ]  # fmt: skip
    return markdown(head, rows)


def loads(lines: list[Line]) -> str:
    """Fracture loads of each arm."""
    head = ("arm", "femurs", "with a load", "still rising", "5 %, kN", "median, kN", "95 %, kN", "median / intact")
    numbers = ("kN_5", "kN_median", "kN_95", "ratio_to_intact_median")
    rows = [
        (one["arm"], one["cases"], one["with_a_load"], one["at_least"])
        + tuple("-" if one[key] is None else f"{one[key]:.2f}" for key in numbers)
        for one in lines
    ]
    return markdown(head, rows)


def states(lines: list[Line]) -> str:
    """How points ended; reasons without their coordinates."""
    counts: dict[tuple[str, str], int] = {}
    for one in lines:
        reason = re.sub(r"\(.*?\)|-?\d+\.\d+", "", str(one["reason"] or ""))
        key = (str(one["state"]), " ".join(reason.split())[:110])
        counts[key] = counts.get(key, 0) + int(one["points"])
    return markdown(("state", "points", "reason"), [(state, count, why) for (state, why), count in counts.items()])


def effort(lines: list[Line]) -> str:
    """Seconds of the clock and of processors."""
    named = {"seconds": "clock", "cpu_seconds": "processors"}
    rows = [(named[one["of"]], one["cases"], f"{one['median_s']:.0f}", f"{one['sum_s'] / 60:.0f}") for one in lines]
    return markdown(("", "cases", "median of a case, s", "together, min"), rows)


MADE: Mapping[str, Callable[..., str]] = {
    "agreement": agreement,
    "truths": truths,
    "ranks": ranks,
    "cement": cement,
    "models": models,
    "loads": loads,
    "states": states,
    "effort": effort,
}


def percent(line: Line, name: str) -> str:
    """A share with its interval."""
    ends = [line[key] for key in (name, f"{name}_low", f"{name}_high")]
    return "-" if None in ends else "{:.0f} ({:.0f}-{:.0f})".format(*(100 * end for end in ends))


def plain(line: Line, name: str) -> str:
    """A number with its interval."""
    ends = [line[key] for key in (name, f"{name}_low", f"{name}_high")]
    return "-" if None in ends else "{:.2f} ({:.2f}-{:.2f})".format(*ends)


def words(text: Any) -> str:
    """A name as it is read."""
    return str(text or "").replace("_", " ")


def markdown(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """A table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def main() -> None:
    """Keep what is given and renew the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, nargs="?", help="folder of both sweeps (default: what is kept already)")
    options = parser.parse_args()
    if options.results:
        keep(options.results)
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
