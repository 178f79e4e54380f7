"""The jobs about many images at once, and about models from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.catalog import Catalog, JobRecord
from core.errors import NotFound
from core.jobs.handlers import handler, submit
from core.progress import Reporter

if TYPE_CHECKING:
    from core.inference.batch_store import Batch


def submit_batch(catalog: Catalog, batch: Batch) -> JobRecord:
    """Queue the answering of a batch that :func:`core.inference.batch_store.new_batch` made."""
    spec = {"run_id": batch.run_id, "batch_id": batch.id}
    return submit(catalog, "batch", spec, batch.run_id)


def resume_batch(catalog: Catalog, batch: Batch) -> JobRecord:
    """Queue a batch again that was interrupted, failed or cancelled; it goes on where it was.

    Raises:
        Conflict: it is waiting, running or done.
        NotFound: it was never begun.
    """
    from core.inference.batch_store import job_of

    job = job_of(catalog, batch)
    if job is None:
        raise NotFound("This batch was never begun.", remedy="Begin it again.")
    return catalog.jobs.requeue(job.id)


def submit_sort(
    catalog: Catalog, batch: Batch, threshold: float, target: Path | None = None
) -> JobRecord:
    """Queue the copying of a batch's images into class folders.

    Args:
        target: a new folder; without one, a .zip to be fetched under the spec's ``token``.
    """
    from core.workspace import new_token

    spec: dict[str, Any] = {
        "run_id": batch.run_id,
        "batch_id": batch.id,
        "threshold": threshold,
        "token": "" if target else new_token(),
        "target": str(target or ""),
    }
    return submit(catalog, "batch_sort", spec, batch.run_id)


@handler("batch", "light", resumes=True)
def _batch(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Answer a folder of images."""
    from core.inference.batch import answer_batch

    done = answer_batch(catalog, spec["run_id"], spec["batch_id"], report)
    report.event("result", **done.model_dump(mode="json"))


@handler("batch_sort", "light")
def _batch_sort(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Copy the images of a batch into class folders."""
    from core.inference.batch_sort import as_json, sort_batch, sort_to_fetch
    from core.inference.batch_store import find_batch

    batch = find_batch(catalog.workspace, spec["run_id"], spec["batch_id"])
    threshold = float(spec["threshold"])
    if spec["token"]:
        done = sort_to_fetch(catalog, batch, spec["token"], threshold, report)
    else:
        done = sort_batch(catalog, batch, Path(spec["target"]), threshold=threshold, report=report)
    report.event("result", **as_json(done))


@handler("import_model", "train")
def _import_model(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Take in a model that was trained elsewhere, and test it."""
    from core.delivery.imported.run import import_run

    import_run(catalog, spec["run_id"], spec["labels"], spec["pixels"], spec["file"], report)
