"""What a model costs, and which models are beaten by none."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from core.catalog import Catalog, RunRecord
from core.errors import NotFound
from core.evaluation.comparison.latency import known_latency, measure_latency
from core.evaluation.comparison.pareto import cost, front
from tests.core.evaluation.coloured import CLASSES, make_run


def test_the_front_leaves_out_what_is_beaten_in_both() -> None:
    accuracy = [0.90, 0.95, 0.94, 0.99, 0.80]
    price = [1.0, 2.0, 2.0, 9.0, 3.0]
    assert front(accuracy, price).tolist() == [True, True, False, True, False]


def test_equals_are_on_the_front_together_and_the_unknown_never() -> None:
    assert front([0.9, 0.9], [1, 1]).tolist() == [True, True]
    assert front([0.9, np.nan, 0.8], [2, 1, np.nan]).tolist() == [True, False, False]
    assert front([], []).tolist() == []


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    right = [(colour, colour) for colour in CLASSES]
    return make_run(catalog, tmp_path / "photos", {"train": right})


def test_a_model_is_timed_once_and_again_when_it_is_another(
    catalog: Catalog, run: RunRecord
) -> None:
    workspace = catalog.workspace
    assert known_latency(workspace, run.id) is None
    found = measure_latency(workspace, run.id)
    assert 0 < found.milliseconds <= found.slow
    assert found.repeats >= 50
    assert known_latency(workspace, run.id) == found
    assert cost(catalog, run).milliseconds == found.milliseconds
    model = workspace.run(run.id) / "model.xml"
    os.utime(model, (found.at + 60, found.at + 60))
    assert known_latency(workspace, run.id) == found, "its content is what it was"
    model.write_bytes(model.read_bytes() + b"<!-- another -->")
    assert known_latency(workspace, run.id) is None


def test_a_run_without_a_model_cannot_be_timed(catalog: Catalog, run: RunRecord) -> None:
    (catalog.workspace.run(run.id) / "model.xml").unlink()
    with pytest.raises(NotFound, match="no finished model"):
        measure_latency(catalog.workspace, run.id)


def test_sizes_are_those_of_the_files(catalog: Catalog, run: RunRecord) -> None:
    folder = catalog.workspace.run(run.id)
    (folder / "model.keras").write_bytes(b"x" * 2_500_000)
    found = cost(catalog, run)
    assert found.keras_mb == 2.5
    exported = sum((folder / name).stat().st_size for name in ("model.xml", "model.bin"))
    assert found.openvino_mb == pytest.approx(exported / 1e6)
    assert (found.accuracy, found.images) == (None, 0)
