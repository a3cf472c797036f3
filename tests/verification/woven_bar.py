"""A bar of bone with a fabric, or crushed, pushed sideways until it flows, on all ranks; rank 0 prints it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from mpi4py import MPI
from skinned_bar import Core

from femrisk.film import principal, von_mises
from femrisk.materials.curve import constant
from femrisk.materials.field import VERTEBRA_HOSTS, MaterialField
from femrisk.pair import compute
from femrisk.preparation import prepare
from femrisk.verification import bars, fabrics, foams


def main() -> None:
    """Solve and print."""
    mesh = bars.bar((3, 3, 8), jitter=0.1)
    cells = len(mesh.tets)
    boundary = bars.machine(bars.ALONG_X, bars.ALONG_Y, bars.HANGING)
    zones = tuple(replace(one, zone=Core(one.zone.sign, one.zone.length)) for one in boundary.grips)
    curve = constant((cells, 4), bars.YOUNG, 0.3, 15.0)
    field = MaterialField(VERTEBRA_HOSTS, np.zeros(cells, dtype=np.int64), curve)
    if "crushed" in sys.argv:
        field = replace(field, foam=foams.foam(cells))
    else:
        field = replace(field, fabric=fabrics.fabric(cells))
    ready = prepare(mesh, replace(boundary, grips=zones), MPI.COMM_WORLD)
    result = compute(ready, field, False, lambda increment: None, most_frames=4)
    last = result.history.increments[-1]
    top = max(result.frames, key=lambda frame: frame.force)
    if MPI.COMM_WORLD.rank == 0:
        found = {
            "stiffness": result.stiffness,
            "peak": result.peak.load,
            "elastic_energy": last.elastic_energy,
            "plastic_work": last.plastic_work,
            "work": last.external_work,
            "stress": np.abs(result.stress).max(),
            "frames": len(result.frames),
            "framed_force": top.force / result.history.increments[top.number - 1].force,
            "framed_stress": np.abs(top.von_mises - von_mises(result.stress).mean(axis=1)).max() / top.von_mises.max(),
            "framed_strain": np.abs(top.strain - principal(result.strain.mean(axis=1))).max()
            / np.abs(top.strain).max(),
            "framed_travel": np.abs(top.displacement - result.displacement[:, :4]).max(),
        }
        print(json.dumps({"ranks": MPI.COMM_WORLD.size, "status": result.history.status} | found))


if __name__ == "__main__":
    main()
