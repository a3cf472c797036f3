"""What is shown in, files to keep of it out: routes of the page for a picture and for tables, behind its token."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from femrisk.viewer.app import App
from femrisk.viewer.fields import BY_KEY, FIELDS
from femrisk.viewer.words import cells_csv, head_of, probes_csv

#: names by which a browser reaches this machine from itself
LOCAL = ("127.0.0.1", "localhost", "::1")
COOKIE = "femrisk"
ENDED = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>femrisk view</title>'
    '<link rel="icon" href="data:,"></head><body style="font: 18px system-ui, sans-serif; margin: 3em">'
    "<p>The viewer has ended; this page may be closed.</p></body></html>"
)


def add_routes(app: App, web: Any, token: str | None, end: Callable[[], None]) -> None:
    """Add the routes to an aiohttp application.

    Args:
        app: what is shown.
        web: the application.
        token: what a request must know; None on this machine alone, where a page of another origin is refused instead.
        end: called when the page ends the viewer.
    """
    from aiohttp import web as http

    async def picture(request: Any) -> Any:
        field = BY_KEY[app.wish.choice.field]
        content = app.picture.png([head_of(one) for one in app.pictures], field, app.scale)
        return http.Response(body=content, content_type="image/png", headers=_kept("femrisk.png"))

    async def probes(request: Any) -> Any:
        fields = [field for field in FIELDS if any(field.key in one.values for one in app.probing.probes)]
        text = probes_csv(app.probing.probes, fields, app.study.materials)
        return http.Response(text=text, content_type="text/csv", headers=_kept("probes.csv"))

    async def cells(request: Any) -> Any:
        response = http.StreamResponse(headers={"Content-Type": "text/csv; charset=utf-8", **_kept("cells.csv")})
        await response.prepare(request)
        for part in cells_csv(app.pictures, app.study.materials):
            await response.write(part.encode())
            await asyncio.sleep(0)  # others are served meanwhile
        await response.write_eof()
        return response

    async def ended(request: Any) -> Any:
        asyncio.get_running_loop().call_later(0.3, end)
        return http.Response(text=ENDED, content_type="text/html")

    async def session(request: Any) -> Any:
        # trame's page asks where its server is; once let in, it is so again when it is loaded anew
        known = {"secret": token} if token is not None and knows(request, token) else {}
        return http.json_response({"sessionURL": "ws://USE_HOST/ws", **known})

    own = {"/export/picture.png": picture, "/export/probes.csv": probes, "/export/cells.csv": cells, "/end": ended}
    for name, route in own.items():
        web.router.add_get(name, route)
    web.router.add_post("/paraview/", session)
    web.middlewares.append(_own_pages_alone() if token is None else _with_token(token, own))


def knows(request: Any, token: str) -> bool:
    """Whether a request brings the token, in its address or since it did."""
    brought = (request.query.get("secret", ""), request.cookies.get(COOKIE, ""))
    return any(hmac.compare_digest(one.encode(), token.encode()) for one in brought)


def _with_token(token: str, guarded: Collection[str]) -> Any:
    """Refuse what is guarded to those who do not know the token, and remember those who do."""
    from aiohttp import web as http

    @http.middleware
    async def guard(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        known = knows(request, token)
        if request.path in guarded and not known:
            raise http.HTTPForbidden
        try:
            response = await handler(request)
        except http.HTTPFound as found:
            response = found
        if known and request.path in ("/", "/index.html"):
            response.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
        return response

    return guard


def _kept(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _own_pages_alone() -> Any:
    """Refuse what a page from elsewhere sends to this machine, by its origin or under a name of its own."""
    from aiohttp import web as http

    @http.middleware
    async def guard(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        if not is_own(request.headers.get("Host", ""), request.headers.get("Origin")):
            raise http.HTTPForbidden
        return await handler(request)

    return guard


def is_own(host: str, origin: str | None) -> bool:
    """Whether a request was made under a name of this machine, and by a page that came from here if by any."""
    if urlsplit(f"//{host}").hostname not in LOCAL:
        return False
    return origin is None or urlsplit(origin).netloc == host
