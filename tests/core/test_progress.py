"""Work hears what the person wants, and waits for as long as it is paused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.errors import Cancelled
from core.progress import Reporter, ToTheEnd, Wishes, wait_while_paused
from tests.recording import RecordingReporter


class Wishing(Reporter):
    """Wants one thing after the other, each time that it is asked."""

    def __init__(self, *wishes: Wishes) -> None:
        self.left: Iterator[Wishes] = iter(wishes)

    def wishes(self) -> Wishes:
        return next(self.left)


PAUSED = Wishes(paused=True)


def test_work_that_nobody_paused_does_not_wait() -> None:
    assert wait_while_paused(Reporter()) == 0.0


def test_paused_work_waits_until_it_may_go_on_and_says_how_long() -> None:
    report = Wishing(PAUSED, PAUSED, Wishes())
    assert wait_while_paused(report) > 0
    assert list(report.left) == [], "it asked until the pause was over"


@pytest.mark.parametrize("stop", ["keep", "discard"])
def test_a_stop_ends_a_pause(stop: str) -> None:
    report = Wishing(PAUSED, Wishes(paused=True, stop=stop), PAUSED)  # type: ignore[arg-type]
    wait_while_paused(report)
    assert list(report.left) == [PAUSED]


@pytest.mark.parametrize("stop", ["keep", "discard"])
def test_either_stop_ends_work_that_has_nothing_to_keep(stop: str) -> None:
    with pytest.raises(Cancelled):
        Wishing(Wishes(stop=stop)).check()  # type: ignore[arg-type]


def test_a_pause_is_no_stop() -> None:
    Wishing(PAUSED).check()


def test_snapshots_are_ignored_or_kept_like_events() -> None:
    Reporter().snapshot("snapshot", epoch=1)
    report = RecordingReporter()
    report.event("note", text="x")
    report.snapshot("snapshot", epoch=1)
    assert report.events == [("note", {"text": "x"}), ("snapshot", {"epoch": 1})]


def test_what_is_left_of_stopped_work_is_done_to_the_end_and_reported() -> None:
    class Stopped(RecordingReporter):
        def wishes(self) -> Wishes:
            return Wishes(stop="keep")

    stopped = Stopped()
    rest = ToTheEnd(stopped)
    rest.check()
    rest.progress("evaluate", 1, 2)
    rest.event("result", images=3)
    assert stopped.steps == [("evaluate", 1, 2, "")]
    assert stopped.events == [("result", {"images": 3})]
    with pytest.raises(Cancelled):
        stopped.check()


def test_even_the_end_of_stopped_work_hears_that_nothing_is_to_be_kept() -> None:
    class Dropped(Reporter):
        def wishes(self) -> Wishes:
            return Wishes(stop="discard")

    with pytest.raises(Cancelled):
        ToTheEnd(Dropped()).check()
