"""A job is taken by one process only, ends once, and tells everyone what it does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from core.catalog import Catalog


def test_a_job_is_claimed_by_exactly_one(catalog: Catalog) -> None:
    for _ in range(5):
        catalog.jobs.add("scan", {}, lane="light")
    with ThreadPoolExecutor(4) as pool:
        claims = list(
            pool.map(lambda pid: catalog.jobs.claim("light", pid=pid, host="h"), range(12))
        )
    taken = [job.id for job in claims if job is not None]
    assert len(taken) == len(set(taken)) == 5


def test_jobs_are_taken_in_order_and_by_lane(catalog: Catalog) -> None:
    train = catalog.jobs.add("train", {}, lane="train")
    first = catalog.jobs.add("scan", {"n": 1}, lane="light")
    catalog.jobs.add("scan", {"n": 2}, lane="light")
    claimed = catalog.jobs.claim("light", pid=1, host="h")
    assert claimed is not None
    assert claimed.id == first.id
    assert catalog.jobs.get(train.id).state == "queued"


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
    assert catalog.jobs.heartbeat(running.id) is True


def test_only_running_jobs_can_be_silent(catalog: Catalog) -> None:
    catalog.jobs.add("scan", {}, lane="light")
    running = catalog.jobs.add("train", {}, lane="train")
    catalog.jobs.claim("train", pid=1, host="h")
    assert catalog.jobs.silent(60) == []
    assert [job.id for job in catalog.jobs.silent(-1)] == [running.id]


def test_events_are_read_from_where_one_left_off(catalog: Catalog) -> None:
    job = catalog.jobs.add("train", {}, lane="train")
    other = catalog.jobs.add("train", {}, lane="train")
    for epoch in range(3):
        catalog.jobs.append_event(job.id, "epoch", {"epoch": epoch})
        catalog.jobs.append_event(other.id, "epoch", {"epoch": 100})
    events = catalog.jobs.events(job.id)
    assert [event.payload["epoch"] for event in events] == [0, 1, 2]
    assert catalog.jobs.events(job.id, after=events[1].seq) == events[2:]
    assert catalog.jobs.events(job.id, kinds=("batch",)) == []
