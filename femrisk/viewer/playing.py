"""A page in, the march to fracture played in it out."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from femrisk.viewer.choice import timeline

if TYPE_CHECKING:
    from femrisk.viewer.app import App

#: seconds that an increment is shown at least
PLAY_S = 0.5


class Player:
    """Steps through the timeline of a page."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.task: asyncio.Task[None] | None = None

    def play(self) -> None:
        """Play from where it is, from the start where it is at the end or shows largest forces; or stop."""
        if self.task is not None:
            self.stop()
            return
        self.app.state.playing = True
        # a task of its own: the page hears nothing before its call is answered
        self.task = asyncio.get_running_loop().create_task(self._play())

    def stop(self) -> None:
        """Stop playing."""
        self.task = None
        self.app.state.playing = False

    def peak(self) -> None:
        """Show each arm at its largest force."""
        self.stop()
        self.app.draw(replace(self.app.wish.choice, step=None))

    async def _play(self) -> None:
        app, own = self.app, self.task
        last = len(timeline([one.march for one in app.pictures])) - 1
        step = app.wish.choice.step
        at = 0 if step is None or step >= last else step
        while at <= last:
            begun = time.perf_counter()
            with app.state:
                app.draw(replace(app.wish.choice, step=at))
            await asyncio.sleep(max(0.05, PLAY_S - (time.perf_counter() - begun)))
            if self.task is not own:
                return
            # somebody has taken another step meanwhile
            at = at + 1 if app.wish.choice.step == at else last + 1
        with app.state:
            self.stop()
