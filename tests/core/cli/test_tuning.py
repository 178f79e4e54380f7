"""Architectures, layers, predicted times, learning rates and searches on the command line."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from core.catalog import Catalog, JobRecord
from core.cli import running
from core.training.architectures import ARCHITECTURES
from core.training.recipes import RECIPES
from core.training.stack import to_json
from core.training.templates import TEMPLATES
from tests.core.cli.conftest import Cli, Trained

QUICKLY = ("--set", "epochs=1", "--set", "image_size=16", "--set", "precision=float32")


@pytest.fixture
def colours(trained: Trained) -> str:
    """The name of a dataset."""
    return "colours"


def test_architectures_are_listed_with_what_they_cost(cli: Cli) -> None:
    found = {row["key"]: row for row in cli("architectures", "--json").document}
    assert set(found) == set(ARCHITECTURES)
    assert found["vgg16"]["parameters"] > 14_000_000
    assert "resnet50" in cli("architectures").out


def test_layers_are_checked_one_by_one(cli: Cli, tmp_path: Path) -> None:
    _, template = next(iter(TEMPLATES.values()))
    file = tmp_path / "net.json"
    file.write_text(to_json(template))
    rows = cli("layers", file, "--size", "32", "--classes", "4", "--json").document["layers"]
    assert rows[-1]["shape"] == [4]
    wrong = json.loads(to_json(template))
    (wrong if isinstance(wrong, list) else wrong["layers"])[0]["kind"] = "Conv3D"
    file.write_text(json.dumps(wrong))
    assert "1" in cli("layers", file).mistake
    assert "can't be read" in cli("layers", tmp_path / "none.json").mistake


def test_templates_are_shown(cli: Cli) -> None:
    assert set(cli("layers", "--json").document) == set(TEMPLATES)


def test_recipes_say_that_they_were_not_measured(cli: Cli, colours: str) -> None:
    found = cli("recipes", "--for", colours, "--json").document
    assert {row["key"] for row in found} == set(RECIPES)
    assert all(row["estimate"] is None for row in found)
    assert "not measured" in cli("recipes", "--for", colours).out


def test_a_search_trains_every_combination_and_says_which_is_best(cli: Cli, colours: str) -> None:
    said = cli(
        "search", colours, "--recipe", "classic", *QUICKLY, "--try", "dropout=0,0.5", "--json"
    ).document
    assert sorted(row["dropout"] for row in said["runs"]) == ["0", "0.5"]
    accuracies = [row["validation_accuracy"] for row in said["runs"]]
    assert accuracies == sorted(accuracies, reverse=True)
    assert "“Epochs” is" in cli("search", colours, "--try", "epochs=0,1").mistake


def test_ctrl_c_ends_a_search_with_the_run_that_it_meets(
    cli: Cli, colours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    execute = running.execute

    def interrupted(catalog: Catalog, claimed: JobRecord, *rest: Any) -> JobRecord:
        begun.append(claimed.id)
        stop = signal.getsignal(signal.SIGINT)
        assert callable(stop)
        stop(signal.SIGINT, None)
        return execute(catalog, claimed, *rest)

    monkeypatch.setattr(running, "execute", interrupted)
    tried = ("search", colours, "--recipe", "classic", *QUICKLY, "--try", "dropout=0,0.3,0.5")
    said = cli(*tried, "--json").document
    assert len(begun) == 1
    assert sorted(row["state"] for row in said["runs"]) == ["cancelled", "cancelled", "done"]
    assert [row["seconds"] for row in said["runs"]][1:] == [None, None]
    assert "train" not in {job["kind"] for job in cli("queue", "--json").document}
    assert "cancelled" in cli(*tried).out


def test_a_learning_rate_is_looked_for(cli: Cli, colours: str) -> None:
    said = cli("find-rate", colours, "--recipe", "classic", *QUICKLY, "--json").document
    assert len(said["rates"]) == len(said["losses"])
    assert "suggestion" in said


def test_an_own_network_is_trained_from_a_file(cli: Cli, colours: str, tmp_path: Path) -> None:
    _, template = next(iter(TEMPLATES.values()))
    file = tmp_path / "net.json"
    file.write_text(to_json(template))
    said = cli(
        "train", colours, "--recipe", "scratch", "--layers", file, *QUICKLY, "--json"
    ).document
    assert said["spec"]["architecture"] == "custom"
    assert len(said["spec"]["stack"]) == len(template)


@pytest.mark.parametrize("words", [("--try", "nonsense=1"), ("--try", "epochs")])
def test_what_cant_be_searched_is_said(cli: Cli, colours: str, words: tuple[str, ...]) -> None:
    assert cli("search", colours, *words).mistake
