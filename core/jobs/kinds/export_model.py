"""Making a run's export in a format, checked against Keras."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_export_model(catalog: Catalog, run_id: str, fmt: str) -> JobRecord:
    """Queue the making of a run's export in a format; one that waits or runs already is
    returned."""
    return submit(catalog, "export_model", {"run_id": run_id, "format": fmt}, once=True)


def _title(spec: Spec) -> str:
    from core.delivery.exports.formats import FORMATS

    key = str(spec["format"])
    return FORMATS[key].title if key in FORMATS else key


@kind("export_model", "Export a model", lane="train", about="run", detail=_title)
def _export_model(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.delivery.exports.make import make_export

    export = make_export(catalog, spec["run_id"], spec["format"], report)
    report.event("result", **export.model_dump(exclude={"token"}))
