"""Writing a run's report, to be fetched by a browser."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_report(catalog: Catalog, run_id: str) -> JobRecord:
    """Queue the writing of a run's report, as HTML and PDF; one that waits already is enough.

    One that runs isn't: it may have read what has changed since.
    """
    waiting = catalog.jobs.latest("report", run_id, states=("queued",))
    return waiting or submit(catalog, "report", {"run_id": run_id})


@kind(
    "report",
    "Write a report",
    role="viewer",
    about="run",
    phases={"report": "Writing the report", "pdf": "Printing the report"},
)
def _report(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.delivery.take_away.made import make_report

    made = make_report(catalog, spec["run_id"], report)
    report.event("result", no_pdf=made.no_pdf)
