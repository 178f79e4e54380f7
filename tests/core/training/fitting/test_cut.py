"""A network that is cut in two computes what it computed whole."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from core.features import backbones
from core.features.backbones.build import build
from core.training.fitting import cut

pytestmark = pytest.mark.keras

SIZE = 64


@pytest.fixture(scope="module")
def mobilenet() -> Any:
    keras.utils.set_random_seed(1)
    made = build(backbones.get("mobilenet_v2"), SIZE, None)
    # Normalisation that has seen something, so that its place matters.
    rng = np.random.default_rng(1)
    for layer in made.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, v.shape) for v in layer.get_weights()])
    return made


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (3, SIZE, SIZE, 3)).astype(np.float32)


def answers(made: Any, given: Any) -> np.ndarray:
    return np.asarray(made(given, training=False))


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_bottom_and_top_together_are_the_whole(
    mobilenet: Any, images: np.ndarray, share: float
) -> None:
    place = cut.place_for(mobilenet, share)
    bottom, top = cut.split(mobilenet, place)
    assert answers(top, answers(bottom, images)) == pytest.approx(
        answers(mobilenet, images), rel=1e-4, abs=1e-5
    )
    assert top.count_params() < mobilenet.count_params()
    assert bottom.count_params() + top.count_params() == mobilenet.count_params()


def test_at_every_place_it_can_be_cut(mobilenet: Any, images: np.ndarray) -> None:
    found = cut.places(mobilenet)
    assert len(found) > 20
    expected = answers(mobilenet, images[:1])
    for layer, _ in found[:: len(found) // 4]:
        bottom, top = cut.split(mobilenet, layer)
        assert answers(top, answers(bottom, images[:1])) == pytest.approx(
            expected, rel=1e-4, abs=1e-5
        )


def test_shares_rise_from_the_input_on_to_at_most_all(mobilenet: Any) -> None:
    shares = [share for _, share in cut.places(mobilenet)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.1
    assert 0.6 < shares[-1] <= 1


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.97])
def test_about_the_share_is_below_and_never_more(mobilenet: Any, share: float) -> None:
    place = cut.place_for(mobilenet, share)
    below = next(below for layer, below in cut.places(mobilenet) if layer is place)
    assert 0 < below <= share
    # The features are made of two layers, so beyond the lower of them there is no place.
    assert below >= min(share, 0.7) - 0.2


def test_there_is_no_place_below_nothing(mobilenet: Any) -> None:
    assert cut.place_for(mobilenet, 0.0) is None


def test_beside_a_shortcut_there_is_no_place() -> None:
    given = keras.Input((4,))
    first = keras.layers.Dense(4, name="first")(given)
    inner = keras.layers.Dense(4, name="inner")(first)
    joined = keras.layers.Add(name="joined")([first, inner])
    last = keras.layers.Dense(4, name="last")(joined)
    found = [(layer.name, share) for layer, share in cut.places(keras.Model(given, last))]
    assert [name for name, _ in found] == ["first", "joined", "last"]
    assert [share for _, share in found] == pytest.approx([1 / 3, 2 / 3, 1])
