"""A run that is done and tested, of the model that sees colours and has a dense layer at its
end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.catalog import Catalog, RunRecord
from core.evaluation.evaluate import evaluate_run
from tests.core.evaluation.coloured import make_run
from tests.core.evaluation.dense import save_dense


def make_dense_run(
    catalog: Catalog, root: Path, splits: Mapping[str, list[tuple[str, str]]]
) -> RunRecord:
    """As :func:`tests.core.evaluation.coloured.make_run`; it can be studied."""
    run = make_run(catalog, root, splits)
    save_dense(catalog.workspace.run(run.id))
    evaluate_run(catalog, run.id)
    catalog.jobs.finish(run.job_id, "done")
    return catalog.runs.get(run.id)
