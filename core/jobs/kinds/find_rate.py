"""Finding a learning rate for a training's settings."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter
from core.training.spec import TrainSpec, parse_spec


def submit_find_rate(catalog: Catalog, spec: TrainSpec) -> JobRecord:
    """Queue the search for a learning rate; its event ``rates`` has what was found."""
    return submit(catalog, "find_rate", spec.model_dump(mode="json"))


@kind("find_rate", "Find a learning rate", lane="train", about="dataset")
def _find_rate(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.training.ahead import find_rate

    report.event("rates", **find_rate(catalog, parse_spec(spec), report))
