"""A team's day: somebody invites, everybody does what they may, nobody gets further, whoever is
shut out is gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core.access import people
from core.access.visible import show_to
from core.catalog import RunRecord, open_catalog
from core.delivery.take_away.links import create_link
from core.evaluation.evaluate import evaluate_run
from core.inference.keys import list_keys
from core.who import Who, acting_as
from core.workspace import open_workspace
from pages._widgets.component import safe_key
from tests.browser import journey
from tests.browser.conftest import Server, light_app
from tests.browser.visitor import visiting
from tests.core.api.asking import Client, add_run, image
from tests.core.evaluation.coloured import CLASSES, make_run, write_colour

PASSWORD = "a few words in a row"
BELOW = {"labeller": "train people", "viewer": "data clean train people"}


@dataclass(frozen=True)
class Team:
    """The running app, the model that everybody looks at, and one that no guest may."""

    server: Server
    run: RunRecord
    other: RunRecord


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    catalog = open_catalog(open_workspace(tmp_path / "home"))
    splits = {split: [(c, c) for c in CLASSES] for split in ("train", "validation", "test")}
    other = add_run(catalog, "another")
    run = make_run(catalog, tmp_path / "photos" / "colours", splits)
    evaluate_run(catalog, run.id)
    catalog.jobs.finish(run.job_id, "done")
    people.add(catalog, "Ada", "administrator")
    people.accept(catalog, people.invite(catalog, "administrator", "Ada"), "Ada", PASSWORD)
    named = {"LIGHTBOX_ACCESS": "password", "LIGHTBOX_ROOTS": str(tmp_path / "photos")}
    with light_app(tmp_path / "home", tmp_path / "app.log", **named) as server:
        yield Team(server, catalog.runs.get(run.id), other)


def come_in(page: Any, name: str) -> None:
    """Sign in at the door."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(f"Sign out {name}")).to_be_visible()
    journey.settled(page)


def invite(admin: Any, role: str, before: str = "") -> str:
    """On the page People: a link for somebody with a role."""
    chosen = admin.locator(".st-key-people-role").get_by_role("combobox")
    chosen.click()
    admin.get_by_role("option", name=re.compile(f"^{role}: ")).click()
    expect(chosen).to_have_value(re.compile(f"^{role}: "))
    journey.settled(admin)
    admin.get_by_role("button", name="Make a link").click()
    made = admin.locator("code").filter(has_text="invited?token=")
    expect(made).not_to_have_text(before or "nothing")
    return str(made.inner_text())


def accept(page: Any, name: str) -> None:
    """By an invitation: choose a name and a password."""
    page.get_by_label("Your name").fill(name)
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_text(f"Sign out {name}")).to_be_visible()


def programs(page: Any, server: Server) -> requests.Session:
    """Programs that have come by the cookies of a browser."""
    session = requests.Session()
    for each in page.context.cookies(server.url):
        session.cookies.set(each["name"], each["value"])
    return session


def refused(page: Any, team: Team, role: str) -> None:
    """By page, by address, by websocket and by API, a person gets no further than their role."""
    url, said = team.server.url, f"and you are a {role}"
    session = programs(page, team.server)
    with visiting(url, session) as visitor:
        for path in BELOW[role].split():
            page.goto(f"{url}/{path}")
            expect(page.get_by_text(said)).to_be_visible()
            assert said in visitor.ask(path)
            assert said in visitor.ask(path, f"run={team.run.id}")
        # What they may see is answered on the same websocket.
        assert "Only a" not in visitor.ask("results", f"run={team.run.id}")
    closed = ["/lightbox/exports/none", f"/lightbox/exports/{team.run.id}/keras/none"]
    if role == "viewer":
        closed.append(f"/lightbox/batches/{team.run.id}/none.csv")
    for path in closed:
        assert session.get(url + path, timeout=30).status_code == 403, path
    sent = session.post(f"{url}/lightbox/uploads/guessed/files", files={"files": b"x"}, timeout=30)
    assert sent.status_code == 400
    # Neither its cookie nor its start-up token is a key.
    for key in (None, *session.cookies.values()):
        client = Client(url, key)
        assert client.get("/v1/models").status_code == 401
        assert client.predict(team.run, files={"images": image()}).status_code == 401


def work_as_labeller(page: Any, team: Team, photos: Path) -> None:
    """Bring images, keep them to oneself, clean them, correct an answer."""
    for number in range(6):
        write_colour(photos / CLASSES[number % 2] / f"{number}.png", CLASSES[number % 2], number)
    (photos / CLASSES[0] / "copy.png").write_bytes((photos / CLASSES[0] / "0.png").read_bytes())
    page.goto(f"{team.server.url}/data")
    more = page.get_by_role("button", name="Add a dataset")
    more.wait_for()
    journey.settled(page)
    more.click()
    journey.upload_folder(page, photos, "7 images")
    page.get_by_role("button", name="The team").click()
    page.get_by_text("Only Lea and administrators").click()
    expect(page.get_by_role("button", name="Private")).to_be_visible()
    journey.settled(page)
    page.keyboard.press("Escape")
    journey.step(page, "Clean")
    copies = page.locator("[class*=st-key-entry-]").filter(has_text="Exact duplicates · ")
    copies.get_by_role("button", name="Leave out extra copies").click()
    expect(copies).to_have_count(0)

    page.goto(f"{team.server.url}/predict?run={team.run.id}")
    expect(page.get_by_role("radio", name="Batch")).to_be_visible()
    expect(page.get_by_role("radio", name="API")).to_have_count(0)
    journey.settled(page)
    given = write_colour(photos.parent / "new.png", CLASSES[0], 700)
    page.locator("input[type=file]").first.set_input_files(given)
    expect(page.get_by_text("1 image answered")).to_be_visible()
    journey.settled(page)
    page.get_by_text("Wrong?").click()
    really = page.get_by_role("group", name="What is it really?")
    really.get_by_role("button", name=CLASSES[1]).click()
    expect(page.get_by_text("1 correction to look through")).to_be_visible()


def look_as_viewer(page: Any, team: Team, photos: Path) -> None:
    """Look at results, and try the model."""
    page.goto(f"{team.server.url}/")
    page.wait_for_url("**/results*")
    page.goto(f"{team.server.url}/results?run={team.run.id}")
    expect(page.get_by_role("heading", name=re.compile("3 of 3"))).to_be_visible()
    expect(page.get_by_role("button", name="New test")).to_have_count(0)
    page.goto(f"{team.server.url}/predict?run={team.run.id}")
    page.locator("input[type=file]").first.wait_for(state="attached")
    journey.settled(page)
    given = write_colour(photos.parent / "seen.png", CLASSES[2], 701)
    page.locator("input[type=file]").first.set_input_files(given)
    expect(page.get_by_text("1 image answered")).to_be_visible()
    for name in ("Batch", "Export", "API"):
        expect(page.get_by_role("radio", name=name)).to_have_count(0)
    expect(page.get_by_text("Wrong?")).to_be_hidden()
    expect(page.get_by_role("button", name="Demo link")).to_have_count(0)


def share(admin: Any, team: Team) -> tuple[str, str]:
    """On the page Predict: the address of a demo, and a key for programs."""
    admin.goto(f"{team.server.url}/predict?run={team.run.id}")
    demo = admin.get_by_role("button", name="Demo link")
    demo.wait_for()
    journey.settled(admin)
    demo.click()
    admin.get_by_role("button", name="Create a demo link").click()
    said = str(admin.locator("code").filter(has_text="/demo?token=").inner_text())
    link = f"{team.server.url}/demo{said.strip().partition('/demo')[2]}"
    admin.goto(f"{team.server.url}/predict?run={team.run.id}")
    expect(admin.get_by_role("radio", name="API")).to_be_visible()
    journey.settled(admin)
    journey.section(admin, "API")
    admin.get_by_role("button", name="Make a key").click()
    admin.get_by_label("What it is for").fill("shop scanner")
    admin.get_by_role("button", name="Make it").click()
    expect(admin.get_by_text("Your new key.")).to_be_visible()
    secret = admin.locator("code").filter(has_text=re.compile(r"^lb_[\w-]{30}")).inner_text()
    return link, str(secret).strip()


def look_as_guest(page: Any, team: Team) -> requests.Session:
    """A guest reaches one model, and nothing else by page, address, websocket or API."""
    expect(page.get_by_role("heading", name="colours")).to_be_visible()
    session, url = programs(page, team.server), team.server.url
    hidden = create_hidden(team)
    with visiting(url, session) as visitor:
        for path in ("", "data", "clean", "train", "results", "predict", "models", "people"):
            assert session.get(f"{url}/{path}", timeout=30).status_code == 401, path
            assert "Only a" in visitor.ask(path, f"run={team.run.id}"), path
        assert "leads nowhere" in visitor.ask("demo", f"token={hidden}")
        assert "leads nowhere" in visitor.ask("shared", f"token={hidden}")
    for path in ("/lightbox/exports/x", "/lightbox/batches/r/b.csv", "/lightbox/uploads/x/files"):
        assert session.get(url + path, timeout=30).status_code == 401
    assert session.get(f"{url}/lightbox/reports/{hidden}.html", timeout=30).status_code == 404
    assert Client(url, hidden).get("/v1/models").status_code == 401
    return session


def create_hidden(team: Team) -> str:
    """A link to another model, which this guest was not given; it is the team's alone by now."""
    catalog = open_catalog(open_workspace(team.server.home))
    token = create_link(catalog, team.other.id, "demo").token
    show_to(catalog, "run", team.other.id, "team")
    return token


def test_everybody_does_what_they_may_and_whoever_is_shut_out_is_gone(
    team: Team, tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    url = team.server.url
    admin = new_page(url, guest=True)
    come_in(admin, "Ada")
    admin.goto(f"{url}/people")
    expect(admin.get_by_role("heading", name="Invite somebody")).to_be_visible()
    to_lea = invite(admin, "Labeller")
    to_vic = invite(admin, "Viewer", to_lea)

    lea, vic = new_page(to_lea, guest=True), new_page(to_vic, guest=True)
    accept(lea, "Lea")
    work_as_labeller(lea, team, tmp_path / "more")
    refused(lea, team, "labeller")
    accept(vic, "Vic")
    look_as_viewer(vic, team, tmp_path / "more")
    refused(vic, team, "viewer")

    link, secret = share(admin, team)
    guest = look_as_guest(new_page(link, guest=True), team)
    program = Client(url, secret)
    answer = program.predict(team.run, files={"images": image("green")})
    assert answer.json()["predictions"][0]["label"] == "green"

    admin.goto(f"{url}/people")
    catalog = open_catalog(open_workspace(team.server.home))
    (private,) = (each for each in catalog.datasets.all() if each.images == 6)
    assert catalog.visibility.of("dataset", private.id) == ("Lea", "private")
    with acting_as(Who("trainer", "Tim")):
        assert private.id not in {each.id for each in catalog.datasets.all()}
    token = link.rpartition("=")[2]
    (key,) = (each.id for each in list_keys(catalog.workspace))
    with ExitStack() as open_:
        sockets = [
            open_.enter_context(visiting(url, session)).socket
            for session in (programs(lea, team.server), guest)
        ]
        for taken in (token, key):
            button = admin.locator(f".st-key-people-take-{safe_key(taken)}").get_by_role("button")
            button.wait_for()
            journey.settled(admin)
            button.click()
            expect(button).to_have_count(0)
        journey.settled(admin)
        person = safe_key(catalog.people.get("Lea").id)
        admin.locator(f".st-key-people-person-{person}").get_by_role("button", name="More").click()
        admin.locator(f".st-key-people-out-{person}").get_by_role("button").click()
        expect(admin.locator(f".st-key-people-person-{person}")).to_contain_text("not signed in")
        for socket in sockets:
            with pytest.raises(ConnectionClosed):
                while True:
                    socket.recv(timeout=30)
    assert program.get("/v1/models").status_code == 401
    for session, place in ((programs(lea, team.server), f"{url}/data"), (guest, link)):
        assert session.get(place, timeout=30).status_code in (401, 404)
        with pytest.raises(InvalidStatus), visiting(url, session):
            pass
    # Whoever was not meant goes on.
    assert programs(vic, team.server).get(f"{url}/results", timeout=30).status_code == 200
