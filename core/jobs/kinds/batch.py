"""Answering a folder of images, and some of them for the machine that has the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.catalog import Catalog, JobRecord
from core.errors import NotFound
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter

if TYPE_CHECKING:
    from core.inference.batch_store import Batch


def submit_batch(catalog: Catalog, batch: Batch) -> JobRecord:
    """Queue the answering of a batch that :func:`core.inference.batch_store.new_batch` made."""
    return submit(catalog, "batch", {"run_id": batch.run_id, "batch_id": batch.id})


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


@kind(
    "batch",
    "Answer a folder of images",
    role="labeller",
    about="run",
    resumes=True,
    phases={"familiar": "Learning what its training images look like", "batch": "Answering"},
)
def _batch(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.inference.batch import answer_batch

    done = answer_batch(catalog, spec["run_id"], spec["batch_id"], report)
    report.event("result", **done.model_dump(mode="json"))


@kind("batch_part", "Answer some of the images", role="labeller", about="run")
def _batch_part(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.inference.batch import answer_part

    answer_part(catalog, spec, report)
