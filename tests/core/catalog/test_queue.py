"""The queue is taken in the order in which people have put it."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy

from core.catalog import Catalog, JobRecord
from core.catalog.queue import Move
from core.errors import Conflict, NotFound
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("either_database")


def fill(catalog: Catalog, count: int = 4) -> list[JobRecord]:
    """Jobs ``a``, ``b``, … in the train lane, and one in the other."""
    jobs = [catalog.jobs.add("train", {}, lane="train", subject=chr(97 + n)) for n in range(count)]
    catalog.jobs.add("scan", {}, lane="light", subject="scan")
    return jobs


def order(catalog: Catalog) -> str:
    return "".join(job.subject for job in catalog.jobs.queue("train"))


def take_all(catalog: Catalog) -> str:
    """What workers get, one after the other."""
    taken = ""
    while (job := catalog.jobs.claim("train", pid=1, host="h")) is not None:
        taken += job.subject
    return taken


def test_jobs_are_taken_in_order_and_by_lane(catalog: Catalog) -> None:
    fill(catalog)
    assert order(catalog) == "abcd"
    assert take_all(catalog) == "abcd"
    assert [job.subject for job in catalog.jobs.queue("light")] == ["scan"]


def test_a_claimed_job_is_returned_as_it_is_then(catalog: Catalog) -> None:
    (job, *_) = fill(catalog)
    claimed = catalog.jobs.claim("train", pid=7, host="h")
    assert claimed == catalog.jobs.get(job.id)
    assert (claimed.state, claimed.pid, claimed.host) == ("running", 7, "h")


@pytest.mark.parametrize(
    ("which", "to", "then"),
    [
        (2, "first", "cabd"),
        (2, "up", "acbd"),
        (1, "down", "acbd"),
        (0, "last", "bcda"),
        (0, "up", "abcd"),
        (0, "first", "abcd"),
        (3, "down", "abcd"),
        (3, "last", "abcd"),
    ],
)
def test_a_waiting_job_can_be_moved(catalog: Catalog, which: int, to: Move, then: str) -> None:
    jobs = fill(catalog)
    moved = catalog.jobs.move(jobs[which].id, to)
    assert "".join(job.subject for job in moved) == then
    assert order(catalog) == then
    assert take_all(catalog) == then


def test_many_moves_end_where_a_list_would(catalog: Catalog) -> None:
    jobs = {job.subject: job.id for job in fill(catalog)}
    moves: list[tuple[str, Move]] = [("d", "first"), ("a", "last"), ("c", "up"), ("d", "down")]
    for subject, to in moves:
        catalog.jobs.move(jobs[subject], to)
    assert order(catalog) == "cdba"


def test_a_job_that_is_added_later_comes_last_whatever_was_moved(catalog: Catalog) -> None:
    jobs = fill(catalog)
    catalog.jobs.move(jobs[0].id, "last")
    catalog.jobs.add("train", {}, lane="train", subject="z")
    assert order(catalog) == "bcdaz"


def test_jobs_of_one_tick_of_the_clock_can_be_told_apart(catalog: Catalog) -> None:
    jobs = fill(catalog)
    with catalog.engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE jobs SET rank = 5, created_at = 5"))
    last = catalog.jobs.queue("train")[-1]
    catalog.jobs.move(last.id, "first")
    first = catalog.jobs.claim("train", pid=1, host="h")
    assert first is not None
    assert first.id == last.id
    assert len(catalog.jobs.queue("train")) == len(jobs) - 1


def test_only_waiting_jobs_can_be_moved(catalog: Catalog) -> None:
    fill(catalog)
    running = catalog.jobs.claim("train", pid=1, host="h")
    assert running is not None
    with pytest.raises(Conflict, match="not waiting"):
        catalog.jobs.move(running.id, "first")
    with pytest.raises(NotFound):
        catalog.jobs.move("j-none", "first")
    assert order(catalog) == "bcd"


def test_moving_while_others_move_and_claim_loses_nothing(catalog: Catalog) -> None:
    jobs = fill(catalog, 12)

    def stir(number: int) -> str:
        if number % 3 == 2:
            taken = catalog.jobs.claim("train", pid=number, host="h")
            return taken.id if taken else ""
        with contextlib.suppress(Conflict):  # it may have been claimed before
            catalog.jobs.move(jobs[number % 12].id, "first" if number % 2 else "last")
        return ""

    with ThreadPoolExecutor(4) as pool:
        taken = [job for job in pool.map(stir, range(24)) if job]
    left = [job.id for job in catalog.jobs.queue("train")]
    assert sorted(taken + left) == sorted(job.id for job in jobs)
    ranks = [job.rank for job in catalog.jobs.queue("train")]
    assert len(set(ranks)) == len(ranks)


def test_of_two_scans_of_one_dataset_that_are_claimed_at_once_one_waits(catalog: Catalog) -> None:
    for kind in ("import", "scan"):
        catalog.jobs.add(kind, {}, lane="light", subject="d-1")
    second: list[Future[JobRecord | None]] = []

    def is_held_up() -> bool:
        with catalog.engine.connect() as connection:
            waits = sqlalchemy.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return connection.execute(waits).scalar_one() > 0

    with ThreadPoolExecutor(1) as pool:

        def just_before_its_commit(_: object) -> None:
            if not second and catalog.on_server:
                second.append(pool.submit(catalog.jobs.claim, "light", pid=2, host="h"))
                wait_until(lambda: second[0].done() or is_held_up(), 60, "the other claim")

        sqlalchemy.event.listen(catalog.engine, "commit", just_before_its_commit)
        first = catalog.jobs.claim("light", pid=1, host="h")
        sqlalchemy.event.remove(catalog.engine, "commit", just_before_its_commit)
        assert first is not None
        assert all(claim.result(60) is None for claim in second)
    assert catalog.jobs.claim("light", pid=2, host="h") is None
    catalog.jobs.finish(first.id, "done")
    later = catalog.jobs.claim("light", pid=2, host="h")
    assert later is not None
    assert (later.kind, later.claims) == ("scan", 1)
