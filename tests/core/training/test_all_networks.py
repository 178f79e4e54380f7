"""Every network is trained for an epoch, tested, and answers as exported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.catalog import Catalog, DatasetRecord
from core.features import backbones
from core.features.backbones.build import build
from core.training.architectures import ARCHITECTURES
from tests import small_network
from tests.core.training.running import train
from tests.core.training.small import STACK, add_colours

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def dataset(home: Catalog, tmp_path_factory: pytest.TempPathFactory) -> DatasetRecord:
    return add_colours(home, tmp_path_factory.mktemp("photos") / "colours", each=6)


def _trained() -> list[str]:
    """One network of each file that builds some; LIGHTBOX_EVERY=1 takes all. The others differ in
    width and depth, and are built, exported and asked in ``architectures/test_families.py``."""
    if os.environ.get("LIGHTBOX_EVERY"):
        return list(ARCHITECTURES)
    wider = {"efficientnet_lite1", "efficientnet_lite2", "mobilenet_v3_large"}
    return [key for key in ARCHITECTURES if key not in wider]


@pytest.mark.parametrize("key", _trained())
def test_it_trains_from_random_weights(
    home: Catalog, dataset: DatasetRecord, key: str, request: pytest.FixtureRequest
) -> None:
    if ARCHITECTURES[key].backbone is not None:
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
    with small_network.registered(tmp_path) as key:
        # Stands for weights that somebody brings.
        body = build(backbones.get(key), 32, None)
        file = tmp_path / "mine.keras"
        body.save(file)
        run = train(
            home,
            dataset,
            recipe="balanced",
            architecture=key,
            weights=f"file:{file}",
            image_size=32,
            epochs=2,
            tuning__epochs=1,
            frozen=0.5,
        )
    assert [entry["part"] for entry in run.history] == ["head", "head", "tuning"]
    assert run.summary.export_difference <= 1e-3
