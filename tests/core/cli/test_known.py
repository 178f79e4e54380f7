"""Known sets from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.cli.conftest import Cli
from tests.core.datasets import published
from tests.core.datasets.published import TEST, TRAIN, publish, serving


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")


def test_known_sets_are_listed_with_what_they_are(cli: Cli) -> None:
    listed = {each["key"]: each for each in cli("dataset", "known", "--json").document}
    assert set(listed) == {"flowers", "mnist", "fashion_mnist", "cifar10"}
    assert listed["cifar10"]["images"] == 60_000
    assert listed["cifar10"]["classes"][0] == "airplane"
    assert not any(each["is_downloaded"] for each in listed.values())
    said = cli("dataset", "known").out
    assert "170 MB" in said
    assert "Handwritten digits" in said


def test_a_known_set_is_added_and_the_second_time_only_shown(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        publish(server, monkeypatch, "mnist", published.mnist())
        first = cli("dataset", "known", "mnist", "--json").document
        again = cli("dataset", "known", "mnist", "--json").document
    assert (first["name"], first["origin"], first["images"]) == ("MNIST", "known", TRAIN + TEST)
    assert again == first
    assert server.asked == ["mnist.npz"]


def test_without_network_it_is_a_sentence_and_leaves_no_dataset(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        publish(server, monkeypatch, "mnist", published.mnist())
    assert "put it into" in cli("dataset", "known", "mnist").mistake
    assert cli("dataset", "list", "--json").document == []
    assert "mnist, fashion_mnist, cifar10" in cli("dataset", "known", "imagenet").mistake
