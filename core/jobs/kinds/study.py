"""Finding out about an evaluation what a page can't wait for."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_study(catalog: Catalog, run_id: str, on: str = "test") -> JobRecord:
    """Queue what is found out once about an evaluation; what waits or runs already is returned.

    Phases that failed before are tried again.
    """
    return submit(catalog, "study", {"run_id": run_id, "on": on}, once=True)


@kind(
    "study",
    "Look into a model’s answers",
    role="viewer",
    about="run",
    phases={
        "answers": "Asking the model again, for what it answers by",
        "heat": "Looking where in the images the evidence lies",
        "nearest": "Looking for the training images most alike",
        "robustness": "Testing on harder versions of the images",
    },
)
def _study(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    """Find out about an evaluation what a page can't wait for; what people wait for comes first."""
    from core.evaluation.study.run import missing, run_study

    def others_wait() -> bool:
        return any(job.kind != "study" for job in catalog.jobs.queue("light"))

    study = run_study(
        catalog,
        spec["run_id"],
        spec["on"],
        report,
        again=not spec.get("rest"),
        make_way=others_wait,
    )
    if missing(study):
        # At the end of the queue; what failed meanwhile isn't tried again and again.
        submit(catalog, "study", {**spec, "rest": True})
    report.event("result", seconds=study.seconds, failed=study.failed)
