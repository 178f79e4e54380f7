"""What pages keep: each function its own, apart for each workspace."""

from __future__ import annotations

import pytest

from pages._widgets.remembered import remembered

asked: list[str] = []


@remembered(lambda name, _: name)
def _first(name: str, more: list[str]) -> list[str]:
    asked.append("first")
    return [name, *more]


@remembered(lambda name, _: name, shared=True)
def _second(name: str, more: list[str]) -> list[str]:
    asked.append("second")
    return [name, *more]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    asked.clear()
    monkeypatch.setenv("LIGHTBOX_HOME", f"/nowhere/{request.node.name}")


def test_what_a_key_names_is_asked_once_and_what_it_does_not_name_changes_nothing() -> None:
    assert _first("a", ["1"]) == _first("a", ["2"]) == ["a", "1"]
    assert _first("b", []) == ["b"]
    assert asked == ["first", "first"]


def test_two_functions_never_share_what_they_keep() -> None:
    assert (_first("a", ["1"]), _second("a", ["2"])) == (["a", "1"], ["a", "2"])


def test_another_workspace_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    _first("a", ["1"])
    monkeypatch.setenv("LIGHTBOX_HOME", "/nowhere/else")
    assert _first("a", ["2"]) == ["a", "2"]


def test_answers_are_copied_unless_they_are_shared() -> None:
    _first("a", []).append("changed")
    assert _first("a", []) == ["a"]
    assert _second("a", []) is _second("a", [])
