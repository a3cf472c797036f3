"""A bar in a skin, pushed sideways until both flow, on as many ranks as there are; rank 0 prints what it found."""

from __future__ import annotations

import json
from dataclasses import replace

import femrisk.wheel  # noqa: F401

# isort: split
import numpy as np
from mpi4py import MPI

from femrisk.loadshare import carried
from femrisk.materials.curve import constant
from femrisk.materials.field import HOSTS, MaterialField
from femrisk.materials.skin import skin
from femrisk.meshes.facets import outer_facets
from femrisk.pair import compute
from femrisk.preparation import prepare
from femrisk.verification import bars


class Core(bars.End):
    """An end without a stiff layer, but for the last half millimetre."""

    def weight(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        """(n, 3) -> (n,)."""
        return (self.sign * points[:, 2] > self.length / 2 - 0.5 - margin).astype(float)


def main() -> None:
    """Solve and print."""
    mesh = bars.bar((3, 3, 8), jitter=0.1)
    layer = skin(outer_facets(mesh), 0.35, 5000.0, 0.3, 40.0)
    boundary = bars.machine(bars.ALONG_X, bars.ALONG_Y, bars.HANGING)
    zones = tuple(replace(one, zone=Core(one.zone.sign, one.zone.length)) for one in boundary.grips)
    curve = constant((len(mesh.tets), 4), bars.YOUNG, 0.3, 15.0)
    field = MaterialField(HOSTS, np.zeros(len(mesh.tets), dtype=np.int64), curve)
    ready = prepare(mesh, replace(boundary, grips=zones), MPI.COMM_WORLD, skin=layer)
    result = compute(ready, field, False, lambda increment: None)
    assert result.skin is not None
    load = carried(mesh, result.stress, layer, result.skin.stress, np.zeros(3), bars.UP, bars.ALONG_X)
    last = result.history.increments[-1]
    if MPI.COMM_WORLD.rank == 0:
        found = {
            "stiffness": result.stiffness,
            "peak": result.peak.load,
            "elastic_energy": last.elastic_energy,
            "plastic_work": last.plastic_work,
            "skin_work": result.skin.plastic_work.sum(),
            "skin_stress": np.abs(result.skin.stress).max(),
            "share": load.share,
            "whole_over_force": (load.cells + load.skin) / max(one.force for one in result.history.increments),
        }
        print(json.dumps({"ranks": MPI.COMM_WORLD.size, "status": result.history.status} | found))


if __name__ == "__main__":
    main()
