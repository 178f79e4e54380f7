"""The whole journey on real photos from the command line: what the browser's journey does."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from tests.core.cli.conftest import Cli

pytestmark = [pytest.mark.real, pytest.mark.slow]
EACH = 60


def copy(photo: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(photo, folder)


def test_from_a_folder_of_photos_to_answers(
    cli: Cli, hands: Path, keras_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    # As many as tell the classes apart. The browser's journey takes all.
    photos, held_out = tmp_path / "photos", tmp_path / "new"
    for folder in sorted(hands.iterdir()):
        for photo in sorted(folder.iterdir())[5 : 5 + EACH]:
            copy(photo, photos / folder.name)
        if folder.name in ("0", "3", "7"):
            for photo in sorted(folder.iterdir())[:5]:
                copy(photo, held_out / folder.name)

    added = cli("dataset", "add", photos, "--name", "hands", "--json").document
    assert (added["images"], added["classes"]) == (10 * EACH, 10)
    assert cli("scan", "hands", "--json").document["usable"] == 10 * EACH

    transfer = cli("train", "hands", "--recipe", "quick", "--json").document
    assert transfer["test_accuracy"] > 0.8
    assert transfer["test_images"] == 90
    assert set(transfer["seconds"]) >= {"decode", "features", "fit", "evaluate"}
    # To the accuracy that it can reach, the browser's journey trains it.
    small = ("--set", "epochs=8", "--set", "image_size=32")
    scratch = cli("train", "hands", "--recipe", "scratch", *small, "--json").document
    assert scratch["test_accuracy"] > 0.25, "chance is 0.1"
    assert {run["id"] for run in cli("runs", "--json").document} == {
        transfer["run"],
        scratch["run"],
    }

    seen = cli("evaluate", transfer["name"], "--on", held_out, "--json").document
    assert (seen["images"], seen["accuracy"] > 0.8) == (15, True)
    new = [sorted((hands / label).iterdir())[-1] for label in "037"]
    table = tmp_path / "answers.csv"
    answers = cli("predict", transfer["name"], *new, "--csv", table, "--json").document
    assert sum(a["top"][0][0] == label for a, label in zip(answers, "037", strict=True)) >= 2
    with table.open(encoding="utf-8") as file:
        assert [row["file"] for row in csv.DictReader(file)] == [str(photo) for photo in new]
