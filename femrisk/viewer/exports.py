"""What is shown in, files to keep of it out: routes of the page for a picture and for tables, behind its token."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from femrisk.viewer.app import App
from femrisk.viewer.fields import BY_KEY, FIELDS
from femrisk.viewer.words import cells_csv, head_of, probes_csv

#: names by which a browser reaches this machine from itself
LOCAL = ("127.0.0.1", "localhost", "::1")


def add_routes(app: App, web: Any, token: str | None) -> None:
    """Add the routes to an aiohttp application.

    Args:
        app: what is shown.
        web: the application.
        token: what a request must know; None on this machine alone, where a page of another origin is refused instead.
    """
    from aiohttp import web as http

    def allowed(request: Any) -> bool:
        if token is not None:
            return hmac.compare_digest(request.query.get("secret", ""), token)
        return True

    async def picture(request: Any) -> Any:
        if not allowed(request):
            raise http.HTTPForbidden
        field = BY_KEY[app.wish.choice.field]
        content = app.picture.png([head_of(one) for one in app.pictures], field, app.scale)
        return http.Response(body=content, content_type="image/png", headers=_kept("femrisk.png"))

    async def probes(request: Any) -> Any:
        if not allowed(request):
            raise http.HTTPForbidden
        fields = [field for field in FIELDS if any(field.key in one.values for one in app.probes)]
        text = probes_csv(app.probes, fields, app.study.materials)
        return http.Response(text=text, content_type="text/csv", headers=_kept("probes.csv"))

    async def cells(request: Any) -> Any:
        if not allowed(request):
            raise http.HTTPForbidden
        response = http.StreamResponse(headers={"Content-Type": "text/csv; charset=utf-8", **_kept("cells.csv")})
        await response.prepare(request)
        for part in cells_csv(app.pictures, app.study.materials):
            await response.write(part.encode())
            await asyncio.sleep(0)  # others are served meanwhile
        await response.write_eof()
        return response

    for name, route in (("picture.png", picture), ("probes.csv", probes), ("cells.csv", cells)):
        web.router.add_get(f"/export/{name}", route)
    if token is None:
        web.middlewares.append(_own_pages_alone())


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
