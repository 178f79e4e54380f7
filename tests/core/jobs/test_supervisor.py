"""Workers are there while the app is, once, and what became of them is said."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator

import pytest
import sqlalchemy

from core.catalog import Catalog, JobRecord
from core.jobs import leases
from core.jobs.machine import this_place
from core.jobs.stay import JOBS
from core.jobs.supervisor import Supervisor, ensure_running, stop_all
from tests.core.jobs import tiny
from tests.core.jobs.processes import (
    alive,
    ended,
    owner,
    queue,
    started,
    supervised,
    worker_of,
)
from tests.waiting import wait_until


@pytest.fixture
def supervisor(catalog: Catalog) -> Iterator[Supervisor]:
    with supervised(catalog) as kept:
        yield kept


def test_work_is_done_without_anybody_starting_a_worker(
    catalog: Catalog, supervisor: Supervisor
) -> None:
    job = ended(catalog, queue(catalog, "tiny.note"))
    assert job.state == "done"
    assert job.pid == supervisor.pids["light"]


def test_stopping_leaves_no_process_and_says_what_was_interrupted(catalog: Catalog) -> None:
    with supervised(catalog) as supervisor:
        pid = worker_of(supervisor)
        job = started(catalog, queue(catalog, "tiny.deaf"))
        waiting = queue(catalog, "tiny.note")
    assert not alive(pid)
    assert supervisor.pids == {}
    left = catalog.jobs.get(job.id)
    # With a server, the next machine takes it.
    assert left.state == ("queued" if catalog.on_server else "interrupted")
    assert left.error.endswith(".") or catalog.on_server
    assert catalog.jobs.get(waiting.id).state == "queued", "it is done when the app is back"


def test_a_worker_that_does_not_answer_is_killed_and_its_job_is_not_left_running(
    catalog: Catalog,
) -> None:
    with supervised(catalog) as supervisor:
        pid = worker_of(supervisor)
        job = started(catalog, queue(catalog, "tiny.deaf"))
        os.kill(pid, signal.SIGSTOP)
        supervisor.stop(timeout_s=0.5)
    assert not alive(pid)
    assert catalog.jobs.get(job.id).state == ("queued" if catalog.on_server else "interrupted")


def test_a_worker_that_died_is_replaced_and_work_goes_on(
    catalog: Catalog, supervisor: Supervisor
) -> None:
    first = worker_of(supervisor)
    crashed = ended(catalog, queue(catalog, "tiny.exit"), timeout=10)
    assert crashed.state == "interrupted"
    assert "exit code 3" in crashed.error
    after = ended(catalog, queue(catalog, "tiny.note"))
    assert (after.state, after.pid == first) == ("done", False)


def test_the_same_supervisor_is_returned_until_it_is_stopped(catalog: Catalog) -> None:
    try:
        first = ensure_running(catalog.workspace, (tiny.MODULE,), ("light",))
        assert ensure_running(catalog.workspace) is first
        pid = worker_of(first)
        stop_all()
        assert not alive(pid)
        second = ensure_running(catalog.workspace, (tiny.MODULE,), ("light",))
        assert second is not first
        assert worker_of(second) != pid
    finally:
        stop_all()


@pytest.mark.usefixtures("either_database")
def test_of_two_programs_one_keeps_the_workers_and_the_other_takes_over(catalog: Catalog) -> None:
    with owner() as one, owner() as other:
        wait_until(lambda: one.pids or other.pids, 20, "a worker")
        job = ended(catalog, queue(catalog, "tiny.note"))
        first, second = (one, other) if one.pids else (other, one)
        assert job.pid == first.pids["light"]
        assert second.pids == {}
        first.process.kill()
        pid = wait_until(lambda: second.pids.get("light"), 20, "the other's worker")
        assert pid != job.pid
        assert ended(catalog, queue(catalog, "tiny.note")).pid == pid


def test_a_program_that_ends_takes_its_workers_along(catalog: Catalog) -> None:
    with owner() as program:
        pid = wait_until(lambda: program.pids.get("light", 0), 20, "a worker")
        assert program.process.stdin is not None
        program.process.stdin.close()
        assert program.process.wait(10) == 0
        assert not alive(pid)


def stranger(catalog: Catalog, *, pid: int, host: str, silent_s: float) -> JobRecord:
    """A running job of some other process that was heard of ``silent_s`` seconds ago."""
    catalog.jobs.add("scan", {}, lane="light")
    job = catalog.jobs.claim("light", pid=pid, host=host)
    assert job is not None
    with catalog.engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("UPDATE jobs SET heartbeat_at = :at WHERE id = :id"),
            {"at": time.time() - silent_s, "id": job.id},
        )
    return job


def free_pid() -> int:
    """A number that no process has."""
    return next(pid for pid in range(2**22 - 1, 1, -1) if not alive(pid))


def test_a_silent_job_whose_process_is_gone_is_interrupted(catalog: Catalog) -> None:
    job = stranger(catalog, pid=free_pid(), host=this_place(), silent_s=60)
    with supervised(catalog, lanes=()):
        left = ended(catalog, job, timeout=10)
    assert left.state == "interrupted"
    assert "Start it again" in left.error


def test_a_process_of_another_container_of_the_same_name_is_not_gone_for_having_no_number_here(
    catalog: Catalog,
) -> None:
    if sys.platform != "linux":
        pytest.skip("containers are Linux's")
    job = stranger(catalog, pid=free_pid(), host=socket.gethostname(), silent_s=60)
    assert not leases.has_ended(job)


@pytest.mark.parametrize("host", [this_place(), "a-container-that-was-removed"])
def test_a_job_that_stays_silent_is_given_up_whoever_has_its_number_now(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(leases, "_LOST_S", 1.0)
    job = stranger(catalog, pid=os.getpid(), host=host, silent_s=3600)
    with supervised(catalog, lanes=()):
        assert ended(catalog, job, timeout=10).state == "interrupted"


@pytest.mark.usefixtures("either_database")
def test_a_job_that_was_silent_while_the_computer_slept_goes_on(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_LOST_S", 1.0)
    asleep = stranger(catalog, pid=os.getpid(), host="elsewhere", silent_s=3600)
    gone = stranger(catalog, pid=os.getpid(), host="nowhere", silent_s=3600)
    with supervised(catalog, lanes=()):
        catalog.jobs.heartbeat(asleep.id)
        ended(catalog, gone, timeout=10)
        assert catalog.jobs.get(asleep.id).state == "running"


def test_a_worker_that_has_done_its_share_leaves_for_a_fresh_one(
    catalog: Catalog, supervisor: Supervisor
) -> None:
    jobs = [queue(catalog, "tiny.note") for _ in range(JOBS["light"] + 1)]
    last = ended(catalog, jobs[-1], timeout=60)
    pids = [catalog.jobs.get(job.id).pid for job in jobs]
    assert last.state == "done"
    assert len(set(pids[:-1])) == 1
    assert last.pid != pids[0]
    assert not alive(pids[0] or 0)
