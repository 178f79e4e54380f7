"""The whole journey on real photos from the command line: what the browser's journey does."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from tests.core.cli.conftest import Cli

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_from_a_folder_of_photos_to_answers(
    cli: Cli, hands: Path, keras_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    monkeypatch.setenv("LIGHTBOX_ROOTS", str(hands.parent))
    held_out = tmp_path / "new"
    for label in "037":
        (held_out / label).mkdir(parents=True)
        for photo in sorted((hands / label).iterdir())[:5]:
            shutil.copy(photo, held_out / label)

    added = cli("dataset", "add", hands, "--name", "hands", "--json").document
    assert (added["images"], added["classes"]) == (2062, 10)
    assert cli("scan", "hands", "--json").document["usable"] == 2062

    transfer = cli("train", "hands", "--recipe", "quick", "--json").document
    assert transfer["test_accuracy"] > 0.9
    assert transfer["test_images"] == 310
    assert set(transfer["seconds"]) >= {"decode", "features", "fit", "evaluate"}
    # To the accuracy that it can reach, the browser's journey trains it.
    small = ("--set", "epochs=3", "--set", "image_size=32")
    scratch = cli("train", "hands", "--recipe", "scratch", *small, "--json").document
    assert scratch["test_accuracy"] > 0.25, "chance is 0.1"
    assert {run["id"] for run in cli("runs", "--json").document} == {
        transfer["run"],
        scratch["run"],
    }

    seen = cli("evaluate", transfer["name"], "--on", held_out, "--json").document
    assert (seen["images"], seen["accuracy"] > 0.8) == (15, True)
    photos = [sorted((hands / label).iterdir())[7] for label in "037"]
    table = tmp_path / "answers.csv"
    answers = cli("predict", transfer["name"], *photos, "--csv", table, "--json").document
    assert sum(a["top"][0][0] == label for a, label in zip(answers, "037", strict=True)) >= 2
    with table.open(encoding="utf-8") as file:
        assert [row["file"] for row in csv.DictReader(file)] == [str(photo) for photo in photos]
