"""The kinds of jobs do what they say, and a dataset says how its import ended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord, JobRecord
from core.datasets.intake import add_folder
from core.errors import Conflict, NotFound
from core.jobs import handlers
from core.jobs.execute import execute
from core.jobs.reporter import DatabaseReporter
from core.progress import Reporter


def do(catalog: Catalog, job: JobRecord, echo: Reporter | None = None) -> JobRecord:
    claimed = catalog.jobs.claim(job.lane, pid=os.getpid(), host="here", job_id=job.id)
    assert claimed is not None
    return execute(catalog, claimed, echo)


@pytest.fixture
def folder(class_folders: Callable[..., Path]) -> Path:
    return class_folders({"cat": 80, "dog": 80})


@pytest.fixture
def added(catalog: Catalog, folder: Path) -> DatasetRecord:
    return add_folder(catalog, folder, restrict=False)


class At(Reporter):
    """Does something once, at the first progress of a phase."""

    def __init__(self, phase: str, act: Callable[[], object]) -> None:
        self.phase, self.act, self.acted = phase, act, False

    def progress(self, phase: str, *_: object, **__: object) -> None:
        if phase == self.phase and not self.acted:
            self.acted = True
            self.act()


def test_lanes_keep_tensorflow_away_from_everything_but_training() -> None:
    lanes = {kind: item.lane for kind, item in handlers.HANDLERS.items() if "." not in kind}
    training = {"train", "measure", "prepare", "find_rate", "import_model", "export_model"}
    assert {kind for kind, lane in lanes.items() if lane == "train"} == training
    assert {"import", "scan", "suspects", "evaluate"} <= set(lanes)


def test_an_import_makes_a_dataset_ready(catalog: Catalog, added: DatasetRecord) -> None:
    job = handlers.submit_import(catalog, added.id)
    assert (job.state, job.lane, job.subject) == ("queued", "light", added.id)
    assert do(catalog, job).state == "done"
    now = catalog.datasets.get(added.id)
    assert (now.state, now.images, now.classes, now.job_id) == ("ready", 160, 2, job.id)


def test_an_import_can_go_on_to_a_training_with_suggested_settings(
    catalog: Catalog, added: DatasetRecord
) -> None:
    do(catalog, handlers.submit_import(catalog, added.id, then_train=True))
    (run,) = catalog.runs.all()
    job = catalog.jobs.get(run.job_id)
    assert (run.dataset_id, job.kind, job.lane, job.state) == (added.id, "train", "train", "queued")


def test_a_folder_that_has_gone_before_the_import_is_a_sentence(
    catalog: Catalog, added: DatasetRecord, folder: Path
) -> None:
    shutil.rmtree(folder)
    job = do(catalog, handlers.submit_import(catalog, added.id))
    now = catalog.datasets.get(added.id)
    assert (job.state, job.error_id, now.state) == ("failed", "", "failed")
    assert now.problem == job.error
    assert str(folder) in job.error


def test_a_folder_that_goes_away_while_it_is_scanned_is_no_defect(
    catalog: Catalog, added: DatasetRecord, folder: Path
) -> None:
    job = handlers.submit_import(catalog, added.id)
    ended = do(catalog, job, At("scan", lambda: shutil.rmtree(folder)))
    assert ended.finished
    assert ended.error_id == ""
    assert not folder.exists()


def test_a_folder_that_has_gone_after_the_import_leaves_the_dataset_as_it_was(
    catalog: Catalog, added: DatasetRecord, folder: Path
) -> None:
    do(catalog, handlers.submit_import(catalog, added.id))
    before = catalog.datasets.get(added.id)
    shutil.rmtree(folder)
    job = do(catalog, handlers.submit_scan(catalog, added.id))
    assert (job.state, job.error_id) == ("failed", "")
    after = catalog.datasets.get(added.id)
    assert (after.state, after.version, after.images) == ("ready", before.version, 160)


def test_a_cancelled_import_says_so_and_a_scan_goes_on_with_it(
    catalog: Catalog, added: DatasetRecord
) -> None:
    class Stop(Reporter):
        """Cancels as a page does, and waits until the work can know."""

        def progress(self, phase: str, *_: object, **__: object) -> None:
            if phase == "scan":
                for report in started:
                    report.cancel()

    started: list[DatabaseReporter] = []
    job = handlers.submit_import(catalog, added.id)
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here")
    assert claimed is not None
    assert execute(catalog, claimed, Stop(), started).state == "cancelled"
    stopped = catalog.datasets.get(added.id)
    assert (stopped.state, stopped.version, stopped.job_id) == ("failed", 0, job.id)
    assert "cancelled" in stopped.problem
    again = do(catalog, handlers.submit_scan(catalog, added.id))
    now = catalog.datasets.get(added.id)
    assert (again.state, now.state, now.images, now.problem) == ("done", "ready", 160, "")


def test_a_scan_of_a_dataset_that_was_removed_is_a_sentence(
    catalog: Catalog, added: DatasetRecord
) -> None:
    job = handlers.submit_scan(catalog, added.id)
    catalog.datasets.remove(added.id)
    ended = do(catalog, job)
    assert (ended.state, ended.error_id) == ("failed", "")
    assert "not here any more" in ended.error


def test_an_evaluation_of_a_run_that_is_not_there_is_a_sentence(catalog: Catalog) -> None:
    for spec in ({"run_id": "none"}, {"run_id": "none", "folder": "photos"}):
        ended = do(catalog, handlers.submit(catalog, "evaluate", spec, "none"))
        assert (ended.state, ended.error_id) == ("failed", "")
        assert ended.error


def test_a_run_that_was_interrupted_is_queued_again(catalog: Catalog) -> None:
    job = catalog.jobs.add("train", {"run_id": "r"}, lane="train")
    run = catalog.runs.add("night", dataset_id="d", dataset_version=1, spec={}, job_id=job.id)
    with pytest.raises(Conflict, match="waiting"):
        handlers.resume(catalog, run.id)
    catalog.jobs.finish(job.id, "interrupted", "Lightbox was closed.")
    again = handlers.resume(catalog, run.id)
    assert (again.id, again.state, again.error) == (run.id, "queued", "")
    assert [waiting.id for waiting in catalog.jobs.queue("train")] == [job.id]
    with pytest.raises(NotFound):
        handlers.resume(catalog, "none")


def test_training_goes_on_where_it_was_interrupted_and_nobody_knows_of_unknown_kinds() -> None:
    assert handlers.resumes("train")
    assert not handlers.resumes("scan")
    assert not handlers.resumes("knit")
