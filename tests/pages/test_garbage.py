"""Collecting garbage takes as long as drawing a page, so it is done now and then."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import pytest
from streamlit import config

from core.progress import Throttle
from pages._widgets import session
from tests.pages.conftest import Open


def test_garbage_is_collected_after_a_page_now_and_then_and_not_after_each(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page()
    collected: list[object] = []
    monkeypatch.setattr(session, "_due", Throttle(3600))
    # Others of this process collect, too, once they were loaded.
    ours = SimpleNamespace(collect=lambda: collected.append(None), freeze=gc.freeze)
    monkeypatch.setattr(session, "gc", ours)
    for _ in range(3):
        at.run()
    assert len(collected) == 1
    # A server would besides, which a test doesn't.
    assert config.get_option("runner.postScriptGC") is False
