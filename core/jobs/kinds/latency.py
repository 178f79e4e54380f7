"""Measuring how long some models take for one image."""

from __future__ import annotations

from collections.abc import Sequence

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_latency(catalog: Catalog, run_ids: Sequence[str]) -> JobRecord:
    """Queue the measuring of how long some runs' models take for one image."""
    return submit(catalog, "latency", {"run_ids": list(run_ids), "run_id": run_ids[0]})


@kind(
    "latency",
    "Measure how fast models answer",
    role="viewer",
    about="run",
    phases={"latency": "Measuring how fast models answer"},
    detail=lambda spec: f"{len(spec['run_ids'])} models" if len(spec["run_ids"]) > 1 else "",
)
def _latency(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.evaluation.comparison.latency import measure_latency

    for run_id in spec["run_ids"]:
        measure_latency(catalog.workspace, run_id, report)
