"""A real server and a real browser for the journeys."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from core.catalog import open_catalog
from core.workspace import open_workspace
from tests.browser.heard import follow
from tests.core.jobs.processes import supervised
from tests.waiting import wait_until

# As long as a page may take on a busy computer, for all that is expected of it.
expect.set_options(timeout=30_000)
ROOT = Path(__file__).resolve().parents[2]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# What the app is started with here, in place of a new one each time.
TOKEN = "token-of-the-tests"


@dataclass(frozen=True)
class Server:
    """A running app: its address, its workspace, its process."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]


@contextmanager
def light_app(home: Path, log: Path, **environment: str) -> Iterator[Server]:
    """The app for journeys without any training: no worker gets Keras ready, which takes as long as
    a short journey itself."""
    with (
        supervised(open_catalog(open_workspace(home))),
        running_app(home, log, **environment) as app,
    ):
        yield app


@contextmanager
def running_app(home: Path, log: Path, **environment: str) -> Iterator[Server]:
    """Serve the app from this checkout with ``home`` as its workspace, and end it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "app.py"]
    env = {
        **os.environ,
        "LIGHTBOX_HOME": str(home),
        "LIGHTBOX_AHEAD": "0",
        "LIGHTBOX_BIND": f"127.0.0.1:{port}",
        "LIGHTBOX_TOKEN": TOKEN,
        "STREAMLIT_SERVER_HEADLESS": "true",
        **environment,
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: _healthy(url, process), 60, "the app's start")
            yield Server(url, home, process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(5)


def _healthy(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "the app's process ended"
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def sign_in(context, url: str) -> None:  # type: ignore[no-untyped-def]
    """Let a browser's context in to the app at an address, as the person at the computer."""
    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.netloc}/lightbox/door/token"
    answer = context.request.post(place, form={"token": TOKEN}, max_redirects=0)
    assert answer.status == 303, answer.text()


@pytest.fixture
def new_page(browser, tmp_path) -> Iterator[Callable[..., object]]:  # type: ignore[no-untyped-def]
    """Open a page in a context of its own: ``new_page(url, phone=True, dark=True)``; with
    ``guest=True`` as somebody who isn't signed in."""
    contexts = []
    stopped: list[str] = []

    def heard(message) -> None:  # type: ignore[no-untyped-def]
        if "Content Security Policy" in message.text:
            stopped.append(message.text)

    def open_page(
        url: str, *, phone: bool = False, dark: bool = False, guest: bool = False
    ) -> object:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            color_scheme="dark" if dark else "light",
            # What moves for the eye alone takes as much of a processor as a training here.
            reduced_motion="reduce",
            accept_downloads=True,
        )
        contexts.append(context)
        if not guest:
            sign_in(context, url)
        page = context.new_page()
        follow(page)
        page.on("console", heard)
        page.set_default_timeout(30_000)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert stopped == [], "the pages' policy stops something that they need"
