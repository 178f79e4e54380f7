"""Doing ahead what a training with some settings would do first."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.catalog.records import ACTIVE
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter
from core.training.spec import TrainSpec, parse_spec


def submit_prepare(catalog: Catalog, spec: TrainSpec) -> JobRecord | None:
    """Let an idle worker do ahead what a training with these settings would do first.

    Nothing is queued where trainings are waiting or running, or where that is being done already;
    earlier wishes of the kind that nobody has begun with are dropped.
    """
    data = spec.model_dump(mode="json")
    for job in catalog.jobs.all(states=ACTIVE, lane="train"):
        if job.kind != "prepare" or job.spec == data:
            return None
        catalog.jobs.request_cancel(job.id)
    return submit(catalog, "prepare", data)


@kind("prepare", "Prepare a training", lane="train", about="dataset")
def _prepare(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.training.ahead import prepare

    prepare(catalog, parse_spec(spec), report)
