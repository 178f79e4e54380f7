"""Whoever stops a training is told what became of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog
from core.cli.running import saying_what_became
from core.errors import Cancelled
from tests.core.evaluation.coloured import CLASSES, make_run


def test_a_stopped_training_has_no_model_or_has_one_all_the_same(
    catalog: Catalog, tmp_path: Path
) -> None:
    right = [(label, label) for label in CLASSES]
    run = make_run(catalog, tmp_path / "colours", {"train": right, "test": right})
    for stop in (KeyboardInterrupt, Cancelled):
        with pytest.raises(Cancelled) as caught, saying_what_became(catalog, run.id):
            raise stop
        assert str(caught.value) == (
            'Stopped. “colours” has no model yet. Go on with: resume "colours"'
        )
    catalog.jobs.finish(run.job_id, "done")
    with (
        pytest.raises(Cancelled, match="“colours” is there all the same"),
        saying_what_became(catalog, run.id),
    ):
        raise KeyboardInterrupt
