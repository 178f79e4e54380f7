"""What work reports is in the database soon, and asking it to stop reaches it."""

from __future__ import annotations

import pytest

from core.catalog import Catalog, JobRecord
from core.errors import Cancelled
from core.jobs.reporter import DatabaseReporter
from core.progress import RecordingReporter
from tests.waiting import wait_until


@pytest.fixture
def job(catalog: Catalog) -> JobRecord:
    catalog.jobs.add("scan", {}, lane="light")
    claimed = catalog.jobs.claim("light", pid=1, host="here")
    assert claimed is not None
    return claimed


def test_progress_and_events_are_for_everyone_to_see(catalog: Catalog, job: JobRecord) -> None:
    with DatabaseReporter(catalog, job.id) as report:
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
    with DatabaseReporter(catalog, job.id) as report:
        for done in range(1, 1001):
            report.progress("scan", done, 1000)
        assert catalog.jobs.get(job.id).done == 1000
        report.progress("decode", 0, 7)
        assert (catalog.jobs.get(job.id).phase, catalog.jobs.get(job.id).total) == ("decode", 7)


def test_an_echo_hears_everything(catalog: Catalog, job: JobRecord) -> None:
    echo = RecordingReporter()
    with DatabaseReporter(catalog, job.id, echo) as report:
        for done in range(100):
            report.progress("scan", done, 100)
        report.event("note", text="x")
    assert len(echo.steps) == 100
    assert echo.events == [("note", {"text": "x"})]


def test_the_heart_beats_while_the_work_says_nothing(catalog: Catalog, job: JobRecord) -> None:
    first = job.heartbeat_at
    with DatabaseReporter(catalog, job.id):
        wait_until(lambda: catalog.jobs.get(job.id).heartbeat_at != first, 5, "a heartbeat")


def test_a_stop_that_is_asked_for_in_the_database_reaches_the_work(
    catalog: Catalog, job: JobRecord
) -> None:
    with DatabaseReporter(catalog, job.id) as report:
        report.check()
        catalog.jobs.request_cancel(job.id)
        wait_until(report.cancelled, 5, "the request")
        with pytest.raises(Cancelled):
            report.check()


def test_a_stop_that_is_asked_for_in_this_process_reaches_the_work_at_once(
    catalog: Catalog, job: JobRecord
) -> None:
    with DatabaseReporter(catalog, job.id) as report:
        report.cancel()
        assert report.cancelled()
