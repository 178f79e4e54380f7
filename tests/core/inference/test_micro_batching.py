"""Images of several callers go through the model together, and everybody gets their own rows."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from core.inference.micro_batching import MicroBatcher
from core.inference.pool import Busy, Pool
from tests.waiting import wait_until


class Model:
    """Gives each image's mean; the first call waits until it is let go."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.go = threading.Event()
        self.begun = threading.Event()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.sizes.append(len(images))
        self.begun.set()
        assert self.go.wait(20)
        if (images == 255).any():
            raise ValueError("too bright")
        return images.reshape(len(images), -1).mean(axis=1, keepdims=True)


def in_threads(work: Callable[[int], None], numbers: range) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, args=(n,)) for n in numbers]
    for thread in threads:
        thread.start()
    return threads


def test_what_waits_is_asked_together_and_nobody_gets_anothers_answer() -> None:
    model = Model()
    batcher = MicroBatcher(model, most=4)
    got: dict[int, np.ndarray] = {}

    def ask(n: int) -> None:
        got[n] = batcher(np.full((1 + n % 2, 2, 2), n, np.uint8))

    first = in_threads(ask, range(1))
    assert model.begun.wait(20)
    others = in_threads(ask, range(1, 6))
    wait_until(lambda: len(batcher._queue) == 5, 20, "five callers in the queue")
    model.go.set()
    for thread in [*first, *others]:
        thread.join(20)
    assert {n: rows.tolist() for n, rows in got.items()} == {
        n: [[float(n)]] * (1 + n % 2) for n in range(6)
    }
    assert sum(model.sizes) == 9
    assert len(model.sizes) < 6, "some were asked together"
    assert max(model.sizes) <= 4


def test_an_error_reaches_whoever_waits_and_the_next_is_answered() -> None:
    model = Model()
    model.go.set()
    batcher = MicroBatcher(model)
    with pytest.raises(ValueError, match="too bright"):
        batcher(np.full((1, 2, 2), 255, np.uint8))
    assert batcher(np.full((20, 2, 2), 3, np.uint8)).tolist() == [[3.0]] * 20


def test_a_full_pool_turns_work_away_and_takes_it_again_later() -> None:
    go = threading.Event()
    pool = Pool(threads=1, most=2)
    try:
        waiting = [pool.submit(lambda: go.wait(20)) for _ in range(2)]
        with pytest.raises(Busy):
            pool.submit(lambda: None)
        go.set()
        assert all(each.result(20) for each in waiting)
        wait_until(lambda: pool._room._value == 2, 20, "room in the pool")
        assert pool.submit(lambda: 7).result(20) == 7
    finally:
        go.set()
        pool.close()
