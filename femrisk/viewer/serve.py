"""A study and an address in, a viewer that runs until it is ended out: port, token, browser, signals."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from femrisk.errors import InputError
from femrisk.viewer.exports import LOCAL
from femrisk.viewer.study import Study

#: where the viewer is to be found if nobody says, unless something else is there
USUAL_PORT = 8050
#: seconds after which a viewer that was looked at ends when its last page is closed; a page that is loaded anew is back
#: by then
ALONE_S = 10


@dataclass(frozen=True)
class Address:
    """Where the viewer listens, and who may come."""

    host: str
    port: int
    #: None on this machine alone
    token: str | None

    @property
    def query(self) -> str:
        """What stands behind the page's address."""
        return f"?secret={self.token}" if self.token else ""

    @property
    def url(self) -> str:
        """What a browser is given."""
        name = socket.gethostname() if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}/{self.query}"


def address(host: str, port: int | None) -> Address:
    """An address that is free.

    Args:
        host: to listen on.
        port: None for the usual one, or any that is free.

    Raises:
        InputError: the port is taken or not allowed, or the host is not of this machine.
    """
    token = None if host in LOCAL else secrets.token_urlsafe(18)
    for wanted in (USUAL_PORT, 0) if port is None else (port,):
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(
                host, wanted, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind, protocol) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind(place)
                return Address(host, int(trial.getsockname()[1]), token)
        except OSError as error:
            if port is None and wanted:
                continue
            raise InputError(f"{host}:{wanted}", f"cannot listen there ({error.strerror or error})") from None
    raise InputError(host, "no port is free")


def serve(study: Study, where: Address, *, browser: bool, stay: bool) -> None:
    """Show a study until that is ended: in the page, by Ctrl-C or, unless it shall ``stay``, by closing the page."""
    with _quiet(where):
        asyncio.run(_run(study, where, browser, stay))


async def _run(study: Study, where: Address, browser: bool, stay: bool) -> None:
    from trame.app import get_server

    from femrisk.viewer.app import App
    from femrisk.viewer.exports import add_routes

    server: Any = get_server("femrisk", client_type="vue3")
    app = App(study, server, where.query)
    kept: list[Any] = []

    def end() -> None:
        kept.append(asyncio.get_running_loop().create_task(server.stop()))

    def bound(web: Any) -> None:
        kept.append(web)
        add_routes(app, web.app, where.token, end)

    def came() -> None:
        if not stay:
            kept[0].config["timeout"] = ALONE_S

    def ready(**_: Any) -> None:
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, end)
        print(f"femrisk view: {where.url} (Ctrl-C ends it)", flush=True)
        if browser:
            loop.run_in_executor(None, webbrowser.open, where.url)

    server.controller.on_server_bind.add(bound)
    server.controller.on_client_connected.add(came)
    server.controller.on_server_ready.add(ready)
    try:
        await server.start(
            exec_mode="coroutine", host=where.host, port=where.port, timeout=0, backend="aiohttp", thread=True,
            open_browser=False, show_connection_info=False, disable_logging=True,
        )  # fmt: skip
    finally:
        app.picture.close()


@contextmanager
def _quiet(where: Address) -> Iterator[None]:
    """Keep our command line from trame, which would read it as its own, and its greeting from the screen."""
    before, sys.argv = sys.argv, ["femrisk", *(("--authKey", where.token) if where.token else ())]
    os.environ["WSLINK_READY_MSG"] = ""
    try:
        yield
    finally:
        sys.argv = before
