"""What a job does and what about, in words: the same on the page and on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.catalog import Catalog, JobRecord
from core.jobs.kinds import title_of


@dataclass(frozen=True)
class Named:
    """A job in words.

    Attributes:
        title: what it does: "Export a model (ONNX)".
        subject: the name of the run that it makes, or else of the run or dataset that it is about;
            "" if it is about nothing that is still here.
        dataset: the name of the dataset that the run is trained on; "" if it is about no run.
    """

    title: str
    subject: str
    dataset: str


def named(catalog: Catalog, jobs: Iterable[JobRecord]) -> dict[str, Named]:
    """Jobs in words, by their ids."""
    runs = catalog.runs.all()
    by_job, by_id = {run.job_id: run for run in runs}, {run.id: run for run in runs}
    datasets = {dataset.id: dataset.name for dataset in catalog.datasets.all()}
    found = {}
    for job in jobs:
        run = by_job.get(job.id) or by_id.get(job.subject)
        subject = datasets.get(job.subject, "") if run is None else run.name
        dataset = "" if run is None else datasets.get(run.dataset_id, "")
        found[job.id] = Named(title_of(job), subject, dataset)
    return found
