"""A page's view in, its newest picture sent to the browser as soon as that is packed."""

from __future__ import annotations

import asyncio
from typing import Any

#: seconds between two looks whether a picture is packed, and after which nobody looks any more
LOOK_S, LONGEST_S = 0.01, 3.0


class Sender:
    """Sends what a view shows.

    VTK packs a picture beside the work of the program; trame sends the one before, and looks for the new one half a
    second later. Here it is looked for at once.

    Args:
        server: trame's.
        view: trame's ``VtkRemoteView``.
    """

    def __init__(self, server: Any, view: Any) -> None:
        self.server, self.view = server, view
        self.until = 0.0

    def send(self) -> None:
        """Draw the view, and send it when it is packed."""
        self.view.update()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # the page is being built
            return
        waiting = loop.time() < self.until
        self.until = loop.time() + LONGEST_S
        if not waiting:
            loop.call_later(LOOK_S, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        found = self.server.protocol and self.server.protocol.getRPCMethod("viewport.image.push")
        lacking = False
        for name in list(found[0].tracking_views) if found else ():
            found[0].push_render(name)
            lacking |= bool(found[0].last_stale_time.get(name))
        if lacking and loop.time() < self.until:
            loop.call_later(LOOK_S, self._look, loop)
        else:
            self.until = 0.0
