"""A sweep whose cases are a stub: ``python stubbed_sweep.py SWEEP DIR CASES WHERE SPARE_MB COMMAND...``.

Everything but the command of a case is the real path; the verb's own end (exit codes, interrupts) too.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from femrisk.__main__ import answer, complain
from femrisk.commands.verb import screen
from femrisk.sweep.profile import place
from femrisk.sweep.run import Means, ask, run

BASE = """\
name: base
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur}
lesions: [{kind: sphere, site: femoral_neck, quadrant: inferomedial, radius_mm: 10}]
arms: [{kind: intact}, {kind: untreated}, {kind: pop, fill_fraction: 0.9}]
loads: [{kind: stance}]
analysis: {model: linear, mesh_size_mm: 6}
scores: [mirels]
"""


def many(folder: Path, cases: int, each: str = "") -> Path:
    """A sweep file of so many cases over the mass of the patient."""
    (folder / "base.yaml").write_text(BASE)
    file = folder / "sweep.yaml"
    file.write_text(
        "name: many\ncase: base.yaml\ndesign: {kind: grid}\n"
        f"axes: [{{kind: range, path: patient.mass_kg, first: 40, last: 120, count: {cases}}}]\n"
        f"each_case: {{retries: 1{each}}}\n"
    )
    return file


def main(words: list[str]) -> int:
    """Run it as the verb would."""
    # a shell that starts us in the background has interrupts ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sweep, folder, cases, where, spare, *command = words
    try:
        means = Means(place(where, Path(sweep).parent, int(cases)), tuple(command), float(spare) * 1e6)
        return 0 if run(ask(Path(sweep)), Path(folder), lambda store: means, screen()) else 1
    except KeyboardInterrupt:
        return complain(["interrupted"], 130)
    except Exception as error:
        return answer(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
