"""Copying the images of a batch into class folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter
from core.workspace import new_token

if TYPE_CHECKING:
    from core.inference.batch_store import Batch


def submit_sort(catalog: Catalog, batch: Batch, threshold: float) -> JobRecord:
    """Queue the copying of a batch's images into class folders, as a .zip to be fetched under the
    spec's ``token``."""
    spec = {"run_id": batch.run_id, "batch_id": batch.id}
    return submit(catalog, "batch_sort", spec | {"threshold": threshold, "token": new_token()})


@kind(
    "batch_sort",
    "Sort images into class folders",
    role="labeller",
    about="run",
    phases={"sort": "Copying into folders"},
)
def _batch_sort(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.inference.batch_sort import as_json, sort_to_fetch
    from core.inference.batch_store import find_batch

    batch = find_batch(catalog.workspace, spec["run_id"], spec["batch_id"])
    done = sort_to_fetch(catalog, batch, spec["token"], float(spec["threshold"]), report)
    report.event("result", **as_json(done))
