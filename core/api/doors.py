"""The one way in: every request and every websocket of the server passes here.

It asks, in this order: is this address ours, does it come from a page of ours, who is it, and may
they come here at all. What passes is told who is acting (:mod:`core.who`), routes by the
context they run in and pages by a header that nobody outside can set. An open websocket is asked
again every half second, so that whoever was shut out is gone at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import settings
from core.access import browsers
from core.access.browsers import as_role
from core.access.hosts import host_is_known, origin_is_own
from core.api import entrance
from core.api.policy import Policy
from core.api.room import MOST_PAGES, MOST_PAGES_EACH, Crowd, NoRoom, Room
from core.catalog import open_catalog
from core.delivery.take_away.links import Kind, link_is_open
from core.errors import LightboxError
from core.who import NOBODY, Who, acting_as
from core.workspace import Workspace, open_workspace

WHO = "x-lightbox-who"
_SAFE = ("GET", "HEAD", "OPTIONS")
# Programs bring a key of their own on purpose, and are let in by it.
_PROGRAMS = "/api/"
_FORMS = f"{entrance.PREFIX}/"
# Whoever comes may see whether the server is there, and the door itself. A link to a report is a
# key to that report.
_OPEN = re.compile(r"/_stcore/health|/lightbox/(door|reports)/[^/]+|/favicon\.(png|ico)")
_GUEST_PAGES: dict[str, Kind] = {"/shared": "results", "/demo": "demo"}
_GUESTS = re.compile(
    r"/shared|/demo"
    r"|(/shared|/demo)?/_stcore/(host-config|stream|upload_file/[^/]+/[^/]+)"
    r"|/static/[\w./-]+|/media/[^/]+|/_stcore/bidi-components/[\w./-]+"
    r"|/lightbox/live/[^/]+"
)
# Pages lie side by side: below one there is nothing that a browser could show.
_BELOW = re.compile(r"/(?!lightbox/|_stcore/|static/|media/|component/|app/)[^/]+/.*?([^/]+)/?")
_MOST_LINKS = 8
# Half a minute without a byte of a body, and nobody is sending any more.
BODY_PAUSE_S = 30.0
_ASKED_AGAIN_S = 0.5


class Doors:
    """The middleware around everything that the server answers.

    Args:
        document: Streamlit's ``index.html``, whose scripts may run.
        heard: whether a message that came over a websocket is passed on; others are dropped.
    """

    def __init__(
        self,
        app: ASGIApp,
        document: Path | None = None,
        heard: Callable[[bytes], bool] = lambda _: True,
    ) -> None:
        self._app, self._heard = app, heard
        self._policy = Policy(document)
        self._room, self._crowd = Room(), Crowd(MOST_PAGES, MOST_PAGES_EACH)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        http = scope["type"] == "http"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._policy.add_to(message)
                if cookie:
                    MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        try:
            answer, who, cookie = await self._ask(HTTPConnection(scope))
        except LightboxError as error:
            answer, who, cookie = _said(503, str(error)), NOBODY, ""
        if answer is not None:
            if http:
                await answer(scope, receive, sending)
            else:
                # Before it was accepted: the browser is told 403.
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        headers = [pair for pair in scope["headers"] if pair[0].lower() != WHO.encode()]
        headers.append((WHO.encode(), who.dump()))
        inside = {**scope, "headers": headers}
        if not http:
            try:
                with self._crowd.inside(self._visitor(scope, who)):
                    await self._watched(inside, receive, send, who)
            except NoRoom:
                await send({"type": "websocket.close", "code": 1013, "reason": ""})
            return
        with acting_as(who):
            if scope["path"].startswith(_PROGRAMS):
                # They have limits of their own, of bytes and of time (core/api/limits.py).
                await self._app(inside, receive, sending)
            else:
                await self._counted(inside, _patient(receive), sending, who)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, who: Who) -> None:
        """A request whose body is counted, unless it can have none."""
        if scope["method"] in _SAFE or scope["path"].startswith(_FORMS):
            # Forms at the door have limits of their own.
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            visitor, guest = self._visitor(scope, who), not who.may("viewer")
            with self._room.body(visitor, receive, guest=guest) as receiving:
                await self._app(scope, receiving, sending)
        except NoRoom as error:
            if begun:
                raise
            answer = _said(503, str(error))
            answer.headers["Retry-After"] = "1"
            await answer(scope, receive, send)

    @staticmethod
    def _visitor(scope: Scope, who: Who) -> str:
        """Whom limits count for: a browser that is signed in, or whoever comes from an address."""
        client = (scope.get("client") or ("", 0))[0]
        return who.session or f"{client} {who.name} {' '.join(who.links)}"

    async def _ask(self, asked: HTTPConnection) -> tuple[Response | None, Who, str]:
        """What stands against a request, as an answer; who it is; and a cookie to send along."""
        host, path = asked.headers.get("host", ""), asked.scope["path"]
        method = asked.scope.get("method", "GET")
        program = path.startswith(_PROGRAMS)
        if len(asked.headers.getlist("host")) != 1 or not host_is_known(host):
            said = (
                "This is not an address that Lightbox answers to. Open it at the address that it "
                "printed when it started, or list this name in LIGHTBOX_HOSTS."
            )
            return _said(421, said), NOBODY, ""
        if "transfer-encoding" in asked.headers and "content-length" in asked.headers:
            # A proxy in front may go by the other one, and take the rest for another request.
            return _said(400, "This request says twice how long it is."), NOBODY, ""
        changes = method not in _SAFE or asked.scope["type"] == "websocket"
        if changes and not program and not _is_own(asked.headers, host):
            return _said(403, "This was sent by a page of somebody else."), NOBODY, ""
        if program and "cookie" not in asked.headers and settings.access() != "proxy":
            # A program, which brings a key; nothing here could say who it is.
            return None, NOBODY, ""
        if program or _OPEN.fullmatch(path):
            # They look at who it is themselves, by a key, a link or a password.
            return None, await run_in_threadpool(self.who, asked), ""
        query = dict(parse_qsl(asked.scope["query_string"].decode("latin-1")))
        if path not in _GUEST_PAGES and "token" in query and method == "GET":
            return await self._enter(asked, query.pop("token"), query), NOBODY, ""
        who = await run_in_threadpool(self.who, asked)
        if who.may("viewer"):
            page = asked.headers.get("sec-fetch-dest") == "document" and method == "GET"
            below = _BELOW.fullmatch(path) if page else None
            return RedirectResponse(f"/{quote(below[1])}", 303) if below else None, who, ""
        if path in _GUEST_PAGES and "token" in query:
            return await self._welcome(asked, who, _GUEST_PAGES[path], query["token"])
        if who.may("guest") and _GUESTS.fullmatch(path):
            return None, who, ""
        if "text/html" in asked.headers.get("accept", "") and method == "GET":
            return entrance.shut(), who, ""
        return _said(401, "Sign in to Lightbox first."), who, ""

    def who(self, asked: HTTPConnection) -> Who:
        """Whose request this is, by its cookies."""
        access, workspace = settings.access(), open_workspace()
        secret = asked.cookies.get(entrance.cookie_name(asked), "")
        people = access != "local"
        if access == "proxy":
            return _by_proxy(asked) or _guest(workspace, _links_of(asked))
        found = None
        if secret:
            found = browsers.recognised(open_catalog(workspace), secret, people=people)
        return found or _guest(workspace, _links_of(asked))

    async def _enter(self, asked: HTTPConnection, token: str, query: dict[str, str]) -> Response:
        """Let in whoever brings the start-up token, and take it out of the address."""
        # An address that begins with two slashes would lead to another computer.
        place = "/" + asked.scope["path"].strip("/")
        rest = f"?{urlencode(query)}" if query else ""
        return await run_in_threadpool(entrance.enter, asked, token, place + rest)

    async def _welcome(
        self, asked: HTTPConnection, who: Who, kind: Kind, token: str
    ) -> tuple[Response | None, Who, str]:
        """A guest with a link: they get a cookie of it, for the websocket behind the page."""
        if not await run_in_threadpool(link_is_open, open_workspace(), token, kind):
            said = (
                "This link leads nowhere: it was taken back, or is not complete. Ask whoever sent "
                "it for a new one."
            )
            return _said(404, said), who, ""
        links = [token, *(each for each in who.links if each != token)][:_MOST_LINKS]
        guest = Who("guest", "a guest", links=tuple(links))
        return None, guest, entrance.guest_cookie(asked, ".".join(links))

    async def _watched(self, scope: Scope, receive: Receive, send: Send, who: Who) -> None:
        """A websocket, until it ends or whoever is behind it may not be here any more."""
        asked = HTTPConnection(scope)
        gone = asyncio.Event()

        async def watch() -> None:
            while True:
                await asyncio.sleep(_ASKED_AGAIN_S)
                with contextlib.suppress(LightboxError):
                    if await run_in_threadpool(self.who, asked) != who:
                        gone.set()
                        return

        async def receiving() -> Message:
            while True:
                message = await next_one()
                data = message.get("bytes")
                if data is None or self._heard(data):
                    return message

        async def next_one() -> Message:
            message = asyncio.ensure_future(receive())
            shut = asyncio.ensure_future(gone.wait())
            try:
                await asyncio.wait({message, shut}, return_when=asyncio.FIRST_COMPLETED)
                if message.done() and not gone.is_set():
                    return message.result()
            finally:
                shut.cancel()
                message.cancel()
            with contextlib.suppress(Exception):
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return {"type": "websocket.disconnect", "code": 1008}

        watching = asyncio.create_task(watch())
        try:
            # Files that pages make when they are asked for come about outside of any script.
            with acting_as(who):
                await self._app(scope, receiving, send)
        finally:
            watching.cancel()


def _by_proxy(asked: HTTPConnection) -> Who | None:
    """Whom a proxy in front vouches for."""
    from core.access.elsewhere import by_proxy, proxy_header

    peer = asked.client.host if asked.client else ""
    names = asked.headers.getlist(proxy_header())
    person = by_proxy(open_catalog(open_workspace()), peer, names)
    return None if person is None else Who(as_role(person.role), person.name)


def _guest(workspace: Workspace, tokens: Iterable[str]) -> Who:
    """A guest by the links that are still in force; nobody if none is."""
    kinds: tuple[Kind, ...] = ("results", "demo")
    links = tuple(t for t in tokens if any(link_is_open(workspace, t, kind) for kind in kinds))
    return Who("guest", "a guest", links=links) if links else NOBODY


def _links_of(asked: HTTPConnection) -> list[str]:
    name = entrance.cookie_name(asked, guest=True)
    return [each for each in asked.cookies.get(name, "").split(".") if each][:_MOST_LINKS]


def _is_own(headers: Headers, host: str) -> bool:
    """Whether a request that changes something comes from a page of ours, or from no page."""
    origin = headers.get("origin")
    if origin is not None:
        return origin_is_own(origin, host)
    return headers.get("sec-fetch-site", "none") in ("none", "same-origin")


def _patient(receive: Receive) -> Receive:
    """Bodies have to go on arriving."""
    ended = False

    async def receiving() -> Message:
        nonlocal ended
        if ended:
            # Whoever asks now waits for the other side to leave.
            return await receive()
        try:
            async with asyncio.timeout(BODY_PAUSE_S):
                message = await receive()
        except TimeoutError:
            message = {"type": "http.disconnect"}
        ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    return receiving


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(text, status, {"Cache-Control": "no-store"})
