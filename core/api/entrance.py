"""The door as a person sees it: plain pages that say how to come in, and the cookie they get.

POST /lightbox/door/token     the start-up token, typed in → a session
POST /lightbox/door/sign-in   a name and a password → a session
GET, POST /lightbox/door/invited?token=…   an invitation: choose a name and a password
GET, POST /lightbox/door/leave   ends this browser's session
"""

from __future__ import annotations

import contextlib
import hmac
import html
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from core import settings
from core.access import browsers, passwords, people, startup
from core.api.problems import beside_pages
from core.catalog import Catalog, open_catalog
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.workspace import open_workspace

if TYPE_CHECKING:
    from core.access.elsewhere import SignIn

PREFIX = "/lightbox/door"
LEAVE = f"{PREFIX}/leave"
_STATE = "lightbox-sign-in"
# Of a form, which has a name and a password.
_MOST_BYTES = 16 * 1024
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lightbox</title>
<style>
:root {{color-scheme: light dark; --ink: #1E2329; --paper: #FCFCFA; --line: #8886; --blue: #0B6E99}}
@media (prefers-color-scheme: dark) {{
  :root {{--ink: #E8EAEC; --paper: #14181C; --blue: #4FB3D9}}
}}
body {{margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper);
  color: var(--ink); font: 1.05rem/1.55 system-ui, sans-serif}}
main {{width: min(26rem, calc(100vw - 3rem)); padding: 2rem 0}}
h1 {{font-size: 1.7rem; margin: 0 0 .6rem}}
label {{display: block; margin: 1rem 0 .3rem; font-weight: 600}}
input {{width: 100%; box-sizing: border-box; font: inherit; padding: .6rem .7rem; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: .6rem}}
button {{font: inherit; font-weight: 600; margin-top: 1.2rem; padding: .6rem 1.3rem; border: 0;
  border-radius: .6rem; background: var(--blue); color: var(--paper); cursor: pointer}}
:focus-visible {{outline: 3px solid var(--blue); outline-offset: 2px}}
.wrong {{border-left: 4px solid #D55E00; padding-left: .8rem}}
</style></head><body><main>{body}</main></body></html>"""
# What somebody sees who isn't signed in, by how people come in.
_SHUT = {
    "oidc": f"""<h1>Sign in to Lightbox</h1>{{said}}<p>You sign in with your usual account.</p>
<form method="get" action="{PREFIX}/provider"><button autofocus>Sign in</button></form>""",
    "proxy": """<h1>Sign in first</h1>{said}<p>This Lightbox is reached by way of a page that people
sign in at. Open it there.</p>""",
    "password": f"""<h1>Sign in to Lightbox</h1>{{said}}
<form method="post" action="{PREFIX}/sign-in">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" value="{{name}}" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button></form>
<p>No name here yet, or the password forgotten? Ask whoever runs this Lightbox for an invitation.
</p>""",
    "local": f"""<h1>This Lightbox is closed</h1>{{said}}
<p>Open the address that it printed in its window when it started; it ends in
<code>?token=…</code>. Or type what stands behind <code>token=</code> there:</p>
<form method="post" action="{PREFIX}/token">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="off" required autofocus>
<button>Open Lightbox</button></form>""",
}
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def cookie_name(asked: HTTPConnection, *, guest: bool = False) -> str:
    """One of its own for each port, as browsers share cookies between the ports of a computer."""
    port = asked.headers.get("host", "").rpartition(":")[2]
    return f"lightbox{'-guest' if guest else ''}-{port if port.isdigit() else 'web'}"


def cookie(asked: HTTPConnection, name: str, value: str, kept_s: float) -> str:
    """A ``Set-Cookie`` that no script can read and no other site can have sent along."""
    made = SimpleCookie({name: value})[name]
    made["path"], made["samesite"], made["max-age"] = "/", "Lax", str(int(kept_s))
    made["httponly"], made["secure"] = True, is_secure(asked)
    return made.OutputString()


def guest_cookie(asked: HTTPConnection, links: str) -> str:
    """What a guest's browser keeps of the links that it was given."""
    return cookie(asked, cookie_name(asked, guest=True), links, browsers.KEPT_S)


def signed_in(
    asked: HTTPConnection, answer: Response, catalog: Catalog, person_id: str | None
) -> Response:
    """The same answer, after which this browser is signed in."""
    secret = browsers.sign_in(catalog, person_id, asked.headers.get("user-agent", ""))
    kept = cookie(asked, cookie_name(asked), secret, browsers.KEPT_S)
    answer.headers.append("set-cookie", kept)
    answer.headers["cache-control"] = "no-store"
    return answer


def page(body: str, status: int = 200) -> Response:
    """A page at the door; ``body`` is HTML."""
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(_PAGE.format(body=body), status, headers)


def enter(asked: HTTPConnection, token: str, then: str) -> Response:
    """Exchange the start-up token for a session of this browser."""
    if settings.access() != "local" or not startup.is_token(token):
        return shut(wrong="That is not the token that Lightbox printed.")
    return signed_in(asked, RedirectResponse(then, 303), open_catalog(open_workspace()), None)


def shut(*, wrong: str = "", name: str = "", status: int = 401) -> Response:
    """What somebody sees who isn't signed in.

    Args:
        wrong: what was wrong about a try, as a sentence.
        name: whose try that was.
    """
    said = f'<p class="wrong" role="alert">{html.escape(wrong)}</p>' if wrong else ""
    return page(_SHUT[settings.access()].format(said=said, name=html.escape(name)), status)


def _by_token(request: Request, given: Mapping[str, str]) -> Response:
    return enter(request, given["token"].strip(), "/")


def _by_password(request: Request, given: Mapping[str, str]) -> Response:
    catalog = open_catalog(open_workspace())
    name, address = given["name"], request.client.host if request.client else ""
    try:
        person = people.by_password(catalog, name, given["password"], address)
    except NotAllowed as error:
        return shut(wrong=str(error), name=name[:255])
    return signed_in(request, RedirectResponse("/", 303), catalog, person.id)


def _to_provider(request: Request, _: Mapping[str, str]) -> Response:
    try:
        address, state = _sign_in_elsewhere().begin(f"{base_of(request)}{PREFIX}/provided")
    except (InvalidInput, NotAllowed) as error:
        return shut(wrong=str(error), status=503)
    answer = RedirectResponse(address, 303)
    # Only the browser that was sent away may come back with it.
    answer.headers.append("set-cookie", cookie(request, _STATE, state, 600))
    return answer


def _from_provider(request: Request, _: Mapping[str, str]) -> Response:
    given = request.query_params
    state = given.get("state", "")
    catalog = open_catalog(open_workspace())
    try:
        begun = request.cookies.get(_STATE, "").encode()
        if not state or not hmac.compare_digest(begun, state.encode("utf-8", "replace")):
            raise NotAllowed("This sign-in wasn’t begun in this browser.", remedy="Try again.")
        person = _sign_in_elsewhere().end(catalog, state, given.get("code", ""))
    except (InvalidInput, NotAllowed) as error:
        return shut(wrong=str(error))
    answer = signed_in(request, RedirectResponse("/", 303), catalog, person.id)
    answer.headers.append("set-cookie", cookie(request, _STATE, "", 0))
    return answer


@cache
def _sign_in_elsewhere() -> SignIn:
    # Only where it is wanted: it brings libraries along.
    from core.access.elsewhere import SignIn

    return SignIn()


def base_of(asked: HTTPConnection) -> str:
    """The address that a browser has opened, without a path; ``https`` where a proxy speaks it."""
    return f"{'https' if is_secure(asked) else 'http'}://{asked.headers.get('host', '')}"


def is_secure(asked: HTTPConnection) -> bool:
    """Whether the browser speaks HTTPS, with us or with a proxy in front that is listed so."""
    host = asked.headers.get("host", "").lower()
    listed = {each.lower().rstrip("/") for each in settings.load().hosts}
    return (
        asked.scope["scheme"] in ("https", "wss")
        or f"https://{host}" in listed
        or f"https://{host.partition(':')[0]}" in listed
    )


def _by_invitation(request: Request, given: Mapping[str, str]) -> Response:
    token = request.query_params.get("token", "")
    catalog = open_catalog(open_workspace())
    try:
        known, role = people.invited(catalog, token)
    except NotFound as error:
        return shut(wrong=str(error), status=404)
    wrong = ""
    if request.method == "POST":
        try:
            person = people.accept(catalog, token, given["name"], given["password"])
        except (InvalidInput, Conflict, NotFound) as error:
            wrong = f'<p class="wrong" role="alert">{html.escape(str(error))}</p>'
        else:
            return signed_in(request, RedirectResponse("/", 303), catalog, person.id)
    what = (
        f"<p>Choose a new password, <b>{html.escape(known)}</b>.</p>"
        if known
        else f"<p>You are invited to this Lightbox as {html.escape(role)}.</p>"
    )
    name = html.escape(known or given["name"])
    return page(
        f"""<h1>Welcome to Lightbox</h1>{what}{wrong}
<form method="post" action="{PREFIX}/invited?token={quote(token)}">
<label for="name">Your name</label>
<input id="name" name="name" autocomplete="username" value="{name}"
 {"readonly" if known else "required autofocus"}>
<label for="password">A password of {passwords.LEAST} characters or more</label>
<input id="password" name="password" type="password" autocomplete="new-password"
 minlength="{passwords.LEAST}" maxlength="{passwords.MOST}" required>
<button>Come in</button></form>""",
        422 if wrong else 200,
    )


def _leave(request: Request, _: Mapping[str, str]) -> Response:
    # Whoever only looks at what a link leads to stays signed in.
    if request.method != "POST":
        return page(
            f"""<h1>Sign out?</h1><p>This browser is signed in to Lightbox.</p>
<form method="post" action="{PREFIX}/leave"><button>Sign out</button></form>"""
        )
    name = cookie_name(request)
    secret = request.cookies.get(name, "")
    if secret:
        browsers.sign_out(open_catalog(open_workspace()), secret)
    answer = RedirectResponse("/", 303)
    answer.headers.append("set-cookie", cookie(request, name, "", 0))
    return answer


def _answering(
    work: Callable[[Request, Mapping[str, str]], Response], access: str = ""
) -> Callable[[Request], Awaitable[Response]]:
    """What does ``work`` in a thread, told of the fields of the form that was sent, where people
    come in this way; "" for everywhere."""

    async def respond(request: Request) -> Response:
        given = await _form(request)
        if access and settings.access() != access:
            return shut(status=404)
        return await run_in_threadpool(work, request, given)

    return respond


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form; those that are not there are ""."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise InvalidInput("This form is too large.")
    given: defaultdict[str, str] = defaultdict(str)
    with contextlib.suppress(ValueError):
        given.update(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=8))
    return given


ROUTES = beside_pages(
    PREFIX,
    Route("/token", _answering(_by_token), methods=["POST"]),
    Route("/sign-in", _answering(_by_password, "password"), methods=["POST"]),
    Route("/provider", _answering(_to_provider, "oidc"), methods=["GET"]),
    Route("/provided", _answering(_from_provider, "oidc"), methods=["GET"]),
    Route("/invited", _answering(_by_invitation, "password"), methods=["GET", "POST"]),
    Route("/leave", _answering(_leave), methods=["GET", "POST"]),
)
