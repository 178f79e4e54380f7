"""A page sees what a job is at, how far it is, and how many are before it."""

from __future__ import annotations

import time

import pytest

from core.catalog import Catalog, JobRecord
from core.errors import NotFound
from core.jobs.live import live
from core.jobs.reporter import DatabaseReporter


def claim(catalog: Catalog) -> JobRecord:
    job = catalog.jobs.claim("light", pid=1, host="here")
    assert job is not None
    return job


def test_a_queued_job_waits_behind_those_of_its_own_lane(catalog: Catalog) -> None:
    jobs = [catalog.jobs.add("scan", {}, lane="light") for _ in range(3)]
    catalog.jobs.add("train", {}, lane="train")
    claim(catalog)
    views = [live(catalog, job.id) for job in jobs]
    assert [view.ahead for view in views] == [0, 1, 2]
    assert views[2].doing == "Waiting to start"
    assert (views[2].fraction, views[2].seconds_left) == (None, None)


def test_a_running_job_says_what_it_does_and_how_far_it_is(catalog: Catalog) -> None:
    catalog.jobs.add("scan", {}, lane="light")
    job = claim(catalog)
    assert live(catalog, job.id).doing == "Starting"
    catalog.jobs.progress(job.id, "decode", 5, 20, "")
    assert (live(catalog, job.id).doing, live(catalog, job.id).fraction) == ("Reading images", 0.25)
    catalog.jobs.progress(job.id, "decode", 30, 20, "Reading photos")
    assert (live(catalog, job.id).doing, live(catalog, job.id).fraction) == ("Reading photos", 1.0)
    catalog.jobs.progress(job.id, "find", 5, None, "")
    assert live(catalog, job.id).fraction is None


def test_training_says_how_long_its_own_estimate_has_left(catalog: Catalog) -> None:
    catalog.jobs.add("train", {}, lane="light")
    job = claim(catalog)
    catalog.jobs.progress(job.id, "fit", 1, 10, "")
    assert live(catalog, job.id).seconds_left is None
    catalog.jobs.append_event(job.id, "batch", {"seconds_left": 40.0})
    left = live(catalog, job.id).seconds_left
    assert left is not None
    assert 30 < left <= 40
    catalog.jobs.append_event(job.id, "batch", {"seconds_left": 0.0})
    assert live(catalog, job.id).seconds_left == 0


def test_what_is_left_goes_by_the_part_that_it_is_at(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.jobs.add("suspects", {}, lane="light")
    job = claim(catalog)
    began = time.time()
    with DatabaseReporter(catalog, job) as report:
        report.progress("decode", 0, 300)
        monkeypatch.setattr("core.catalog.events.time.time", lambda: began + 60)
        report.progress("suspects", 1, 21)
    catalog.jobs.progress(job.id, "suspects", 6, 21, "")
    monkeypatch.setattr("core.jobs.live.time.time", lambda: began + 65)
    left = live(catalog, job.id).seconds_left
    assert left is not None
    assert 14 < left < 16, "the minute before it was for other things"


def test_an_ended_job_has_nothing_left(catalog: Catalog) -> None:
    catalog.jobs.add("scan", {}, lane="light")
    job = claim(catalog)
    catalog.jobs.progress(job.id, "scan", 10, 20, "")
    catalog.jobs.finish(job.id, "failed", "The disk is full.")
    view = live(catalog, job.id)
    assert (view.job.error, view.seconds_left, view.ahead) == ("The disk is full.", None, 0)


def test_a_job_that_is_not_there_is_a_sentence(catalog: Catalog) -> None:
    with pytest.raises(NotFound, match="not here any more"):
        live(catalog, "j-nothing")


def test_a_queued_job_that_was_moved_waits_where_it_was_put(catalog: Catalog) -> None:
    jobs = [catalog.jobs.add("scan", {}, lane="light") for _ in range(4)]
    claim(catalog)
    catalog.jobs.move(jobs[3].id, "first")
    assert [live(catalog, job.id).ahead for job in jobs] == [0, 2, 3, 1]


def test_a_paused_job_says_so_and_its_time_stands_still(catalog: Catalog) -> None:
    catalog.jobs.add("train", {}, lane="light")
    job = claim(catalog)
    catalog.jobs.progress(job.id, "fit", 1, 10, "Epoch 1 of 10")
    catalog.jobs.append_event(job.id, "batch", {"seconds_left": 40.0})
    assert not live(catalog, job.id).paused
    catalog.jobs.wish(job.id, paused=True)
    view = live(catalog, job.id)
    assert (view.paused, view.doing, view.fraction, view.seconds_left) == (True, "Paused", 0.1, 40)
    catalog.jobs.request_cancel(job.id)
    assert not live(catalog, job.id).paused, "it stops now"


def test_only_running_jobs_are_paused(catalog: Catalog) -> None:
    job = catalog.jobs.add("train", {}, lane="light")
    catalog.jobs.wish(job.id, paused=True)
    assert not live(catalog, job.id).paused
    claim(catalog)
    catalog.jobs.finish(job.id, "interrupted", "Lightbox was closed.")
    assert not live(catalog, job.id).paused
