"""The kinds of jobs do what they say, and a dataset says how its import ended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.catalog import Catalog, DatasetRecord, JobRecord
from core.cli import main
from core.datasets.intake import add_folder
from core.errors import Conflict, NotFound
from core.jobs import kinds
from core.jobs.execute import execute
from core.jobs.live import live
from core.jobs.registry import Named, kind, named
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
    lanes = {kind: item.lane for kind, item in kinds.KINDS.items() if "." not in kind}
    training = {"train", "measure", "prepare", "find_rate", "import_model", "export_model"}
    assert {kind for kind, lane in lanes.items() if lane == "train"} == training
    assert {"import", "scan", "suspects", "evaluate"} <= set(lanes)


def test_an_import_makes_a_dataset_ready(catalog: Catalog, added: DatasetRecord) -> None:
    job = kinds.submit_import(catalog, added.id)
    assert (job.state, job.lane, job.subject) == ("queued", "light", added.id)
    assert do(catalog, job).state == "done"
    now = catalog.datasets.get(added.id)
    assert (now.state, now.images, now.classes, now.job_id) == ("ready", 160, 2, job.id)


def test_an_import_can_go_on_to_a_training_with_suggested_settings(
    catalog: Catalog, added: DatasetRecord
) -> None:
    do(catalog, kinds.submit_import(catalog, added.id, then_train=True))
    (run,) = catalog.runs.all()
    job = catalog.jobs.get(run.job_id)
    assert (run.dataset_id, job.kind, job.lane, job.state) == (added.id, "train", "train", "queued")


def test_a_folder_that_has_gone_before_the_import_is_a_sentence(
    catalog: Catalog, added: DatasetRecord, folder: Path
) -> None:
    shutil.rmtree(folder)
    job = do(catalog, kinds.submit_import(catalog, added.id))
    now = catalog.datasets.get(added.id)
    assert (job.state, job.error_id, now.state) == ("failed", "", "failed")
    assert now.problem == job.error
    assert str(folder) in job.error


def test_a_folder_that_goes_away_while_it_is_scanned_is_no_defect(
    catalog: Catalog, added: DatasetRecord, folder: Path
) -> None:
    job = kinds.submit_import(catalog, added.id)
    ended = do(catalog, job, At("scan", lambda: shutil.rmtree(folder)))
    assert ended.finished
    assert ended.error_id == ""
    assert not folder.exists()


def test_a_folder_that_has_gone_after_the_import_leaves_the_dataset_as_it_was(
    catalog: Catalog, added: DatasetRecord, folder: Path
) -> None:
    do(catalog, kinds.submit_import(catalog, added.id))
    before = catalog.datasets.get(added.id)
    shutil.rmtree(folder)
    job = do(catalog, kinds.submit_scan(catalog, added.id))
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
    job = kinds.submit_import(catalog, added.id)
    claimed = catalog.jobs.claim("light", pid=os.getpid(), host="here")
    assert claimed is not None
    assert execute(catalog, claimed, Stop(), started).state == "cancelled"
    stopped = catalog.datasets.get(added.id)
    assert (stopped.state, stopped.version, stopped.job_id) == ("failed", 0, job.id)
    assert "cancelled" in stopped.problem
    again = do(catalog, kinds.submit_scan(catalog, added.id))
    now = catalog.datasets.get(added.id)
    assert (again.state, now.state, now.images, now.problem) == ("done", "ready", 160, "")


def test_a_scan_of_a_dataset_that_was_removed_is_a_sentence(
    catalog: Catalog, added: DatasetRecord
) -> None:
    job = kinds.submit_scan(catalog, added.id)
    catalog.datasets.remove(added.id)
    ended = do(catalog, job)
    assert (ended.state, ended.error_id) == ("failed", "")
    assert "not here any more" in ended.error


def test_an_evaluation_of_a_run_that_is_not_there_is_a_sentence(catalog: Catalog) -> None:
    for spec in ({"run_id": "none"}, {"run_id": "none", "folder": "photos"}):
        ended = do(catalog, kinds.submit(catalog, "evaluate", spec))
        assert (ended.state, ended.error_id) == ("failed", "")
        assert ended.error


def test_a_run_that_was_interrupted_is_queued_again(catalog: Catalog) -> None:
    job = catalog.jobs.add("train", {"run_id": "r"}, lane="train")
    run = catalog.runs.add("night", dataset_id="d", dataset_version=1, spec={}, job_id=job.id)
    with pytest.raises(Conflict, match="waiting"):
        kinds.resume_run(catalog, run.id)
    catalog.jobs.finish(job.id, "interrupted", "Lightbox was closed.")
    again = kinds.resume_run(catalog, run.id)
    assert (again.id, again.state, again.error) == (run.id, "queued", "")
    assert [waiting.id for waiting in catalog.jobs.queue("train")] == [job.id]
    with pytest.raises(NotFound):
        kinds.resume_run(catalog, "none")


def test_training_goes_on_where_it_was_interrupted_and_nobody_knows_of_unknown_kinds() -> None:
    assert kinds.resumes("train")
    assert not kinds.resumes("scan")
    assert not kinds.resumes("knit")


@pytest.fixture
def knitting() -> Iterator[list[str]]:
    """A kind of job that is added while the app runs, with what it said of itself."""
    made: list[str] = []

    @kind(
        "knit",
        "Knit a scarf",
        about="dataset",
        phases={"purl": "Purling"},
        detail=lambda spec: str(spec["wool"]),
    )
    def _knit(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
        report.progress("purl", 1, 2)
        job = catalog.jobs.active("knit", spec["dataset_id"])
        assert job is not None
        made.append(live(catalog, job.id).doing)

    yield made
    del kinds.KINDS["knit"]


def test_a_kind_that_is_one_function_runs_and_is_named_everywhere(
    catalog: Catalog, knitting: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    scarves = catalog.datasets.add("scarves", "folder", "/scarves")
    job = kinds.submit(catalog, "knit", {"dataset_id": scarves.id, "wool": "blue"})
    assert (job.lane, job.subject, job.state) == ("light", scarves.id, "queued")
    assert main(["queue"]) == 0
    assert "scarves  Knit a scarf (blue)" in capsys.readouterr().out
    assert named(catalog, [job])[job.id] == Named("Knit a scarf (blue)", "scarves", "")
    assert do(catalog, job).state == "done"
    assert knitting == ["Purling"]


def test_every_kind_says_what_it_does_and_whose_it_is() -> None:
    ours = [each for key, each in kinds.KINDS.items() if "." not in key]
    assert len(ours) == len({each.title for each in ours}) >= 19
    for each in ours:
        assert each.title[0].isupper()
        assert "_" not in each.title
        assert each.about in ("dataset", "run")


def test_what_is_done_to_an_archived_model_says_to_which(catalog: Catalog) -> None:
    trained = catalog.jobs.add("train", {}, lane="train")
    catalog.jobs.finish(trained.id, "done")
    run = catalog.runs.add("night", dataset_id="d", dataset_version=1, spec={}, job_id=trained.id)
    catalog.runs.archive(run.id)
    job = kinds.submit_study(catalog, run.id)
    assert named(catalog, [job])[job.id].whole == "Look into a model’s answers: night"


def test_one_of_a_kind_is_enough_until_somebody_stops_it(catalog: Catalog) -> None:
    first = kinds.submit_umap(catalog, "r", "test")
    assert kinds.submit_umap(catalog, "r", "test").id == first.id
    assert kinds.submit_umap(catalog, "r", "photos").id != first.id
    assert kinds.submit_umap(catalog, "s", "test").id != first.id
    catalog.jobs.claim("light", pid=1, host="here", job_id=first.id)
    assert kinds.submit_umap(catalog, "r", "test").id == first.id
    catalog.jobs.request_cancel(first.id)
    second = kinds.submit_umap(catalog, "r", "test")
    assert second.id != first.id
    latest = catalog.jobs.latest("umap", "r", on="test")
    assert latest is not None
    assert latest.id == second.id
    catalog.jobs.request_cancel(second.id)
    active = catalog.jobs.active("umap", "r", on="test")
    assert active is not None
    assert active.id == first.id, "it hasn't stopped yet"


def test_a_report_is_queued_again_while_one_is_being_written(catalog: Catalog) -> None:
    first = kinds.submit_report(catalog, "r")
    assert kinds.submit_report(catalog, "r").id == first.id
    catalog.jobs.claim("light", pid=1, host="here", job_id=first.id)
    assert kinds.submit_report(catalog, "r").id != first.id


def test_what_an_earlier_version_queued_is_named_and_done(
    catalog: Catalog, added: DatasetRecord
) -> None:
    rows = [
        catalog.jobs.add("import", {"dataset_id": added.id}, lane="light", subject=added.id),
        catalog.jobs.add("scan", {"dataset_id": added.id}, lane="light", subject=added.id),
    ]
    spec = {"run_ids": ["a", "b"]}
    latency = catalog.jobs.add("latency", spec, lane="light", subject="a")
    rest = {"run_id": "a", "on": "test", "rest": True}
    study = catalog.jobs.add("study", rest, lane="light", subject="a")
    gone = catalog.jobs.add("wash_cars", {}, lane="light")
    words = named(catalog, [*rows, latency, gone])
    assert [words[job.id].subject for job in rows] == [added.name] * 2
    assert words[latency.id] == Named("Measure how fast models answer (2 models)", "", "")
    assert words[gone.id].title == "Wash cars"
    assert kinds.submit_study(catalog, "a").id == study.id
    assert [do(catalog, job).state for job in rows] == ["done", "done"]
    ended = do(catalog, gone)
    assert (ended.state, ended.error_id) == ("failed", "")
    assert "can't do this kind of work (wash_cars)" in ended.error
