"""Looking for labels that are probably wrong, and for images unlike their class."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_suspects(catalog: Catalog, dataset_id: str) -> JobRecord:
    """Queue the search for doubtful labels and outliers."""
    return submit(catalog, "suspects", {"dataset_id": dataset_id})


@kind(
    "suspects",
    "Look for wrong labels",
    role="labeller",
    about="dataset",
    phases={"suspects": "Comparing labels with what images look like"},
)
def _suspects(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.quality.suspects.find import find_suspects

    found = find_suspects(catalog, spec["dataset_id"], report)
    report.event("result", judged=found.judged, doubtful=found.doubtful, outliers=found.outliers)
