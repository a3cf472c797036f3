"""Clicks and coordinates in, values at points out: told in the page, marked in the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from femrisk.viewer.body import Floats
from femrisk.viewer.fields import FIELDS
from femrisk.viewer.words import Probe, probe_of, told

if TYPE_CHECKING:
    from femrisk.viewer.app import App

#: probed points that are kept, and the radius of their marks as a share of the bone's size
MOST, MARK_SHARE = 200, 0.008


class Probing:
    """The points that were probed in a page."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.probes: list[Probe] = []

    def clicked(self, view: int, cell: int, at: Floats, point: Floats) -> None:
        """Probe what was clicked on."""
        state = self.app.state
        with state:
            self.keep(probe_of(self.app.pictures[view], cell, point))
            state.probe_x, state.probe_y, state.probe_z = (round(float(x), 2) for x in point)
            self.mark()

    def read(self) -> None:
        """Probe the point whose coordinates were given, in every arm that is shown."""
        state = self.app.state
        try:
            point = np.array([float(state[f"probe_{axis}"]) for axis in "xyz"])
        except (TypeError, ValueError):
            state.probe_fault = "x, y and z must be numbers, in mm."
            return
        found = [(one, one.still.body.find(point)) for one in self.app.pictures]
        for one, place in found:
            if place is not None:
                self.keep(probe_of(one, place[0], point))
        lacking = [one.march.arm for one, place in found if place is None]
        state.probe_fault = f"The point lies outside of: {', '.join(lacking)}." if lacking else ""
        self.mark()

    def keep(self, probe: Probe) -> None:
        """Keep a probe and tell it."""
        self.probes = [*self.probes, probe][-MOST:]
        fields = [field for field in FIELDS if field.key in probe.values]
        # all of them are in the table that is exported
        self.app.state.probes = [told(probe, fields, self.app.study.materials)]
        self.app.state.probe_fault = ""

    def forget(self) -> None:
        """Forget every probe."""
        self.probes, self.app.state.probes, self.app.state.probe_fault = [], [], ""
        self.mark()

    def mark(self) -> None:
        """Put balls where points were probed, and show the picture."""
        marks = []
        for view, one in enumerate(self.app.pictures):
            body = one.still.body
            for probe in self.probes:
                if (probe.arm, probe.load) == (one.march.arm, one.march.load):
                    corners = body.tets[int(np.searchsorted(body.cell, probe.cell))]
                    moved = one.state.displacement[corners].mean(axis=0)
                    marks.append((view, np.array(probe.point) + self.app.wish.choice.deformation * moved))
        size = float(np.linalg.norm(np.ptp(self.app.pictures[0].points, axis=0)))
        self.app.picture.mark(marks, MARK_SHARE * size)
        self.app.sender.send()
