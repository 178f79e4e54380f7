"""Links begin with an address that whoever gets them can open, or say who can't and what to do."""

from __future__ import annotations

import pytest

from core.access import reach as room
from core.access.reach import qr_code, reach, remember
from core.workspace import Workspace


def test_on_this_computer_only_it_is_said_and_what_to_do(workspace: Workspace) -> None:
    remember(workspace, "127.0.0.1", 8600)
    for seen in ("", "http://localhost:8600"):
        at = reach(workspace, seen)
        assert (at.base, at.others) == ("http://localhost:8600", False)
        assert "LIGHTBOX_BIND" in at.why
        assert "LIGHTBOX_ACCESS" in at.why


def test_where_people_sign_in_nobody_is_told_to_make_an_administrator(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(workspace, "127.0.0.1", 8600)
    assert "people add" in reach(workspace).why
    monkeypatch.setenv("LIGHTBOX_ACCESS", "password")
    assert "LIGHTBOX_BIND" in reach(workspace).why
    assert "people add" not in reach(workspace).why


@pytest.mark.parametrize("address", ["", "0.0.0.0", "::"])
def test_a_phone_gets_the_computers_own_address(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    remember(workspace, address, 8600)
    monkeypatch.setattr(room, "own_address", lambda: "192.168.0.7")
    at = reach(workspace, "http://localhost:8600/sub")
    assert (at.base, at.others, at.why) == ("http://192.168.0.7:8600/sub", True, "")
    monkeypatch.setattr(room, "own_address", lambda: None)
    assert not reach(workspace).others


def test_an_address_that_a_browser_came_by_or_that_is_listed_is_kept(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reach(workspace, "http://lab.example:8501").base == "http://lab.example:8501"
    assert not reach(workspace, "http://lab.example:8501").secure
    monkeypatch.setenv("LIGHTBOX_HOSTS", "lab, https://lab.example")
    at = reach(workspace)
    assert (at.base, at.others, at.secure) == ("https://lab.example", True, True)
    monkeypatch.setenv("LIGHTBOX_HOSTS", "")
    monkeypatch.setenv("LIGHTBOX_BIND", "192.168.0.7:80")
    assert reach(workspace).base == "http://192.168.0.7:80"


def test_a_qr_code_is_a_picture_with_a_white_edge() -> None:
    assert qr_code("http://192.168.0.7:8501/demo").startswith(b"\x89PNG")
    assert b"<svg" in qr_code("http://192.168.0.7:8501/demo", "svg")
