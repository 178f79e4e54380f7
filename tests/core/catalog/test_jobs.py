"""A job is taken by one process only, ends once, and tells everyone what it does."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.catalog import Catalog, JobRecord, JobState
from core.errors import Conflict, InvalidInput, NotFound
from core.progress import Wishes

pytestmark = pytest.mark.usefixtures("either_database")


def test_a_job_is_claimed_by_exactly_one(catalog: Catalog) -> None:
    for _ in range(5):
        catalog.jobs.add("scan", {}, lane="light")
    with ThreadPoolExecutor(4) as pool:
        claims = list(
            pool.map(lambda pid: catalog.jobs.claim("light", pid=pid, host="h"), range(12))
        )
    taken = [job.id for job in claims if job is not None]
    assert len(taken) == len(set(taken)) == 5


def test_a_job_ends_once(catalog: Catalog) -> None:
    job = catalog.jobs.add("scan", {}, lane="light")
    catalog.jobs.claim("light", pid=1, host="h")
    assert catalog.jobs.finish(job.id, "interrupted", "The worker was killed.")
    assert not catalog.jobs.finish(job.id, "done")
    ended = catalog.jobs.get(job.id)
    assert (ended.state, ended.error) == ("interrupted", "The worker was killed.")


def test_cancelling_a_waiting_job_ends_it_and_a_running_one_is_asked(catalog: Catalog) -> None:
    running = catalog.jobs.add("scan", {}, lane="light")
    waiting = catalog.jobs.add("scan", {}, lane="light")
    catalog.jobs.claim("light", pid=1, host="h")
    for job in (running, waiting):
        catalog.jobs.request_cancel(job.id)
    assert catalog.jobs.get(waiting.id).state == "cancelled"
    assert catalog.jobs.get(running.id).state == "running"
    assert catalog.jobs.heartbeat(running.id) == Wishes(stop="keep")
    assert catalog.jobs.get(running.id).cancel_requested


def test_only_running_jobs_can_be_silent(catalog: Catalog) -> None:
    catalog.jobs.add("scan", {}, lane="light")
    running = catalog.jobs.add("train", {}, lane="train")
    catalog.jobs.claim("train", pid=1, host="h")
    assert catalog.jobs.silent(60) == []
    assert [job.id for job in catalog.jobs.silent(-1)] == [running.id]


def claimed(catalog: Catalog) -> JobRecord:
    """A running job."""
    catalog.jobs.add("train", {}, lane="train")
    job = catalog.jobs.claim("train", pid=1, host="h")
    assert job is not None
    return job


def test_wishes_are_added_to_those_there(catalog: Catalog) -> None:
    job = claimed(catalog)
    assert job.wishes == Wishes()
    catalog.jobs.wish(job.id, paused=True)
    catalog.jobs.wish(job.id, learning_rate=0.01)
    assert catalog.jobs.get(job.id).wishes == Wishes(paused=True, learning_rate=0.01)
    now = catalog.jobs.wish(job.id, paused=False, learning_rate=None)
    assert now.wishes == Wishes()
    assert catalog.jobs.request_cancel(job.id, discard=True).wishes == Wishes(stop="discard")


def test_wishes_of_two_people_at_once_are_both_heard(catalog: Catalog) -> None:
    job = claimed(catalog)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            catalog.jobs.wish(job.id, paused=False, learning_rate=None)
            list(
                pool.map(
                    lambda change: catalog.jobs.wish(job.id, **change),
                    ({"paused": True}, {"learning_rate": 0.5}),
                )
            )
            assert catalog.jobs.get(job.id).wishes == Wishes(paused=True, learning_rate=0.5)


@pytest.mark.parametrize("rate", [0, -1, 1.5, float("nan"), float("inf")])
def test_a_learning_rate_that_can_not_work_is_refused(catalog: Catalog, rate: float) -> None:
    job = claimed(catalog)
    with pytest.raises(InvalidInput, match="learning rate"):
        catalog.jobs.wish(job.id, learning_rate=rate)
    assert catalog.jobs.get(job.id).wishes == Wishes()


def test_a_job_that_has_ended_hears_no_wishes(catalog: Catalog) -> None:
    job = claimed(catalog)
    catalog.jobs.finish(job.id, "done")
    assert catalog.jobs.wish(job.id, paused=True).wishes == Wishes()
    with pytest.raises(NotFound):
        catalog.jobs.wish("j-none", paused=True)


@pytest.mark.parametrize("state", ["interrupted", "failed", "cancelled"])
def test_a_job_that_ended_without_success_is_queued_again_with_its_events(
    catalog: Catalog, state: JobState
) -> None:
    first = claimed(catalog)
    waiting = catalog.jobs.add("train", {}, lane="train")
    catalog.jobs.progress(first.id, "fit", 3, 9, "Epoch 3 of 9")
    catalog.jobs.append_event(first.id, "epoch", {"epoch": 1})
    catalog.jobs.request_cancel(first.id)
    catalog.jobs.finish(first.id, state, "The worker was killed.", "e-1")
    again = catalog.jobs.requeue(first.id)
    as_added = catalog.jobs.get(waiting.id)
    assert again == dataclasses.replace(
        as_added, id=first.id, created_at=first.created_at, rank=again.rank, claims=1
    )
    assert [event.payload for event in catalog.jobs.events(first.id)] == [{"epoch": 1}]
    assert [job.id for job in catalog.jobs.queue("train")] == [waiting.id, first.id]


def test_what_waits_or_runs_or_is_done_can_not_be_queued_again(catalog: Catalog) -> None:
    job = claimed(catalog)
    waiting = catalog.jobs.add("train", {}, lane="train")
    with pytest.raises(Conflict, match="running already"):
        catalog.jobs.requeue(job.id)
    with pytest.raises(Conflict, match="waiting already"):
        catalog.jobs.requeue(waiting.id)
    catalog.jobs.finish(job.id, "done")
    with pytest.raises(Conflict, match="done already"):
        catalog.jobs.requeue(job.id)
    with pytest.raises(NotFound):
        catalog.jobs.requeue("j-none")


def test_a_process_that_was_given_up_can_not_end_the_next_attempt(catalog: Catalog) -> None:
    before = claimed(catalog)
    catalog.jobs.finish(before.id, "interrupted", "The process has ended.")
    assert catalog.jobs.heartbeat(before.id, claim=before.claims) is None
    catalog.jobs.requeue(before.id)
    after = catalog.jobs.claim("train", pid=2, host="h")
    assert after is not None
    assert after.id == before.id
    assert catalog.jobs.heartbeat(before.id, claim=before.claims) is None
    assert catalog.jobs.heartbeat(after.id, claim=after.claims) == Wishes()
    assert not catalog.jobs.finish(before.id, "done", claim=before.claims)
    assert catalog.jobs.get(after.id).state == "running"
    assert catalog.jobs.finish(after.id, "done", claim=after.claims)
