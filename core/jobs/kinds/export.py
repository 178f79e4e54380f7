"""Packing a cleaned dataset for a browser to fetch."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter
from core.workspace import new_token


def submit_export(catalog: Catalog, dataset_id: str, layout: str) -> JobRecord:
    """Queue the packing of a cleaned dataset, to be fetched under the spec's ``token``."""
    version = catalog.datasets.get(dataset_id).version
    spec = {"dataset_id": dataset_id, "layout": layout, "token": new_token(), "version": version}
    return submit(catalog, "export", spec)


@kind("export", "Pack a dataset", about="dataset")
def _export(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.quality.take_away import pack

    done = pack(catalog, spec["dataset_id"], spec["token"], spec["layout"], report)
    report.event("result", images=done.images, left_out=done.left_out)
