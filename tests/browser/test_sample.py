"""The first minutes of somebody who has no images at hand yet, and what a browser may do to
them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import journey
from tests.browser.conftest import running_app
from tests.waiting import wait_until


def children(process: int) -> set[int]:
    """Ids of a process's children, theirs included."""
    found: set[int] = set()
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | children(child)
    return found


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_sample_is_one_click_from_a_model_and_nothing_is_lost_on_the_way(
    tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    with running_app(tmp_path / "home", tmp_path / "app.log", KERAS_HOME=str(tmp_path)) as server:
        page = new_page(server.url)
        sample = page.get_by_role("button", name="Try the fruit sample")
        sample.wait_for()
        journey.settled(page)
        sample.click()
        page.get_by_role("button", name="Stop and keep").wait_for(timeout=journey.TRAINING_MS)
        address = page.url

        # Found again after a reload and in another browser: while it trains, or what came of it.
        page.reload()
        _found_again(page)
        other = new_page(address, phone=True, dark=True)
        _found_again(other)
        page.close()

        other.get_by_text("it had never seen").wait_for(timeout=journey.TRAINING_MS)
        wide = other.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, "the page is wider than the phone"

        journey.step(other, "Predict")
        other.get_by_role("option", name="Test image 1").click()
        other.get_by_text("1 image answered").wait_for()


def _found_again(page: Any) -> None:
    stop = page.get_by_role("button", name="Stop and keep")
    stop.or_(page.get_by_text("it had never seen")).first.wait_for()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks /proc for child processes")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_app_leaves_no_process_behind(
    how: signal.Signals, tmp_path: Path, new_page: Callable[..., Any]
) -> None:
    with running_app(tmp_path / "home", tmp_path / "app.log") as server:
        new_page(server.url).get_by_role("button", name="Try the fruit sample").wait_for()
        wait_until(lambda: bool(children(server.process.pid)), 30, "the first worker")
        workers = children(server.process.pid)
        os.kill(server.process.pid, how)
        server.process.wait(20)
        wait_until(lambda: not any(map(alive, workers)), 20, "the end of every worker")
