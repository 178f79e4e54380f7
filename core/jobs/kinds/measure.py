"""Finding out how fast this computer trains."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_measure(catalog: Catalog, dataset_id: str) -> JobRecord:
    """Queue a few batches of each recipe, so that their times can be said."""
    return submit(catalog, "measure", {"dataset_id": dataset_id})


@kind("measure", "Measure how fast this computer trains", lane="train", about="dataset")
def _measure(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.training.ahead import measure

    report.event("result", measured=measure(catalog, spec["dataset_id"], report))
