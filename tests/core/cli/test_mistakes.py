"""Mistakes and maps, from the command line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.catalog import Catalog, RunRecord
from tests.core.cli.conftest import Cli
from tests.core.evaluation.dense_run import make_dense_run

TEST = [("red", "red"), ("red", "blue"), ("green", "green"), ("red", "green")]


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    right = [(colour, colour) for colour in ("red", "green", "blue")]
    return make_dense_run(
        catalog, tmp_path / "photos", {"train": right * 2, "validation": right, "test": TEST}
    )


def test_mistakes_come_with_what_they_were_learned_from(cli: Cli, run: RunRecord) -> None:
    found = cli("mistakes", run.name, "--predicted", "blue", "--json").document
    (one,) = found["images"]
    assert (one["path"], one["true"], one["predicted"]) == ("red/test-1.png", "red", "blue")
    assert one["top"][0] == ["blue", one["confidence"]]
    assert [each["label"] for each in one["nearest"]][:2] == ["blue", "blue"]
    said = cli("mistakes", run.name, "--sort", "loss", "--limit", 1)
    assert "2 of 4 images, 1 of them shown" in said.out
    assert 'relabel "colours"' in said.out


def test_an_unknown_class_is_a_mistake_of_ones_own(cli: Cli, run: RunRecord) -> None:
    assert "no class “pink”" in cli("mistakes", run.name, "--true", "pink").mistake


def test_a_map_is_written_as_a_table(cli: Cli, run: RunRecord, tmp_path: Path) -> None:
    said = cli("map", run.name, "--method", "pca", "--csv", tmp_path / "map.csv")
    assert "PCA map of 4 of 4 images, with 2 of 2 mistakes" in said.out
    table = pd.read_csv(tmp_path / "map.csv")
    assert list(table.columns) == ["path", "x", "y", "true", "predicted"]
    assert len(table) == 4
    points = cli("map", run.name, "--method", "pca", "--json").document["points"]
    assert [point["path"] for point in points] == table["path"].tolist()
