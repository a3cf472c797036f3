"""A study in, a page that shows it out: trame carries the controls' values here, and pictures and words there."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from importlib.resources import files
from typing import Any

from femrisk.errors import FemriskError
from femrisk.output.stresscut import ROLES
from femrisk.viewer.choice import CLIPS, Choice, Plane, first_choice, usual_plane
from femrisk.viewer.fields import BY_KEY, Scale
from femrisk.viewer.picture import Picture
from femrisk.viewer.playing import Player
from femrisk.viewer.probing import Probing
from femrisk.viewer.sending import Sender
from femrisk.viewer.shown import Gallery, Shown
from femrisk.viewer.study import Study
from femrisk.viewer.wishes import CONTROLS, Wish, controls_of, limits_of, named_study, views_of, wished
from femrisk.viewer.words import curve_of, head_of, keys_of_curve, legend_of

log = logging.getLogger(__name__)

#: seconds in which changes are gathered before they are drawn at once
GATHER_S = 0.01
#: size of a picture while something in it is dragged, over that of one at rest
MOVING_RATIO = 0.7


class App:
    """The page of one study, on a trame server.

    Args:
        study: what is shown.
        server: trame's.
        query: what the page's own links carry behind their names.
    """

    def __init__(self, study: Study, server: Any, query: str = "") -> None:
        self.study, self.gallery, self.server, self.state = study, Gallery(study), server, server.state
        self.pictures: tuple[Shown, ...] = ()
        self.scale = Scale(0.0, 1.0)
        self.due = False
        choice = first_choice(study)
        still = self.gallery.still(choice.arms[0], choice.load)
        self.wish = Wish(replace(choice, plane=usual_plane(still, choice.clip)), {})
        self.probing, self.player = Probing(self), Player(self)
        self.picture = Picture(self.dragged, self.probing.clicked)
        self.picture.look(still)
        server.state.update(_at_first(named_study(self.gallery), query, list(views_of(still))))
        self.sender = Sender(server, _page(server, self.picture.window))
        self.draw(self.wish.choice)
        server.state.change(*CONTROLS)(self.changed)
        for name, verb in (
            ("play", self.player.play), ("peak", self.player.peak), ("look", self.look),
            ("probe", self.probing.read), ("forget", self.probing.forget),
        ):  # fmt: skip
            server.controller.trigger(name)(verb)

    def changed(self, **_: Any) -> None:
        """Draw what the controls mean now, if they mean anything new."""
        if self.wish.changed(self.controls, *CONTROLS):
            self.soon(from_controls=True)

    def dragged(self, plane: Plane) -> None:
        """Follow the plane in the picture."""
        self.wish = replace(self.wish, choice=replace(self.wish.choice, plane=plane, clip="oblique"))
        self.soon(from_controls=False)

    def soon(self, *, from_controls: bool) -> None:
        """Draw in a moment: what changes at once is drawn once."""
        if self.due:
            return
        self.due = True

        def now() -> None:
            self.due = False
            with self.state:
                if not from_controls:
                    self.draw(self.wish.choice)
                    return
                try:
                    self.draw(wished(self.wish, self.controls, self.gallery))
                except FemriskError as error:
                    self.state.fault = " ".join(error.lines())

        asyncio.get_running_loop().call_later(GATHER_S, now)

    @property
    def controls(self) -> dict[str, Any]:
        """What the controls hold."""
        return {name: self.state[name] for name in CONTROLS}

    def draw(self, choice: Choice) -> None:
        """Draw a choice, and set the controls to it; what cannot be read is told in the page."""
        before = self.wish
        try:
            self.pictures = self.gallery.shown(choice)
            self.scale = self.gallery.scale(choice, self.pictures)
            self.picture.show(self.pictures, self.scale)
        except (FemriskError, OSError, MemoryError) as error:
            log.debug("draw", exc_info=True)
            self.state.fault = " ".join(error.lines()) if isinstance(error, FemriskError) else str(error)
            return
        self.state.fault = ""
        self.state.update(controls_of(choice, self.pictures, self.gallery))
        anew = not before.controls or before.changed(self.controls, "field", "limited", "arm", "beside", "load")
        if anew:
            low, high = limits_of(self.pictures, choice.roles)
            self.state.low_end, self.state.high_end = float(f"{low:.6g}"), float(f"{high:.6g}")
        if anew and choice.threshold is None:
            self.state.low, self.state.high = self.state.low_end, self.state.high_end
        self.wish = Wish(choice, self.controls)
        self._tell(choice)

    def _tell(self, choice: Choice) -> None:
        """Put the words and the picture into the page."""
        marches = [one.march for one in self.pictures]
        self.state.heads = [head_of(one) for one in self.pictures]
        self.state.legend = legend_of(BY_KEY[choice.field], self.scale, self.pictures, self.picture.table)
        self.state.curve = curve_of(marches, [one.state.number for one in self.pictures])
        self.state.curve_keys = keys_of_curve(marches)
        self.picture.handle.show(bool(self.state.handle) and choice.clip != "off")
        if not self.picture.handle.is_dragged:
            self.picture.handle.put(choice.plane, self.pictures[0].points)
        self.probing.mark()

    def look(self, name: str) -> None:
        """Turn the camera."""
        still = self.pictures[0].still
        self.picture.look(still, views_of(still).get(name))
        self.sender.send()


def _at_first(title: str, query: str, views: list[str]) -> dict[str, Any]:
    """What the page holds before anything is drawn."""
    return {
        **CONTROLS, "title": title, "trame__title": f"{title} - femrisk view", "query": query, "clips": list(CLIPS),
        "roles": list(ROLES), "views": views, "probes": [], "probe_fault": "", "probe_x": 0.0, "probe_y": 0.0,
        "probe_z": 0.0, "fault": "", "playing": False, "low_end": 0.0, "high_end": 1.0,
    }  # fmt: skip


def _page(server: Any, window: Any) -> Any:
    """Build the page; returns the view in it."""
    from trame.ui.html import DivLayout
    from trame.widgets import client, vtk

    texts = files("femrisk.viewer").joinpath("templates")
    with DivLayout(server) as layout:
        client.Style(texts.joinpath("style.css").read_text(encoding="utf-8"))
        view = vtk.VtkRemoteView(
            window,
            ref="picture",
            interactive_ratio=MOVING_RATIO,
            interactive_quality=70,
            still_ratio=1,
            still_quality=95,
        )
        layout.root.children.remove(view)
        layout.root.add_child(texts.joinpath("page.html").read_text(encoding="utf-8").replace("@VIEW@", view.html))
    return view
