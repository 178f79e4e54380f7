"""How far one can rely on a run, from the command line."""

from __future__ import annotations

import json

import pytest

from tests.core.cli.conftest import Cli, Trained


def test_all_of_it_is_one_document(cli: Cli, trained: Trained) -> None:
    found = cli("reliability", "first", "--threshold", 0.5, "--accuracy", 0.9, "--json").document
    images = trained.said.document["test_images"]
    assert found["right"]["images"] == images
    assert found["right"]["share"] == trained.said.document["test_accuracy"]
    assert (found["at"]["threshold"], found["suggested"]["wanted"]) == (0.5, 0.9)
    assert len(found["left_to_you"]) == images - found["at"]["answered"]["images"]
    assert found["answer"] in ("yes", "sometimes", "no", "unknown")
    assert {"before", "after", "curve", "slices", "robustness"} <= set(found)


def test_it_reads_in_sentences(cli: Cli, trained: Trained) -> None:
    said = cli("reliability", "first")
    assert said.code == 0
    for part in (
        "Does it know how sure it may be?",
        "Answer only when sure enough",
        "What if photos are worse?",
        "Is it worse on some kinds of images?",
        "As sure as is asked for",
    ):
        assert part in said.out


@pytest.mark.parametrize("option", ["--threshold", "--accuracy"])
def test_numbers_that_make_no_sense_are_refused(cli: Cli, trained: Trained, option: str) -> None:
    said = cli("reliability", "first", option, 900, "--json")
    assert said.code == 2
    assert json.loads(said.out)["error"] == said.mistake
    assert "makes no sense" in said.err


def test_a_folder_that_it_was_not_tested_on_is_refused(cli: Cli, trained: Trained) -> None:
    assert "not tested on" in cli("reliability", "first", "--on", "elsewhere").mistake
