"""A study in, a page that shows it out: trame carries the controls' values here and pictures and words there."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from importlib.resources import files
from typing import Any

import numpy as np

from femrisk.errors import FemriskError
from femrisk.output.stresscut import ROLES
from femrisk.viewer.body import Floats
from femrisk.viewer.choice import CLIPS, Plane, first_choice, step_at_peak, timeline, usual_plane
from femrisk.viewer.fields import BY_KEY, FIELDS, Scale
from femrisk.viewer.picture import Picture
from femrisk.viewer.shown import Gallery, Shown
from femrisk.viewer.study import Study
from femrisk.viewer.wishes import CONTROLS, VIEWS, Wish, controls_of, inside, limits_of, named_study, wished
from femrisk.viewer.words import Probe, curve_of, head_of, keys_of_curve, legend_of, probe_of, told

log = logging.getLogger(__name__)

#: seconds: of an increment while a march plays at least, and in which changes are gathered before one picture
PLAY_S, GATHER_S = 0.5, 0.01
#: probed points that are kept
MOST_PROBES = 200


class App:
    """The page of one study, on a trame server.

    Args:
        study: what is shown.
        server: trame's.
        query: what the page's own links carry behind their names.
    """

    def __init__(self, study: Study, server: Any, query: str = "") -> None:
        self.study, self.gallery, self.server, self.state = study, Gallery(study), server, server.state
        self.probes: list[Probe] = []
        self.pictures: tuple[Shown, ...] = ()
        self.scale = Scale(0.0, 1.0)
        self.picture = Picture(self.dragged, self.clicked)
        self.wish = Wish(first_choice(study), {})
        self.due = self.playing = False
        self._fill(query)
        self.view = _page(server, self.picture.window)
        server.state.change(*CONTROLS)(self.refresh)
        for name, verb in (
            ("play", self.play), ("peak", self.peak), ("look", self.look), ("probe", self.probe),
            ("forget", self.forget), ("end", self.end),
        ):  # fmt: skip
            server.controller.trigger(name)(verb)

    def _fill(self, query: str) -> None:
        """Fill the page before anybody looks at it."""
        choice = self.wish.choice
        still = self.gallery.still(choice.arms[0], choice.load)
        choice = replace(choice, plane=usual_plane(still, choice.clip))
        self.wish = Wish(choice, {})
        self.state.update({
            **CONTROLS, "title": named_study(self.gallery), "trame__title": "femrisk view", "query": query,
            "clips": list(CLIPS), "roles": list(ROLES), "views": list(VIEWS), "probes": [], "probe_fault": "",
            "probe_x": 0.0, "probe_y": 0.0, "probe_z": 0.0, "fault": "", "ended": False, "playing": False,
            "low_end": 0.0, "high_end": 1.0,
        })  # fmt: skip
        self.picture.look(still)
        self.draw()

    def refresh(self, **_: Any) -> None:
        """Draw soon: what changes at once is drawn once."""
        if self.due or not self._changed():
            return
        self.due = True

        def now() -> None:
            self.due = False
            with self.state:
                self.draw(wish=True)

        asyncio.get_running_loop().call_later(GATHER_S, now)

    def _changed(self) -> bool:
        return self.wish.changed({name: self.state[name] for name in CONTROLS}, *CONTROLS)

    def draw(self, *, wish: bool = False) -> None:
        """Draw what is chosen, with ``wish`` what the controls mean now; what cannot be read is told in the page."""
        controls = {name: self.state[name] for name in CONTROLS}
        try:
            choice = wished(self.wish, controls, self.gallery) if wish else self.wish.choice
            self.pictures = self.gallery.shown(choice)
            self.scale = self.gallery.scale(choice, self.pictures)
            self.picture.show(self.pictures, self.scale)
            self.state.fault = ""
        except (FemriskError, OSError, MemoryError) as error:
            log.debug("draw", exc_info=True)
            self.state.fault = " ".join(error.lines()) if isinstance(error, FemriskError) else str(error)
            return
        anew = (
            not self.wish.controls or choice.field != self.wish.choice.field or self.wish.changed(controls, "limited")
        )
        anew = anew or (choice.arms, choice.load) != (self.wish.choice.arms, self.wish.choice.load)
        self.state.update(controls_of(choice, self.pictures, self.gallery))
        if anew:
            self.state.low_end, self.state.high_end = limits_of(self.pictures, choice.roles)
            if choice.threshold is None:
                self.state.low, self.state.high = self.state.low_end, self.state.high_end
        self.wish = Wish(choice, {name: self.state[name] for name in CONTROLS})
        self._tell()

    def _tell(self) -> None:
        """Put the words and the picture into the page."""
        choice, marches = self.wish.choice, [one.march for one in self.pictures]
        self.state.heads = [head_of(one) for one in self.pictures]
        self.state.legend = legend_of(BY_KEY[choice.field], self.scale, self.pictures, self.picture.table)
        self.state.curve = curve_of(marches, [one.state.number for one in self.pictures])
        self.state.curve_keys = keys_of_curve(marches)
        self.picture.handle.show(bool(self.state.handle) and choice.clip != "off")
        if not self.picture.handle.is_dragged:
            self.picture.handle.put(choice.plane, self.pictures[0].points)
        self._mark()
        if hasattr(self, "view"):
            self.view.update()

    def _mark(self) -> None:
        """Put balls where points were probed."""
        marks = []
        for view, one in enumerate(self.pictures):
            for probe in self.probes:
                if (probe.arm, probe.load) == (one.march.arm, one.march.load):
                    corners = one.still.body.tets[np.flatnonzero(one.still.body.cell == probe.cell)[0]]
                    moved = one.state.displacement[corners].mean(axis=0)
                    marks.append((view, np.array(probe.point) + self.wish.choice.deformation * moved))
        self.picture.mark(marks, inside(self.pictures[0].points, 0.008))

    def dragged(self, plane: Plane) -> None:
        """Follow the plane in the picture."""
        self.wish = replace(self.wish, choice=replace(self.wish.choice, plane=plane, clip="oblique"))
        if self.due:
            return
        self.due = True

        def now() -> None:
            self.due = False
            with self.state:
                self.draw()

        asyncio.get_running_loop().call_later(GATHER_S, now)

    def clicked(self, view: int, cell: int, at: Floats, point: Floats) -> None:
        """Probe what was clicked on."""
        with self.state:
            self.keep(probe_of(self.pictures[view], cell, point))
            self.state.probe_x, self.state.probe_y, self.state.probe_z = (round(float(x), 2) for x in point)

    def probe(self) -> None:
        """Probe the point whose coordinates were given, in every arm that is shown."""
        try:
            point = np.array([float(self.state[f"probe_{axis}"]) for axis in "xyz"])
        except (TypeError, ValueError):
            self.state.probe_fault = "x, y and z must be numbers, in mm."
            return
        found = [(one, one.still.body.find(point)) for one in self.pictures]
        for one, place in found:
            if place is not None:
                self.keep(probe_of(one, place[0], point))
        lacking = [one.march.arm for one, place in found if place is None]
        self.state.probe_fault = f"The point lies outside of: {', '.join(lacking)}." if lacking else ""

    def keep(self, probe: Probe) -> None:
        """Keep a probe and tell it."""
        self.probes = [*self.probes, probe][-MOST_PROBES:]
        fields = [field for field in FIELDS if field.key in probe.values]
        self.state.probes = [*self.state.probes, told(probe, fields, self.study.materials)][-MOST_PROBES:]
        self.state.probe_fault = ""
        self._mark()
        self.view.update()

    def forget(self) -> None:
        """Forget every probe."""
        self.probes, self.state.probes, self.state.probe_fault = [], [], ""
        self._mark()
        self.view.update()

    def peak(self) -> None:
        """Show each arm at its largest force."""
        self.playing = self.state.playing = False
        self.wish = replace(self.wish, choice=replace(self.wish.choice, step=None))
        self.draw()

    def look(self, name: str) -> None:
        """Turn the camera."""
        self.picture.look(self.pictures[0].still, VIEWS.get(name))
        self.view.update()

    async def play(self) -> None:
        """Play the march from where it is, from its start where it is at its end; or stop."""
        if self.playing:
            self.playing = self.state.playing = False
            return
        self.playing = self.state.playing = True
        marches = [one.march for one in self.pictures]
        last = len(timeline(marches)) - 1
        step = self.wish.choice.step
        start = step_at_peak(marches) if step is None else step
        at = 0 if start >= last else start
        while self.playing and at <= last:
            begun = time.perf_counter()
            with self.state:
                self.wish = replace(self.wish, choice=replace(self.wish.choice, step=at))
                self.draw()
            await asyncio.sleep(max(0.05, PLAY_S - (time.perf_counter() - begun)))
            at = at + 1 if self.wish.choice.step == at else last + 1
        with self.state:
            self.playing = self.state.playing = False

    async def end(self) -> None:
        """Say goodbye, and stop the server."""
        with self.state:
            self.playing, self.state.ended = False, True
        await asyncio.sleep(0.2)
        await self.server.stop()


def _page(server: Any, window: Any) -> Any:
    """Build the page; returns the view in it."""
    from trame.ui.html import DivLayout
    from trame.widgets import client, vtk

    texts = files("femrisk.viewer").joinpath("templates")
    with DivLayout(server) as layout:
        client.Style(texts.joinpath("style.css").read_text(encoding="utf-8"))
        view = vtk.VtkRemoteView(
            window, ref="picture", interactive_ratio=1, interactive_quality=70, still_ratio=1, still_quality=95
        )
        layout.root.children.remove(view)
        layout.root.add_child(texts.joinpath("page.html").read_text(encoding="utf-8").replace("@VIEW@", view.html))
    return view
