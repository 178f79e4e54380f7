"""Testing a run again: on its own test set, on a folder, or on an uploaded archive."""

from __future__ import annotations

from pathlib import Path

from core.catalog import Catalog, JobRecord
from core.jobs.registry import Spec, kind, submit
from core.progress import Reporter


def submit_evaluate(
    catalog: Catalog, run_id: str, folder: Path | None = None, *, archive: str = "", name: str = ""
) -> JobRecord:
    """Queue a test of a run: on a folder, or on an archive of the upload of this token, called
    so."""
    spec: Spec = {"run_id": run_id}
    if archive:
        spec |= {"archive": archive, "name": name}
    elif folder is not None:
        spec["folder"] = str(folder)
    return submit(catalog, "evaluate", spec)


@kind("evaluate", "Test a model", role="labeller", about="run")
def _evaluate(catalog: Catalog, spec: Spec, report: Reporter) -> None:
    from core.datasets.upload import UploadStage
    from core.evaluation.evaluate import evaluate_folder, evaluate_run
    from core.evaluation.tested import drop_unused, keep_archive

    run_id = spec["run_id"]
    if spec.get("archive"):
        stage = UploadStage(catalog.workspace, spec["archive"])
        folder = keep_archive(catalog, run_id, stage.archive, spec["name"], report)
        stage.abandon()
    elif spec.get("folder"):
        folder = Path(spec["folder"])
    else:
        evaluate_run(catalog, run_id, report)
        return
    try:
        found = evaluate_folder(catalog, run_id, folder, report)
    finally:
        drop_unused(catalog.workspace, run_id, folder)
    report.event("result", on=found.on, accuracy=found.accuracy, images=found.images)
