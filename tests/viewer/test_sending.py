"""A picture that is still being packed is looked for until it is there, and no longer."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from femrisk.viewer import sending
from femrisk.viewer.sending import Sender


class Protocol:
    """Trame's, of one view whose picture is packed after so many looks."""

    def __init__(self, looks: int) -> None:
        self.tracking_views, self.last_stale_time = {"1": {}}, {"1": 1.0}
        self.left, self.looked = looks, 0

    def push_render(self, name: str) -> None:
        self.looked += 1
        self.left -= 1
        self.last_stale_time[name] = 1.0 if self.left > 0 else 0

    def sent(self, times: int, wait: float) -> None:
        """Send so often at once, and wait."""

        async def page() -> None:
            server: Any = SimpleNamespace(protocol=SimpleNamespace(getRPCMethod=lambda name: (self, None)))
            sender = Sender(server, SimpleNamespace(update=lambda: None))
            for _ in range(times):
                sender.send()
            await asyncio.sleep(wait)

        asyncio.run(page())


@pytest.mark.parametrize("times", [1, 3])
def test_a_picture_is_sent_when_it_is_packed_and_not_half_a_second_later(times: int) -> None:
    protocol = Protocol(looks=4)
    protocol.sent(times, wait=0.3)
    # whoever asks again while somebody looks does not make it two
    assert protocol.looked == 4


def test_nobody_looks_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LONGEST_S", 0.1)
    protocol = Protocol(looks=10**9)
    protocol.sent(1, wait=0.4)
    assert 1 < protocol.looked < 20


def test_before_there_is_a_page_nothing_is_looked_for() -> None:
    updated: list[None] = []
    Sender(None, SimpleNamespace(update=lambda: updated.append(None))).send()
    assert updated == [None]
