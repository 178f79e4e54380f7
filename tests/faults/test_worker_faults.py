"""Processes that are killed: nothing keeps running, nothing looks as if it did, the rest works."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from core.catalog import Catalog, RunRecord
from core.datasets.intake import add_folder
from core.jobs.kinds import resume_run
from core.jobs.live import curves
from core.jobs.supervisor import Supervisor
from core.quality.scan import scan
from core.training.start import create_run, suggest_spec
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.core.jobs.processes import alive, ended, owner, queue, started, supervised, worker_of
from tests.waiting import wait_until


@pytest.mark.file_only
def test_a_job_whose_worker_is_killed_is_interrupted_within_ten_seconds(catalog: Catalog) -> None:
    with supervised(catalog) as supervisor:
        job = started(catalog, queue(catalog, "tiny.deaf"))
        run = catalog.runs.add("night", dataset_id="d", dataset_version=1, spec={}, job_id=job.id)
        assert catalog.runs.get(run.id).state == "running"
        assert job.pid is not None
        os.kill(job.pid, signal.SIGKILL)
        lost = ended(catalog, job, timeout=10)
        assert (lost.state, lost.error_id) == ("interrupted", "")
        assert "killed" in lost.error
        assert "start it again" in lost.error
        now = catalog.runs.get(run.id)
        assert (now.state, now.error) == ("interrupted", lost.error)
        assert ended(catalog, queue(catalog, "tiny.note")).state == "done"
        assert worker_of(supervisor) != job.pid


def test_a_job_that_was_killed_half_way_goes_on_from_there_when_it_is_queued_again(
    catalog: Catalog, tmp_path: Path
) -> None:
    spec = {"file": str(tmp_path / "steps"), "steps": 8, "hang_at": 5}
    job = queue(catalog, "tiny.steps", **spec)
    run = catalog.runs.add("night", dataset_id="d", dataset_version=1, spec={}, job_id=job.id)
    with supervised(catalog):
        wait_until(lambda: len(curves(catalog, job.id).batches) == 5, 20, "the fifth step")
        pid = catalog.jobs.get(job.id).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        if not catalog.on_server:  # where it goes on by itself
            lost = ended(catalog, job, timeout=10)
            assert lost.state == "interrupted"
            assert "Resume it to go on from what it had kept." in lost.error
            assert resume_run(catalog, run.id).state == "queued"
        done = ended(catalog, job)
    assert (done.state, done.error) == ("done", "")
    assert done.pid != pid
    seen = curves(catalog, job.id)
    assert [entry["epoch"] for entry in seen.epochs] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [entry["epoch"] for entry in seen.batches] == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.slow
def test_a_train_worker_does_one_job_after_the_other_until_one_meets_a_defect(
    catalog: Catalog,
) -> None:
    with supervised(catalog, lanes=("train",)):
        kinds = (
            "tiny.note",
            "tiny.mistake",
            "tiny.defect",
            "tiny.note",
            "tiny.memory",
            "tiny.note",
        )
        jobs = [queue(catalog, kind, lane="train") for kind in kinds]
        done = [ended(catalog, job, timeout=120) for job in jobs]
    pids = [job.pid for job in done]
    assert [job.state for job in done] == ["done", "failed", "failed", "done", "failed", "done"]
    assert pids[0] == pids[1] == pids[2]
    assert pids[3] == pids[4]
    assert len(set(pids)) == 3


@pytest.mark.parametrize("busy", [True, False], ids=["busy", "idle"])
def test_an_app_that_is_killed_leaves_no_worker_behind(catalog: Catalog, busy: bool) -> None:
    with owner() as app:
        pid = wait_until(lambda: app.pids.get("light", 0), 20, "a worker")
        job = queue(catalog, "tiny.deaf" if busy else "tiny.note")
        if busy:
            started(catalog, job)
        else:
            ended(catalog, job)
        app.process.kill()
        wait_until(lambda: not alive(pid), 10, "the end of its worker")
    # With a server, the next machine takes it.
    left = "queued" if catalog.on_server else "interrupted"
    assert catalog.jobs.get(job.id).state == (left if busy else "done")
    if catalog.on_server:
        return
    assert catalog.jobs.get(job.id).error == (
        "Lightbox was closed while this was running. Start it again to do it anew." if busy else ""
    )


@pytest.mark.file_only
def test_app_and_worker_that_are_killed_at_once_are_noticed_by_the_next_app(
    catalog: Catalog,
) -> None:
    with owner() as app:
        job = started(catalog, queue(catalog, "tiny.deaf"))
        assert job.pid is not None
        os.kill(job.pid, signal.SIGSTOP)
        app.process.kill()
        os.kill(job.pid, signal.SIGKILL)
        wait_until(lambda: not alive(job.pid or 0), 10, "the end of its worker")
    assert catalog.jobs.get(job.id).state == "running", "nobody was left to say so"
    with supervised(catalog, lanes=()):
        assert ended(catalog, job, timeout=12).state == "interrupted"


@pytest.mark.file_only
def test_a_training_whose_worker_is_killed_is_interrupted_and_the_next_worker_warms_up(
    catalog: Catalog, tmp_path: Path
) -> None:
    run = endless_training(catalog, tmp_path / "photos")
    with supervised(catalog, lanes=("train",)) as supervisor:
        wait_until(
            lambda: catalog.jobs.latest_event(run.job_id, "epoch"), 60, "the end of an epoch"
        )
        job = catalog.jobs.get(run.job_id)
        assert job.pid == worker_of(supervisor, "train")
        os.kill(job.pid, signal.SIGKILL)
        lost = ended(catalog, job, timeout=10)
        now = catalog.runs.get(run.id)
        assert (now.state, now.error) == ("interrupted", lost.error)
        assert "memory" in now.error
        assert "Resume it" in now.error
        after = wait_until(lambda: supervisor.pids.get("train", job.pid) != job.pid, 10)
        assert after
        pid = worker_of(supervisor, "train")
    assert not alive(pid), "one that was still warming up is ended too"
    assert not (catalog.workspace.run(run.id) / "model.xml").exists()


def endless_training(catalog: Catalog, root: Path) -> RunRecord:
    """A queued training of more epochs than anybody waits for."""
    for colour in CLASSES:
        for number in range(12):
            write_colour(root / colour / f"{number}.png", colour, seed=number)
    dataset = add_folder(catalog, root, "colours", restrict=False)
    scan(catalog, dataset.id)
    spec = suggest_spec(catalog, dataset.id, "classic")
    return create_run(catalog, spec.with_values({"epochs": 1000, "image_size": 16}), "endless")


def test_a_worker_that_can_not_start_is_told_to_those_who_wait(catalog: Catalog) -> None:
    job = catalog.jobs.add("scan", {"dataset_id": "none"}, lane="light")
    supervisor = Supervisor(catalog.workspace, also=("there.is.no.such.module",), lanes=("light",))
    supervisor.start()
    try:
        wait_until(lambda: catalog.jobs.get(job.id).finished, 60, "the end of the job")
    finally:
        supervisor.stop()
    ended = catalog.jobs.get(job.id)
    assert ended.state == "failed"
    assert "worker-light.log" in ended.error
