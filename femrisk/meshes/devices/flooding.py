"""Cement that spreads through a vertebra and its volume in, the solids it fills out.

Cement goes where it spreads, in the order of its arrival. A lytic lesion resists so little that it opens as soon as
cement has come a little way into it, and is then full before more of the bone is filled. In a lesion that is filled in
part cement stands within one distance of where it came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from femrisk.errors import GeometryError
from femrisk.meshes.devices.cement import CLEAR_MM
from femrisk.meshes.devices.ground import Ground
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.shapes import Intersection, Offset, Shape, Solid, Union

#: A lesion opens when cement has come this far into it, mm: two sheets that cross, and do not graze each other.
OPENING_MM = 1.0
#: Cement in bone around a needle whose tip lies in a lesion: less than this is left out, mm3.
BULB_MM3 = 60.0
#: a level is looked for up to this far beyond its first guess, mm
FARTHER_MM = 12.0
#: steps of a bisection
HALVINGS = 16


@dataclass(frozen=True, eq=False)
class Opened:
    """A lesion that cement has filled, and the level at which it came in; from then on it spreads from there too."""

    lesion: PlacedLesion
    level: float

    def depth(self, points: Floats) -> Floats:
        """(n,) distance from the lesion's surface, mm, negative inside."""
        return self.lesion.shape.distance(points)


Openings = tuple[Opened, ...]


class Front(Protocol):
    """Bodies of cement that grow with a level, mm."""

    @property
    def time(self) -> Floats:
        """(n,) level at which each point of the ground is reached."""
        ...

    def distance(self, level: float) -> Floats:
        """(n,) about mm: the body of a level at the points of the ground."""
        ...

    def bodies(self, level: float) -> tuple[Shape, ...]:
        """The shapes of that body."""
        ...


class Spread(Protocol):
    """How cement spreads."""

    @property
    def start(self) -> Shape:
        """Where it starts."""
        ...

    @property
    def limit(self) -> float:
        """No body may grow beyond this level."""
        ...

    def front(self, sources: Openings) -> Front:
        """How it goes on after these lesions were filled."""
        ...


@dataclass(frozen=True)
class Flood:
    """How far cement has come."""

    level: float
    #: lesions full of it
    opened: Openings
    #: a lesion it has begun to fill
    begun: PlacedLesion | None


def flood(ground: Ground, spread: Spread, volume: float) -> Flood:
    """Which lesions are opened and filled before ``volume`` (mm3) is used up, and the level then reached.

    Raises:
        GeometryError: it does not fit.
    """
    opened: Openings = ()
    while True:
        time = spread.front(opened).time
        inside = _nearest(ground, opened) < 0
        order = np.argsort(np.where(inside, -np.inf, time))
        filled, sorted_time = np.cumsum(ground.volume[order]), np.where(inside, -np.inf, time)[order]
        chosen = _next(ground, time, opened)
        if chosen is not None and chosen[1] <= spread.limit:
            lesion, level = chosen
            before = float(filled[max(int(np.searchsorted(sorted_time, level)) - 1, 0)])
            if before < volume:
                rest = (lesion.shape.distance(ground.points) < 0) & ~inside & (time >= level)
                if before + float(ground.volume[rest].sum()) > volume:
                    return Flood(level, opened, lesion)
                opened = (*opened, Opened(lesion, level))
                continue
        reachable = np.isfinite(sorted_time) | (sorted_time < 0)
        most = float(ground.volume[order][reachable & (sorted_time <= spread.limit)].sum())
        if volume > most:
            raise _too_much(volume, most)
        return Flood(float(sorted_time[int(np.searchsorted(filled, volume))]), opened, None)


def _too_much(volume: float, most: float) -> GeometryError:
    return GeometryError("", f"{volume / 1000:.1f} mL of cement do not fit: there is room for {most / 1000:.1f} mL")


def _enough(volume: float, least: float) -> None:
    """Refuse less cement than there is where it starts."""
    if volume < 0.98 * least:
        what = f"{volume / 1000:.2f} mL of cement are too little: {least / 1000:.2f} mL lie where it starts"
        raise GeometryError("", what)


def _nearest(ground: Ground, opened: Openings) -> Floats:
    """(n,) distance from the lesions that are open, mm, infinite without any."""
    return np.min([np.full(len(ground.points), np.inf), *(one.depth(ground.points) for one in opened)], axis=0)


def _next(ground: Ground, time: Floats, opened: Openings) -> tuple[PlacedLesion, float] | None:
    """The lesion that opens next, and when."""
    found = []
    for lesion in ground.lesions:
        deep = (lesion.shape.distance(ground.points) < -OPENING_MM) & (ground.volume > 0)
        if (
            all(lesion is not one.lesion for one in opened)
            and deep.any()
            and np.isfinite(level := float(time[deep].min()))
        ):
            found.append((lesion, level))
    return min(found, key=lambda pair: pair[1], default=None)


def solids(ground: Ground, spread: Spread, volume: float, name: str) -> tuple[Solid, ...]:
    """The cement: its bodies in the bone, and one within each lesion it fills, bounded by the lesion's own sheet.

    Args:
        ground: where it can go.
        spread: how it goes.
        volume: wanted, mm3.
        name: of the cement, begins with ``cement_``.

    Raises:
        GeometryError: it does not fit.
    """
    state = flood(ground, spread, volume)
    full = _nearest(ground, state.opened)
    level, front = _levelled(ground, spread, state, full, volume)
    bodies = front.bodies(level)
    parts = [_filled(name, one.lesion) for one in state.opened]
    if state.begun is not None:
        if _slight(ground, bodies, np.minimum(full, state.begun.shape.distance(ground.points))):
            bodies = ()
        source = Union(bodies) if bodies else spread.start
        parts.append(_begun(ground, state, source, bodies, volume, name))
    return (*_in_bone(ground, bodies, name), *parts)


def _levelled(ground: Ground, spread: Spread, state: Flood, full: Floats, volume: float) -> tuple[float, Front]:
    """The level at which the smooth bodies and the full lesions hold the volume, and the front it belongs to.

    Out of a full lesion cement is not pressed in a layer thinner than half an edge of its mesh, whose two faces no mesh
    could tell apart: until there is enough for one it stays around the needles.
    """
    level, sources = state.level, state.opened
    while True:
        front = spread.front(sources)
        if state.begun is None:
            low, high = 0.0, min(state.level + FARTHER_MM, spread.limit)
            if (most := ground.held(np.minimum(front.distance(high), full))) < volume:
                raise _too_much(volume, most)
            _enough(volume, ground.held(np.minimum(front.distance(low), full)))
            for _ in range(HALVINGS):
                level = (low + high) / 2
                held = ground.held(np.minimum(front.distance(level), full))
                low, high = (level, high) if held < volume else (low, level)
        thick = tuple(one for one in sources if level - one.level > one.lesion.solid.size_mm / 2)
        if len(thick) == len(sources):
            return level, front
        sources = thick


def _slight(ground: Ground, bodies: tuple[Shape, ...], lesions: Floats) -> bool:
    """Whether next to nothing of the bodies lies outside the lesions, given by their distance (n,)."""
    return ground.held(np.asarray(np.maximum(Union(bodies).distance(ground.points), -lesions))) < BULB_MM3


def _in_bone(ground: Ground, bodies: tuple[Shape, ...], name: str) -> tuple[Solid, ...]:
    """The bodies as solids, with four edges to the radius of a ball of their volume, as in a lesion."""
    if not bodies:
        return ()
    volume = ground.held(Union(bodies).distance(ground.points)) / len(bodies)
    size = float(np.clip(np.cbrt(3 * volume / (4 * np.pi)) / 4, 0.4, 3.0))
    names = (name,) if len(bodies) == 1 else tuple(f"{name}_{index + 1}" for index in range(len(bodies)))
    return tuple(Solid(one, shape, "cement", size) for one, shape in zip(names, bodies, strict=True))


def _filled(name: str, lesion: PlacedLesion) -> Solid:
    return Solid(
        f"{name}_in_{lesion.name}", Offset(lesion.shape, CLEAR_MM), "cement", lesion.solid.size_mm, lesion.name
    )


def _begun(ground: Ground, state: Flood, source: Shape, bodies: tuple[Shape, ...], volume: float, name: str) -> Solid:
    """The cement in a lesion that is filled in part: what lies within one distance of where it came in."""
    lesion = state.begun
    assert lesion is not None
    fine = ground.near((lesion.shape, *bodies, *(one.lesion.shape for one in state.opened)))
    reach, within = source.distance(fine.points), lesion.shape.distance(fine.points)
    others = np.min([_nearest(fine, state.opened), *(shape.distance(fine.points) for shape in bodies)], axis=0)
    _enough(volume, fine.held(others))
    low, high = 0.0, 2 * float(np.linalg.norm(np.diff(lesion.shape.bounds(), axis=0)))
    for _ in range(HALVINGS + 4):
        grown = (low + high) / 2
        held = fine.held(np.minimum(others, np.maximum(reach - grown, within)))
        low, high = (grown, high) if held < volume else (low, grown)
    shape = Intersection((Offset(source, high), Offset(lesion.shape, CLEAR_MM)))
    return Solid(f"{name}_in_{lesion.name}", shape, "cement", lesion.solid.size_mm, lesion.name)
