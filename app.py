"""The server: Streamlit's pages, and beside them what the browser sends and fetches over HTTP.

``python app.py`` or ``streamlit run app.py`` serves it; the script behind the pages is
``pages/front.py``. All that comes in passes :mod:`core.api.doors`.
"""

import os
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from core.lasting import lasting

with lasting():
    import streamlit as st
    from starlette.middleware import Middleware
    from streamlit import config, file_util

    from core import settings
    from core.access import audit, startup
    from core.access.hosts import check_bind, parse_bind
    from core.access.reach import already_running, listening_at, remember
    from core.api import batches, downloads, entrance, live, reports, uploads, v1
    from core.api.doors import Doors
    from core.api.promptly import answering_promptly
    from core.catalog import open_catalog
    from core.datasets.apart import serve_many
    from core.errors import InvalidInput, LightboxError
    from core.who import MACHINE, Role, Who, acting_as, ask_also, tell_of_refusals
    from core.workspace import open_workspace
    from pages._widgets.messages import is_asked_by_pages
    from pages._widgets.who import asking

ROUTES = (
    *entrance.ROUTES,
    *uploads.ROUTES,
    *downloads.ROUTES,
    *reports.ROUTES,
    *batches.ROUTES,
    *live.ROUTES,
    *v1.ROUTES,
)


def _opened_at(address: str, port: int) -> str:
    """Where a browser on this computer finds what listens there, with the token that opens it."""
    base = listening_at(address, port)
    return base if settings.load().access != "local" else f"{base}/?token={startup.token()}"


def _check_access() -> None:
    """Refuse to serve with a way in that can't work.

    Raises:
        LightboxError: in a sentence.
    """
    access = settings.load().access
    if access in ("oidc", "proxy"):
        from core.access.elsewhere import check_configured

        check_configured(access)
    # Uvicorn would put what a proxy says of its visitors in the place of the proxy's own address.
    if access == "proxy" and os.environ.get("FORWARDED_ALLOW_IPS") != "":
        raise InvalidInput(
            "With LIGHTBOX_ACCESS=proxy, Lightbox has to be started as: python app.py"
        )


def _noted(who: Who, role: Role) -> None:
    """Refusals are in the log, those of people who are signed in."""
    if who.name:
        audit.note(
            open_catalog(open_workspace()), "was refused", f"what a {role} may", who=who.name
        )


def _get_ready() -> None:
    """Open what the first page needs, and let workers get ready, while a browser comes; what keeps
    them from it, pages say."""
    # What Streamlit keeps for pages is kept by a server that runs.
    from pages._widgets.session import catalog, dataset_findings, dataset_table

    with suppress(LightboxError, OSError), acting_as(MACHINE):
        datasets = catalog().datasets.all()
        # What the studio shows where nobody asks for anything else.
        if (newest := next((each for each in datasets if each.state == "ready"), None)) is not None:
            dataset_table(newest)
            dataset_findings(newest)


@asynccontextmanager
async def served(app: object) -> AsyncIterator[None]:
    """While the server runs: said where it is, opened in a browser, and only where it is safe."""
    address, port = config.get_option("server.address") or "", config.get_option("server.port")
    try:
        check_bind(address)
        _check_access()
        place = _opened_at(address, port)
    except LightboxError as error:
        print(f"\n  {error}\n", file=sys.stderr, flush=True)
        # Nothing runs yet; raised here, it would be a page of traceback.
        os._exit(2)
    print(f"\n  Lightbox is at  {place}\n", flush=True)
    with suppress(LightboxError, OSError):
        # It is known to commands then; without it they go by the settings.
        remember(open_workspace(), address, port)
    threading.Thread(target=_get_ready, name="getting ready", daemon=True).start()
    if not config.get_option("server.headless"):
        threading.Thread(target=webbrowser.open, args=(place,), daemon=True).start()
    ask_also(asking)
    tell_of_refusals(_noted)
    serve_many()
    async with answering_promptly(app):
        yield


app = st.App(
    "pages/front.py",
    routes=[*ROUTES],
    lifespan=served,
    middleware=[
        Middleware(
            Doors,
            document=Path(file_util.get_static_dir()) / "index.html",
            heard=is_asked_by_pages,
        )
    ],
)

if __name__ == "__main__":
    try:
        if settings.load().access == "proxy":
            os.environ["FORWARDED_ALLOW_IPS"] = ""
        host, given = parse_bind(settings.load().bind)
        check_bind(host)
        there = given and already_running(open_workspace(), host, given)
    except LightboxError as error:
        sys.exit(str(error))
    if there:
        print(f"\n  Lightbox is already running:  {there}\n", flush=True)
        if not config.get_option("server.headless"):
            webbrowser.open(there)
        sys.exit()
    app.run(config={"server.address": host} | ({} if given is None else {"server.port": given}))
