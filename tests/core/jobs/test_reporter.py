"""What work reports is in the database soon, and asking it to stop reaches it."""

from __future__ import annotations

import pytest

from core.catalog import Catalog, JobRecord
from core.errors import Cancelled
from core.jobs.reporter import DatabaseReporter
from core.progress import Wishes
from tests.recording import RecordingReporter
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.fixture
def job(catalog: Catalog) -> JobRecord:
    catalog.jobs.add("scan", {}, lane="light")
    claimed = catalog.jobs.claim("light", pid=1, host="here")
    assert claimed is not None
    return claimed


def test_progress_and_events_are_for_everyone_to_see(catalog: Catalog, job: JobRecord) -> None:
    with DatabaseReporter(catalog, job) as report:
        report.progress("scan", 3, 10, "Looking at images")
        report.event("note", text="One is broken.")
    seen = catalog.jobs.get(job.id)
    assert (seen.phase, seen.done, seen.total, seen.note) == ("scan", 3, 10, "Looking at images")
    assert [(e.kind, e.payload) for e in catalog.jobs.events(job.id)] == [
        ("note", {"text": "One is broken."})
    ]


def test_the_end_of_a_phase_and_a_new_phase_are_written_at_once(
    catalog: Catalog, job: JobRecord
) -> None:
    with DatabaseReporter(catalog, job) as report:
        for done in range(1, 1001):
            report.progress("scan", done, 1000)
        assert catalog.jobs.get(job.id).done == 1000
        report.progress("decode", 0, 7)
        assert (catalog.jobs.get(job.id).phase, catalog.jobs.get(job.id).total) == ("decode", 7)


def test_an_echo_hears_everything(catalog: Catalog, job: JobRecord) -> None:
    echo = RecordingReporter()
    with DatabaseReporter(catalog, job, echo) as report:
        for done in range(100):
            report.progress("scan", done, 100)
        report.event("note", text="x")
    assert len(echo.steps) == 100
    assert echo.events == [("note", {"text": "x"})]


def test_the_heart_beats_while_the_work_says_nothing(catalog: Catalog, job: JobRecord) -> None:
    first = job.heartbeat_at
    with DatabaseReporter(catalog, job):
        wait_until(lambda: catalog.jobs.get(job.id).heartbeat_at != first, 5, "a heartbeat")


def test_a_stop_that_is_asked_for_in_the_database_reaches_the_work(
    catalog: Catalog, job: JobRecord
) -> None:
    with DatabaseReporter(catalog, job) as report:
        report.check()
        catalog.jobs.request_cancel(job.id)
        wait_until(report.cancelled, 5, "the request")
        with pytest.raises(Cancelled):
            report.check()


def test_a_stop_that_is_asked_for_in_this_process_reaches_the_work_at_once(
    catalog: Catalog, job: JobRecord
) -> None:
    with DatabaseReporter(catalog, job) as report:
        report.cancel()
        assert report.cancelled()


def test_ctrl_c_keeps_what_there_is_but_does_not_take_back_a_discard(
    catalog: Catalog, job: JobRecord
) -> None:
    with DatabaseReporter(catalog, job) as report:
        report.cancel()
        assert report.wishes() == Wishes(stop="keep")
    catalog.jobs.request_cancel(job.id, discard=True)
    with DatabaseReporter(catalog, job) as report:
        report.cancel()
        assert report.wishes() == Wishes(stop="discard")


def test_every_wish_reaches_the_work_and_can_be_taken_back(
    catalog: Catalog, job: JobRecord
) -> None:
    with DatabaseReporter(catalog, job) as report:
        assert report.wishes() == Wishes()
        catalog.jobs.wish(job.id, paused=True, learning_rate=0.01)
        wait_until(lambda: report.wishes() == Wishes(paused=True, learning_rate=0.01), 5)
        assert not report.cancelled()
        catalog.jobs.wish(job.id, paused=False)
        wait_until(lambda: report.wishes() == Wishes(learning_rate=0.01), 5)


def test_what_was_wished_before_the_start_is_known_at_the_start(catalog: Catalog) -> None:
    waiting = catalog.jobs.add("scan", {}, lane="light")
    catalog.jobs.wish(waiting.id, learning_rate=0.5)
    claimed = catalog.jobs.claim("light", pid=1, host="here")
    assert claimed is not None
    with DatabaseReporter(catalog, claimed) as report:
        assert report.wishes().learning_rate == 0.5


def test_of_snapshots_the_newest_is_kept_and_the_echo_hears_them_all(
    catalog: Catalog, job: JobRecord
) -> None:
    echo = RecordingReporter()
    with DatabaseReporter(catalog, job, echo) as report:
        for epoch in (1, 2):
            report.snapshot("snapshot", epoch=epoch)
    assert [event.payload for event in catalog.jobs.events(job.id)] == [{"epoch": 2}]
    assert [payload for _, payload in echo.events] == [{"epoch": 1}, {"epoch": 2}]


def test_work_whose_job_was_given_up_stops_and_writes_nothing_into_the_next_attempt(
    catalog: Catalog, job: JobRecord
) -> None:
    with DatabaseReporter(catalog, job) as report:
        catalog.jobs.wish(job.id, paused=True)
        wait_until(lambda: report.wishes().paused, 5, "the pause")
        catalog.jobs.finish(job.id, "interrupted", "It was silent for too long.")
        catalog.jobs.requeue(job.id)
        catalog.jobs.claim("light", pid=2, host="there")
        wait_until(report.cancelled, 5, "the news")
        for say in (
            lambda: report.progress("scan", 1, 2),
            lambda: report.event("epoch", epoch=9),
            lambda: report.snapshot("snapshot", epoch=9),
        ):
            with pytest.raises(Cancelled):
                say()
    now = catalog.jobs.get(job.id)
    assert (now.state, now.phase, catalog.jobs.events(job.id)) == ("running", "", [])
