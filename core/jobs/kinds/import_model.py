"""Taking in a model that was trained elsewhere."""

from __future__ import annotations

from core.catalog import Catalog
from core.jobs.registry import Spec, kind
from core.progress import Reporter


@kind(
    "import_model",
    "Bring in a model",
    lane="train",
    about="run",
    phases={"inspect": "Looking into the file", "check": "Checking the model"},
)
def import_model(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    """Take in a model that was trained elsewhere, and test it."""
    from core.delivery.imported.run import import_run

    import_run(catalog, spec["run_id"], spec["labels"], spec["pixels"], spec["file"], report)
