"""However the work ends, the job ends with it, and says why in a sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog, JobRecord
from core.datasets.intake import add_folder
from core.jobs.execute import execute
from core.jobs.kinds import submit_scan
from core.jobs.reporter import DatabaseReporter
from core.who import Who, acting_as
from tests.computers import Computer
from tests.core.jobs import tiny
from tests.core.jobs.processes import queue
from tests.recording import RecordingReporter

assert tiny.MODULE, "importing it registers its kinds"


def do(catalog: Catalog, kind: str, **spec: object) -> JobRecord:
    job = queue(catalog, kind, **spec)
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here", job_id=job.id)
    assert claimed is not None
    return execute(catalog, claimed)


def test_work_that_returns_is_done(catalog: Catalog) -> None:
    job = do(catalog, "tiny.note", text="counted")
    assert (job.state, job.error, job.error_id, job.done, job.total) == ("done", "", "", 3, 4)
    event = catalog.jobs.latest_event(job.id, "note")
    assert event is not None
    assert event.payload["text"] == "counted"


def test_what_a_job_does_is_done_in_the_name_of_whoever_asked_for_it(
    catalog: Catalog, class_folders: Callable[..., Path]
) -> None:
    with acting_as(Who("labeller", "Lea")):
        record = add_folder(catalog, class_folders({"cats": 2, "dogs": 2}), restrict=False)
        job = submit_scan(catalog, record.id)
    assert job.by == "Lea"
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here", job_id=job.id)
    assert claimed is not None
    assert execute(catalog, claimed).state == "done"
    assert {each.author for each in catalog.changes.of(record.id)} == {"Lea"}
    assert catalog.jobs.all()[-1].by == "Lea"
    assert do(catalog, "tiny.note", text="a").by == ""


def test_a_persons_mistake_is_its_sentence_and_nothing_is_logged(catalog: Catalog) -> None:
    job = do(catalog, "tiny.mistake")
    assert (job.state, job.error_id) == ("failed", "")
    assert job.error == "This folder is empty (photos). Choose another."
    assert list(catalog.workspace.logs.iterdir()) == []


def test_what_fails_once_nothing_of_it_is_wanted_is_no_failure(catalog: Catalog) -> None:
    for kind in ("tiny.mistake", "tiny.defect"):
        job = queue(catalog, kind)
        claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here", job_id=job.id)
        assert claimed is not None
        catalog.jobs.request_cancel(job.id, discard=True)
        assert execute(catalog, claimed).state == "cancelled"
    assert list(catalog.workspace.logs.iterdir()) == []


def test_a_defect_has_an_id_and_its_traceback_is_in_the_logs(catalog: Catalog) -> None:
    job = do(catalog, "tiny.defect")
    assert job.state == "failed"
    assert job.error_id
    assert job.error_id in job.error
    assert "ZeroDivisionError" not in job.error
    log = (catalog.workspace.logs / f"{job.error_id}.txt").read_text(encoding="utf-8")
    assert "Traceback" in log
    assert "ZeroDivisionError" in log
    assert "tiny.py" in log


def test_every_defect_has_its_own_id(catalog: Catalog) -> None:
    assert do(catalog, "tiny.defect").error_id != do(catalog, "tiny.defect").error_id


def test_a_kind_that_nobody_knows_is_a_sentence(catalog: Catalog) -> None:
    job = do(catalog, "knit")
    assert (job.state, job.error_id) == ("failed", "")
    assert "can't do this kind of work (knit)" in job.error


@pytest.mark.parametrize(("kind", "word"), [("tiny.memory", "memory"), ("tiny.full", "disk")])
def test_running_out_of_memory_or_disk_is_no_defect(catalog: Catalog, kind: str, word: str) -> None:
    job = do(catalog, kind)
    assert (job.state, job.error_id) == ("failed", "")
    assert word in job.error


def test_a_stop_is_no_error(catalog: Catalog) -> None:
    class StopAtOnce(RecordingReporter):
        """Hears the first event, and asks for the end then."""

        def event(self, kind: str, **payload: object) -> None:  # noqa: ARG002
            started[0].cancel()

    job = queue(catalog, "tiny.wait")
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here")
    assert claimed is not None
    started: list[DatabaseReporter] = []
    ended = execute(catalog, claimed, StopAtOnce(), started)
    assert (ended.id, ended.state, ended.error, ended.error_id) == (job.id, "cancelled", "", "")


def test_a_job_that_was_given_up_meanwhile_stays_as_it_ended(catalog: Catalog) -> None:
    job = queue(catalog, "tiny.note")
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here")
    assert claimed is not None
    catalog.jobs.finish(job.id, "interrupted", "The computer was switched off.")
    assert execute(catalog, claimed).state == "interrupted"


def test_a_job_that_was_given_up_and_taken_by_another_is_the_others_to_end(
    catalog: Catalog,
) -> None:
    job = queue(catalog, "tiny.note")
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here")
    assert claimed is not None
    catalog.jobs.finish(job.id, "interrupted", "The computer was switched off.")
    catalog.jobs.requeue(job.id)
    catalog.jobs.claim("light", pid=1, host="there")
    assert execute(catalog, claimed).state == "running"
    assert catalog.jobs.events(job.id) == []


def test_what_a_job_makes_is_in_the_store_before_it_ends_unless_it_is_anothers_by_then(
    computer: Computer, shared: Path
) -> None:
    one, other = computer("one"), computer("other")

    def made(catalog: Catalog) -> str:
        return (catalog.workspace.run("r-1") / "made").read_text()

    assert do(one, "tiny.run", run_id="r-1", text="1").state == "done"
    assert made(other) == "1"
    # What a failed one has left, to go on with.
    assert do(one, "tiny.run", run_id="r-1", text="2", then="fail").state == "failed"
    assert made(other) == "2"
    job = do(one, "tiny.run", run_id="r-1", text="half", then="lose")
    assert job.state == "queued"
    assert made(one) == made(other) == "2"
    # Whose worker was killed: what it has left is published for whoever goes on with it.
    mine = one.jobs.claim("light", pid=1, host="here", job_id=job.id)
    assert mine is not None
    (one.workspace.run("r-1") / "made").write_text("3")
    keeper = one.workspace.keeper
    assert keeper is not None
    keeper.publish_of({"r-1"}, (mine.id, mine.claims - 1))
    assert made(other) == "2"
    keeper.publish_of({"r-1"}, (mine.id, mine.claims))
    assert made(other) == "3"
    one.jobs.finish(mine.id, "done")
    # A store that isn't there ends a job with a sentence; once it is back, nothing was lost.
    shared.rename(shared.with_name("away"))
    job = do(one, "tiny.run", run_id="r-1", text="4")
    assert job.state == "interrupted"
    assert "folder for shared files is not there" in job.error
    shared.with_name("away").rename(shared)
    keeper.settle()
    assert made(other) == "4"
