"""Runs are kept in order and compared on the command line, as the pages do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog import Catalog, RunRecord
from tests.core.cli.conftest import Cli
from tests.core.evaluation.coloured import CLASSES, make_run, write_colour
from tests.core.evaluation.twins import finished, second_run


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> RunRecord:
    right = [(colour, colour) for colour in CLASSES]
    made = make_run(catalog, tmp_path / "photos", {"train": right, "test": right * 2}, "first")
    return finished(catalog, made)


def listed(cli: Cli, *arguments: str) -> list[str]:
    return [each["name"] for each in cli("runs", *arguments, "--json").document]


def test_a_run_is_renamed_tagged_starred_and_found_again(cli: Cli, run: RunRecord) -> None:
    assert cli("run", "rename", "first", "night run", "--json").document["name"] == "night run"
    assert cli("run", "tag", "night run", "fair", "Best", "--json").document["tags"] == [
        "Best",
        "fair",
    ]
    cli("run", "untag", "night run", "BEST")
    cli("run", "note", "night run", "old camera")
    cli("run", "star", "night run")
    (found,) = cli("runs", "--tag", "fair", "--starred", "--search", "camera", "--json").document
    assert (found["tags"], found["notes"], found["starred"]) == (["fair"], "old camera", True)
    assert found["test_accuracy"] == 1.0
    assert found["disk_bytes"] > 1000
    cli("run", "unstar", "night run")
    assert listed(cli, "--starred") == []


def test_archived_runs_are_left_out_unless_wanted(cli: Cli, run: RunRecord) -> None:
    cli("run", "archive", "first")
    assert listed(cli) == []
    assert listed(cli, "--archived") == listed(cli, "--all") == ["first"]
    assert cli("evaluate", "first", "--json").code == 0, "it can still be asked about"
    cli("run", "unarchive", "first")
    assert listed(cli) == ["first"]


def test_a_deleted_run_comes_back_until_the_bin_is_emptied(
    cli: Cli, catalog: Catalog, run: RunRecord
) -> None:
    second = second_run(catalog, run, spec={**run.spec, "weights": f"run:{run.id}"})
    told = cli("run", "delete", "first", "--json").document
    assert told["started_from_it"] == ["second"]
    assert "in the bin" in cli("evaluate", "first").mistake
    assert (listed(cli), listed(cli, "--deleted")) == (["second"], ["first"])
    cli("run", "restore", "first")
    assert set(listed(cli)) == {"first", "second"}
    cli("run", "delete", "second")
    assert [each["name"] for each in cli("run", "empty-bin", "--json").document] == ["second"]
    assert not catalog.workspace.run(second.id).exists()
    assert "no run named “second”" in cli("run", "restore", "second").mistake


def test_settings_can_be_used_again(cli: Cli, catalog: Catalog, tmp_path: Path) -> None:
    from core.training.spec import TrainSpec

    spec = TrainSpec(
        dataset_id="d",
        dataset_version=1,
        recipe="classic",
        architecture="classic",
        image_size=24,
        epochs=3,
        learning_rate=0.01,
    )
    job = catalog.jobs.add("train", {}, lane="train")
    catalog.runs.add(
        "it's one",
        dataset_id="d",
        dataset_version=1,
        spec=spec.model_dump(mode="json"),
        job_id=job.id,
    )
    told = cli("run", "settings", "it's one", "--json").document
    assert told["spec"]["epochs"] == 3
    assert told["command"] == "python -m core train DATASET --like 'it'\"'\"'s one'"


def test_two_runs_are_compared(cli: Cli, catalog: Catalog, run: RunRecord) -> None:
    second_run(catalog, run, classes=["green", "blue", "red"])
    told = cli("compare", "first", "second", "--json").document
    (pair,) = told["comparisons"]
    assert pair["paired"]["only_first"] == 4
    assert pair["paired"]["interval_method"] == "Newcombe 10"
    assert {row["label"] for row in pair["worse"]} == {"blue", "green"}
    assert all(one["milliseconds"] > 0 for one in told["costs"])
    assert "on 4 more images of 6" in cli("compare", "first", "second").out
    assert "with itself" in cli("compare", "first", "first").mistake
    assert "alone" in cli("compare", "first").mistake


def test_a_test_on_a_folder_is_listed_told_without_copies_and_forgotten(
    cli: Cli, run: RunRecord, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    write_colour(new / "Red/1.png", "red", seed=900)
    write_colour(new / "pink/1.png", "red", seed=901)
    (new / "Red/2.png").write_bytes((tmp_path / "photos/red/train-2.png").read_bytes())
    cli("evaluate", "first", "--on", new)
    said = cli("run", "tests", "first").out
    assert "“pink”" in said
    assert "“Red” as “red”" in said
    assert "trained on" in said
    told = cli("similar", "first", "--on", "new", "--threshold", "1", "--json").document
    assert (told["images"], told["alike"], told["searched"]) == (2, 1, True)
    assert "threshold of 0.5" in cli("similar", "first", "--threshold", "0.5").mistake
    test = tmp_path / "test"
    write_colour(test / "red/1.png", "red", seed=902)
    own = cli("reliability", "first", "--on", "test", "--json").document["right"]["images"]
    cli("evaluate", "first", "--on", test)
    told = cli("reliability", "first", "--on", "test", "--json").document
    assert told["right"]["images"] == 1 < own, "a folder of this name is what is meant"
    assert cli("similar", "first", "--on", "test", "--json").document["images"] == 1
    cli("run", "forget-test", "first", "test")
    cli("run", "forget-test", "first", "new")
    assert cli("run", "tests", "first", "--json").document == []
    assert "not tested on" in cli("similar", "first", "--on", "new").mistake
