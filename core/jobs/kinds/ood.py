"""Learning what a run's training images look like, so that others can be told from them."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_ood_detector(catalog: Catalog, run_id: str) -> JobRecord:
    """Queue the learning of what a run's training images look like; one is enough."""
    return submit(catalog, "familiar", {"run_id": run_id}, once=True)


@kind(
    "familiar",
    "Learn what the training images look like",
    role="viewer",
    about="run",
    phases={"familiar": "Learning what its training images look like"},
)
def _ood(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.evaluation.out_of_distribution import fit_detector

    measure = fit_detector(catalog, spec["run_id"], report)
    report.event("result", validation=measure.validation)
