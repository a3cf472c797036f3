"""Cement in a vertebra in, where it leaves the bone or comes near its surface out, in words."""

from __future__ import annotations

import numpy as np

from femrisk.meshes.anatomy import VertebraAnatomy
from femrisk.meshes.frames import spot
from femrisk.meshes.shapes import Shape
from femrisk.meshes.vertebra.involvement import face_names

#: Cement nearer than this to the surface of the bone counts as reaching it, mm (assumed).
REACH_MM = 2.0
#: surfaces whose nearness alone is a risk: behind the posterior wall lies the canal, beyond an endplate the disc
RISKY = ("posterior_wall", "superior_endplate", "inferior_endplate")


def leak_in_vertebra(cement: Shape, anatomy: VertebraAnatomy) -> str | None:
    """``leaves the bone through the left wall at (-17, 3, 2) mm; within 1.2 mm of the posterior wall ...``, or None."""
    gap = cement.distance(anatomy.surface_points)
    near = gap < REACH_MM
    points, gap = anatomy.surface_points[near], gap[near]
    names = np.array(face_names(anatomy, points))
    found = []
    for name in dict.fromkeys(names[np.argsort(gap)].tolist()):
        mine = np.flatnonzero(names == name)
        nearest = int(mine[np.argmin(gap[mine])])
        place = f"the {name.replace('_', ' ')} at {spot(points[nearest])}"
        if gap[nearest] < 0:
            found.append(f"leaves the bone through {place}")
        elif name in RISKY:
            found.append(f"within {gap[nearest]:.1f} mm of {place}")
    return "; ".join(found) or None
