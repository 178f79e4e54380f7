"""Whole folders from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.catalog import Catalog, RunRecord
from core.inference.batch_store import new_batch
from core.jobs.kinds import submit_batch
from tests.core.cli.conftest import Cli
from tests.core.evaluation.coloured import make_run, write_colour
from tests.core.inference.shaped import unlike, weighing_run


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    images = [("red", "red"), ("green", "green"), ("blue", "blue")]
    return make_run(catalog, tmp_path / "training", {"train": images, "test": images})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        write_colour(tmp_path / "new" / "deep" / f"{number}.png", "red", number)
    (tmp_path / "new" / "broken.png").write_bytes(b"no")
    return tmp_path / "new"


def test_a_folder_is_answered_written_and_sorted(
    cli: Cli, run: RunRecord, folder: Path, tmp_path: Path
) -> None:
    said = cli(
        "predict-batch",
        run.name,
        folder,
        "--out",
        tmp_path / "out.json",
        "--sort-into",
        tmp_path / "sorted",
        "--json",
    )
    found = said.document
    assert (found["images"], found["classes"]["red"], found["unreadable"]) == (4, 3, 1)
    assert [each["path"] for each in found["not_read"]] == ["broken.png"]
    rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [row["prediction"] for row in rows] == [None, "red", "red", "red"]
    assert len(list((tmp_path / "sorted" / "red").iterdir())) == 3
    again = cli("predict-batch", run.name, folder, "--sort-into", tmp_path / "sorted")
    assert "nothing is ever overwritten" in again.mistake, "before anything is answered"
    (listed,) = cli("batches", run.name, "--json").document
    assert (listed["state"], listed["id"]) == ("done", found["batch"])
    assert cli("batches", run.name, "--delete", listed["id"], "--json").document == []


def test_it_says_how_many_images_are_unlike_those_trained_on(
    cli: Cli, catalog: Catalog, run: RunRecord, folder: Path, tmp_path: Path
) -> None:
    known = weighing_run(catalog, tmp_path / "weighing", name="weighing")
    unlike(folder / "strange.png")
    said = cli("predict-batch", known.id, folder)
    assert "1 image doesn’t look like what the model was trained on" in said.out
    assert cli("predict-batch", known.id, folder, "--json").document["unfamiliar"] == 1
    assert "isn’t known: ood RUN" in cli("predict-batch", run.name, folder).out
    assert cli("predict-batch", run.name, folder, "--json").document["unfamiliar"] is None


def test_what_was_cut_off_is_gone_on_with(
    cli: Cli, catalog: Catalog, run: RunRecord, folder: Path
) -> None:
    batch = new_batch(catalog, run.id, folder)
    catalog.jobs.finish(submit_batch(catalog, batch).id, "interrupted", "It was killed.")
    assert cli("predict-batch", run.name, folder, "--json").document["batch"] == batch.id


def test_mistakes_are_sentences(cli: Cli, run: RunRecord, folder: Path, tmp_path: Path) -> None:
    assert "not there" in cli("predict-batch", run.name, tmp_path / "no").mistake
    out = tmp_path / "out.xlsx"
    assert ".parquet" in cli("predict-batch", run.name, folder, "--out", out).mistake
    assert "threshold" in cli("predict-batch", run.name, folder, "--threshold", 700).mistake
    (tmp_path / "m.keras").write_bytes(b"no")
    said = cli("import-model", tmp_path / "m.keras", "--labels", "a,b").mistake
    assert "not a .keras file" in said
    assert "two classes" in cli("import-model", tmp_path / "m.keras", "--labels", "a,").mistake
