"""Looking for near-duplicates of training images in a folder that was tested on."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_similar(catalog: Catalog, run_id: str, on: str) -> JobRecord:
    """Queue the search for near-duplicates of training images in a folder that was tested on."""
    return submit(catalog, "similar", {"run_id": run_id, "on": on})


@kind(
    "similar",
    "Look for near-duplicates of training images",
    role="viewer",
    about="run",
    phases={"look": "Looking at the new images", "similar": "Comparing with training images"},
)
def _similar(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.evaluation.comparison.similar import find_similar
    from core.evaluation.predictions import load_predictions

    run = catalog.runs.get(spec["run_id"])
    predictions = load_predictions(catalog.workspace, run.id, spec["on"])
    report.event("result", alike=find_similar(catalog, run, predictions, report))
