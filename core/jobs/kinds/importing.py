"""Bringing a dataset's images in, and scanning them."""

from __future__ import annotations

from core.catalog import Catalog, DatasetRecord, JobRecord
from core.datasets import removal
from core.errors import Cancelled, LightboxError
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter
from core.who import require


def submit_import(catalog: Catalog, dataset_id: str, *, then_train: bool = False) -> JobRecord:
    """Queue the import of a dataset that was just added.

    Args:
        then_train: start a training with the suggested settings as soon as it is there.
    """
    job = submit(catalog, "import", {"dataset_id": dataset_id, "then_train": then_train})
    catalog.datasets.set(dataset_id, job_id=job.id)
    return job


def restore_dataset(catalog: Catalog, dataset_id: str) -> DatasetRecord:
    """Take a dataset out of the bin (:func:`core.datasets.removal.restore`); its import or scan
    goes on, where the removal has stopped it.

    Raises:
        NotFound, NotAllowed: as for that.
    """
    require("labeller")
    binned = catalog.datasets.in_bin(dataset_id)
    record = removal.restore(catalog, binned.id)
    job = catalog.jobs.get(record.job_id) if record.job_id else None
    if job is None or job.state in ("done", "failed") or binned.deleted_at is None:
        return record
    if not job.finished or (job.ended_at or 0) >= binned.deleted_at:
        again = submit(catalog, job.kind, job.spec)
        state = "ready" if record.version else "importing"
        catalog.datasets.set(record.id, state=state, problem="", job_id=again.id)
    return catalog.datasets.get(record.id)


@kind(
    "import",
    "Bring in images",
    role="labeller",
    about="dataset",
    phases={"write": "Writing the sample", "unpack": "Unpacking"},
)
def bring_in(catalog: Catalog, spec: Spec, report: Reporter) -> None:
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
