"""``diff`` says what changed; ``train --set`` takes shares in one word."""

from __future__ import annotations

from pathlib import Path

from tests.core.cli.conftest import Cli


def test_what_changed_between_versions_is_told_and_counted(cli: Cli, photos: Path) -> None:
    name = cli("dataset", "add", photos, "--json").document["name"]
    table = cli("dataset", "show", name, "--json").document
    first, second = list(table["class_counts"])[:2]
    start = table["version"]
    cli("relabel", name, second, "--class", first)
    cli("exclude", name, f"{second}/00.png")
    found = cli("diff", name, start, "--json").document
    assert found["excluded"] == [f"{second}/00.png"]
    assert {(each["before"], each["after"]) for each in found["moved"]} == {(first, second)}
    assert (found["before"][first], found["after"].get(first, 0)) == (3, 0)
    assert found["after"][second] == 5

    said = cli("diff", name, start).out
    assert "3 moved" in said
    assert "1 excluded" in said
    assert f"“{first}” → “{second}”" in said

    back = cli("diff", name, start + 2, start, "--json").document
    assert back["restored"] == found["excluded"]


def test_nothing_changed_is_said(cli: Cli, photos: Path) -> None:
    name = cli("dataset", "add", photos, "--json").document["name"]
    assert "No image changed." in cli("diff", name, 1).out


def test_a_version_that_there_is_not_is_a_mistake(cli: Cli, photos: Path) -> None:
    name = cli("dataset", "add", photos, "--json").document["name"]
    assert "There is no version 99" in cli("diff", name, 99).mistake


def test_held_out_shares_that_can_not_be_are_a_mistake(cli: Cli, photos: Path) -> None:
    name = cli("dataset", "add", photos, "--json").document["name"]
    said = cli("train", name, "--set", "validation=0.6", "--set", "test=0.4").mistake
    assert "none are left to train on" in said
    assert "The test share is 'half'" in cli("train", name, "--set", "test=half").mistake
