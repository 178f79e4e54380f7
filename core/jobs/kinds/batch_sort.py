"""Copying the images of a batch into class folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter
from core.workspace import new_token

if TYPE_CHECKING:
    from core.inference.batch_store import Batch


def submit_sort(
    catalog: Catalog, batch: Batch, threshold: float, target: Path | None = None
) -> JobRecord:
    """Queue the copying of a batch's images into class folders.

    Args:
        target: a new folder; without one, a .zip to be fetched under the spec's ``token``.
    """
    spec: Spec = {
        "run_id": batch.run_id,
        "batch_id": batch.id,
        "threshold": threshold,
        "token": "" if target else new_token(),
        "target": str(target or ""),
    }
    return submit(catalog, "batch_sort", spec)


@kind(
    "batch_sort",
    "Sort images into class folders",
    role="labeller",
    about="run",
    phases={"sort": "Copying into folders"},
)
def _batch_sort(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.inference.batch_sort import as_json, sort_batch, sort_to_fetch
    from core.inference.batch_store import find_batch

    batch = find_batch(catalog.workspace, spec["run_id"], spec["batch_id"])
    threshold = float(spec["threshold"])
    if spec["token"]:
        done = sort_to_fetch(catalog, batch, spec["token"], threshold, report)
    else:
        done = sort_batch(catalog, batch, Path(spec["target"]), threshold=threshold, report=report)
    report.event("result", **as_json(done))
