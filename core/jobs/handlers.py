"""What jobs do: a kind of job is a name, a lane and a function of other rooms.

Functions import what they need when they run, so that this list costs nothing to import.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.catalog import Catalog, JobRecord
from core.catalog.records import Lane
from core.errors import Cancelled, LightboxError
from core.progress import Reporter

Work = Callable[[Catalog, dict[str, Any], Reporter], None]


@dataclass(frozen=True)
class Handler:
    """A kind of job.

    Attributes:
        lane: ``train`` if it needs TensorFlow, else ``light``.
        work: does it; told of the job's spec.
    """

    lane: Lane
    work: Work


HANDLERS: dict[str, Handler] = {}


def handler(kind: str, lane: Lane) -> Callable[[Work], Work]:
    """Register a function as what a kind of job does."""

    def register(work: Work) -> Work:
        HANDLERS[kind] = Handler(lane, work)
        return work

    return register


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


def submit_scan(catalog: Catalog, dataset_id: str) -> JobRecord:
    """Queue another look at a dataset's folder."""
    job = submit(catalog, "scan", {"dataset_id": dataset_id}, dataset_id)
    catalog.datasets.set(dataset_id, job_id=job.id)
    return job


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


@handler("train", "train")
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
