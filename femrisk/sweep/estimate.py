"""What a sweep will take: in goes its base case, out come seconds of a core, disk and memory, from measured rates."""

from __future__ import annotations

from dataclasses import dataclass

from femrisk.case import Case
from femrisk.plan import families
from femrisk.preview import BYTES_PER_UNKNOWN, LIBRARIES_GB, unknowns
from femrisk.scene import build
from femrisk.sweep.sweepfile import EachCase

#: Seconds of one core per 1,000 degrees of freedom of a pair: medians of the pairs behind ``docs/trends.md`` (linear
#: 0.057, Keyak's plasticity 0.45 at 245,000; perfect plasticity 0.80 at 60,000); damage at 3.5 times the cost
#: (``analysis``), crushed bone as perfect plasticity. A case may take half or twice as long.
SECONDS_PER_1000 = {
    "linear": 0.057,
    "keyak_plasticity": 0.45,
    "damage": 1.6,
    "perfect_plasticity": 0.8,
    "crushable_foam": 0.8,
}
#: Seconds to place, score and compare a case, and per 1,000 degrees of freedom to mesh one family: 0.2 in a femur and
#: 0.5 in a vertebra, on cells of 6 mm.
PLACING_S, MESHING_PER_1000 = 10.0, 0.35
#: Bytes of tables, histories and logs of a pair, of its fields per degree of freedom, and of what is kept of a mesh.
NUMBERS_BYTES, FIELD_BYTES_PER_UNKNOWN, MESH_BYTES_PER_UNKNOWN = 20_000, 36, 45


@dataclass(frozen=True)
class Estimate:
    """Of one case."""

    pairs: int
    unknowns: int
    #: of one core
    seconds: float
    #: while it runs, and when it is finished
    bytes_running: float
    bytes_kept: float
    memory_GB: float


def estimate(case: Case, each: EachCase) -> Estimate:
    """What one case like this takes; it is placed in its bone for that.

    Raises:
        CaseError: it does not fit its bone.
    """
    scene = build(case)
    count, meshes = unknowns(scene), len(families(scene))
    models = scene.case.analysis.every_model()
    pairs = len(scene.case.arms) * len(scene.case.loads)
    solving = sum(SECONDS_PER_1000[model] for model in models) * pairs * count / 1000
    numbers = NUMBERS_BYTES * pairs * len(models)
    large = count * (MESH_BYTES_PER_UNKNOWN * meshes + FIELD_BYTES_PER_UNKNOWN * pairs * len(models))
    return Estimate(
        pairs * len(models),
        count,
        PLACING_S + MESHING_PER_1000 * meshes * count / 1000 + solving,
        numbers + large,
        numbers + (large if each.keep == "everything" else 0),
        each.jobs * (LIBRARIES_GB + count * BYTES_PER_UNKNOWN / 1e9),
    )
