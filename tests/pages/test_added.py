"""Adding something takes one file: what is registered here while tests run works everywhere.

Jobs are added in ``core/jobs/test_kinds.py``, settings in ``core/training/test_catalogue.py``,
sections of results and metrics in ``test_results_added.py``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.catalog import Catalog, DatasetRecord
from core.cli.command import COMMANDS, NAME, Options, command
from core.cli.output import Output
from core.delivery.exports.formats import FORMATS, register
from core.evaluation.evaluate import evaluate_run
from core.quality.detectors.registry import DETECTORS, detector
from core.training.architectures import ARCHITECTURES, Architecture, BuildConfig, facts
from core.training.architectures.family import begin, finish
from core.workspace import read_json, write_json
from tests.core.cli.conftest import Cli
from tests.core.cli.conftest import cli as cli
from tests.core.delivery.exports.exporting import finished_run, unpack
from tests.core.training.small import add_colours
from tests.pages.choosing import choose, expert, put, start
from tests.pages.conftest import Open, assert_no_defect, words


@pytest.fixture(autouse=True)
def _gone_afterwards() -> Iterator[None]:
    registers: list[dict[str, Any]] = [ARCHITECTURES, COMMANDS, DETECTORS, FORMATS]
    before = [set(each) for each in registers]
    yield
    for known, now in zip(before, registers, strict=True):
        for key in set(now) - known:
            del now[key]


def test_a_detector_finds_images_on_the_page_and_the_command_line(
    bring_in: Callable[..., DatasetRecord],
    class_folders: Callable[..., Path],
    open_page: Open,
    cli: Cli,
) -> None:
    @detector(
        key="first_of_class",
        title="First of their class",
        sentence="They stand at the front.",
        suggestion="Let them stand.",
        harm=0.9,
        adjustable=True,
    )
    def score(table: pd.DataFrame) -> np.ndarray:
        return table["path"].str.contains("000").to_numpy(dtype=np.float64) * 0.75

    bring_in(class_folders({"cat": 4, "dog": 4}), "Pets")
    at = open_page("clean")
    at.button(key="look-first_of_class").click().run()
    assert_no_defect(at)
    for said in ("First of their class", "They stand at the front.", "Let them stand."):
        assert said in words(at)
    found = cli("scan", "Pets", "--json").document["findings"]
    assert [len(each["paths"]) for each in found if each["key"] == "first_of_class"] == [2]
    found = cli("scan", "Pets", "--threshold", "first_of_class=0.8", "--json").document["findings"]
    assert "first_of_class" not in [each["key"] for each in found]


def test_a_command_is_understood_helped_with_and_answers_in_json(
    cli: Cli, capsys: pytest.CaptureFixture[str], catalog: Catalog
) -> None:
    @command("Start", "greet", "say hello to a dataset", NAME)
    def greet(catalog: Catalog, options: Options, output: Output) -> dict[str, str]:
        output.text(f"Hello, {options.name}.")
        return {"greeted": options.name}

    assert cli("greet", "hands").out == "Hello, hands.\n"
    assert cli("greet", "hands", "--json").document == {"greeted": "hands"}
    for line, said in (
        (["--help"], "say hello to a dataset"),
        (["greet", "--help"], "python -m core greet hands"),
        (["gret"], "Did you mean “greet”"),
    ):
        with pytest.raises(SystemExit):
            cli(*line)
        told = capsys.readouterr()
        assert said in told.out + told.err


@pytest.mark.keras
def test_an_architecture_is_chosen_trained_and_listed(
    catalog: Catalog,
    open_page: Open,
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.core.training.running import train

    def build(config: BuildConfig) -> Any:
        from keras import layers

        pixels, x = begin(config.size, config.color)
        x = layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 127.5, offset=-1.0)(x))
        return finish(pixels, x, config.classes, config.dropout, "mean_colour")

    ARCHITECTURES["mean_colour"] = Architecture(
        "mean_colour", "Mean colour", "Looks at nothing else.", usual=32, smallest=8, build=build
    )
    # What is said of it on pages, written where this test may write.
    known = {**read_json(facts._FILE), "mean_colour": asdict(facts.measure("mean_colour"))}
    monkeypatch.setattr(facts, "_FILE", tmp_path / "facts.json")
    write_json(facts._FILE, known)
    monkeypatch.setattr(facts, "_all", facts._all.__wrapped__)

    dataset = add_colours(catalog, tmp_path / "colours")
    at = expert(choose(open_page("train"), "scratch"), "Network")
    at = put(at, "architecture", "mean_colour")
    assert "Looks at nothing else." in words(at)
    assert start(at, catalog).architecture == "mean_colour"

    settings = {"architecture": "mean_colour", "stack": (), "epochs": 4, "learning_rate": 0.1}
    trained = train(catalog, dataset, **settings)
    assert trained.summary.validation_accuracy > 0.9
    assert trained.model().name == "mean_colour"
    assert evaluate_run(catalog, trained.run_id).accuracy > 0.9
    assert "mean_colour" in {each["key"] for each in cli("architectures", "--json").document}


@pytest.mark.keras
def test_a_format_is_offered_made_checked_and_answers_elsewhere(
    catalog: Catalog, cli: Cli, tmp_path: Path
) -> None:
    register(replace(FORMATS["openvino"], key="ours", title="A format of ours"))
    run_id = finished_run(catalog, add_colours(catalog, tmp_path / "colours"), "custom")
    name = catalog.runs.get(run_id).name
    assert "A format of ours" in cli("export-model", name, "--list").out
    file = tmp_path / "ours.zip"
    assert cli("export-model", name, "--format", "ours", file).code == 0
    folder = unpack(file, tmp_path / "unpacked")
    assert "A format of ours" in (folder / "README.md").read_text(encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "example.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "1.png: blue" in done.stdout, done.stderr


@pytest.mark.keras
def test_a_kind_of_augmentation_is_chosen_explained_seen_trained_with_and_taken_away() -> None:
    """In a process of its own, where it is there before the settings are made of all kinds."""
    plugin = ("-p", "tests.core.training.augmentation.sepia", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, "tests/pages/with_sepia.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
