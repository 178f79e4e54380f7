"""Finding out how fast this computer trains."""

from __future__ import annotations

from typing import Any

from core.catalog import Catalog, JobRecord
from core.jobs.registry import kind, submit
from core.progress import Reporter


def submit_measure(catalog: Catalog, dataset_id: str) -> JobRecord:
    """Queue a few batches of each recipe, so that their times can be said."""
    return submit(catalog, "measure", {"dataset_id": dataset_id})


@kind("measure", "Measure how fast this computer trains", lane="train", about="dataset")
def _measure(catalog: Catalog, spec: dict[str, Any], report: Reporter) -> None:
    """Find out how fast this computer trains, for the recipes' estimates on a dataset."""
    from core.training.measure import measure

    report.event("result", measured=measure(catalog, spec["dataset_id"], report))
