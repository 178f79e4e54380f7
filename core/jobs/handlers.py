"""What jobs do: a kind of job is a name, a lane and a function of other rooms.

Functions import what they need when they run, so that this list costs nothing to import.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.catalog import Catalog, JobRecord, RunRecord
from core.catalog.records import Lane
from core.errors import Cancelled, LightboxError
from core.progress import Reporter
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
    from core.quality.take_away import new_token

    version = catalog.datasets.get(dataset_id).version
    spec = {"dataset_id": dataset_id, "layout": layout, "token": new_token(), "version": version}
    return submit(catalog, "export", spec, dataset_id)


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
    evaluation = evaluate_run(catalog, spec["run_id"], report)
    seconds = {**summary["seconds"], "evaluate": round(time.monotonic() - started, 3)}
    catalog.runs.summarise(spec["run_id"], seconds=seconds)
    report.event("phase", phase="evaluate", state="done", seconds=seconds["evaluate"])
    report.event("result", accuracy=evaluation.accuracy, images=evaluation.images)


@handler("evaluate", "light")
def _evaluate(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Test a run again, on its own test set or on a folder."""
    from core.evaluation.evaluate import evaluate_folder, evaluate_run

    if spec.get("folder"):
        evaluate_folder(catalog, spec["run_id"], Path(spec["folder"]), report)
    else:
        evaluate_run(catalog, spec["run_id"], report)


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
