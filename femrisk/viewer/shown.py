"""A choice and a study in, what each picture shows out: triangles, values, and the scale they have in common."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femrisk.viewer.body import Flags, Floats, Ints
from femrisk.viewer.choice import Choice, Plane, increment_of, visible
from femrisk.viewer.cutting import Section, cut_cells, cut_faces
from femrisk.viewer.fields import BY_KEY, Field, Scale, full_scale, names_of, range_of, usual_scale
from femrisk.viewer.study import March, State, Still, Study

#: bytes of what was read that are kept
KEPT_BYTES = 1.5e9


class Shelf:
    """What was read or derived lately, as much as ``most`` bytes of it."""

    def __init__(self, most: float = KEPT_BYTES) -> None:
        self.most, self.held = most, OrderedDict[Hashable, tuple[Any, float]]()

    def keep(self, key: Hashable, size: Callable[[Any], float], make: Callable[[], Any]) -> Any:
        """The thing of this key; it is made if it is not here, and what was used longest ago goes."""
        if key in self.held:
            self.held.move_to_end(key)
            return self.held[key][0]
        made = make()
        self.held[key] = (made, size(made))
        while len(self.held) > 1 and sum(one for _, one in self.held.values()) > self.most:
            self.held.popitem(last=False)
        return made


@dataclass(frozen=True)
class Shown:
    """One picture."""

    march: March
    still: Still
    state: State
    #: (n, 3) points as deformed, mm
    points: Floats
    #: (m,) of the field, and whether a cell is shown
    values: Floats
    visible: Flags
    #: (k, 3) of the skin, and the cell of each
    triangles: Ints
    cells: Ints
    #: (j, 3) faces between bodies of different role
    borders: Ints
    #: lowest and highest value shown, the cells that are clipped away included
    range: tuple[float, float]
    plane: Plane | None


@dataclass(frozen=True)
class Cut:
    """Where the plane cuts one picture."""

    section: Section
    #: the cell of each triangle
    cells: Ints
    #: where bodies of different role meet in the plane
    borders: Section


class Gallery:
    """The pictures of a study; reads each file once, as long as there is room."""

    def __init__(self, study: Study, most: float = KEPT_BYTES) -> None:
        self.study, self.shelf = study, Shelf(most)

    def still(self, arm: str, load: str) -> Still:
        """What does not change of an arm."""

        def size(still: Still) -> float:
            body = still.body
            return float(body.points.nbytes + body.tets.nbytes + body.faces.nbytes + 6 * body.inner.nbytes)

        made: Still = self.shelf.keep(("still", arm, load), size, lambda: self.study.still(arm, load))
        return made

    def state(self, arm: str, load: str, number: int) -> State:
        """An increment of an arm."""
        still = self.still(arm, load)

        def size(state: State) -> float:
            return float(state.displacement.nbytes + sum(values.nbytes for values in state.fields.values()))

        made: State = self.shelf.keep(
            ("state", arm, load, number), size, lambda: self.study.state(still, arm, load, number)
        )
        return made

    def shown(self, choice: Choice) -> tuple[Shown, ...]:
        """What each arm's picture shows."""
        marches = [self.study.marches[arm, choice.load] for arm in choice.arms]
        return tuple(self._shown(choice, march, increment_of(march, marches, choice.step)) for march in marches)

    def _shown(self, choice: Choice, march: March, number: int) -> Shown:
        still = self.still(march.arm, march.load)
        state = self.state(march.arm, march.load, number)
        values = state.fields.get(choice.field, np.full(still.body.cells, np.nan))

        def faces() -> tuple[Flags, Ints, Ints, Ints]:
            shown = visible(choice, still, values)
            return shown, *still.body.skin(shown), still.body.between(still.role, shown)

        # a threshold follows the values, and they the increment
        wanted = (choice.roles, choice.threshold, (choice.field, number) if choice.threshold else None)
        shown, triangles, cells, borders = self.shelf.keep(
            ("faces", march.arm, march.load, wanted), lambda made: float(sum(one.nbytes for one in made)), faces
        )
        extent = self.shelf.keep(
            ("range", march.arm, march.load, number, choice.field, wanted),
            lambda _: 0.0,
            lambda: range_of(values, shown),
        )
        points = self.shelf.keep(
            ("points", march.arm, march.load, number, choice.deformation),
            lambda made: float(made.nbytes),
            lambda: still.body.points + choice.deformation * state.displacement,
        )
        plane = None if choice.clip == "off" else choice.plane
        return Shown(march, still, state, points, values, shown, triangles, cells, borders, extent, plane)

    def scale(self, choice: Choice, pictures: tuple[Shown, ...]) -> Scale:
        """The one scale of all pictures; by itself it is that of the largest forces, so that a march keeps it."""
        field = BY_KEY[choice.field]
        if field.kind == "names":
            names = names_of(choice.field, self.study.materials)
            return Scale(0.0, float(len(names) - 1), names=names)
        if choice.scale == "hand" and choice.ends[0] < choice.ends[1]:
            return Scale(*choice.ends, field.kind == "down")
        if choice.scale == "full":
            return full_scale(field, [one.range for one in pictures])
        made: Scale = self.shelf.keep(
            ("scale", choice.load, choice.arms, field), lambda _: 0.0, lambda: self._usual_scale(field, pictures)
        )
        return made

    def _usual_scale(self, field: Field, pictures: tuple[Shown, ...]) -> Scale:
        parts = []
        for one in pictures:
            state = self.state(one.march.arm, one.march.load, one.march.peak)
            bone = one.still.bone & ~one.still.contact
            bone = bone if bone.any() else np.ones_like(bone)
            values = state.fields.get(field.key, one.values)
            parts.append((values[bone], one.still.volumes[bone]))
        return usual_scale(field, parts)


def cut_of(picture: Shown, plane: Plane) -> Cut:
    """Cut the cells shown of a picture."""
    body = picture.still.body
    height = plane.height(picture.points)
    tets, cell = body.tets, body.cell
    if not picture.visible.all():
        some = picture.visible[cell]
        tets, cell = tets[some], cell[some]
    section = cut_cells(tets, height)
    return Cut(section, cell[section.source], cut_faces(picture.borders, height))


def colour_table(count: int = 256) -> NDArray[np.uint8]:
    """(count, 3) from the low to the high end of a scale: the colours of every picture of femrisk."""
    from femrisk.report.cuts import colours

    return np.round(255 * np.array(colours(count))).astype(np.uint8)
