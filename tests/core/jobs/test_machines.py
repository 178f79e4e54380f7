"""Several machines work for one catalog: each job is done once, whatever becomes of whom."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog, JobRecord
from core.catalog.machines import Machine
from core.cli import main
from core.datasets.intake import add_folder
from core.jobs import leases, reporter
from core.jobs.execute import execute
from core.jobs.kinds import submit_scan
from core.jobs.leases import MOST_LOST, let_go
from core.jobs.live import curves
from core.jobs.supervisor import Supervisor
from tests.core.jobs import tiny
from tests.core.jobs.processes import (
    alive,
    ended,
    queue,
    running,
    start,
    started,
    supervised,
    worker_of,
)
from tests.postgres import Server
from tests.waiting import wait_until


def more_hands(catalog: Catalog) -> Supervisor:
    """What ``worker`` keeps, with small kinds of jobs besides."""
    return Supervisor(catalog.workspace, (tiny.MODULE,), ("light",), of_app=False)


@pytest.mark.usefixtures("either_database")
def test_a_computer_that_is_let_work_is_listed_and_does_what_waits(
    catalog: Catalog, class_folders: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = add_folder(catalog, class_folders({"cat": 3, "dog": 3}), "pets", restrict=False)
    with running(start("-m", "core", "worker", "--lane", "light")) as program:
        (machine,) = wait_until(catalog.machines.all, 60, "a machine")
        assert machine.lanes == ("light",)
        assert machine.cores > 0
        job = ended(catalog, submit_scan(catalog, dataset.id), 60)
        assert (job.state, job.machine, job.claims) == ("done", machine.id, 1)
        assert main(["machines"]) == 0
        assert machine.host in capsys.readouterr().out
        program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0
    assert catalog.machines.all() == []
    assert not alive(job.pid or 0)


def test_a_folder_that_the_others_do_not_use_is_refused(
    catalog: Catalog, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog.datasets.add("pets", "folder", "/photos")
    assert main(["worker"]) == 2
    assert "not in this folder" in capsys.readouterr().err


def test_a_machine_that_is_silent_is_not_there(catalog: Catalog, on_server: str) -> None:
    catalog.machines.beat(Machine("m-1", "here", ("light",), 2, 10**10))
    with catalog.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE machines SET seen_at = seen_at - 60")
    assert catalog.machines.all() == []
    catalog.machines.beat(Machine("m-1", "here", ("light",), 2, 10**10))
    assert [each.host for each in catalog.machines.all()] == ["here"]


def test_what_a_killed_worker_was_doing_is_done_by_the_next(
    on_server: str, catalog: Catalog, tmp_path: Path
) -> None:
    spec = {"file": str(tmp_path / "steps"), "steps": 8, "hang_at": 5}
    job = queue(catalog, "tiny.steps", **spec)
    other = more_hands(catalog)
    with supervised(catalog) as first:
        wait_until(lambda: len(curves(catalog, job.id).batches) == 5, 30, "the fifth step")
        now = catalog.jobs.get(job.id)
        assert now.machine == first.machine.id
        other.start()
        try:
            os.kill(now.pid or 0, signal.SIGKILL)
            done = ended(catalog, job, 30)
        finally:
            other.stop()
    assert (done.state, done.claims, done.lost) == ("done", 2, 1)
    assert [entry["epoch"] for entry in curves(catalog, job.id).epochs] == list(range(1, 9))


def test_what_runs_goes_on_while_the_database_is_started_anew(
    on_server: str, catalog: Catalog, server: Server, tmp_path: Path
) -> None:
    job = queue(catalog, "tiny.steps", file=str(tmp_path / "steps"), steps=150)
    with supervised(catalog):
        started(catalog, job, 30)
        server.stop()
        server.start()
        done = ended(catalog, job, 60)
        assert (done.state, done.claims) == ("done", 1)
        after = ended(catalog, queue(catalog, "tiny.note"), 30)
        assert (after.state, after.pid) == ("done", done.pid)
    epochs = [entry["epoch"] for entry in curves(catalog, job.id).epochs]
    assert epochs == list(range(1, 151))


STEPS = 20


@pytest.mark.parametrize("what", ["worker killed", "connections cut", "database anew"])
def test_whatever_happens_whenever_the_job_ends_right_and_nothing_is_done_twice(
    on_server: str, catalog: Catalog, server: Server, tmp_path: Path, what: str
) -> None:
    def happens(pid: int) -> None:
        if what == "worker killed":
            os.kill(pid, signal.SIGKILL)
        elif what == "connections cut":
            server.cut(on_server)
        else:
            server.stop()
            server.start()

    with supervised(catalog) as kept:
        worker_of(kept)
        for after in (0, STEPS // 2, STEPS - 1):  # steps; 0 is while it waits
            job = queue(catalog, "tiny.steps", file=str(tmp_path / f"{after}"), steps=STEPS)
            if after:
                wait_until(
                    lambda job=job, k=after: len(curves(catalog, job.id).epochs) >= k,  # type: ignore[misc]
                    30,
                    f"step {after}",
                )
            happens(catalog.jobs.get(job.id).pid or worker_of(kept))
            done = ended(catalog, job, 60)
            assert (done.state, done.error) == ("done", ""), after
            epochs = [entry["epoch"] for entry in curves(catalog, job.id).epochs]
            assert epochs == sorted({*epochs}), after
            assert set(epochs) <= set(range(1, STEPS + 1)), after
            # Whoever is killed may have made a step without having said so.
            assert len(epochs) >= STEPS - (what == "worker killed"), after


def claimed(catalog: Catalog, job: JobRecord, machine: str) -> JobRecord:
    taken = catalog.jobs.claim("light", pid=os.getpid(), host="h", machine=machine, job_id=job.id)
    assert taken is not None
    return taken


def test_whoever_loses_the_database_for_too_long_lets_go(
    on_server: str,
    catalog: Catalog,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reporter, "LEASE_S", 1.0)
    job = queue(catalog, "tiny.steps", file=str(tmp_path / "steps"))
    job = claimed(catalog, job, "m-1")
    reports: list[reporter.DatabaseReporter] = []
    work = threading.Thread(target=execute, args=(catalog, job, None, reports))
    work.start()
    started(catalog, job)
    server.stop()
    try:
        wait_until(lambda: reports[0].lost, 20, "the end of its lease")
    finally:
        server.start()
    work.join(30)
    left = catalog.jobs.get(job.id)
    assert (left.state, left.lost) == ("queued", 1)
    next_one = claimed(catalog, left, "m-2")
    assert next_one.claims == 2
    assert not catalog.jobs.finish(job.id, "done", claim=job.claims)
    assert not catalog.jobs.append_event(job.id, "epoch", {}, claim=job.claims)


def given_up(catalog: Catalog, job: JobRecord) -> None:
    """Listen to a job until it is let go of."""
    listener = leases.Silence(catalog)

    def gone() -> bool:
        listener.mark()
        return catalog.jobs.get(job.id).state != "running"

    wait_until(gone, 20, "the end of patience")


def test_a_job_that_every_owner_loses_is_left_to_a_person(
    on_server: str, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "SILENT_S", 0.0)
    monkeypatch.setattr(leases, "_LOST_S", 0.0)
    job = queue(catalog, "tiny.note")
    for lost in range(MOST_LOST + 1):
        job = claimed(catalog, job, f"m-{lost}")
        assert job.lost == lost
        given_up(catalog, job)
    left = catalog.jobs.get(job.id)
    assert (left.state, left.claims) == ("interrupted", MOST_LOST + 1)
    assert "ended without a word" in left.error


def test_what_is_to_stop_is_not_begun_anew_and_what_others_have_is_theirs(
    on_server: str, catalog: Catalog
) -> None:
    job = claimed(catalog, queue(catalog, "tiny.note"), "m-1")
    catalog.jobs.request_cancel(job.id)
    let_go(catalog, job, "It was lost.")
    assert catalog.jobs.get(job.id).state == "interrupted"

    job = claimed(catalog, queue(catalog, "tiny.note"), "m-1")
    let_go(catalog, job, "It was lost.")
    # Two may notice at once, and an answer may not arrive: it goes on waiting for the next one.
    let_go(catalog, job, "It was lost.")
    assert not catalog.jobs.finish(job.id, "done", claim=job.claims)
    assert catalog.jobs.get(job.id).state == "queued"
    theirs = claimed(catalog, job, "m-2")
    let_go(catalog, job, "It was lost.")
    assert catalog.jobs.get(job.id).machine == theirs.machine


@pytest.mark.file_only
def test_on_one_machine_what_was_lost_waits_for_a_person(catalog: Catalog) -> None:
    job = claimed(catalog, queue(catalog, "tiny.note"), "m-1")
    let_go(catalog, job, "It was lost.")
    assert (catalog.jobs.get(job.id).state, catalog.jobs.get(job.id).error) == (
        "interrupted",
        "It was lost.",
    )
