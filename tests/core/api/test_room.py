"""Bodies have one budget, for one visitor and for all; what is over it is told to come again."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.types import Message

from core.api import room
from core.api.room import Counted, Crowd, NoRoom, Room


async def _read(body: Counted) -> int:
    total = 0
    while True:
        message = await body.receive()
        total += len(message["body"])
        if not message["more_body"]:
            return total


def _sending(*sizes: int) -> Any:
    left = list(sizes)

    async def receive() -> Message:
        size = left.pop(0)
        return {"type": "http.request", "body": bytes(size), "more_body": bool(left)}

    return receive


def read(body: Counted) -> int:
    # In a thread of its own: where a browser is driven, this one has a loop already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _read(body)).result(30)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr(room, "MOST_BYTES", 100)
    monkeypatch.setattr(room, "MOST_BYTES_EACH", 60)
    monkeypatch.setattr(room, "GUEST_BYTES", 20)
    monkeypatch.setattr(room, "GUEST_BYTES_AN_HOUR", 50)
    monkeypatch.setattr(room, "MOST_AT_ONCE_EACH", 2)
    return Room()


def test_what_fits_is_let_through_and_given_back(small: Room) -> None:
    for _ in range(5):
        body = Counted(small, "a", _sending(30, 30), guest=False)
        assert read(body) == 60
        body.leave()
    assert small._all == 0


def test_one_visitor_cannot_take_it_all(small: Room) -> None:
    body = Counted(small, "a", _sending(30, 31), guest=False)
    with pytest.raises(NoRoom):
        read(body)
    body.leave()
    assert small._all == 0


def test_all_together_cannot_take_more_than_there_is(small: Room) -> None:
    first = Counted(small, "a", _sending(60), guest=False)
    assert read(first) == 60
    second = Counted(small, "b", _sending(60), guest=False)
    with pytest.raises(NoRoom):
        read(second)
    first.leave()
    second.leave()
    third = Counted(small, "b", _sending(60), guest=False)
    assert read(third) == 60


def test_only_so_many_are_open_at_once(small: Room) -> None:
    open_ = [Counted(small, "a", _sending(1), guest=False) for _ in range(2)]
    with pytest.raises(NoRoom):
        Counted(small, "a", _sending(1), guest=False)
    Counted(small, "b", _sending(1), guest=False)
    open_[0].leave()
    Counted(small, "a", _sending(1), guest=False)


def test_a_guest_sends_little_and_not_all_day(small: Room) -> None:
    with pytest.raises(NoRoom):
        read(Counted(small, "g", _sending(21), guest=True))
    small = Room()
    for _ in range(2):
        body = Counted(small, "g", _sending(20), guest=True)
        read(body)
        body.leave()
    with pytest.raises(NoRoom, match="hour"):
        read(Counted(small, "g", _sending(20), guest=True))


def test_pages_that_are_open_are_counted_for_each_visitor_and_for_all() -> None:
    crowd = Crowd(most=3, most_each=2)
    with crowd.inside("Anna"), crowd.inside("Anna"):
        with pytest.raises(NoRoom), crowd.inside("Anna"):
            pass
        with crowd.inside("Boris"), pytest.raises(NoRoom), crowd.inside("Clara"):
            pass
        with crowd.inside("Clara"):
            pass
    with crowd.inside("Anna"):
        pass
