"""Wrong labels, classes and thresholds on the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.cli.conftest import Cli, colours
from tests.core.quality.altered import photo, saved

pytestmark = pytest.mark.usefixtures("no_weights")


@pytest.fixture
def misfiled(tmp_path: Path) -> Path:
    """Twelve images of each colour, and a red one among the blue."""
    root = colours(tmp_path / "colours")
    shutil.move(root / "red/00.png", root / "blue/red.png")
    return root


def test_a_wrong_label_is_named_with_the_class_it_looks_like(cli: Cli, misfiled: Path) -> None:
    cli("dataset", "add", misfiled)
    said = cli("suspects", "colours", "--json").document
    assert said["judged"] == 36
    (finding,) = [each for each in said["findings"] if each["key"] == "mislabelled"]
    assert finding["paths"] == ["blue/red.png"]
    assert finding["reasons"] == ["It looks like “red”."]
    text = cli("suspects", "colours").out
    assert "blue/red.png  It looks like “red”." in text
    assert "36 images were judged" in text


def test_a_moved_image_is_doubted_no_longer_until_the_move_is_taken_back(
    cli: Cli, misfiled: Path
) -> None:
    cli("dataset", "add", misfiled)
    cli("suspects", "colours")

    def doubted() -> list[str]:
        found = cli("scan", "colours", "--json").document["findings"]
        return [path for each in found if each["key"] == "mislabelled" for path in each["paths"]]

    assert doubted() == ["blue/red.png"]
    moved = cli("relabel", "colours", "red", "blue/red.png", "--why", "seen", "--json").document
    assert moved["changed"] == 1
    counts = cli("dataset", "show", "colours", "--json").document["class_counts"]
    assert counts == {"blue": 12, "green": 12, "red": 12}
    assert doubted() == []
    entry = cli("history", "colours", "--json").document[0]
    assert (entry["what"], entry["why"]) == ("Moved to “red”", "seen")
    assert cli("undo", "colours", "--json").document["undone"] == [moved["version"]]
    assert doubted() == ["blue/red.png"]


def test_too_few_images_to_judge_are_a_sentence(cli: Cli, photos: Path) -> None:
    cli("dataset", "add", photos)
    assert "five images each" in cli("suspects", "colours").mistake


def test_a_whole_class_is_renamed_or_merged(cli: Cli, photos: Path) -> None:
    cli("dataset", "add", photos)

    def classes() -> dict[str, int]:
        counts: dict[str, int] = cli("dataset", "show", "colours", "--json").document[
            "class_counts"
        ]
        return counts

    assert cli("relabel", "colours", "navy", "--class", "blue", "--json").document["changed"] == 3
    assert classes() == {"green": 3, "navy": 3, "red": 3}
    cli("relabel", "colours", "other", "--class", "green", "--class", "red")
    assert classes() == {"navy": 3, "other": 6}
    navy = " navy\n"
    assert "Moved to “navy”: 6 images." in cli("relabel", "colours", navy, "--class", "other").out
    cli("undo", "colours", "--all")
    assert classes() == {"blue": 3, "green": 3, "red": 3}


def test_moving_nothing_or_to_nowhere_is_a_sentence_and_changes_nothing(
    cli: Cli, photos: Path
) -> None:
    cli("dataset", "add", photos)
    before = cli("history", "colours", "--json").document
    assert "--class" in cli("relabel", "colours", "red").mistake
    assert "needs a name" in cli("relabel", "colours", " ", "red/00.png").mistake
    assert "“pink”" in cli("relabel", "colours", "red", "--class", "pink").mistake
    assert "red/99.png" in cli("relabel", "colours", "blue", "red/99.png").mistake
    assert cli("history", "colours", "--json").document == before


def test_a_threshold_of_ones_own_flags_more_or_fewer(
    cli: Cli, class_folders: Callable[..., Path]
) -> None:
    root = class_folders({"cat": 3, "dog": 3})
    for seed in range(4):
        photo(seed, 96).save(root / f"cat/photo {seed}.png")
    saved(photo(1, 96).resize((32, 32)), 60).save(root / "cat/small.png")
    cli("dataset", "add", root)

    def pairs(*thresholds: str) -> int:
        flags = [part for each in thresholds for part in ("--threshold", each)]
        found = cli("scan", "photos", *flags, "--json").document["findings"]
        return sum(len(each["groups"]) for each in found if each["key"] == "near_duplicates")

    assert pairs("near_duplicates=0.9") == 1
    assert pairs("near_duplicates=1", "dark=0.9") == 0


@pytest.mark.parametrize("wrong", ["near_duplicates", "near_duplicates=high", "dark=2", "dark=nan"])
def test_a_threshold_that_is_no_number_from_0_to_1_is_a_sentence(
    wrong: str, cli: Cli, photos: Path
) -> None:
    cli("dataset", "add", photos)
    assert wrong in cli("scan", "colours", "--threshold", wrong).mistake


def test_a_threshold_of_an_unknown_detector_names_those_that_there_are(
    cli: Cli, photos: Path
) -> None:
    cli("dataset", "add", photos)
    said = cli("scan", "colours", "--threshold", "ugly=0.5").mistake
    assert "“ugly”" in said
    assert "near_duplicates" in said
