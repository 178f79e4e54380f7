"""What jobs do: a kind of job is a name, a lane and a function of other rooms.

Functions import what they need when they run, so that this list costs nothing to import.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import settings
from core.catalog import Catalog, JobRecord, RunRecord
from core.catalog.records import Lane
from core.errors import Cancelled, LightboxError
from core.progress import Reporter, ToTheEnd
from core.training.spec import TrainSpec

Work = Callable[[Catalog, dict[str, Any], Reporter], None]


@dataclass(frozen=True)
class Handler:
    """A kind of job.

    Attributes:
        lane: ``train`` if it needs TensorFlow, else ``light``.
        work: does it; told of the job's spec.
        resumes: done again, it goes on where it was interrupted.
    """

    lane: Lane
    work: Work
    resumes: bool = False


HANDLERS: dict[str, Handler] = {}


def handler(kind: str, lane: Lane, *, resumes: bool = False) -> Callable[[Work], Work]:
    """Register a function as what a kind of job does."""

    def register(work: Work) -> Work:
        HANDLERS[kind] = Handler(lane, work, resumes)
        return work

    return register


def resumes(kind: str) -> bool:
    """Whether a kind of job goes on where it was interrupted; false for kinds that nobody knows."""
    return kind in HANDLERS and HANDLERS[kind].resumes


def submit(catalog: Catalog, kind: str, spec: dict[str, Any], subject: str) -> JobRecord:
    """Queue a job about ``subject`` (the id of a dataset or run)."""
    return catalog.jobs.add(kind, spec, lane=HANDLERS[kind].lane, subject=subject)


def submit_import(catalog: Catalog, dataset_id: str, *, then_train: bool = False) -> JobRecord:
    """Queue the import of a dataset that was just added.

    Args:
        then_train: start a training with the suggested settings as soon as it is there.
    """
    spec = {"dataset_id": dataset_id, "then_train": then_train}
    job = submit(catalog, "import", spec, dataset_id)
    catalog.datasets.set(dataset_id, job_id=job.id)
    return job


def submit_suspects(catalog: Catalog, dataset_id: str) -> JobRecord:
    """Queue the search for doubtful labels and outliers."""
    return submit(catalog, "suspects", {"dataset_id": dataset_id}, dataset_id)


def submit_export(catalog: Catalog, dataset_id: str, layout: str) -> JobRecord:
    """Queue the packing of a cleaned dataset, to be fetched under the spec's ``token``."""
    from core.workspace import new_token

    version = catalog.datasets.get(dataset_id).version
    spec = {"dataset_id": dataset_id, "layout": layout, "token": new_token(), "version": version}
    return submit(catalog, "export", spec, dataset_id)


def submit_report(catalog: Catalog, run_id: str) -> JobRecord:
    """Queue the writing of a run's report, as HTML and PDF; one that waits already is enough."""
    for job in catalog.jobs.all(states=("queued",), subject=run_id):
        if job.kind == "report":
            return job
    return submit(catalog, "report", {"run_id": run_id}, run_id)


def submit_measure(catalog: Catalog, dataset_id: str) -> JobRecord:
    """Queue a few batches of each recipe, so that their times can be said."""
    return submit(catalog, "measure", {"dataset_id": dataset_id}, dataset_id)


def submit_prepare(catalog: Catalog, spec: TrainSpec) -> JobRecord | None:
    """Let an idle worker do ahead what a training with these settings would do first.

    Nothing is queued where trainings are waiting or running, or where that is being done already;
    earlier wishes of the kind that nobody has begun with are dropped.
    """
    data = spec.model_dump(mode="json")
    for job in catalog.jobs.all(states=("queued", "running")):
        if job.lane != "train":
            continue
        if job.kind != "prepare" or job.spec == data:
            return None
        catalog.jobs.request_cancel(job.id)
    return submit(catalog, "prepare", data, spec.dataset_id)


def submit_find_rate(catalog: Catalog, spec: TrainSpec) -> JobRecord:
    """Queue the search for a learning rate; its event ``rates`` has what was found."""
    return submit(catalog, "find_rate", spec.model_dump(mode="json"), spec.dataset_id)


def submit_study(catalog: Catalog, run_id: str, on: str = "test") -> JobRecord:
    """Queue what is found out once about an evaluation; what waits or runs already is returned.

    Phases that failed before are tried again.
    """
    for job in catalog.jobs.all(states=("queued", "running"), subject=run_id):
        if job.kind == "study" and job.spec["on"] == on and not job.cancel_requested:
            return job
    return submit(catalog, "study", {"run_id": run_id, "on": on}, run_id)


def submit_umap(catalog: Catalog, run_id: str, on: str = "test") -> JobRecord:
    """Queue the drawing of a UMAP map; one that waits or runs already is returned."""
    for job in catalog.jobs.all(states=("queued", "running"), subject=run_id):
        if job.kind == "umap" and job.spec["on"] == on and not job.cancel_requested:
            return job
    return submit(catalog, "umap", {"run_id": run_id, "on": on}, run_id)


def submit_evaluate(
    catalog: Catalog, run_id: str, folder: Path | None = None, *, archive: str = "", name: str = ""
) -> JobRecord:
    """Queue a test of a run: on a folder, or on an archive of the upload of this token, called
    so."""
    spec: dict[str, Any] = {"run_id": run_id}
    if archive:
        spec |= {"archive": archive, "name": name}
    elif folder is not None:
        spec["folder"] = str(folder)
    return submit(catalog, "evaluate", spec, run_id)


def submit_latency(catalog: Catalog, run_ids: Sequence[str]) -> JobRecord:
    """Queue the measuring of how long some runs' models take for one image."""
    return submit(catalog, "latency", {"run_ids": list(run_ids)}, run_ids[0])


def submit_similar(catalog: Catalog, run_id: str, on: str) -> JobRecord:
    """Queue the search for near-duplicates of training images in a folder that was tested on."""
    return submit(catalog, "similar", {"run_id": run_id, "on": on}, run_id)


def submit_familiar(catalog: Catalog, run_id: str) -> JobRecord:
    """Queue the learning of what a run's training images look like; one is enough."""
    for job in catalog.jobs.all(states=("queued", "running"), subject=run_id):
        if job.kind == "familiar" and not job.cancel_requested:
            return job
    return submit(catalog, "familiar", {"run_id": run_id}, run_id)


def submit_export_model(catalog: Catalog, run_id: str, fmt: str) -> JobRecord:
    """Queue the making of a run's export in a format; one that waits or runs already is
    returned."""
    for job in catalog.jobs.all(states=("queued", "running"), subject=run_id):
        if job.kind == "export_model" and job.spec["format"] == fmt and not job.cancel_requested:
            return job
    return submit(catalog, "export_model", {"run_id": run_id, "format": fmt}, run_id)


def submit_scan(catalog: Catalog, dataset_id: str) -> JobRecord:
    """Queue another look at a dataset's folder."""
    job = submit(catalog, "scan", {"dataset_id": dataset_id}, dataset_id)
    catalog.datasets.set(dataset_id, job_id=job.id)
    return job


def resume(catalog: Catalog, run_id: str) -> RunRecord:
    """Queue a run again that was interrupted, failed or cancelled.

    Training goes on from the last epoch that lies in the run's folder, or begins anew if none does.

    Raises:
        Conflict: it is waiting, running or done.
        NotFound: there is no such run.
    """
    run = catalog.runs.get(run_id)
    catalog.jobs.requeue(run.job_id)
    return catalog.runs.get(run.id)


@handler("import", "light")
def _import(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Bring a dataset's images in, and scan them."""
    from core.datasets.intake import prepare
    from core.quality.alike import find_alike
    from core.quality.scan import scan

    dataset_id = spec["dataset_id"]
    try:
        refused = prepare(catalog, dataset_id, report)
        scan(catalog, dataset_id, report, refused=refused)
        find_alike(catalog, dataset_id, report)
        if spec.get("then_train"):
            from core.training.start import create_run, suggest_spec

            create_run(catalog, suggest_spec(catalog, dataset_id))
    except LightboxError as error:
        catalog.datasets.set(dataset_id, state="failed", problem=str(error))
        raise
    except Cancelled:
        catalog.datasets.set(
            dataset_id, state="failed", problem="The import was cancelled. Scan to go on with it."
        )
        raise


@handler("scan", "light")
def _scan(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Look at a dataset's folder again; one whose import was not finished goes on with it."""
    if catalog.datasets.get(spec["dataset_id"]).version == 0:
        return _import(catalog, spec, report)
    from core.quality.alike import find_alike
    from core.quality.scan import scan

    scan(catalog, spec["dataset_id"], report)
    find_alike(catalog, spec["dataset_id"], report)
    return None


@handler("suspects", "light")
def _suspects(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Look for labels that are probably wrong, and for images unlike their class."""
    from core.quality.suspects.find import find_suspects

    found = find_suspects(catalog, spec["dataset_id"], report)
    report.event("result", judged=found.judged, doubtful=found.doubtful, outliers=found.outliers)


@handler("export", "light")
def _export(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Pack a cleaned dataset for a browser to fetch."""
    from core.quality.take_away import pack

    done = pack(catalog, spec["dataset_id"], spec["token"], spec["layout"], report)
    report.event("result", images=done.images, left_out=done.left_out)


@handler("train", "train", resumes=True)
def _train(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Train a run and test it."""
    from core.evaluation.evaluate import evaluate_run
    from core.training.run import train_run

    summary = train_run(catalog, spec["run_id"], report)
    report.event("phase", phase="evaluate", state="started")
    started = time.monotonic()
    evaluation = evaluate_run(catalog, spec["run_id"], ToTheEnd(report))
    seconds = {**summary["seconds"], "evaluate": round(time.monotonic() - started, 3)}
    catalog.runs.summarise(spec["run_id"], seconds=seconds)
    report.event("phase", phase="evaluate", state="done", seconds=seconds["evaluate"])
    report.event("result", accuracy=evaluation.accuracy, images=evaluation.images)
    # Of a search's many runs, those that somebody looks at.
    if settings.load().ahead and "search" not in catalog.runs.get(spec["run_id"]).summary:
        submit_study(catalog, spec["run_id"])


@handler("evaluate", "light")
def _evaluate(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Test a run again: on its own test set, on a folder, or on an archive that was uploaded."""
    from core.datasets.upload import UploadStage
    from core.evaluation.evaluate import evaluate_folder, evaluate_run
    from core.evaluation.tested import drop_unused, keep_archive

    run_id = spec["run_id"]
    if spec.get("archive"):
        stage = UploadStage(catalog.workspace, spec["archive"])
        folder = keep_archive(catalog, run_id, stage.archive, spec["name"], report)
        stage.abandon()
    elif spec.get("folder"):
        folder = Path(spec["folder"])
    else:
        evaluate_run(catalog, run_id, report)
        return
    try:
        found = evaluate_folder(catalog, run_id, folder, report)
    finally:
        drop_unused(catalog.workspace, run_id, folder)
    report.event("result", on=found.on, accuracy=found.accuracy, images=found.images)


@handler("latency", "light")
def _latency(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Measure how long some models take for one image."""
    from core.evaluation.comparison.latency import measure_latency

    for run_id in spec["run_ids"]:
        measure_latency(catalog.workspace, run_id, report)


@handler("similar", "light")
def _similar(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Look for near-duplicates of a run's training images in a folder that it was tested on."""
    from core.evaluation.answers import load_answers
    from core.evaluation.comparison.similar import find_similar

    run = catalog.runs.get(spec["run_id"])
    answers = load_answers(catalog.workspace, run.id, spec["on"])
    report.event("result", alike=find_similar(catalog, run, answers, report))


@handler("report", "light")
def _report(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Write a run's report, to be fetched by a browser."""
    from core.delivery.take_away.made import make_report

    made = make_report(catalog, spec["run_id"], report)
    report.event("result", no_pdf=made.no_pdf)


@handler("study", "light")
def _study(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Find out about an evaluation what a page can't wait for; what people wait for comes first."""
    from core.evaluation.study.run import run_study

    def others_wait() -> bool:
        return any(job.kind != "study" for job in catalog.jobs.queue("light"))

    study = run_study(
        catalog,
        spec["run_id"],
        spec["on"],
        report,
        again=not spec.get("rest"),
        make_way=others_wait,
    )
    if study.missing:
        # At the end of the queue; what failed meanwhile isn't tried again and again.
        submit(catalog, "study", {**spec, "rest": True}, spec["run_id"])
    report.event("result", seconds=study.seconds, failed=study.failed)


@handler("umap", "light")
def _umap(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Draw one more map of the tested images, by UMAP."""
    from core.evaluation.study.embedding import draw_umap

    draw_umap(catalog, spec["run_id"], spec["on"], report)


@handler("familiar", "light")
def _familiar(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Learn what a run's training images look like, so that others can be told from them."""
    from core.evaluation.out_of_distribution import make_familiar

    measure = make_familiar(catalog, spec["run_id"], report)
    report.event("result", validation=measure.validation)


@handler("export_model", "train")
def _export_model(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Make a run's export in a format, checked against Keras, to be fetched by a browser."""
    from core.delivery.exports.make import make_export

    export = make_export(catalog, spec["run_id"], spec["format"], report)
    report.event("result", **export.model_dump(exclude={"token"}))


@handler("measure", "train")
def _measure(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Find out how fast this computer trains, for the recipes' estimates on a dataset."""
    from core.training.measure import measure

    report.event("result", measured=measure(catalog, spec["dataset_id"], report))


@handler("find_rate", "train")
def _find_rate(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Find a learning rate for a training's settings."""
    from core.training.find_rate import find_rate
    from core.training.spec import parse_spec

    report.event("rates", **find_rate(catalog, parse_spec(spec), report))


@handler("prepare", "train")
def _prepare(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Do ahead what a training with these settings would do first."""
    from core.training.prepare import prepare
    from core.training.spec import parse_spec

    prepare(catalog, parse_spec(spec), report)


# Kinds that have a file of their own; importing it registers them.
from core.jobs import batches  # noqa: E402, F401
