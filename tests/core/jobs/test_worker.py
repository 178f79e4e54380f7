"""A worker does one job after the other, and never outlives what started it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from core.catalog import Catalog
from core.jobs.live import curves, live
from tests.core.jobs.processes import Process, ended, light_worker, queue, running, said, started
from tests.waiting import wait_until


@pytest.fixture
def worker(catalog: Catalog) -> Iterator[Process]:
    with running(light_worker(catalog)) as process:
        yield process


def lines(process: Process, count: int) -> list[str]:
    """The next lines that a worker says."""
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


@pytest.mark.usefixtures("either_database")
def test_it_says_when_it_is_warm_and_what_it_is_busy_with(
    catalog: Catalog, worker: Process
) -> None:
    assert lines(worker, 1) == ["warm"]
    job = queue(catalog, "tiny.note")
    assert lines(worker, 2) == [f"busy {job.id}", "warm"]
    assert ended(catalog, job).state == "done"


def test_it_warms_up_no_further_where_somebody_waits_for_a_training(catalog: Catalog) -> None:
    queue(catalog, "prepare", lane="train")
    queue(catalog, "scan", dataset_id="a")
    assert not catalog.jobs.is_waited_for()
    learns = queue(catalog, "scan", dataset_id="a", then_learn="a run")
    assert catalog.jobs.is_waited_for()
    catalog.jobs.finish(learns.id, "done")
    assert not catalog.jobs.is_waited_for()
    queue(catalog, "train", lane="train", run_id="a run")
    assert catalog.jobs.is_waited_for()


def test_it_does_jobs_in_the_order_in_which_they_came(catalog: Catalog, worker: Process) -> None:
    jobs = [queue(catalog, "tiny.note") for _ in range(5)]
    done = [ended(catalog, job) for job in jobs]
    starts = [job.started_at for job in done]
    assert [job.state for job in done] == ["done"] * 5
    assert None not in starts
    assert starts == sorted(starts, key=lambda at: at or 0)
    assert {job.pid for job in done} == {worker.pid}


@pytest.mark.usefixtures("either_database")
def test_a_defect_in_one_job_does_not_keep_it_from_the_next(
    catalog: Catalog, worker: Process
) -> None:
    bad, good = queue(catalog, "tiny.defect"), queue(catalog, "tiny.note")
    assert ended(catalog, good).state == "done"
    failed = catalog.jobs.get(bad.id)
    assert failed.state == "failed"
    log = catalog.workspace.logs / f"{failed.error_id}.txt"
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")
    assert worker.poll() is None


def test_a_queued_job_that_is_cancelled_never_starts(catalog: Catalog, worker: Process) -> None:
    first = started(catalog, queue(catalog, "tiny.wait"))
    waiting = queue(catalog, "tiny.note")
    catalog.jobs.request_cancel(waiting.id)
    catalog.jobs.request_cancel(first.id)
    last = ended(catalog, queue(catalog, "tiny.note"))
    assert last.state == "done"
    cancelled = catalog.jobs.get(waiting.id)
    assert (cancelled.state, cancelled.started_at) == ("cancelled", None)


@pytest.mark.usefixtures("either_database")
def test_a_running_job_that_is_cancelled_stops_within_five_seconds(
    catalog: Catalog, worker: Process
) -> None:
    job = started(catalog, queue(catalog, "tiny.wait"))
    catalog.jobs.request_cancel(job.id)
    cancelled = ended(catalog, job, timeout=5)
    assert (cancelled.state, cancelled.error) == ("cancelled", "")
    assert worker.poll() is None


def test_it_leaves_when_its_parents_pipe_closes(catalog: Catalog, worker: Process) -> None:
    assert lines(worker, 1) == ["warm"]
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(5) == 0


def test_it_leaves_while_it_waits_for_the_database(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_DATABASE", "postgresql://lightbox@127.0.0.1:9/lightbox")
    with running(light_worker(catalog)) as worker:
        assert "can’t be reached" in lines(worker, 1)[0]
        assert worker.stdin is not None
        worker.stdin.close()
        assert worker.wait(10) == 0


@pytest.mark.parametrize("kind", ["tiny.deaf", "tiny.chatty"])
@pytest.mark.parametrize("how", ["pipe", "signal"])
def test_what_it_was_doing_when_it_had_to_leave_is_said(
    catalog: Catalog, worker: Process, how: str, kind: str
) -> None:
    job = started(catalog, queue(catalog, kind))
    if how == "pipe":
        assert worker.stdin is not None
        worker.stdin.close()
    else:
        worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    left = catalog.jobs.get(job.id)
    assert left.state == "interrupted"
    assert "closed" in left.error


def test_work_that_goes_on_where_it_was_is_said_to_when_the_app_is_closed(
    catalog: Catalog, worker: Process, tmp_path: Path
) -> None:
    job = started(catalog, queue(catalog, "tiny.steps", file=str(tmp_path / "steps")))
    catalog.jobs.wish(job.id, paused=True)
    said(catalog, job, "paused")
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(10) == 0
    left = catalog.jobs.get(job.id)
    assert left.state == "interrupted"
    assert left.error == (
        "Lightbox was closed while this was paused. Resume it to go on from what it had kept."
    )


@pytest.mark.usefixtures("either_database")
def test_a_paused_job_stays_alive_and_goes_on_where_it_was(
    catalog: Catalog, worker: Process, tmp_path: Path
) -> None:
    job = started(catalog, queue(catalog, "tiny.steps", file=str(tmp_path / "steps")))
    catalog.jobs.wish(job.id, paused=True)
    paused = said(catalog, job, "paused")
    for _ in range(2):
        beat = catalog.jobs.get(job.id).heartbeat_at
        wait_until(lambda beat=beat: catalog.jobs.get(job.id).heartbeat_at != beat, 5, "a beat")
    assert catalog.jobs.events(job.id, after=paused.seq) == []
    assert live(catalog, job.id).paused
    catalog.jobs.wish(job.id, paused=False)
    said(catalog, job, "resumed", 5)
    wait_until(lambda: catalog.jobs.events(job.id, after=paused.seq, kinds=("epoch",)), 5)
    assert not live(catalog, job.id).paused
    catalog.jobs.request_cancel(job.id)
    assert ended(catalog, job, 5).state == "cancelled"
    steps = [entry["epoch"] for entry in curves(catalog, job.id).epochs]
    assert steps == list(range(1, len(steps) + 1))


def test_a_paused_job_that_is_stopped_ends(
    catalog: Catalog, worker: Process, tmp_path: Path
) -> None:
    job = started(catalog, queue(catalog, "tiny.steps", file=str(tmp_path / "steps")))
    catalog.jobs.wish(job.id, paused=True)
    said(catalog, job, "paused")
    catalog.jobs.request_cancel(job.id)
    assert ended(catalog, job, 5).state == "cancelled"


def test_jobs_are_done_in_the_order_in_which_they_were_put(
    catalog: Catalog, worker: Process
) -> None:
    busy = started(catalog, queue(catalog, "tiny.wait"))
    a, b, c = (queue(catalog, "tiny.note", text=text) for text in "abc")
    catalog.jobs.move(c.id, "first")
    catalog.jobs.move(a.id, "last")
    catalog.jobs.request_cancel(busy.id)
    ended(catalog, a)
    began = [catalog.jobs.get(job.id).started_at or 0 for job in (c, b, a)]
    assert began == sorted(began)


def test_it_leaves_even_if_nothing_can_be_written(catalog: Catalog, worker: Process) -> None:
    started(catalog, queue(catalog, "tiny.deaf"))
    with catalog.engine.begin() as connection:
        connection.execute(sqlalchemy.text("ALTER TABLE jobs RENAME TO lost"))
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(5) == 0
    with catalog.engine.begin() as connection:  # a server's is the next test's, too
        connection.execute(sqlalchemy.text("ALTER TABLE lost RENAME TO jobs"))


def test_ctrl_c_in_the_terminal_is_its_parents_business(catalog: Catalog, worker: Process) -> None:
    job = started(catalog, queue(catalog, "tiny.wait"))
    worker.send_signal(signal.SIGINT)
    catalog.jobs.request_cancel(job.id)
    assert ended(catalog, queue(catalog, "tiny.note")).state == "done"
    assert worker.poll() is None


@pytest.mark.usefixtures("either_database")
def test_two_workers_share_the_queue_and_do_nothing_twice(catalog: Catalog) -> None:
    with running(light_worker(catalog)), running(light_worker(catalog)):
        jobs = [queue(catalog, "tiny.note") for _ in range(12)]
        wait_until(lambda: all(catalog.jobs.get(job.id).finished for job in jobs), 20)
    for job in jobs:
        assert catalog.jobs.get(job.id).state == "done"
        assert len(catalog.jobs.events(job.id)) == 1
