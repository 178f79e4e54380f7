"""Every network is trained for an epoch, tested, and answers as exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.features import backbones
from core.features.backbones.build import build
from core.training.architectures import ARCHITECTURES
from tests.core.training.running import train
from tests.core.training.small import STACK, add_colours, new_catalog

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return new_catalog(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def dataset(home: Catalog, tmp_path_factory: pytest.TempPathFactory) -> DatasetRecord:
    return add_colours(home, tmp_path_factory.mktemp("photos") / "colours", each=6)


@pytest.fixture
def as_written() -> Iterator[None]:
    """Functions run as they are written. To make a large network's steps into graphs takes ten
    seconds, of which nothing is the network's own."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_it_trains_from_random_weights(
    home: Catalog, dataset: DatasetRecord, key: str, request: pytest.FixtureRequest
) -> None:
    if ARCHITECTURES[key].backbone is not None and key != "mobilenet_v3_small":
        request.getfixturevalue("as_written")
    run = train(
        home,
        dataset,
        recipe="scratch",
        architecture=key,
        weights="none",
        epochs=1,
        image_size=ARCHITECTURES[key].smallest,
        stack=STACK if key == "custom" else (),
    )
    assert run.summary.epochs == 1
    assert run.summary.export_difference <= 1e-3


def test_weights_of_ones_own_are_frozen_and_then_tuned(
    home: Catalog, dataset: DatasetRecord, tmp_path: Path
) -> None:
    # Stands for weights that somebody brings: those of this family are not at hand.
    body = build(backbones.get("mobilenet_v3_small"), 32, None)
    file = tmp_path / "mine.keras"
    body.save(file)
    run = train(
        home,
        dataset,
        recipe="balanced",
        architecture="mobilenet_v3_small",
        weights=f"file:{file}",
        image_size=32,
        epochs=2,
        tuning__epochs=1,
        frozen=0.5,
    )
    assert [entry["part"] for entry in run.history] == ["head", "head", "tuning"]
    assert run.summary.export_difference <= 1e-3
