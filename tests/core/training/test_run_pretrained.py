"""A run on a pretrained network: which weights it needs, and what is saved of its head."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.catalog import Catalog, DatasetRecord
from core.errors import WeightsMissing
from tests.core.training.running import Trained, as_summarised, train
from tests.core.training.small import StopsAt, told

pytestmark = pytest.mark.keras


def test_pretrained_without_weights_or_network_says_which_file_goes_where(
    home: Catalog, dataset: DatasetRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(WeightsMissing, match=r"no_top\.h5.*keras") as caught:
        train(
            home,
            dataset,
            recipe="quick",
            architecture="mobilenet_v2",
            image_size=96,
        )
    assert str(tmp_path / "keras/models") in str(caught.value)


@pytest.fixture(scope="module")
def _real_weights(keras_home: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(keras_home))
        yield


QUICK: dict[str, Any] = {"recipe": "quick", "image_size": 96, "loss__label_smoothing": 0}


@pytest.fixture(scope="module")
def quick(home: Catalog, dataset: DatasetRecord, _real_weights: None) -> Trained:
    return train(home, dataset, epochs=6, **QUICK)


@pytest.mark.real
def test_a_head_learns_colours_and_what_is_saved_is_what_was_validated(quick: Trained) -> None:
    assert quick.summary.validation_accuracy >= 0.8
    # Features were kept as float16.
    as_summarised(quick, off=5e-3)
    phases = [payload["phase"] for payload in told(quick.report, "phase")]
    assert phases[::2] == ["decode", "features", "fit", "export"]


@pytest.mark.real
def test_stopped_while_the_head_is_trained_there_is_a_usable_model(quick: Trained) -> None:
    run = train(
        quick.catalog,
        quick.dataset,
        StopsAt("epoch", epoch=2),
        **QUICK | {"recipe": "balanced"},
        epochs=50,
        tuning__epochs=2,
    )
    assert (run.summary.stopped, run.summary.epochs) == (True, 2)
    assert {entry["part"] for entry in run.history} == {"head"}
    as_summarised(run, off=5e-3)
    # As a quick one would be, whose features are of the same images.
    assert run.history[0]["val_accuracy"] == quick.history[0]["val_accuracy"]
