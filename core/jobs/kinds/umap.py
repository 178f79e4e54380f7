"""Drawing one more map of the tested images, by UMAP."""

from __future__ import annotations

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_umap(catalog: Catalog, run_id: str, on: str = "test") -> JobRecord:
    """Queue the drawing of a UMAP map; one that waits or runs already is returned."""
    return submit(catalog, "umap", {"run_id": run_id, "on": on}, once=True)


@kind(
    "umap",
    "Draw a map of the images",
    role="viewer",
    about="run",
    phases={"map": "Drawing a map of the images"},
)
def _umap(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.evaluation.study.embedding import draw_umap

    draw_umap(catalog, spec["run_id"], spec["on"], report)
