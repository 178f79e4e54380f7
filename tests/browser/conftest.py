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

import pytest

from core.catalog import open_catalog
from core.workspace import open_workspace
from tests.core.jobs.processes import supervised
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


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
    command = [
        *(sys.executable, "-m", "streamlit", "run", "app.py"),
        *("--server.headless", "true", "--server.address", "127.0.0.1"),
        *("--server.port", str(port), "--browser.gatherUsageStats", "false"),
    ]
    env = {**os.environ, "LIGHTBOX_HOME": str(home), "LIGHTBOX_AHEAD": "0", **environment}
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


@pytest.fixture
def new_page(browser, tmp_path) -> Iterator[Callable[..., object]]:  # type: ignore[no-untyped-def]
    """Open a page in a context of its own: ``new_page(url, phone=True, dark=True)``."""
    contexts = []

    def open_page(url: str, *, phone: bool = False, dark: bool = False) -> object:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
