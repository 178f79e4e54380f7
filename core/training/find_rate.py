"""Finds a learning rate for a spec, on its own network and images; what the ``find_rate`` job
does."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from core.catalog import Catalog
from core.progress import Reporter
from core.quality.curation import curated, usable
from core.training import checks, recipes
from core.training.context import TrainingContext, decode
from core.training.spec import TrainSpec


def find_rate(catalog: Catalog, spec: TrainSpec, report: Reporter) -> dict[str, Any]:
    """Raise the learning rate with every batch and see what the loss does.

    For a pretrained network, of its head. Nothing of it is kept but the figures.

    Returns:
        ``rates`` and ``losses`` (smoothed) of each batch, and ``suggestion``, ``None`` where the
        loss never fell.

    Raises:
        InvalidInput: the spec can't work.
        Cancelled: by the person.
    """
    table = usable(curated(catalog, spec.dataset_id, spec.dataset_version)).reset_index(drop=True)
    checks.check(spec, table, catalog)
    table = table.assign(split_at=recipes.plan(spec, table).to_numpy())
    from core.training.fitting.checkpoint import FitState
    from core.training.fitting.finder import Finder, findings
    from core.training.fitting.fit import Run

    # Epochs enough for all its steps; no tuning, since it is the first part that is tried.
    trial = spec.model_copy(
        update={"epochs": 1000, "tuning": spec.tuning.model_copy(update={"epochs": 0})}
    )
    finder = Finder(report)
    with tempfile.TemporaryDirectory(prefix="rate-", dir=catalog.workspace.staging) as folder:
        context = TrainingContext.begin(catalog, Path(folder), trial, report, table)
        data = decode(context, table)
        run = Run(trial, report, FitState(), finder=finder)
        if context.pretrained:
            from core.training.fitting.pretrained import try_rates

            try_rates(context, data, run)
        else:
            from core.training.fitting.whole import fit_whole

            fit_whole(context, data, run)
    return findings(finder)
