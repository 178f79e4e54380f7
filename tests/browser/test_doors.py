"""The doors of the app as it is served: no route and no websocket is reached around them."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from streamlit.runtime import Runtime
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core.access.reach import already_running
from core.delivery.take_away.links import create_link, revoke_link
from core.errors import Conflict
from core.inference.keys import create_key
from core.workspace import open_workspace
from tests.browser.conftest import ROOT, TOKEN, Server, light_app
from tests.core.api.asking import add_run
from tests.test_containers import health_command

OPEN = ("/_stcore/health", "/_stcore/script-health-check", "/lightbox/reports", "/lightbox/door")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("doors")
    with light_app(base / "home", base / "app.log") as running:
        yield running


def signed_in(server: Server) -> requests.Session:
    session = requests.Session()
    answer = session.get(f"{server.url}/?token={TOKEN}", timeout=20, allow_redirects=False)
    assert answer.status_code == 303
    return session


def test_started_a_second_time_it_says_where_it_runs(server: Server, tmp_path: Path) -> None:
    port = int(server.url.rpartition(":")[2])
    env = {
        **os.environ,
        "LIGHTBOX_HOME": str(server.home),
        "LIGHTBOX_BIND": f"127.0.0.1:{port}",
        "STREAMLIT_SERVER_HEADLESS": "true",
    }
    command = [sys.executable, "app.py"]
    again = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert again.returncode == 0, again.stderr
    assert f"Lightbox is already running:  http://localhost:{port}" in again.stdout
    with pytest.raises(Conflict, match=f"other data.*PORT={port + 1} make app"):
        already_running(open_workspace(tmp_path / "other"), "127.0.0.1", port)


def test_the_image_is_told_to_be_well_when_the_app_answers(server: Server, tmp_path: Path) -> None:
    python, *words = health_command()
    assert python == "python"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        nowhere = str(nobody.getsockname()[1])
        codes = []
        for port in (server.url.rpartition(":")[2], nowhere):
            asked = [each.replace(":8501/", f":{port}/") for each in words]
            done = subprocess.run(
                [sys.executable, *asked], cwd=tmp_path, capture_output=True, check=False
            )
            codes.append(done.returncode)
    assert codes == [0, 1]


def every_place() -> list[tuple[str, str]]:
    """Method and path of every route that the app serves, Streamlit's and ours."""
    found = []

    def walk(routes: list[BaseRoute], before: str) -> None:
        for route in routes:
            if isinstance(route, Mount):
                inner = getattr(route.app, "_app", getattr(route.app, "app", route.app))
                inner = getattr(inner, "_app", inner)
                walk(list(getattr(inner, "routes", None) or []), before + route.path)
                found.append(("GET", before + route.path + "/anything"))
            elif isinstance(route, Route):
                path = re.sub(r"{[^}]*}", "x", before + route.path)
                found.extend((method, path) for method in sorted(route.methods or ()))
            else:
                assert isinstance(route, WebSocketRoute)

    Runtime._instance = None
    app = import_module("app").app
    walk(app._build_starlette_app().routes, "")
    Runtime._instance = None
    return sorted(set(found))


def test_nothing_is_reached_without_being_let_in(server: Server) -> None:
    places = every_place()
    assert len(places) >= 40
    reached = []
    for method, path in places:
        answer = requests.request(
            method, server.url + path, timeout=20, headers={"Accept": "*/*"}, allow_redirects=False
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert "Content-Security-Policy" in answer.headers, path
        assert answer.status_code < 500, path
        if answer.status_code not in (401, 403, 404) and not path.startswith((*OPEN, "/api")):
            reached.append((method, path, answer.status_code))
    assert reached == []


def test_no_place_is_answered_under_a_name_that_anybody_can_point_here(server: Server) -> None:
    session = signed_in(server)
    port = server.url.rpartition(":")[2]
    for method, path in every_place():
        answer = session.request(
            method, server.url + path, timeout=20, headers={"Host": f"evil.example:{port}"}
        )
        assert answer.status_code == 421, path


def opened(server: Server, **headers: str) -> Any:
    return connect(
        f"{server.url.replace('http', 'ws')}/_stcore/stream",
        additional_headers=headers,
        subprotocols=["streamlit"],  # type: ignore[list-item]
    )


def cookies(session: requests.Session) -> str:
    return "; ".join(f"{each.name}={each.value}" for each in session.cookies)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "file://", ""]
)
def test_a_page_of_another_address_gets_no_websocket(server: Server, origin: str) -> None:
    mine = cookies(signed_in(server))
    with opened(server, Cookie=mine, Origin=server.url):
        pass
    with pytest.raises(InvalidStatus):
        opened(server, Cookie=mine, Origin=origin)
    # And sends no form.
    answer = requests.post(
        f"{server.url}/lightbox/uploads/x/files",
        headers={"Cookie": mine, "Origin": origin},
        files={"files": b"x"},
        timeout=20,
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": "lightbox-web=guessed"},
        {"X-Lightbox-Who": '{"role": "administrator", "name": "", "session": "", "links": []}'},
        {"Cookie": "lightbox-guest-1=x" * 200},
    ],
)
def test_a_websocket_of_nobody_is_refused(server: Server, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(server, **headers)
    assert refused.value.response.status_code == 403


def test_a_websocket_under_a_name_that_anybody_can_point_here_is_refused(server: Server) -> None:
    mine = cookies(signed_in(server))
    port = int(server.url.rpartition(":")[2])
    place = f"ws://evil.example:{port}/_stcore/stream"
    headers = {"Cookie": mine, "Origin": f"http://evil.example:{port}"}
    with socket.create_connection(("127.0.0.1", port)) as connection:
        with pytest.raises(InvalidStatus) as refused:
            connect(place, sock=connection, additional_headers=headers)
    assert refused.value.response.status_code == 403


HOST = b"Host: localhost\r\n"
GET = b"GET / HTTP/1.1\r\n"
POST = b"POST /lightbox/door/token HTTP/1.1\r\n" + HOST
# What is sent, as bytes; HOST becomes the address of the app.
RAW: dict[str, bytes] = {
    "no-host": GET + b"\r\n",
    "old-http-without-host": b"GET / HTTP/1.0\r\n\r\n",
    "two-hosts": GET + HOST + b"Host: evil.example\r\n\r\n",
    "empty-host": GET + b"Host:\r\n\r\n",
    "another-address": b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "host-of-bytes": GET + b"Host: \xff\xfe\r\n\r\n",
    "host-with-a-user": GET + b"Host: localhost@evil.example\r\n\r\n",
    "folded-host": GET + b"Host: localhost\r\n evil.example\r\n\r\n",
    "header-of-a-megabyte": GET + HOST + b"X: " + b"a" * 2**20 + b"\r\n\r\n",
    "ten-thousand-headers": GET + HOST + b"X: 1\r\n" * 10_000 + b"\r\n",
    "long-cookie": GET + HOST + b"Cookie: lightbox-web=" + b"a" * 60_000 + b"\r\n\r\n",
    "cookie-of-bytes": GET + HOST + b"Cookie: \xff=\x00\r\n\r\n",
    "negative-length": POST + b"Content-Length: -1\r\n\r\n",
    "two-lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length-and-chunks": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunk-of-no-size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "form-of-noise": POST
    + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 8\r\n\r\n\x00\xff--x\r\n-",
    "form-without-boundary": POST
    + b"Content-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\nab",
    "no-http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 600,
    "method-of-noise": b"G\x00T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "address-of-bytes": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "long-address": b"GET /" + b"a" * 65_536 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "upgrade-to-nothing": b"GET /_stcore/stream HTTP/1.1\r\n"
    + HOST
    + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
}


@pytest.mark.parametrize("name", RAW)
def test_what_no_browser_sends_is_refused_and_the_next_one_is_answered(
    server: Server, name: str
) -> None:
    port = int(server.url.rpartition(":")[2])
    data = RAW[name].replace(HOST, b"Host: localhost:%d\r\n" % port)
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        # The server may have answered, and hung up, before all was sent.
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
        try:
            answer = connection.recv(65_536)
        except ConnectionError:
            answer = b"HTTP/1.1 4 it hung up before that was read"
        assert answer.startswith(b"HTTP/1.1 4"), answer
    assert requests.get(f"{server.url}/_stcore/health", timeout=20).status_code == 200


@pytest.mark.parametrize(
    "frame", ["text", b"", b"\xff" * 1000, bytes(5_000_000), b"\x08\x96\x01" * 50]
)
def test_a_frame_that_no_page_sends_ends_its_own_websocket_at_most(
    server: Server, frame: str | bytes
) -> None:
    mine = cookies(signed_in(server))
    with opened(server, Cookie=mine, Origin=server.url) as open_:
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            open_.send(frame)
            open_.recv(timeout=1)
    with opened(server, Cookie=mine, Origin=server.url):
        pass


@pytest.mark.parametrize("way", ["python", "streamlit"])
def test_it_does_not_start_where_others_reach_it_without_accounts(tmp_path: Path, way: str) -> None:
    command = {
        "python": ["app.py"],
        "streamlit": ["-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0"],
    }[way]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **os.environ,
        "LIGHTBOX_HOME": str(tmp_path / "home"),
        "LIGHTBOX_BIND": f"0.0.0.0:{port}",
        "STREAMLIT_SERVER_PORT": str(port),
        "STREAMLIT_SERVER_HEADLESS": "true",
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    assert "where others can reach it" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "path",
    [
        *("//evil.example", "/\\evil.example", "/%2f%2fevil.example", "/data%0d%0aX: y"),
        "/https://evil.example",
    ],
)
def test_being_let_in_leads_nowhere_else(server: Server, path: str) -> None:
    answer = requests.get(f"{server.url}{path}?token={TOKEN}", timeout=20, allow_redirects=False)
    assert re.match(r"/[^/\\]", answer.headers.get("Location", "/x")), answer.headers
    wrong = requests.get(f"{server.url}/?token=wrong", timeout=20, allow_redirects=False)
    assert wrong.status_code == 401
    assert "Set-Cookie" not in wrong.headers


def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(server: Server) -> None:
    answer = requests.get(f"{server.url}/?token={TOKEN}", timeout=20, allow_redirects=False)
    said = answer.headers["Set-Cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert TOKEN not in said
    session = signed_in(server)
    assert session.get(f"{server.url}/data", timeout=20).status_code == 200
    # Below a page there is none: a browser would show nothing.
    deeper, asked = f"{server.url}/data/a%2F%2Fb c/", {"Sec-Fetch-Dest": "document"}
    answer = session.get(deeper, headers=asked, timeout=20, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/b%20c")
    # No page of somebody else signs anybody out, nor does looking what a link leads to.
    session.head(f"{server.url}/lightbox/door/leave", timeout=20)
    for said in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = session.post(f"{server.url}/lightbox/door/leave", headers=said, timeout=20)
        assert answer.status_code == 403
    assert session.get(f"{server.url}/data", timeout=20).status_code == 200
    assert session.post(f"{server.url}/lightbox/door/leave", timeout=20).status_code == 401
    assert session.get(f"{server.url}/data", timeout=20).status_code == 401


def test_a_guest_reaches_what_the_link_is_for_and_is_gone_once_it_is_taken_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_HOME", str(server.home))
    from core.catalog import open_catalog
    from core.workspace import open_workspace

    catalog = open_catalog(open_workspace())
    link = create_link(catalog, add_run(catalog).id, "demo")
    guest = requests.Session()
    assert guest.get(server.url + link.address, timeout=20).status_code == 200
    places = [
        *("/", "/data", "/shared", "/models", "/lightbox/exports/x", "/lightbox/batches/r/b.csv"),
        *("/lightbox/uploads/x/files", "/_stcore/metrics", "/_stcore/agent/openapi.json"),
        *("/demo/../data", "/static/../data", "/static/%2e%2e/data", "/demo/x", "//demo"),
    ]
    for path in places:
        request = requests.Request("GET", server.url, cookies=guest.cookies).prepare()
        request.url = server.url + path
        answer = guest.send(request, timeout=20, allow_redirects=False)
        # /shared is the page for another kind of link; the page says so.
        allowed = (200,) if path == "/shared" else (400, 401, 403, 404)
        assert answer.status_code in allowed, path
    with opened(server, Cookie=cookies(guest), Origin=server.url) as opened_by_guest:
        revoke_link(catalog.workspace, link.token)
        with pytest.raises(ConnectionClosed):
            while True:
                opened_by_guest.recv(timeout=30)
    with pytest.raises(InvalidStatus):
        opened(server, Cookie=cookies(guest), Origin=server.url)
    assert guest.get(server.url + link.address, timeout=20).status_code == 404


def test_a_key_opens_the_api_and_nothing_else(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_HOME", str(server.home))
    from core.workspace import open_workspace

    _, secret = create_key(open_workspace(), "kiosk")
    headers = {"Authorization": f"Bearer {secret}", "Origin": "https://shop.example"}
    answer = requests.get(f"{server.url}/api/v1/models", headers=headers, timeout=20)
    assert answer.status_code == 200
    assert requests.get(f"{server.url}/data", headers=headers, timeout=20).status_code == 401
    # Addresses are kept in logs and histories: a key in one opens nothing.
    for name in ("key", "api_key", "access_token", "token"):
        answer = requests.get(f"{server.url}/api/v1/models", params={name: secret}, timeout=20)
        assert answer.status_code == 401


def test_a_browser_is_let_in_by_the_token_that_is_typed_in(
    server: Server, new_page: Callable[..., Any]
) -> None:
    page = new_page(server.url, guest=True)
    page.get_by_role("heading", name="This Lightbox is closed").wait_for()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Open Lightbox").click()
    page.get_by_role("button", name="Try the fruit sample").wait_for()
    assert "token" not in page.url
