"""What stays loaded, and for how long."""

from __future__ import annotations

import threading

import pytest

from core.features.kept import Kept


def test_the_same_is_given_until_its_state_changes() -> None:
    kept: Kept[object] = Kept(2)
    first = kept.get("a", 1, object)
    assert kept.get("a", 1, object) is first
    second = kept.get("a", 2, object)
    assert second is not first
    assert kept.values() == [second], "the old one gives its memory back"


def test_what_was_unused_for_longest_goes_first() -> None:
    kept: Kept[str] = Kept(2)
    for name in ("a", "b", "a", "c"):
        kept.get(name, 0, lambda name=name: name)  # type: ignore[misc]
    assert kept.values() == ["a", "c"]


def test_nothing_is_kept_of_what_could_not_be_loaded() -> None:
    kept: Kept[int] = Kept(2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", 0, lambda: 1 // 0)
    assert len(kept) == 0
    assert kept.get("a", 0, lambda: 7) == 7


def test_threads_share_one_and_others_do_not_wait_for_it() -> None:
    kept: Kept[object] = Kept(4)
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> object:
        begun.set()
        assert go_on.wait(30)
        return object()

    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(kept.get("slow", 0, slow))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    assert kept.get("quick", 0, lambda: "there") == "there"
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert len(found) == 3
    assert len(set(map(id, found))) == 1
