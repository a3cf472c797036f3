"""Which parts of a nail are smooth: its solids in, regions of their surfaces that hold to nothing out."""

from __future__ import annotations

from dataclasses import dataclass

from femrisk.meshes.shapes import Capsule, HalfSpace, Shape, Solid, unit

#: Length of a lag screw's thread from its tip, mm; assumed. The shank behind it is smooth.
LAG_THREAD_MM = 30.0


@dataclass(frozen=True)
class Slide:
    """A device's smooth part."""

    #: name of the device
    solid: str
    #: where it is smooth; None all over
    region: Shape | None = None


def slides(solids: tuple[Solid, ...]) -> tuple[Slide, ...]:
    """The nail all over and its lag screw behind the thread; every other device is a screw, threaded all over."""
    found = []
    for solid in solids:
        if solid.name == "nail":
            found.append(Slide("nail"))
        elif solid.name == "lag_screw":
            assert isinstance(solid.shape, Capsule)
            axis = unit(solid.shape.end - solid.shape.start)
            end = solid.shape.end + (solid.shape.radius - LAG_THREAD_MM) * axis
            found.append(Slide("lag_screw", HalfSpace(end, axis)))
    return tuple(found)
