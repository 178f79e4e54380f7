"""Bodies have one budget, for one visitor and for all; what is over it is told to come again."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.types import Message, Receive

from core.api import room
from core.api.room import Crowd, NoRoom, Room


async def _read(receive: Receive) -> int:
    total = 0
    while True:
        message = await receive()
        total += len(message["body"])
        if not message["more_body"]:
            return total


def _sending(*sizes: int) -> Any:
    left = list(sizes)

    async def receive() -> Message:
        size = left.pop(0)
        return {"type": "http.request", "body": bytes(size), "more_body": bool(left)}

    return receive


def read(receive: Receive) -> int:
    # In a thread of its own: where a browser is driven, this one has a loop already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _read(receive)).result(30)


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
        with small.body("a", _sending(30, 30), guest=False) as body:
            assert read(body) == 60
    assert small._all == 0


def test_one_visitor_cannot_take_it_all(small: Room) -> None:
    with small.body("a", _sending(30, 31), guest=False) as body, pytest.raises(NoRoom):
        read(body)
    assert small._all == 0


def test_all_together_cannot_take_more_than_there_is(small: Room) -> None:
    with small.body("a", _sending(60), guest=False) as first:
        assert read(first) == 60
        with small.body("b", _sending(60), guest=False) as second, pytest.raises(NoRoom):
            read(second)
    with small.body("b", _sending(60), guest=False) as third:
        assert read(third) == 60


def test_only_so_many_are_open_at_once(small: Room) -> None:
    with ExitStack() as open_:
        open_.enter_context(small.body("a", _sending(1), guest=False))
        with small.body("a", _sending(1), guest=False):
            with pytest.raises(NoRoom):
                open_.enter_context(small.body("a", _sending(1), guest=False))
            open_.enter_context(small.body("b", _sending(1), guest=False))
        open_.enter_context(small.body("a", _sending(1), guest=False))


def test_a_guest_sends_little_and_not_all_day(small: Room) -> None:
    with small.body("g", _sending(21), guest=True) as body, pytest.raises(NoRoom):
        read(body)
    small = Room()
    for _ in range(2):
        with small.body("g", _sending(20), guest=True) as body:
            read(body)
    with (
        small.body("g", _sending(20), guest=True) as body,
        pytest.raises(NoRoom, match="hour"),
    ):
        read(body)


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
