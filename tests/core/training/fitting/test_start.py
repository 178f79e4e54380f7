"""A model takes over the weights that fit of another, however Keras has named its layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.training import architectures
from core.training.architectures import BuildConfig
from core.training.fitting.start import freeze, take
from tests.core.training.small import STACK

pytestmark = pytest.mark.keras

IMAGES = np.random.default_rng(0).uniform(0, 255, (4, 24, 24, 3)).astype(np.float32)


def made(key: str = "compact", classes: int = 3, **more: Any) -> Any:
    return architectures.build(key, BuildConfig(24, classes, stack=STACK, **more))


def answers(model: Any) -> np.ndarray:
    return np.asarray(model(IMAGES, training=False))


@pytest.mark.parametrize("key", ["compact", "custom"])
def test_of_a_model_like_it_all_is_taken(key: str) -> None:
    source, model = made(key), made(key)
    # Auto-numbered names never agree within a process, and agree by chance between two.
    taken, total = take(model, source)
    assert taken == total == len(model.get_weights())
    assert answers(model) == pytest.approx(answers(source), abs=1e-6)


def test_with_other_classes_the_last_layer_is_left() -> None:
    source, model = made(), made(classes=5)
    before = model.get_layer("logits").get_weights()
    taken, total = take(model, source)
    assert taken == total - 2
    assert np.array_equal(model.get_layer("logits").get_weights()[0], before[0])
    for ours, theirs in zip(model.get_weights()[:-2], source.get_weights()[:-2], strict=True):
        assert np.array_equal(ours, theirs)


def test_in_grey_only_what_sees_colours_is_left() -> None:
    taken, total = take(made(color="gray"), made())
    assert 0 < total - taken <= 2


def test_of_a_model_inside_another_all_is_taken() -> None:
    import keras

    source, model = made("custom"), made("custom")
    pixels = keras.Input((24, 24, 3))
    wrapped = keras.Model(pixels, keras.layers.Average()([source(pixels), source(pixels)]))
    assert take(model, wrapped) == (len(model.get_weights()),) * 2


@pytest.mark.parametrize(("share", "frozen"), [(0.0, 0), (0.5, 3), (1.0, 5)])
def test_the_first_layers_are_frozen_and_the_last_never_is(share: float, frozen: int) -> None:
    model = made("custom")
    weighing = [layer for layer in model.layers if layer.weights]
    assert len(weighing) == 6
    assert freeze(model, share) == frozen
    assert [layer.trainable for layer in weighing] == [False] * frozen + [True] * (6 - frozen)
