"""Where people sign in: each does what their role may, and is refused everything else, by page, by
address, by websocket and by API; whoever is shut out is gone at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core.access import people
from core.catalog import Catalog, open_catalog
from core.workspace import open_workspace
from tests.browser import journey
from tests.browser.conftest import TOKEN, Server, light_app
from tests.browser.visitor import visiting
from tests.core.api.asking import add_run

PASSWORD = "a few words in a row"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("people")
    with light_app(base / "home", base / "app.log", LIGHTBOX_ACCESS="password") as running:
        catalog = open_catalog(open_workspace(running.home))
        for name, role in (
            ("Ada", "administrator"),
            ("Tim", "trainer"),
            ("Lea", "labeller"),
            ("Vic", "viewer"),
        ):
            people.add(catalog, name, role)
            people.accept(catalog, people.invite(catalog, role, name), name, PASSWORD)
        add_run(catalog)
        yield running


@pytest.fixture
def there(server: Server) -> Catalog:
    """The catalog of the running app."""
    return open_catalog(open_workspace(server.home))


def signed_in(server: Server, name: str) -> requests.Session:
    session = requests.Session()
    given = {"name": name, "password": PASSWORD}
    answer = session.post(f"{server.url}/lightbox/door/sign-in", data=given, timeout=30)
    assert answer.status_code == 200, answer.text
    return session


def opened(server: Server, session: requests.Session) -> Any:
    said = "; ".join(f"{each.name}={each.value}" for each in session.cookies)
    place = f"{server.url.replace('http', 'ws')}/_stcore/stream"
    return connect(place, additional_headers={"Cookie": said, "Origin": server.url})


def test_the_start_up_token_opens_nothing_where_people_sign_in(server: Server) -> None:
    answer = requests.get(f"{server.url}/?token={TOKEN}", timeout=20)
    assert answer.status_code == 401
    answer = requests.post(f"{server.url}/lightbox/door/token", data={"token": TOKEN}, timeout=20)
    assert answer.status_code == 401
    wrong = {"name": "Ada", "password": "wrong"}
    answer = requests.post(f"{server.url}/lightbox/door/sign-in", data=wrong, timeout=20)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/lightbox/exports/none", "Tim"),
        ("/lightbox/exports/run/keras/none", "Tim"),
        ("/lightbox/batches/run/none.csv", "Lea"),
    ],
)
def test_an_address_is_refused_to_whoever_may_not_fetch_it(
    server: Server, path: str, least: str
) -> None:
    order = ["Vic", "Lea", "Tim", "Ada"]
    for name in order:
        answer = signed_in(server, name).get(server.url + path, timeout=20)
        # There is no such thing; who may is told that.
        assert (answer.status_code == 404) == (order.index(name) >= order.index(least)), name
        assert answer.status_code in (400, 403, 404)


def test_who_is_shut_out_is_gone_at_once(server: Server, there: Catalog) -> None:
    session = signed_in(server, "Lea")
    with opened(server, session) as socket:
        people.change(there, "Lea", disabled=True)
        with pytest.raises(ConnectionClosed):
            while True:
                socket.recv(timeout=30)
    with pytest.raises(InvalidStatus):
        opened(server, session)
    assert session.get(f"{server.url}/data", timeout=20).status_code == 401
    people.change(there, "Lea", disabled=False)


def test_a_browsers_session_is_not_handed_on_to_somebody_else(
    server: Server, there: Catalog
) -> None:
    records = [there.datasets.add(name, "folder", "/nowhere") for name in ("the first", "another")]
    with visiting(server.url, signed_in(server, "Vic")) as vic:
        usual = vic.ask("models")
    chosen = next(each for each in records if f"Dataset: {each.name}" not in usual)
    said = f"Dataset: {chosen.name}"
    with visiting(server.url, signed_in(server, "Lea")) as lea:
        lea.ask("models", f"dataset={chosen.id}")
        assert said in lea.ask("predict")
        session_id = lea.session_id
    # Whoever comes back to it as themselves goes on,
    with visiting(server.url, signed_in(server, "Lea"), "x", session_id) as lea:
        assert said in lea.ask("predict")
        assert lea.session_id == session_id
    # and somebody else begins anew.
    with visiting(server.url, signed_in(server, "Vic"), "x", session_id) as vic:
        assert said not in vic.ask("predict")
        assert "and you are a viewer" in vic.ask("clean")


def test_what_no_page_of_ours_asks_of_the_server_is_not_heard(server: Server) -> None:
    with visiting(server.url, signed_in(server, "Vic")) as vic:
        vic.ask("models")
        message = BackMsg()
        # Were it heard, it would be answered at once: of another session.
        message.backend_operation_request.session_id = "another"
        message.backend_operation_request.install_skills.SetInParent()
        vic.send(message)
        for _ in range(3):
            vic.beat()
        assert "backend_operation_response" not in vic.kinds


def test_a_form_at_the_door_is_small(server: Server) -> None:
    place = f"{server.url}/lightbox/door/sign-in"
    for form in ("name=" + "a" * 20_000, "a=1&" * 200_000, b"\xff\xfe=\x00", "name", ""):
        answer = requests.post(place, data=form, timeout=30)
        assert answer.status_code in (400, 401)
        assert "Set-Cookie" not in answer.headers


def test_many_people_at_once_each_see_their_pages(server: Server) -> None:
    def look(name: str) -> list[str]:
        with visiting(server.url, signed_in(server, name)) as visitor:
            return [visitor.ask(page) for page in ("models", "results", "predict") * 8]

    with ThreadPoolExecutor(6) as many:
        for said in many.map(look, ["Ada", "Tim", "Lea"] * 2):
            assert not any("Something went wrong" in each for each in said)


def test_signing_out_ends_the_session_everywhere_it_is_open(server: Server) -> None:
    session = signed_in(server, "Tim")
    with opened(server, session) as socket:
        page = session.get(f"{server.url}/lightbox/door/leave", timeout=20)
        assert "Sign out" in page.text
        session.post(f"{server.url}/lightbox/door/leave", timeout=20)
        with pytest.raises(ConnectionClosed):
            while True:
                socket.recv(timeout=30)


def test_an_administrator_invites_and_each_role_sees_its_pages(
    server: Server, new_page: Callable[..., Any]
) -> None:
    page = new_page(server.url, guest=True)
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    people_page = page.get_by_role("link", name="People")
    people_page.wait_for()
    journey.settled(page)
    people_page.click()
    page.get_by_role("heading", name="Invite somebody").wait_for()
    journey.settled(page)
    page.get_by_role("button", name="Make a link").click()
    address = page.locator("code").filter(has_text="invited?token=").inner_text()

    new = new_page(address, guest=True)
    new.get_by_text("as viewer").wait_for()
    new.get_by_label("Your name").fill("Nia")
    new.get_by_label("A password").fill(PASSWORD)
    new.get_by_role("button", name="Come in").click()
    new.get_by_text("Sign out Nia").wait_for()
    journey.settled(new)
    for name in ("Data", "Clean", "Train"):
        assert new.get_by_role("link", name=name, exact=True).count() == 0
    for path in ("data", "clean", "train", "people"):
        new.goto(f"{server.url}/{path}")
        new.get_by_text("and you are a viewer").wait_for()
    again = new_page(address, guest=True)
    again.get_by_text("not in force any more").wait_for()

    page.reload()
    page.get_by_text("Nia").first.wait_for()


def test_files_of_the_door_are_pages_of_their_own(server: Server) -> None:
    for path in ("/lightbox/door/invited?token=none", "/data"):
        answer = requests.get(server.url + path, headers={"Accept": "text/html"}, timeout=20)
        assert answer.status_code in (401, 404)
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib.*")
def test_somebody_comes_in_by_way_of_a_provider(tmp_path: Path) -> None:
    mock = pytest.importorskip("oidc_provider_mock")
    user = mock.User(sub="anna", claims={"email": "anna@lab.example", "groups": ["lab"]})
    with mock.run_server_in_thread(user_claims=[user]) as provider:
        named = {
            "LIGHTBOX_ACCESS": "oidc",
            "LIGHTBOX_OIDC_ISSUER": f"http://localhost:{provider.server_port}",
            "LIGHTBOX_OIDC_CLIENT_ID": "lightbox",
            "LIGHTBOX_OIDC_CLIENT_SECRET": "secret",
            "LIGHTBOX_OIDC_ROLES": "lab=labeller",
        }
        with light_app(tmp_path / "home", tmp_path / "app.log", **named) as app:
            browser, thief = requests.Session(), requests.Session()
            away = browser.get(
                f"{app.url}/lightbox/door/provider", timeout=20, allow_redirects=False
            )
            back = browser.post(
                away.headers["Location"], data={"sub": "anna"}, timeout=20, allow_redirects=False
            ).headers["Location"]
            assert back.startswith(f"{app.url}/lightbox/door/provided")
            # What came back is good in the browser that was sent away alone.
            assert thief.get(back, timeout=20).status_code == 401
            assert browser.get(back, timeout=20).status_code == 200
            assert browser.get(f"{app.url}/data", timeout=20).status_code == 200
            assert thief.get(f"{app.url}/data", timeout=20).status_code == 401


def test_what_a_proxy_says_is_not_believed_of_who_is_not_listed(tmp_path: Path) -> None:
    named = {"LIGHTBOX_ACCESS": "proxy", "LIGHTBOX_PROXY_ADDRESSES": "203.0.113.9"}
    with light_app(tmp_path / "home", tmp_path / "app.log", **named) as app:
        for said in ({}, {"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}):
            headers = {"X-Forwarded-User": "Anna", "X-Real-IP": "203.0.113.9", **said}
            assert requests.get(f"{app.url}/data", headers=headers, timeout=20).status_code == 401


def test_somebody_comes_in_by_way_of_a_proxy_that_is_listed(tmp_path: Path) -> None:
    named = {"LIGHTBOX_ACCESS": "proxy", "LIGHTBOX_PROXY_ADDRESSES": "127.0.0.1"}
    with light_app(tmp_path / "home", tmp_path / "app.log", **named) as app:
        headers = {"X-Forwarded-User": "Anna", "X-Forwarded-For": "203.0.113.9"}
        assert requests.get(f"{app.url}/data", headers=headers, timeout=20).status_code == 200
        assert requests.get(f"{app.url}/data", timeout=20).status_code == 401
        place = f"{app.url.replace('http', 'ws')}/_stcore/stream"
        with connect(place, additional_headers={**headers, "Origin": app.url}):
            pass
        with pytest.raises(InvalidStatus):
            connect(place, additional_headers={"Origin": app.url})
